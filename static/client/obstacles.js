/**
 * What has stood in the way of a connection: told once, however often it is met with, and not
 * tried against for ever.
 *
 * @import { ParlorError } from "./error.js"
 */

/** So many tokens in a row are refused before a session counts as over. */
const REFUSED_MAX = 3;

export class Obstacles {
  #tell; #refused = 0;
  /** @type {string | null} the code of what was told until there is a connection */
  #met = null;
  /** Why the server refused the last token, in its words. */
  refusal = "";

  /** @param {(error: ParlorError) => void} tell */
  constructor(tell) { this.#tell = tell; }

  /** @param {ParlorError} error */
  meet(error) {
    if (this.#met !== error.code) this.#tell(error);
    this.#met = error.code;
  }

  /**
   * A token was refused, which is not worth a word if the next one is not. Says whether another
   * one may be taken: the application may have one; an account has not.
   *
   * @param {ParlorError} error
   * @param {boolean} isSupplied whether tokens are the application's
   */
  passesRefusal(error, isSupplied) {
    this.#refused += 1;
    if (this.#refused > 1) this.#tell(error);
    return this.#refused <= REFUSED_MAX || isSupplied;
  }

  /** There is a connection. */
  passed() {
    this.#refused = 0;
    this.#met = null;
  }
}
