/**
 * A message that one writes while others read it, as applications use it.
 *
 * @import { Metadata } from "./appended.js"
 * @import { Changed } from "./types.js"
 * @import { End, Writer } from "./writer.js"
 */

import { until } from "./pieces.js";

/** A writer that says nothing for two minutes is given up by the server. */
const ALIVE_MS = 45_000;

export class Writing {
  #writer;

  /** @param {Writer} writer */
  constructor(writer) { this.#writer = writer; }

  get room() { return this.#writer.room; }
  get clientId() { return this.#writer.clientId; }
  /** Null until the server has it. */
  get messageId() { return this.#writer.messageId; }
  /** Resolves with the ack when others see it begin. */
  get started() { return this.#writer.started; }
  /** What has been appended. */
  get text() { return this.#writer.text; }
  /** Aborted when somebody asks to stop, or it cannot go on: `reason` is a `ParlorError`. */
  get signal() { return this.#writer.signal; }
  /** Who has asked to stop: a user id, or null. */
  get stoppedBy() { return this.#writer.stoppedBy; }

  /**
   * Returns at once; throws if it is over, or becomes too long. Without a text
   * it says that the writer is still there.
   *
   * @param {string} text
   * @param {{metadata?: Metadata}} [more] `metadata`: all of it, as it is from here on
   */
  append(text, { metadata } = {}) { this.#writer.append(text, metadata); }

  /**
   * Ends it; resolves when it is stored.
   * @param {End} [end]
   */
  finish(end = {}) { return this.#writer.end("message.finish", end); }

  /**
   * Ends it as one that did not come to its end.
   * @param {End} [end]
   */
  fail(end = {}) { return this.#writer.end("message.fail", end); }

  /**
   * Appends all of that and finishes, also when somebody asks to stop. If that
   * throws, or cannot be stored, the message fails, and so does this.
   *
   * @param {AsyncIterable<string> | Iterable<string>} pieces
   * @returns {Promise<Changed>}
   */
  async pipe(pieces) {
    const alive = setInterval(() => { if (this.#writer.isOpen) this.append(""); }, ALIVE_MS);
    try {
      for await (const text of until(pieces, this.signal)) if (text) this.append(text);
      return await this.finish();
    } catch (error) {
      if (this.#writer.isOpen) await this.fail().catch(() => {});
      throw error;
    } finally {
      clearInterval(alive);
    }
  }
}
