/** Files of messages: shown small, opened in full; fetched with the token. */

import { icon, make, sizeText } from "./dom.js";
import { attempt } from "./popups.js";

/** Pictures kept at hand. */
const KEPT = 200;
/** Only these are shown in a tab; anything else is saved. */
const SHOWN = /^(image\/(png|jpeg|gif|webp|avif)|video\/|audio\/|application\/pdf$|text\/plain)/;

/** Fetches files and keeps the pictures as object URLs. */
export class Files {
  #parlor; #urls = new Map(); // attachment id → promise of an object URL

  constructor(parlor) {
    this.#parlor = parlor;
  }

  thumbnail(id) {
    if (!this.#urls.has(id)) {
      const url = this.#parlor.thumbnail(id).then((blob) => URL.createObjectURL(blob));
      // Tried anew the next time it is shown.
      url.catch(() => this.#urls.delete(id));
      this.#urls.set(id, url);
      this.#bound();
    }
    return this.#urls.get(id);
  }

  #bound() {
    if (this.#urls.size <= KEPT) return;
    const [[id, url]] = this.#urls;
    this.#urls.delete(id);
    url.then((address) => URL.revokeObjectURL(address), () => {});
  }

  forget() {
    for (const url of this.#urls.values()) url.then((address) => URL.revokeObjectURL(address), () => {});
    this.#urls.clear();
  }

  /** Opens a file in a tab of its own, or saves it. */
  async open({ attachment_id: id, name, content_type: type }) {
    // Opened at once: a browser lets a click do that, and not what comes later.
    const tab = SHOWN.test(type) ? globalThis.open("about:blank") : null;
    try {
      const url = URL.createObjectURL(await this.#parlor.attachment(id));
      if (tab) tab.location = url;
      else make("a", { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) {
      tab?.close();
      throw error;
    }
  }
}

/** The files of a message; null if it has none. */
export function attachmentList(attachments, files) {
  if (!attachments?.length) return null;
  const items = attachments.map((attachment) => {
    const button = make("button", {
      type: "button", className: "attachment", data: { testid: "attachment" },
      title: attachment.name, onclick: () => attempt(() => files.open(attachment)),
      aria: { label: `Open ${attachment.name}` },
    });
    asFile(button, attachment);
    if (attachment.has_thumbnail) asPicture(button, attachment, files);
    return button;
  });
  return make("div", { className: "attachments" }, ...items);
}

function asFile(button, { name, size }) {
  button.replaceChildren(icon("file"),
    make("span", { className: "grow" }, make("strong", {}, name),
      make("span", { className: "quiet" }, Number.isFinite(size) ? sizeText(size) : "")));
}

/** Shown as a picture once it is there; until then, and if not, as a file. */
function asPicture(button, attachment, files) {
  const { width, height, name } = attachment;
  files.thumbnail(attachment.attachment_id).then((src) => {
    const picture = make("img", { src, alt: name, ...(width && height && { width, height }) });
    button.classList.add("picture");
    button.replaceChildren(picture);
  }, () => {});
}
