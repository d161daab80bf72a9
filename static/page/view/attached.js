/**
 * The files that go along with what one writes: on their way, there, or refused.
 *
 * @import { ParlorError } from "../../client/parlor.js"
 * @import { Attachment } from "../../client/types.js"
 * @typedef {{text: string, isFinal: boolean}} Refused
 * @typedef {{file: File, done: Attachment | null, error: Refused | null}} Going
 */

import { icon, iconButton, make, sizeText } from "./dom.js";
import { whyNoFile } from "./words.js";

/** Files of one message; the server takes no more. */
export const FILES_MAX = 10;
/** After these it is of no use to try again. */
const FINAL = new Set(["too_large", "invalid_message", "not_found", "forbidden"]);

export class Attached {
  #element; #upload; #bytesMax; #isHidden = false;
  /** @type {Going[]} */
  #files = [];

  /**
   * `upload(file)` gives what a message names it by; `bytesMax()` is the limit, if it is known.
   * @param {HTMLElement} element
   * @param {{upload: (file: File) => Promise<Attachment>, bytesMax: () => number | undefined}} on
   */
  constructor(element, { upload, bytesMax }) {
    this.#element = element;
    this.#upload = upload;
    this.#bytesMax = bytesMax;
  }

  /** What the message takes along. */
  get done() { return this.#files.map(({ done }) => done).filter((done) => done !== null); }

  /** Why the message cannot be sent yet; null if it can. */
  get obstacle() {
    if (this.#files.some(({ done, error }) => !done && !error)) return "A file is still being uploaded.";
    if (this.#files.some(({ error }) => error)) return "Remove the file that could not be uploaded, or try it again.";
    return null;
  }

  /**
   * Attaches files; says how many there was no place for.
   * @param {Iterable<File> & {length: number}} files
   */
  add(files) {
    const some = [...files].slice(0, FILES_MAX - this.#files.length);
    for (const file of some) {
      /** @type {Going} */
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

  /** @param {Going[]} files */
  put(files) {
    this.#files = files;
    this.#show();
  }

  /**
   * Not shown while something else is written.
   * @param {boolean} isHidden
   */
  hide(isHidden) {
    this.#isHidden = isHidden;
    this.#show();
  }

  /** @param {Going} attached */
  async #send(attached) {
    const { file } = attached;
    const most = this.#bytesMax();
    attached.error = refusalOf(file, most);
    this.#show();
    if (attached.error) return;
    try {
      attached.done = await this.#upload(file);
    } catch (error) {
      attached.error = { text: whyNoFile(error, most), isFinal: FINAL.has(/** @type {ParlorError} */ (error).code) };
    }
    this.#show();
  }

  /** @param {Going} attached */
  #remove(attached) {
    this.#files = this.#files.filter((other) => other !== attached);
    this.#show();
  }

  #show() {
    this.#element.hidden = this.#isHidden || this.#files.length === 0;
    this.#element.replaceChildren(...this.#files.map((attached) => this.#chip(attached)));
  }

  /** @param {Going} attached */
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

/**
 * What need not be sent to be refused.
 * @param {File} file
 * @param {number} [most]
 * @returns {Refused | null}
 */
function refusalOf({ size }, most = 0) {
  const isTooLarge = most > 0 && size > most;
  return isTooLarge ? { text: whyNoFile({ code: "too_large" }, most), isFinal: true } : null;
}
