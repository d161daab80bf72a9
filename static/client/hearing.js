/**
 * What comes on a connection: answers go to who asked, and the rest is told.
 *
 * @import { Backoff } from "./closing.js"
 * @import { Obstacles } from "./obstacles.js"
 * @import { Pulse } from "./pulse.js"
 * @import { Renewal } from "./renewal.js"
 * @import { Talk } from "./talk.js"
 * @import { Frame } from "./types.js"
 *
 * @typedef {object} Parts
 * @property {Talk} talk
 * @property {Pulse} pulse
 * @property {Renewal} renewal
 * @property {Backoff} backoff
 * @property {Obstacles} obstacles
 * @property {(frame: Frame) => void} frame what is no answer
 * @property {(error: ParlorError) => void} error that nobody had asked for
 */

import { ParlorError, pauseAfter } from "./error.js";
import { frameOf } from "./shape.js";

/** Answers of the connection itself. */
const OWN = new Set(["pong", "auth.required", "auth.failed"]);

export class Hearing {
  #parts;

  /** @param {Parts} parts */
  constructor(parts) { this.#parts = parts; }

  /**
   * Says whether it could be read, and came where it has a meaning.
   *
   * @param {string} text
   * @param {boolean} isLive
   */
  take(text, isLive) {
    try {
      this.#take(frameOf(text), isLive);
      return true;
    } catch (cause) {
      const message = "What answers at this address does not speak Parlor's protocol.";
      this.#parts.error(new ParlorError({ code: "bad_frame", message, cause }));
      return false;
    }
  }

  /**
   * @param {Frame} frame
   * @param {boolean} isLive
   */
  #take(frame, isLive) {
    const { talk, pulse, renewal } = this.#parts;
    talk.heard();
    pulse.heard(isLive);
    if (frame.type === "ack" || frame.type === "error") {
      const error = talk.answered(frame);
      // Nobody asked: the session itself needs a new token.
      if (error?.code === "token_expired") renewal.soon();
      else if (error) this.#parts.error(error);
      return;
    }
    if (frame.type === "auth.failed") this.#refusedWith(new ParlorError(frame.data));
    if (!OWN.has(frame.type)) this.#parts.frame(frame);
  }

  /**
   * Why the close that follows comes, and when it is worth trying again.
   * @param {ParlorError} error
   */
  #refusedWith(error) {
    const { backoff, obstacles } = this.#parts;
    obstacles.refusal = error.message;
    if (error.retryAfterMs !== null) backoff.nextIs(pauseAfter(error));
  }
}
