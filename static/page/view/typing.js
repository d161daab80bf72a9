/** Tells others that one types, and that one has stopped. */

/** They are told again after this long. */
const AGAIN_MS = 2_500;

export class Typing {
  #tell; #at = 0;

  /** @param {(isTyping: boolean) => void} tell */
  constructor(tell) { this.#tell = tell; }

  /** @param {string} text what is written by now */
  wrote(text) {
    if (text.trim() === "") return this.stop();
    if (Date.now() - this.#at < AGAIN_MS) return;
    this.#at = Date.now();
    this.#tell(true);
  }

  stop() {
    if (this.#at > 0) this.#tell(false);
    this.#at = 0;
  }
}
