/**
 * Files of messages: shown small, opened in full; fetched with the token.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Attachment } from "../../client/types.js"
 */

import { icon, make, sizeText } from "./dom.js";
import { isPlayed, player } from "./players.js";
import { attempt } from "./popups.js";

/** Pictures kept at hand. */
const KEPT = 200;
/** Only these are shown in a tab; anything else is saved. */
const SHOWN = /^(image\/(png|jpeg|gif|webp|avif)|application\/pdf$|text\/plain)/;

/** Fetches files and keeps the pictures as object URLs. */
export class Files {
  #parlor;
  /** @type {Map<string, Promise<string>>} attachment id → an object URL */
  #urls = new Map();

  /** @param {Parlor} parlor */
  constructor(parlor) {
    this.#parlor = parlor;
  }

  /** @param {string} id */
  thumbnail(id) {
    const known = this.#urls.get(id);
    if (known) return known;
    const url = this.#parlor.thumbnail(id).then((blob) => URL.createObjectURL(blob));
    // Tried anew the next time it is shown.
    url.catch(() => this.#urls.delete(id));
    this.#urls.set(id, url);
    this.#bound();
    return url;
  }

  /**
   * Where a file is loaded from in parts, without a token.
   * @param {Attachment} attachment
   */
  async link({ attachment_id: id }) {
    const { url } = await this.#parlor.fileLink(id);
    return url;
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

  /**
   * Opens a file in a tab of its own, or saves it.
   * @param {Attachment} attachment
   */
  async open({ attachment_id: id, name, content_type: type }) {
    if (!SHOWN.test(type)) {
      // Straight to the disk, however large it is.
      const { url } = await this.#parlor.fileLink(id, { download: true });
      make("a", { href: url, download: name }).click();
      return;
    }
    // Opened at once: a browser lets a click do that, and not what comes later.
    const tab = globalThis.open("about:blank");
    try {
      const url = URL.createObjectURL(await this.#parlor.attachment(id));
      if (tab) tab.location.href = url;
      else make("a", { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) {
      tab?.close();
      throw error;
    }
  }
}

/**
 * The files of a message; null if it has none.
 * @param {Attachment[] | undefined} attachments
 * @param {Files} files
 */
export function attachmentList(attachments, files) {
  if (!attachments?.length) return null;
  const items = attachments.map((attachment) => {
    if (isPlayed(attachment)) return player(attachment, files);
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

/**
 * @param {HTMLButtonElement} button
 * @param {Attachment} attachment
 */
function asFile(button, { name, size }) {
  button.classList.remove("picture");
  button.style.width = button.style.aspectRatio = "";
  button.replaceChildren(icon("file"),
    make("span", { className: "grow" }, make("strong", { dir: "auto" }, name),
      make("span", { className: "quiet" }, Number.isFinite(size) ? sizeText(size) : "")));
}

/** How big pictures are shown at most, and how big the button of the smallest is. */
const WIDTH_MAX_PX = 320;
const HEIGHT_MAX_PX = 240;
const SIDE_MIN_PX = 48;

/**
 * The place of a picture: never bigger than it is, and big enough to be pressed.
 * @param {{width: number, height: number}} picture
 */
export function pictureSize({ width, height }) {
  const scale = Math.min(1, WIDTH_MAX_PX / width, HEIGHT_MAX_PX / height);
  /** @type {(length: number) => number} */
  const side = (length) => Math.max(SIDE_MIN_PX, Math.round(length * scale));
  return { width: side(width), height: side(height) };
}

/**
 * Shown as a picture once it is there. Its place is kept until then, so that
 * nothing moves; a picture that cannot be had is a file again.
 *
 * @param {HTMLButtonElement} button
 * @param {Attachment} attachment
 * @param {Files} files
 */
function asPicture(button, attachment, files) {
  const { width: own = 0, height: ownHeight = 0 } = attachment;
  if (own > 0 && ownHeight > 0) {
    const { width, height } = pictureSize({ width: own, height: ownHeight });
    button.classList.add("picture");
    button.style.width = `${width}px`;
    button.style.aspectRatio = `${width} / ${height}`;
    button.replaceChildren();
  }
  files.thumbnail(attachment.attachment_id).then((src) => {
    button.classList.add("picture");
    button.replaceChildren(make("img", { src, alt: attachment.name }));
  }, () => asFile(button, attachment));
}
