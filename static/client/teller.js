/**
 * Tells the server what may wait a little, and is merged while it does: behind
 * everything else, while there is a connection.
 *
 * @import { Connection } from "./connection.js"
 * @import { ParlorError } from "./error.js"
 * @import { Limits } from "./types.js"
 */

import { Timers, monotonic } from "./clock.js";
import { asError, pauseAfter } from "./error.js";
import { Pace } from "./pace.js";
import { PRIORITY } from "./queue.js";

/** What is under way at once. */
const UNDER_WAY_MAX = 4;

/**
 * What there is to tell. Pure: it is told the time.
 *
 * @template Telling
 * @typedef {object} Due
 * @property {number} dueAt when the next of it is due; Infinity if there is none
 * @property {(now: number) => Telling | null} next what is to be said now, and is under way then
 * @property {(telling: Telling, answer: any, now: number) => void} told it has been told, and this was the answer
 * @property {(telling: Telling, error: ParlorError, again: number | null, now: number) => void} refused it
 *   could not be told; `again` says after how long it may be tried again, or is null
 * @property {(now: number) => void} cut what was under way may not have arrived
 */

/**
 * What the server is asked; throws a `ParlorError` if it would not take it.
 *
 * @template Telling
 * @typedef {(telling: Telling) => {type: string, data: object}} Ask
 */

/** @template Telling */
export class Teller {
  #connection; #due; #ask; #share; #timers = new Timers();
  #pace = new Pace({ burst: 4, perSecond: 4 }); #underWay = 0;

  /**
   * `share` is the part that it takes of what a connection may say.
   *
   * @param {{connection: Connection, due: Due<Telling>, ask: Ask<Telling>, share: number}} parts
   */
  constructor({ connection, due, ask, share }) {
    this.#connection = connection;
    this.#due = due;
    this.#ask = ask;
    this.#share = share;
  }

  /**
   * There is a connection: what has waited for it is told.
   * @param {Limits} limits
   */
  online({ commands_per_second: rate, command_burst: burst }) {
    /** @type {(value: number | undefined, least: number) => number | undefined} */
    const part = (value, least) => value && Math.max(least, value * this.#share);
    this.#pace.follow({ commands_per_second: part(rate, 0.5), command_burst: part(burst, 1) });
    this.tell();
  }

  cut() {
    this.stop();
    this.#underWay = 0;
    this.#due.cut(monotonic());
  }

  /** Nothing is told any more until there is something new to tell. */
  stop() { this.#timers.stopAll(); }

  /** There may be something to tell. */
  tell() {
    while (this.#connection.isOnline && this.#underWay < UNDER_WAY_MAX) {
      const now = monotonic();
      const left = this.#due.dueAt - now;
      if (left === Infinity) return;
      const wait = left > 0 ? left : this.#pace.take(now);
      if (wait > 0) return void this.#timers.set("tell", wait, () => this.tell());
      const next = this.#due.next(now);
      if (next) this.#say(next);
    }
  }

  /** @param {Telling} telling */
  async #say(telling) {
    const socket = this.#connection.current;
    // After a cut others are under way, and `cut` has seen to this one.
    const isHere = () => socket === this.#connection.current;
    this.#underWay += 1;
    try {
      const { type, data } = this.#ask(telling);
      const answer = await this.#connection.request(type, data, { priority: PRIORITY.mark });
      this.#due.told(telling, answer, monotonic());
    } catch (caught) {
      const error = asError(caught);
      if (isHere()) this.#due.refused(telling, error, againAfter(error), monotonic());
    }
    if (!isHere()) return;
    this.#underWay -= 1;
    this.tell();
  }
}

/**
 * After how long it may be told again; null for never.
 * @param {ParlorError} error
 */
function againAfter(error) {
  if (error.isTemporary || error.code === "offline") return pauseAfter(error);
  // The connection gets another token by itself.
  return error.code === "token_expired" ? 1_000 : null;
}
