/**
 * How far one has read and received in each room. Marks are watermarks: the
 * newest says all, and what was read has been received. So they are merged,
 * and a room costs at most one command in a while, however much is said in it.
 *
 * @import { ParlorError } from "./error.js"
 * @import { Unread } from "./types.js"
 *
 * @typedef {{room: string, type: "read" | "delivered", seq: number}} Telling a mark on its way
 * @typedef {(outcome: Unread | ParlorError) => void} Settle
 *
 * @typedef {object} Mark
 * @property {number} read
 * @property {number} delivered
 * @property {number} readTold
 * @property {number} deliveredTold
 * @property {number} toldAt
 * @property {number} wantedAt
 * @property {Telling | null} underWay
 * @property {{seq: number, settle: Settle}[]} waiting
 *
 * @typedef {{room: string, mark: Mark, at: number, isRead: boolean}} Wanted
 */

import { offline } from "./error.js";

/** A room is marked at most once in this time. */
const ROOM_EVERY_MS = 3_000;
/** Who reads what has come within this time need not say that it came. */
const DELIVERED_AFTER_MS = 500;
/** Rooms with marks that wait; more than anybody is in. */
const ROOMS_MAX = 20_000;

/** @type {(one: Wanted, other: Wanted | null) => Wanted} */
const earlier = (one, other) => (other && other.at <= one.at ? other : one);

/** Pure: it is told what was read and has come, and says what is due. */
export class Watermarks {
  /**
   * Room → what is known of it; only rooms of which something is to be said.
   *
   * @type {Map<string, Mark>}
   */
  #rooms = new Map();
  /** What was said last is that something was read. */
  #wasRead = false;

  /** @param {string} room */
  #of(room) {
    const known = this.#rooms.get(room);
    if (known) return known;
    if (this.#rooms.size >= ROOMS_MAX) return null;
    /** @type {Mark} */
    const made = {
      read: 0, delivered: 0, readTold: 0, deliveredTold: 0,
      toldAt: -Infinity, wantedAt: Infinity, underWay: null, waiting: [],
    };
    this.#rooms.set(room, made);
    return made;
  }

  /**
   * Something has come, up to `seq`.
   * @param {string} room
   * @param {number} seq
   * @param {number} now
   */
  delivered(room, seq, now) {
    const mark = this.#of(room);
    if (!mark || seq <= Math.max(mark.read, mark.delivered)) return;
    mark.delivered = seq;
    mark.wantedAt = Math.min(mark.wantedAt, now + DELIVERED_AFTER_MS);
  }

  /**
   * All up to `seq` has been read; `settle` is called with what becomes of it.
   * @param {string} room
   * @param {number} seq
   * @param {number} now
   * @param {Settle} settle
   * @returns {void}
   */
  read(room, seq, now, settle) {
    const mark = this.#of(room);
    if (!mark) return settle(offline("Too many rooms wait to be marked."));
    mark.waiting.push({ seq, settle });
    // What was told is over: marked as unread since, the room may now be read less far.
    mark.read = mark.read > mark.readTold ? Math.max(mark.read, seq) : seq;
    // Said again if it was said before: whoever asks wants to hear the numbers.
    mark.readTold = Math.min(mark.readTold, mark.read - 1);
    mark.wantedAt = Math.min(mark.wantedAt, now);
    return undefined;
  }

  /**
   * What was read in a room is due at once; `settle` is called when nothing of it waits any more.
   * @param {string} room
   * @param {() => void} settle
   * @returns {void}
   */
  hurry(room, settle) {
    const mark = this.#rooms.get(room);
    if (!mark || mark.read <= mark.readTold) return settle();
    mark.waiting.push({ seq: mark.read, settle });
    mark.toldAt = -Infinity;
    return undefined;
  }

  /**
   * Those of which something is to be said, and from when on it may be.
   * @returns {Generator<Wanted>}
   */
  * #wanted() {
    for (const [room, mark] of this.#rooms) {
      if (mark.underWay || mark.wantedAt === Infinity) continue;
      const at = Math.max(mark.wantedAt, mark.toldAt + ROOM_EVERY_MS);
      yield { room, mark, at, isRead: mark.read > mark.readTold };
    }
  }

  /** When the next mark is due; Infinity if there is none. */
  get dueAt() {
    let first = Infinity;
    for (const { at } of this.#wanted()) first = Math.min(first, at);
    return first;
  }

  /**
   * What is to be said now, or null; it is under way then.
   * @param {number} now
   */
  next(now) {
    // The longest due of those that were read, for somebody sees that; but not
    // two after each other while others wait.
    /** @type {Wanted | null} */
    let read = null;
    /** @type {Wanted | null} */
    let delivered = null;
    for (const each of this.#wanted()) {
      if (each.at > now) continue;
      if (each.isRead) read = earlier(each, read);
      else delivered = earlier(each, delivered);
    }
    const first = (this.#wasRead ? delivered ?? read : read ?? delivered);
    if (!first) return null;
    this.#wasRead = first === read;
    const { room, mark, isRead } = first;
    mark.underWay = { room, type: isRead ? "read" : "delivered", seq: isRead ? mark.read : mark.delivered };
    mark.wantedAt = Infinity;
    return mark.underWay;
  }

  /**
   * What was under way has been told, and this was the answer.
   * @param {Telling} telling
   * @param {Unread} answer
   * @param {number} now
   */
  told({ room, type, seq }, answer, now) {
    const mark = this.#rooms.get(room);
    if (!mark) return;
    mark.underWay = null;
    mark.toldAt = now;
    if (type === "read") mark.readTold = Math.max(mark.readTold, seq);
    mark.deliveredTold = Math.max(mark.deliveredTold, seq);
    this.#settle(mark, type === "read" ? seq : -1, answer);
    this.#again(mark, now);
  }

  /**
   * It could not be told; `again` says after how long it may be tried again, or is null.
   * @param {Telling} telling
   * @param {ParlorError} error
   * @param {number | null} again
   * @param {number} now
   */
  refused({ room, type, seq }, error, again, now) {
    const mark = this.#rooms.get(room);
    if (!mark) return;
    mark.underWay = null;
    if (again !== null) {
      mark.toldAt = now + again - ROOM_EVERY_MS;
    } else {
      if (type === "read") mark.readTold = Math.max(mark.readTold, seq);
      mark.deliveredTold = Math.max(mark.deliveredTold, seq);
      this.#settle(mark, type === "read" ? seq : -1, error);
    }
    this.#again(mark, now);
  }

  /**
   * @param {Mark} mark
   * @param {number} upto
   * @param {Unread | ParlorError} outcome
   */
  #settle(mark, upto, outcome) {
    const settled = mark.waiting.filter(({ seq }) => seq <= upto);
    mark.waiting = mark.waiting.filter(({ seq }) => seq > upto);
    for (const { settle } of settled) settle(outcome);
  }

  /**
   * @param {Mark} mark
   * @param {number} now
   */
  #again(mark, now) {
    const isMore = mark.read > mark.readTold || mark.delivered > Math.max(mark.deliveredTold, mark.readTold);
    if (isMore) mark.wantedAt = Math.min(mark.wantedAt, now);
  }

  /**
   * Rooms of which all has been said, long enough ago.
   * @param {number} now
   */
  sweep(now) {
    for (const [room, mark] of this.#rooms) {
      const isIdle = !mark.underWay && mark.wantedAt === Infinity;
      if (isIdle && now - mark.toldAt > ROOM_EVERY_MS) this.#rooms.delete(room);
    }
  }

  /**
   * The connection was cut: what was under way may not have arrived.
   * @param {number} now
   */
  cut(now) {
    for (const mark of this.#rooms.values()) {
      if (!mark.underWay) continue;
      mark.underWay = null;
      this.#again(mark, now);
    }
  }

  /**
   * One is no longer in a room.
   * @param {string} room
   * @param {ParlorError} error
   */
  forget(room, error) {
    const mark = this.#rooms.get(room);
    this.#rooms.delete(room);
    for (const { settle } of mark?.waiting ?? []) settle(error);
  }

  /** @param {ParlorError} error */
  reset(error) {
    for (const room of [...this.#rooms.keys()]) this.forget(room, error);
  }
}
