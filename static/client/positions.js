/**
 * How far one has come in each room, so that each event is told once, in
 * order, also over cuts: what is missing is fetched first.
 *
 * @import { Connection } from "./connection.js"
 * @import { Placed, Position, Refusal, Resumed, Room } from "./types.js"
 * @typedef {number | {since: number, epoch: string}} Since a position as the server is told it
 * @typedef {[room: string, since: Since]} Seen
 *
 * @typedef {object} Place up to where a room's events have been told
 * @property {number} seq
 * @property {string | undefined} epoch which life of the room that is a position of
 * @property {number} [from] where one was before this connection
 * @property {boolean} catching positions may be skipped, for it is being caught up with
 * @property {boolean} [blocked] what comes is of a stream that is given up
 *
 * @typedef {object} Told
 * @property {(frame: Placed) => void} event
 * @property {(room: string, isAnother: boolean) => void} resync
 * @property {() => void} inboxLost
 * @property {(room: string) => void} lost one may not hear it any more
 */

import { Gaps } from "./gaps.js";
import { PRIORITY } from "./queue.js";

/** Rooms that one `session.resume` may name. */
const RESUMED_MAX = 1_000;
/** What the frame of a `session.resume` needs besides its rooms. */
const RESUME_MARGIN_BYTES = 256;
/**
 * A position, in the epoch that it is of if that was told.
 * @type {(seq: number, epoch: string | undefined) => Since}
 */
const named = (seq, epoch) => (epoch === undefined ? seq : { since: seq, epoch });

export class Positions {
  #connection; #on; #gaps;
  /** @type {Map<string, Place>} by room */
  #rooms = new Map();
  /**
   * The same of the inbox; 0 before anything has come.
   *
   * @type {{seq: number, epoch: string | undefined}}
   */
  #inbox = { seq: 0, epoch: undefined };
  /**
   * While the server tells of the rooms.
   *
   * @type {{known: Map<string, Place>, isBack: boolean, seen: Seen[]} | null}
   */
  #listing = null;
  /**
   * Rooms that one followed, and that the server does not tell of by itself.
   *
   * @type {Map<string, Place>}
   */
  #left = new Map();

  /**
   * `on` is told: `event(frame)` for each event that is new,
   * `resync(room, isAnother)` when a room has gone too far to be caught up
   * with, or is another one under its id, and `inboxLost()` for the inbox.
   *
   * @param {Connection} connection
   * @param {Told} on
   */
  constructor(connection, on) {
    this.#connection = connection;
    this.#on = on;
    this.#gaps = new Gaps(connection, {
      isAt: (room, place) => this.#rooms.get(room) === place,
      filled: (room, position) => this.#caughtUp(room, position),
      lost: (room) => on.lost(room),
    });
  }

  get isEmpty() { return this.#rooms.size === 0; }

  /**
   * A room is followed from there on.
   * @param {string} room
   * @param {number} seq
   * @param {string} [epoch]
   */
  moveTo(room, seq, epoch) { this.#rooms.set(room, { seq, epoch, catching: false }); }
  /** @param {string} room */
  forget(room) {
    this.#rooms.delete(room);
    this.#left.delete(room);
    this.#listing?.known.delete(room);
  }

  reset() {
    this.#rooms.clear();
    this.#left.clear();
    this.#listing = null;
    this.#inbox = { seq: 0, epoch: undefined };
  }

  /**
   * An event of the inbox has come.
   * @param {number} seq
   */
  inboxHeard(seq) { this.#inbox.seq = Math.max(seq, this.#inbox.seq); }
  /**
   * A connection is live, with the inbox as it is now.
   * @param {string | undefined} epoch
   */
  inboxIs(epoch) { if (this.#inbox.epoch !== epoch) this.#inbox = { seq: 0, epoch }; }

  cut() {
    this.#gaps.cut();
    // What was not told of yet is where it was.
    for (const [id, position] of this.#listing?.known ?? []) {
      if (!this.#rooms.has(id)) this.#rooms.set(id, position);
    }
    this.#listing = null;
  }

  /** A connection begins: its rooms are told of next, some at a time. */
  begin() {
    const known = new Map([...this.#left, ...this.#rooms]);
    this.#rooms.clear();
    this.#listing = { known, isBack: known.size > 0, seen: [] };
  }

  /** @param {Room[]} rooms */
  listed(rooms) {
    if (!this.#listing) throw new TypeError("All rooms were told of already.");
    const { known, seen } = this.#listing;
    for (const { room_id: id, last_seq: last, epoch } of rooms) {
      const { seq, epoch: of } = known.get(id) ?? { seq: undefined, epoch: undefined };
      this.#rooms.set(id, { seq: seq ?? last, epoch: of ?? epoch, from: seq, catching: seq !== undefined });
      if (seq !== undefined) seen.push([id, named(seq, of)]);
    }
  }

  /**
   * All rooms have been told of. Gives `[room, position]` of those that one has been
   * in before; null if it is the first connection. Of the others those that one watches
   * are `left`.
   *
   * @param {Set<string>} watched
   * @returns {Seen[] | null}
   */
  complete(watched = new Set()) {
    const listing = this.#listing;
    const others = [...listing?.known ?? []].filter(([id]) => watched.has(id) && !this.#rooms.has(id));
    this.#left = new Map(others);
    this.#listing = null;
    return listing?.isBack ? listing.seen : null;
  }

  /** Rooms to follow again. */
  get left() { return [...this.#left.keys()]; }

  /**
   * Whether one follows that life of a room.
   * @param {string} room
   * @param {string | undefined} epoch
   */
  follows(room, epoch) {
    const place = this.#rooms.get(room);
    return place !== undefined && place.epoch === epoch;
  }

  /**
   * Subscribes to a room that the server does not tell of by itself, from where one was.
   * `onAck` comes before any later frame is looked at.
   *
   * @param {string} room
   * @param {() => void} onAck
   * @returns {Promise<Room>}
   */
  async follow(room, onAck) {
    const place = this.#left.get(room);
    if (place) {
      this.#left.delete(room);
      this.#rooms.set(room, { ...place, from: place.seq, catching: true });
    }
    const since = place && { since: place.seq, ...(place.epoch && { epoch: place.epoch }) };
    /** @type {(answer: Position) => void} */
    const acked = (answer) => {
      if (place) this.#caughtUp(room, answer);
      else this.moveTo(room, answer.last_seq, answer.epoch);
      onAck();
    };
    try {
      const answer = await this.#connection.request("room.subscribe", { room_id: room, ...since }, { onAck: acked });
      return answer.room;
    } catch (error) {
      // Whoever tries again goes on from there.
      if (place) this.#left.set(room, place);
      throw error;
    }
  }

  /**
   * Says how far one had come, in as many commands as it takes, and gets what
   * was missed. The rooms of the next command wait for it.
   *
   * @param {Seen[]} seen
   */
  async resume(seen) {
    let left = seen;
    do {
      const first = left.slice(0, this.#fitting(left));
      left = left.slice(first.length);
      const { seq, epoch } = this.#inbox;
      const rest = left.length > 0 ? { more: true } : { ...(seq > 0 && { inbox: named(seq, epoch) }) };
      const data = { rooms: Object.fromEntries(first), ...rest };
      /** @type {(answer: {rooms: Resumed, inbox?: Position}) => void} */
      const onAck = ({ rooms, inbox }) => {
        this.resumed(rooms);
        if (inbox) this.#inboxCaughtUp(inbox);
      };
      await this.#connection.request("session.resume", data, { onAck, priority: PRIORITY.session, isLong: true });
    } while (left.length > 0);
  }

  /**
   * How many of them one frame can name.
   * @param {Seen[]} seen
   */
  #fitting(seen) {
    let bytes = RESUME_MARGIN_BYTES;
    const most = this.#connection.limits.frame_bytes ?? Infinity;
    const end = seen.findIndex(([id, position], index) => {
      bytes += id.length + JSON.stringify(position).length + 4;
      return index > 0 && (index >= RESUMED_MAX || bytes > most);
    });
    return end < 0 ? seen.length : end;
  }

  /**
   * What came of some of the rooms that were named.
   * @param {Resumed} rooms
   */
  resumed(rooms) {
    for (const [id, room] of Object.entries(rooms)) this.#caughtUp(id, room);
  }

  /** @param {Position} position */
  #inboxCaughtUp({ last_seq: last, epoch, resync }) {
    this.#inbox = { seq: resync ? last : Math.max(last, this.#inbox.seq), epoch };
    if (resync) this.#on.inboxLost();
  }

  /**
   * @param {string} room
   * @param {Position & {error?: Refusal}} position
   * @returns {void}
   */
  #caughtUp(room, { last_seq: last, epoch, resync, error }) {
    if (error) return this.forget(room);
    const place = this.#rooms.get(room);
    const { seq = 0, from, epoch: before } = place ?? {};
    // It may have been live for a while when that is told.
    const isAhead = !resync || (from !== undefined && seq > from);
    this.moveTo(room, isAhead ? Math.max(last, seq) : last, epoch);
    if (resync) this.#on.resync(room, before !== undefined && before !== epoch);
    return undefined;
  }

  /**
   * An event with a place in its room.
   * @param {Placed} frame
   * @returns {void}
   */
  heard(frame) {
    const { room_id: room, seq } = frame;
    const position = this.#rooms.get(room);
    if (!position || position.blocked || seq <= position.seq) return undefined;
    // While it catches up positions may be skipped; live ones never are.
    if (!position.catching && seq > position.seq + 1) return this.#gaps.fill(room, position);
    this.#on.event(frame);
    // Not before: one that could not be told has to come again.
    position.seq = seq;
    return undefined;
  }
}
