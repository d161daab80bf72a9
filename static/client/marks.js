/**
 * Tells the server how far one has read and received.
 *
 * @import { Connection } from "./connection.js"
 * @import { ParlorError } from "./error.js"
 * @import { Limits, Unread } from "./types.js"
 * @import { Settle, Telling } from "./watermarks.js"
 */

import { monotonic } from "./clock.js";
import { Teller } from "./teller.js";
import { Watermarks } from "./watermarks.js";

/** The part of what a connection may say that marks take. */
const SHARE = 0.5;

export class MarkTeller {
  #marks = new Watermarks();
  /** @type {Teller<Telling>} */
  #teller;

  /** @param {Connection} connection */
  constructor(connection) {
    this.#teller = new Teller({
      connection, due: this.#marks, share: SHARE,
      ask: ({ room, type, seq }) => ({ type: `message.${type}`, data: { room_id: room, seq } }),
    });
  }

  /**
   * @param {string} room
   * @param {number} seq
   */
  delivered(room, seq) {
    this.#marks.delivered(room, seq, monotonic());
    this.#teller.tell();
  }

  /**
   * Resolves with the server's numbers, once it was told of this or more.
   *
   * @param {string} room
   * @param {number} seq
   * @returns {Promise<Unread>}
   */
  read(room, seq) {
    return new Promise((resolve, reject) => {
      /** @type {Settle} */
      const settle = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
      this.#marks.read(room, seq, monotonic(), settle);
      this.#teller.tell();
    });
  }

  /**
   * Resolves once nothing that was read there waits to be told, which is told without delay.
   *
   * @param {string} room
   * @returns {Promise<void>}
   */
  settled(room) {
    return new Promise((resolve) => {
      this.#marks.hurry(room, () => resolve());
      this.#teller.tell();
    });
  }

  /**
   * @param {string} room
   * @param {ParlorError} error
   */
  forget(room, error) { this.#marks.forget(room, error); }

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
