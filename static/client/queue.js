/**
 * What waits to be said on a connection: the urgent first, at the pace that
 * the server allows. Pure: it says what comes next, and when.
 */

import { Pace } from "./pace.js";

/** What goes before what. In each, the first that came is the first to go. */
export const PRIORITY = Object.freeze(/** @type {const} */ ({
  /** More of a message that is being written: it has a rate of its own, which writers stay far below. */
  append: 0,
  /** The session itself: its token, whether it lives, what it missed. */
  session: 1,
  /** One's own messages. */
  send: 2,
  /** What a person asks for. */
  command: 3,
  /** Rooms that have to be filled up. */
  fill: 4,
  /** How far one has read, and what has come. */
  mark: 5,
}));

/**
 * @import { Limits } from "./types.js"
 * @typedef {(typeof PRIORITY)[keyof typeof PRIORITY]} Priority
 */

/** @template T what waits */
export class SendQueue {
  /** @type {T[][]} by priority */
  #waiting = Object.values(PRIORITY).map(() => []);
  #pace = new Pace();

  get size() { return this.#waiting.reduce((all, each) => all + each.length, 0); }

  /**
   * Takes over the limits that the server told.
   * @param {Limits} limits
   */
  follow(limits) { this.#pace.follow(limits); }

  /**
   * The server found it too fast.
   * @param {number} now
   * @param {number} retryAfterMs
   */
  refused(now, retryAfterMs) { this.#pace.refused(now, retryAfterMs); }

  /**
   * @param {T} entry
   * @param {Priority} [priority]
   */
  push(entry, priority = PRIORITY.command) { this.#waiting[priority].push(entry); }

  /** A new connection, on which nothing has been said. */
  restart() {
    for (const each of this.#waiting) each.length = 0;
    this.#pace.restart();
  }

  /**
   * What is to be said now (`entry`), or how long to wait for it (`wait`);
   * neither if there is nothing that may be said before an answer comes.
   * `unanswered` is how much waits for one: what is sent into a network that
   * stands still arrives all at once, and must not be more than may be.
   *
   * @param {number} now
   * @param {number} unanswered
   * @returns {{entry?: T, wait?: number}}
   */
  next(now, unanswered) {
    const isFull = unanswered >= this.#pace.burst;
    const priority = this.#waiting.findIndex((each, at) => each.length > 0
      && (!isFull || at <= PRIORITY.session));
    if (priority < 0) return {};
    if (priority === PRIORITY.append) return { entry: this.#waiting[priority].shift() };
    const reserve = priority === PRIORITY.mark ? Math.floor(this.#pace.burst / 2) : 0;
    const wait = this.#pace.take(now, Number.isFinite(reserve) ? reserve : 0);
    return wait > 0 ? { wait } : { entry: this.#waiting[priority].shift() };
  }
}
