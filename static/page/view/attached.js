/** The files that go along with what one writes: on their way, there, or refused. */

import { icon, iconButton, make, sizeText } from "./dom.js";
import { whyNoFile } from "./words.js";

/** Files of one message; the server takes no more. */
export const FILES_MAX = 10;
/** After these it is of no use to try again. */
const FINAL = new Set(["too_large", "invalid_message", "not_found", "forbidden"]);

export class Attached {
  #element; #upload; #bytesMax; #files = []; #isHidden = false;

  /** `upload(file)` gives what a message names it by; `bytesMax()` is the limit, if it is known. */
  constructor(element, { upload, bytesMax }) {
    this.#element = element;
    this.#upload = upload;
    this.#bytesMax = bytesMax;
  }

  /** What the message takes along. */
  get done() { return this.#files.map(({ done }) => done).filter(Boolean); }

  /** Why the message cannot be sent yet; null if it can. */
  get obstacle() {
    if (this.#files.some(({ done, error }) => !done && !error)) return "A file is still being uploaded.";
    if (this.#files.some(({ error }) => error)) return "Remove the file that could not be uploaded, or try it again.";
    return null;
  }

  /** Attaches files; says how many there was no place for. */
  add(files) {
    const some = [...files].slice(0, FILES_MAX - this.#files.length);
    for (const file of some) {
      const attached = { file, done: null, error: null };
      this.#files.push(attached);
      this.#send(attached);
    }
    return files.length - some.length;
  }

  /** Hands over the files, as they are, e.g. to be shown again later. */
  take() {
    const files = this.#files;
    this.put([]);
    return files;
  }

  put(files) {
    this.#files = files;
    this.#show();
  }

  /** Not shown while something else is written. */
  hide(isHidden) {
    this.#isHidden = isHidden;
    this.#show();
  }

  async #send(attached) {
    const { file } = attached;
    const most = this.#bytesMax();
    attached.error = refusalOf(file, most);
    this.#show();
    if (attached.error) return;
    try {
      attached.done = await this.#upload(file);
    } catch (error) {
      attached.error = { text: whyNoFile(error, most), isFinal: FINAL.has(error.code) };
    }
    this.#show();
  }

  #remove(attached) {
    this.#files = this.#files.filter((other) => other !== attached);
    this.#show();
  }

  #show() {
    this.#element.hidden = this.#isHidden || this.#files.length === 0;
    this.#element.replaceChildren(...this.#files.map((attached) => this.#chip(attached)));
  }

  #chip(attached) {
    const { file, done, error } = attached;
    const state = done ? "there" : error ? "failed" : "on-its-way";
    const about = done ? sizeText(file.size) : error?.text ?? "Uploading…";
    const again = error && !error.isFinal
      ? make("button", { type: "button", className: "again", onclick: () => this.#send(attached) }, "Try again") : null;
    return make("span", { className: "chip file", data: { testid: "attached", state } },
      icon("file"), make("bdi", { className: "file-name" }, file.name),
      make("span", error ? { className: "error", role: "alert" } : { className: "quiet" }, about), again,
      iconButton("close", `Remove ${file.name}`, { onclick: () => this.#remove(attached) }));
  }
}

/** What need not be sent to be refused. */
function refusalOf({ size }, most) {
  const isTooLarge = most > 0 && size > most;
  return isTooLarge ? { text: whyNoFile({ code: "too_large" }, most), isFinal: true } : null;
}
