/**
 * How far one has read and received in each place: in each room, or in each
 * thread. Marks are watermarks: the newest says all, and what was read has been
 * received. So they are merged, and a place costs at most one command in a
 * while, however much is said in it.
 *
 * @import { ParlorError } from "./error.js"
 *
 * @typedef {{place: string, type: "read" | "delivered", seq: number}} Telling a mark on its way
 * @typedef {(outcome: any) => void} Settle is given the answer, or a `ParlorError`
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
 * @typedef {{place: string, mark: Mark, at: number, isRead: boolean}} Wanted
 */

import { offline } from "./error.js";

/** A place is marked at most once in this time. */
const EVERY_MS = 3_000;
/** Who reads what has come within this time need not say that it came. */
const DELIVERED_AFTER_MS = 500;
/** Places with marks that wait; more than anybody is in. */
const PLACES_MAX = 20_000;

/** @type {(one: Wanted, other: Wanted | null) => Wanted} */
const earlier = (one, other) => (other && other.at <= one.at ? other : one);

/** Pure: it is told what was read and has come, and says what is due. */
export class Watermarks {
  /**
   * Place → what is known of it; only places of which something is to be said.
   *
   * @type {Map<string, Mark>}
   */
  #places = new Map();
  /** What was said last is that something was read. */
  #wasRead = false;

  /** @param {string} place */
  #of(place) {
    const known = this.#places.get(place);
    if (known) return known;
    if (this.#places.size >= PLACES_MAX) return null;
    /** @type {Mark} */
    const made = {
      read: 0, delivered: 0, readTold: 0, deliveredTold: 0,
      toldAt: -Infinity, wantedAt: Infinity, underWay: null, waiting: [],
    };
    this.#places.set(place, made);
    return made;
  }

  /**
   * Something has come, up to `seq`.
   * @param {string} place
   * @param {number} seq
   * @param {number} now
   */
  delivered(place, seq, now) {
    const mark = this.#of(place);
    if (!mark || seq <= Math.max(mark.read, mark.delivered)) return;
    mark.delivered = seq;
    mark.wantedAt = Math.min(mark.wantedAt, now + DELIVERED_AFTER_MS);
  }

  /**
   * All up to `seq` has been read; `settle` is called with what becomes of it.
   * @param {string} place
   * @param {number} seq
   * @param {number} now
   * @param {Settle} settle
   * @returns {void}
   */
  read(place, seq, now, settle) {
    const mark = this.#of(place);
    if (!mark) return settle(offline("Too many marks wait to be told."));
    mark.waiting.push({ seq, settle });
    // What was told is over: marked as unread since, a room may now be read less far.
    mark.read = mark.read > mark.readTold ? Math.max(mark.read, seq) : seq;
    // Said again if it was said before: whoever asks wants to hear the numbers.
    mark.readTold = Math.min(mark.readTold, mark.read - 1);
    mark.wantedAt = Math.min(mark.wantedAt, now);
    return undefined;
  }

  /**
   * What was read in a place is due at once; `settle` is called when nothing of it waits any more.
   * @param {string} place
   * @param {() => void} settle
   * @returns {void}
   */
  hurry(place, settle) {
    const mark = this.#places.get(place);
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
    for (const [place, mark] of this.#places) {
      if (mark.underWay || mark.wantedAt === Infinity) continue;
      const at = Math.max(mark.wantedAt, mark.toldAt + EVERY_MS);
      yield { place, mark, at, isRead: mark.read > mark.readTold };
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
    const { place, mark, isRead } = first;
    mark.underWay = { place, type: isRead ? "read" : "delivered", seq: isRead ? mark.read : mark.delivered };
    mark.wantedAt = Infinity;
    return mark.underWay;
  }

  /**
   * What was under way has been told, and this was the answer.
   * @param {Telling} telling
   * @param {any} answer
   * @param {number} now
   */
  told({ place, type, seq }, answer, now) {
    const mark = this.#places.get(place);
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
  refused({ place, type, seq }, error, again, now) {
    const mark = this.#places.get(place);
    if (!mark) return;
    mark.underWay = null;
    if (again !== null) {
      mark.toldAt = now + again - EVERY_MS;
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
   * @param {any} outcome
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
   * Places of which all has been said, long enough ago.
   * @param {number} now
   */
  sweep(now) {
    for (const [place, mark] of this.#places) {
      const isIdle = !mark.underWay && mark.wantedAt === Infinity;
      if (isIdle && now - mark.toldAt > EVERY_MS) this.#places.delete(place);
    }
  }

  /**
   * The connection was cut: what was under way may not have arrived.
   * @param {number} now
   */
  cut(now) {
    for (const mark of this.#places.values()) {
      if (!mark.underWay) continue;
      mark.underWay = null;
      this.#again(mark, now);
    }
  }

  /**
   * One is no longer there.
   * @param {string} place
   * @param {ParlorError} error
   */
  forget(place, error) {
    const mark = this.#places.get(place);
    this.#places.delete(place);
    for (const { settle } of mark?.waiting ?? []) settle(error);
  }

  /** @param {ParlorError} error */
  reset(error) {
    for (const place of [...this.#places.keys()]) this.forget(place, error);
  }
}
