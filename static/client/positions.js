/**
 * How far one has come in each room, so that each event is told once, in
 * order, also over cuts: what is missing is fetched first.
 */

import { PRIORITY } from "./queue.js";

/** Rooms that one `session.resume` may name. */
const RESUMED_MAX = 1_000;
/** What the frame of a `session.resume` needs besides its rooms. */
const RESUME_MARGIN_BYTES = 256;
/** A position, in the epoch that it is of if that was told. */
const named = (seq, epoch) => (epoch === undefined ? seq : { since: seq, epoch });

/** Rooms that are filled up at once. */
const FILLED_AT_ONCE = 20;

export class Positions {
  #connection; #on;
  /**
   * room id → {seq, epoch, catching, blocked}: up to where events have been
   * told, and which life of the room that is a position of.
   */
  #rooms = new Map();
  /** The same of the inbox; 0 before anything has come. */
  #inbox = { seq: 0, epoch: undefined };
  /** While the server tells of the rooms: {known, isBack, seen}. */
  #listing = null;
  /** Rooms that wait to be filled up: [room, position]. */
  #toFill = []; #filling = 0;

  /**
   * `on` is told: `event(frame)` for each event that is new,
   * `resync(room, isAnother)` when a room has gone too far to be caught up
   * with, or is another one under its id, and `inboxLost()` for the inbox.
   */
  constructor(connection, on) {
    this.#connection = connection;
    this.#on = on;
  }

  get isEmpty() { return this.#rooms.size === 0; }

  /** A room is followed from there on. */
  moveTo(room, seq, epoch) { this.#rooms.set(room, { seq, epoch, catching: false }); }
  forget(room) {
    this.#rooms.delete(room);
    this.#listing?.known.delete(room);
  }

  reset() {
    this.#rooms.clear();
    this.#listing = null;
    this.#inbox = { seq: 0, epoch: undefined };
  }

  /** An event of the inbox has come. */
  inboxHeard(seq) { this.#inbox.seq = Math.max(seq, this.#inbox.seq); }
  /** A connection is live, with the inbox as it is now. */
  inboxIs(epoch) { if (this.#inbox.epoch !== epoch) this.#inbox = { seq: 0, epoch }; }

  cut() {
    this.#toFill = [];
    this.#filling = 0;
    // What was not told of yet is where it was.
    for (const [id, position] of this.#listing?.known ?? []) {
      if (!this.#rooms.has(id)) this.#rooms.set(id, position);
    }
    this.#listing = null;
  }

  /** A connection begins: its rooms are told of next, some at a time. */
  begin() {
    const known = new Map(this.#rooms);
    this.#rooms.clear();
    this.#listing = { known, isBack: known.size > 0, seen: [] };
  }

  listed(rooms) {
    if (!this.#listing) throw new TypeError("All rooms were told of already.");
    const { known, seen } = this.#listing;
    for (const { room_id: id, last_seq: last, epoch } of rooms) {
      const { seq, epoch: of } = known.get(id) ?? {};
      this.#rooms.set(id, { seq: seq ?? last, epoch: of ?? epoch, from: seq, catching: seq !== undefined });
      if (seq !== undefined) seen.push([id, named(seq, of)]);
    }
  }

  /**
   * All rooms have been told of. Gives `[room, position]` of those that one has been
   * in before; null if it is the first connection.
   */
  complete() {
    const { isBack, seen } = this.#listing;
    this.#listing = null;
    return isBack ? seen : null;
  }

  /**
   * Says how far one had come, in as many commands as it takes, and gets what
   * was missed. The rooms of the next command wait for it.
   */
  async resume(seen) {
    let left = seen;
    do {
      const first = left.slice(0, this.#fitting(left));
      left = left.slice(first.length);
      const { seq, epoch } = this.#inbox;
      const rest = left.length > 0 ? { more: true } : { ...(seq > 0 && { inbox: named(seq, epoch) }) };
      const data = { rooms: Object.fromEntries(first), ...rest };
      const onAck = ({ rooms, inbox }) => {
        this.resumed(rooms);
        if (inbox) this.#inboxCaughtUp(inbox);
      };
      await this.#connection.request("session.resume", data, { onAck, priority: PRIORITY.session, isLong: true });
    } while (left.length > 0);
  }

  /** How many of them one frame can name. */
  #fitting(seen) {
    let bytes = RESUME_MARGIN_BYTES;
    const most = this.#connection.limits.frame_bytes ?? Infinity;
    const end = seen.findIndex(([id, position], index) => {
      bytes += id.length + JSON.stringify(position).length + 4;
      return index > 0 && (index >= RESUMED_MAX || bytes > most);
    });
    return end < 0 ? seen.length : end;
  }

  /** What came of some of the rooms that were named. */
  resumed(rooms) {
    for (const [id, room] of Object.entries(rooms)) this.#caughtUp(id, room);
  }

  #inboxCaughtUp({ last_seq: last, epoch, resync }) {
    this.#inbox = { seq: resync ? last : Math.max(last, this.#inbox.seq), epoch };
    if (resync) this.#on.inboxLost();
  }

  #caughtUp(room, { last_seq: last, epoch, resync, error }) {
    if (error) return this.forget(room);
    const { seq = 0, from, epoch: before } = this.#rooms.get(room) ?? {};
    // It may have been live for a while when that is told.
    const isAhead = !resync || (from !== undefined && seq > from);
    this.moveTo(room, isAhead ? Math.max(last, seq) : last, epoch);
    if (resync) this.#on.resync(room, before !== undefined && before !== epoch);
    return undefined;
  }

  /** An event with a place in its room. */
  heard(frame) {
    const { room_id: room, seq } = frame;
    const position = this.#rooms.get(room);
    if (!position || position.blocked || seq <= position.seq) return undefined;
    // While it catches up positions may be skipped; live ones never are.
    if (!position.catching && seq > position.seq + 1) return this.#fill(room, position);
    this.#on.event(frame);
    // Not before: one that could not be told has to come again.
    position.seq = seq;
    return undefined;
  }

  /** Fetches what a room misses, when it is its turn. */
  #fill(room, position) {
    position.blocked = true;
    this.#toFill.push([room, position]);
    this.#fillOn();
  }

  #fillOn() {
    while (this.#filling < FILLED_AT_ONCE && this.#toFill.length > 0) {
      const [room, position] = this.#toFill.shift();
      // It may have been left, or begun anew.
      if (this.#rooms.get(room) === position) this.#fillNow(room, position);
    }
  }

  /**
   * The room is unsubscribed first: what comes before that is acked belongs to
   * the old stream, and would make the replay look like repeats.
   */
  async #fillNow(room, position) {
    const socket = this.#connection.current;
    const { seq: since, epoch } = position;
    const priority = PRIORITY.fill;
    const off = this.#connection.request("room.unsubscribe", { room_id: room }, {
      priority, onAck: () => Object.assign(position, { blocked: false, catching: true }),
    });
    const on = this.#connection.request("room.subscribe", { room_id: room, since, ...(epoch && { epoch }) }, {
      priority, onAck: (answer) => this.#caughtUp(room, answer),
    });
    this.#filling += 1;
    try {
      await Promise.all([off, on]);
    } catch (error) {
      // Not a member any more: the room's removal is told.
      if (error.code !== "not_found" && error.code !== "forbidden") this.#connection.giveUp(socket);
    }
    if (socket !== this.#connection.current) return;
    this.#filling -= 1;
    this.#fillOn();
  }
}
