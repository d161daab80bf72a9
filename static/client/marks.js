/**
 * Tells the server how far one has read and received.
 *
 * @import { Connection } from "./connection.js"
 * @import { Limits, Unread } from "./types.js"
 * @import { Settle, Telling } from "./watermarks.js"
 */

import { Timers, monotonic } from "./clock.js";
import { ParlorError, asError, pauseAfter } from "./error.js";
import { Pace } from "./pace.js";
import { PRIORITY } from "./queue.js";
import { Watermarks } from "./watermarks.js";

/** Marks that are under way at once. */
const UNDER_WAY_MAX = 4;
/** The part of what a connection may say that marks take. */
const SHARE = 0.5;

/** They go behind everything else, while there is a connection. */
export class MarkTeller {
  #connection; #marks = new Watermarks(); #timers = new Timers();
  #pace = new Pace({ burst: 4, perSecond: 4 }); #underWay = 0;

  /** @param {Connection} connection */
  constructor(connection) { this.#connection = connection; }

  /**
   * @param {string} room
   * @param {number} seq
   */
  delivered(room, seq) {
    this.#marks.delivered(room, seq, monotonic());
    this.#tell();
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
      this.#tell();
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
      this.#tell();
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
    this.#timers.stopAll();
  }

  /**
   * There is a connection: what was read meanwhile is told.
   * @param {Limits} limits
   */
  online({ commands_per_second: rate, command_burst: burst }) {
    /** @type {(value: number | undefined, least: number) => number | undefined} */
    const part = (value, least) => value && Math.max(least, value * SHARE);
    this.#pace.follow({ commands_per_second: part(rate, 0.5), command_burst: part(burst, 1) });
    this.#marks.sweep(monotonic());
    this.#tell();
  }

  cut() {
    this.#timers.stopAll();
    this.#underWay = 0;
    this.#marks.cut(monotonic());
  }

  #tell() {
    while (this.#connection.isOnline && this.#underWay < UNDER_WAY_MAX) {
      const now = monotonic();
      const left = this.#marks.dueAt - now;
      if (left === Infinity) return;
      const wait = left > 0 ? left : this.#pace.take(now);
      if (wait > 0) return void this.#timers.set("tell", wait, () => this.#tell());
      const next = this.#marks.next(now);
      if (next) this.#say(next);
    }
  }

  /** @param {Telling} mark */
  async #say(mark) {
    const { room, type, seq } = mark;
    const socket = this.#connection.current;
    // After a cut others are under way, and `cut` has seen to this one.
    const isHere = () => socket === this.#connection.current;
    this.#underWay += 1;
    try {
      const data = { room_id: room, seq };
      const answer = await this.#connection.request(`message.${type}`, data, { priority: PRIORITY.mark });
      this.#marks.told(mark, answer, monotonic());
    } catch (caught) {
      const error = asError(caught);
      if (isHere()) this.#marks.refused(mark, error, againAfter(error), monotonic());
    }
    if (!isHere()) return;
    this.#underWay -= 1;
    this.#tell();
  }
}

/**
 * After how long a mark may be told again; null for never.
 * @param {ParlorError} error
 */
function againAfter(error) {
  if (error.isTemporary || error.code === "offline") return pauseAfter(error);
  // The connection gets another token by itself.
  return error.code === "token_expired" ? 1_000 : null;
}
