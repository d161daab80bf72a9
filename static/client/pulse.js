/**
 * Whether the other end of a connection is there: after a silence it is asked, and given up if
 * nothing comes.
 *
 * @import { Talk } from "./talk.js"
 */

import { Timers, monotonic } from "./clock.js";
import { PRIORITY } from "./queue.js";
import { ANSWER_MS } from "./talk.js";

/** After this long without a frame the server is asked whether it is there. */
const QUIET_MS = 25_000;

export class Pulse {
  #talk; #giveUp; #timers = new Timers(); #heardAt = 0;
  /** @type {WebSocket | null} */
  #socket = null;

  /**
   * @param {Talk} talk
   * @param {(socket: WebSocket | null) => void} giveUp
   */
  constructor(talk, giveUp) {
    this.#talk = talk;
    this.#giveUp = giveUp;
  }

  /** @param {WebSocket} socket that is being opened */
  begin(socket) {
    this.#socket = socket;
    this.#expect();
  }

  /**
   * Something came. Until the connection is live more has to come: there may be many rooms to
   * be told of, and much to catch up with.
   *
   * @param {boolean} isLive
   */
  heard(isLive) {
    this.#heardAt = monotonic();
    if (isLive) this.#timers.stop("dead");
    else this.#expect();
  }

  /** All that was missed is here. */
  live() {
    this.#timers.stop("dead");
    this.#watch();
  }

  stop() { this.#timers.stopAll(); }

  #expect() {
    const socket = this.#socket;
    this.#timers.set("dead", ANSWER_MS, () => this.#giveUp(socket));
  }

  #watch() {
    if (monotonic() - this.#heardAt >= QUIET_MS) {
      this.#talk.say({ type: "ping" }, PRIORITY.session);
      this.#expect();
    }
    this.#timers.set("watch", QUIET_MS, () => this.#watch());
  }
}
