/**
 * Tells the server how far one has read and received, in rooms or in threads.
 *
 * @import { Connection } from "./connection.js"
 * @import { ParlorError } from "./error.js"
 * @import { Ask } from "./teller.js"
 * @import { Limits } from "./types.js"
 * @import { Settle, Telling } from "./watermarks.js"
 */

import { monotonic } from "./clock.js";
import { Teller } from "./teller.js";
import { Watermarks } from "./watermarks.js";

/** @template Counts what the server answers: its numbers of the place */
export class MarkTeller {
  #marks = new Watermarks();
  /** @type {Teller<Telling>} */
  #teller;

  /**
   * `share` is the part that the marks take of what a connection may say.
   *
   * @param {{connection: Connection, ask: Ask<Telling>, share: number}} parts
   */
  constructor({ connection, ask, share }) {
    this.#teller = new Teller({ connection, due: this.#marks, ask, share });
  }

  /**
   * @param {string} place
   * @param {number} seq
   */
  delivered(place, seq) {
    this.#marks.delivered(place, seq, monotonic());
    this.#teller.tell();
  }

  /**
   * Resolves with the server's numbers, once it was told of this or more.
   *
   * @param {string} place
   * @param {number} seq
   * @returns {Promise<Counts>}
   */
  read(place, seq) {
    return new Promise((resolve, reject) => {
      /** @type {Settle} */
      const settle = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
      this.#marks.read(place, seq, monotonic(), settle);
      this.#teller.tell();
    });
  }

  /**
   * Resolves once nothing that was read there waits to be told, which is told without delay.
   *
   * @param {string} place
   * @returns {Promise<void>}
   */
  settled(place) {
    return new Promise((resolve) => {
      this.#marks.hurry(place, () => resolve());
      this.#teller.tell();
    });
  }

  /**
   * @param {string} place
   * @param {ParlorError} error
   */
  forget(place, error) { this.#marks.forget(place, error); }

  /** @param {ParlorError} error */
  reset(error) {
    this.#marks.reset(error);
    this.#teller.stop();
  }

  /**
   * There is a connection: what was read meanwhile is told.
   * @param {Limits} limits
   */
  online(limits) {
    this.#marks.sweep(monotonic());
    this.#teller.online(limits);
  }

  cut() { this.#teller.cut(); }
}
