/**
 * Rooms of which events are missing: each is subscribed anew from where one is, some at a time.
 *
 * @import { Connection } from "./connection.js"
 * @import { Place } from "./positions.js"
 * @import { Position } from "./types.js"
 *
 * @typedef {object} Told
 * @property {(room: string, place: Place) => boolean} isAt whether one still is in that place
 * @property {(room: string, position: Position) => void} filled before any later frame is looked at
 * @property {(room: string) => void} lost one may not hear it any more
 */

import { asError } from "./error.js";
import { PRIORITY } from "./queue.js";

/** Rooms that are filled up at once. */
const FILLED_AT_ONCE = 20;

export class Gaps {
  #connection; #on;
  /** @type {[room: string, place: Place][]} that wait to be filled up */
  #waiting = [];
  #filling = 0;

  /**
   * @param {Connection} connection
   * @param {Told} on
   */
  constructor(connection, on) {
    this.#connection = connection;
    this.#on = on;
  }

  /** The connection was cut: the next one begins with what is missing. */
  cut() {
    this.#waiting = [];
    this.#filling = 0;
  }

  /**
   * Fetches what a room misses, when it is its turn.
   * @param {string} room
   * @param {Place} place
   */
  fill(room, place) {
    place.blocked = true;
    this.#waiting.push([room, place]);
    this.#fillOn();
  }

  #fillOn() {
    while (this.#filling < FILLED_AT_ONCE && this.#waiting.length > 0) {
      const [[room, place]] = this.#waiting.splice(0, 1);
      // It may have been left, or begun anew.
      if (this.#on.isAt(room, place)) this.#fillNow(room, place);
    }
  }

  /**
   * The room is unsubscribed first: what comes before that is acked belongs to
   * the old stream, and would make the replay look like repeats.
   *
   * @param {string} room
   * @param {Place} place
   */
  async #fillNow(room, place) {
    const socket = this.#connection.current;
    const { seq: since, epoch } = place;
    const priority = PRIORITY.fill;
    const off = this.#connection.request("room.unsubscribe", { room_id: room }, {
      priority, onAck: () => Object.assign(place, { blocked: false, catching: true }),
    });
    const on = this.#connection.request("room.subscribe", { room_id: room, since, ...(epoch && { epoch }) }, {
      priority, onAck: (answer) => this.#on.filled(room, answer),
    });
    this.#filling += 1;
    try {
      await Promise.all([off, on]);
    } catch (caught) {
      const error = asError(caught);
      // Not a member any more: the room's removal is told, unless one only watched it.
      if (["not_found", "forbidden", "refused"].includes(error.code)) this.#on.lost(room);
      else this.#connection.giveUp(socket);
    }
    if (socket !== this.#connection.current) return;
    this.#filling -= 1;
    this.#fillOn();
  }
}
