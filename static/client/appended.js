/**
 * The text of a message that one writes: what was appended, and what of it the
 * server has. Pure.
 *
 * @typedef {Record<string, unknown>} Metadata
 * @typedef {{offset: number, text: string, metadata?: Metadata}} Piece
 */

import { lengthOf, wholeOf } from "./characters.js";
import { bytesOf } from "./frame.js";

/** Units of 16 bits in one piece: as JSON it fits into a frame, whatever they are. */
const PIECE_MAX = 4_096;

export class Appended {
  text = "";
  #bytes = 0;
  /** What the server has, in characters and in units of 16 bits. */
  #has = { length: 0, units: 0 };
  /** @type {Metadata | undefined} what it was not told */
  metadata = undefined;
  /** @type {boolean} that one is still there is to be said */
  #isAlive = false;

  /** The bytes that the text would have with that one.
   * @param {string} text
   */
  bytesWith(text) { return this.#bytes + bytesOf(text); }

  /**
   * @param {string} text nothing says that one is still there
   * @param {Metadata} [metadata]
   */
  add(text, metadata) {
    this.#bytes += bytesOf(text);
    this.text += text;
    if (metadata) this.metadata = metadata;
    if (text === "") this.#isAlive = true;
  }

  /**
   * What the server is told next, all that waits in one; null if it has everything.
   * @returns {Piece | null}
   */
  get next() {
    const { length: offset, units } = this.#has;
    const text = wholeOf(this.text.slice(units, units + PIECE_MAX));
    if (text === "" && !this.metadata && !this.#isAlive) return null;
    return { offset, text, ...(this.metadata && { metadata: this.metadata }) };
  }

  /**
   * The server has that piece. Says whether it has what is here, by the length that it told.
   * @param {Piece} piece
   * @param {number} length
   */
  has({ offset, text, metadata }, length) {
    this.#has = { length: offset + lengthOf(text), units: this.#has.units + text.length };
    if (this.metadata === metadata) this.metadata = undefined;
    this.#isAlive = false;
    return length === this.#has.length;
  }
}
