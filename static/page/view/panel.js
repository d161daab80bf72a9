/** The panel at the side: one thing at a time, beside the room. */

/** @typedef {"thread" | "threads" | "saved" | "scheduled" | "members" | "pins" | "reports" | "inbox" | "search" | "settings"} What */

import { byId } from "./dom.js";

export class Panel {
  /** @type {What | null} */
  #what = null;
  /** @type {(() => void) | null} */
  #onClose = null;
  /** @type {HTMLElement | null} what had the focus when it was opened */
  #opener = null;

  constructor() {
    byId("panel-close").onclick = () => this.close();
    byId("panel").addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.close();
    });
  }

  /** What is shown, such as "thread"; null if nothing is. */
  get what() { return this.#what; }

  /**
   * Shows something new; `onClose` is called when it goes.
   * @param {What} what
   * @param {string} title
   * @param {(() => void) | null} [onClose]
   */
  open(what, title, onClose = null) {
    this.#end();
    if (this.#what === null) this.#opener = /** @type {HTMLElement | null} */ (document.activeElement);
    this.#what = what;
    this.#onClose = onClose;
    byId("panel").dataset.what = what;
    byId("panel-title").textContent = title;
    byId("panel-body").replaceChildren();
    byId("thread-form").hidden = what !== "thread";
    byId("follow").hidden = true;
    byId("panel").hidden = false;
    byId("chat").classList.add("with-panel");
    return byId("panel-body");
  }

  close() {
    if (this.#what === null) return;
    this.#end();
    this.#what = null;
    byId("panel").hidden = true;
    byId("chat").classList.remove("with-panel");
    if (this.#opener?.isConnected) this.#opener.focus();
  }

  /**
   * Shows it, or closes it if it is what is shown.
   * @param {What} what
   * @param {() => void} open
   */
  toggle(what, open) {
    if (this.#what === what) this.close();
    else open();
  }

  #end() {
    this.#onClose?.();
    this.#onClose = null;
  }
}
