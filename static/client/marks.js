/**
 * How far one has read and received in each room, as the server is told. Marks
 * are watermarks: the newest says all, and what was read has been received. So
 * they are merged, and a room costs at most one command in a while, however
 * much is said in it.
 */

import { Timers, monotonic } from "./clock.js";
import { offline, pauseAfter } from "./error.js";
import { Pace } from "./pace.js";
import { PRIORITY } from "./queue.js";

/** A room is marked at most once in this time. */
const ROOM_EVERY_MS = 3_000;
/** Who reads what has come within this time need not say that it came. */
const DELIVERED_AFTER_MS = 500;
/** Rooms with marks that wait; more than anybody is in. */
const ROOMS_MAX = 20_000;
/** Marks that are under way at once. */
const UNDER_WAY_MAX = 4;
/** The part of what a connection may say that marks take. */
const SHARE = 0.5;

/** Pure: it is told what was read and has come, and says what is due. */
export class Watermarks {
  /** room → what is known of it; only rooms of which something is to be said. */
  #rooms = new Map();
  /** What was said last is that something was read. */
  #wasRead = false;

  #of(room) {
    const known = this.#rooms.get(room);
    if (known) return known;
    if (this.#rooms.size >= ROOMS_MAX) return null;
    const made = {
      read: 0, delivered: 0, readTold: 0, deliveredTold: 0,
      toldAt: -Infinity, wantedAt: Infinity, underWay: null, waiting: [],
    };
    this.#rooms.set(room, made);
    return made;
  }

  /** Something has come, up to `seq`. */
  delivered(room, seq, now) {
    const mark = this.#of(room);
    if (!mark || seq <= Math.max(mark.read, mark.delivered)) return;
    mark.delivered = seq;
    mark.wantedAt = Math.min(mark.wantedAt, now + DELIVERED_AFTER_MS);
  }

  /** All up to `seq` has been read; `settle` is called with what becomes of it. */
  read(room, seq, now, settle) {
    const mark = this.#of(room);
    if (!mark) return settle(offline("Too many rooms wait to be marked."));
    mark.waiting.push({ seq, settle });
    mark.read = Math.max(mark.read, seq);
    // Said again if it was said before: whoever asks wants to hear the numbers.
    mark.readTold = Math.min(mark.readTold, mark.read - 1);
    mark.wantedAt = Math.min(mark.wantedAt, now);
    return undefined;
  }

  /** Those of which something is to be said, and from when on it may be. */
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

  /** What is to be said now, or null; it is under way then. */
  next(now) {
    // The longest due of those that were read, for somebody sees that; but not
    // two after each other while others wait.
    let [read, delivered] = [null, null];
    for (const each of this.#wanted()) {
      if (each.at > now) continue;
      if (each.isRead) read = !read || each.at < read.at ? each : read;
      else delivered = !delivered || each.at < delivered.at ? each : delivered;
    }
    const first = (this.#wasRead ? delivered ?? read : read ?? delivered);
    if (!first) return null;
    this.#wasRead = first === read;
    const { room, mark, isRead } = first;
    mark.underWay = { room, type: isRead ? "read" : "delivered", seq: isRead ? mark.read : mark.delivered };
    mark.wantedAt = Infinity;
    return mark.underWay;
  }

  /** What was under way has been told, and this was the answer. */
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

  /** It could not be told; `again` says after how long it may be tried again, or is null. */
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

  #settle(mark, upto, outcome) {
    const settled = mark.waiting.filter(({ seq }) => seq <= upto);
    mark.waiting = mark.waiting.filter(({ seq }) => seq > upto);
    for (const { settle } of settled) settle(outcome);
  }

  #again(mark, now) {
    const isMore = mark.read > mark.readTold || mark.delivered > Math.max(mark.deliveredTold, mark.readTold);
    if (isMore) mark.wantedAt = Math.min(mark.wantedAt, now);
  }

  /** Rooms of which all has been said, long enough ago. */
  sweep(now) {
    for (const [room, mark] of this.#rooms) {
      const isIdle = !mark.underWay && mark.wantedAt === Infinity;
      if (isIdle && now - mark.toldAt > ROOM_EVERY_MS) this.#rooms.delete(room);
    }
  }

  /** The connection was cut: what was under way may not have arrived. */
  cut(now) {
    for (const mark of this.#rooms.values()) {
      if (!mark.underWay) continue;
      mark.underWay = null;
      this.#again(mark, now);
    }
  }

  /** One is no longer in a room. */
  forget(room, error) {
    const mark = this.#rooms.get(room);
    this.#rooms.delete(room);
    for (const { settle } of mark?.waiting ?? []) settle(error);
  }

  reset(error) {
    for (const room of [...this.#rooms.keys()]) this.forget(room, error);
  }
}

/** Tells the server of them, behind everything else, while there is a connection. */
export class MarkTeller {
  #connection; #marks = new Watermarks(); #timers = new Timers();
  #pace = new Pace({ burst: 4, perSecond: 4 }); #underWay = 0;

  constructor(connection) { this.#connection = connection; }

  delivered(room, seq) {
    this.#marks.delivered(room, seq, monotonic());
    this.#tell();
  }

  /** Resolves with the server's numbers, once it was told of this or more. */
  read(room, seq) {
    return new Promise((resolve, reject) => {
      const settle = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
      this.#marks.read(room, seq, monotonic(), settle);
      this.#tell();
    });
  }

  forget(room, error) { this.#marks.forget(room, error); }

  reset(error) {
    this.#marks.reset(error);
    this.#timers.stopAll();
  }

  /** There is a connection: what was read meanwhile is told. */
  online({ commands_per_second: rate, command_burst: burst }) {
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
      this.#say(this.#marks.next(now));
    }
  }

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
    } catch (error) {
      if (isHere()) this.#marks.refused(mark, error, againAfter(error), monotonic());
    }
    if (!isHere()) return;
    this.#underWay -= 1;
    this.#tell();
  }
}

/** After how long a mark may be told again; null for never. */
function againAfter(error) {
  if (error.isTemporary || error.code === "offline") return pauseAfter(error);
  // The connection gets another token by itself.
  return error.code === "token_expired" ? 1_000 : null;
}
