/**
 * Rooms that one hears without being a member, as long as the application lets one.
 *
 * @import { Connection } from "./connection.js"
 * @import { Emit } from "./events.js"
 * @import { Place, Positions } from "./positions.js"
 * @import { Room } from "./types.js"
 */

import { asError, pauseAfter, sleep } from "./error.js";

export class Watched {
  #connection; #positions; #emit;
  /** @type {Set<string>} */
  rooms = new Set();

  /**
   * @param {Connection} connection
   * @param {Positions} positions
   * @param {Emit} emit
   */
  constructor(connection, positions, emit) {
    this.#connection = connection;
    this.#positions = positions;
    this.#emit = emit;
  }

  /**
   * @param {string} room
   * @returns {Promise<Room>}
   */
  async watch(room) {
    const known = await this.#positions.follow(room);
    this.rooms.add(room);
    return known;
  }

  /**
   * @param {string} room
   * @returns {Promise<void>}
   */
  async unwatch(room) {
    this.forget(room);
    this.#positions.forget(room);
    await this.#connection.request("room.unsubscribe", { room_id: room });
  }

  /**
   * One is out, or a member.
   * @param {string} room
   */
  forget(room) { this.rooms.delete(room); }

  reset() { this.rooms.clear(); }

  /**
   * A connection has told of all of one's rooms; these are none of them, and go on where
   * they were. One that has become one of them is watched no more.
   */
  resume() {
    const left = this.#positions.left;
    this.rooms = new Set(left.map(([room]) => room));
    for (const [room, place] of left) this.#again(room, place);
  }

  /**
   * @param {string} room
   * @param {Place} place
   */
  async #again(room, place) {
    const socket = this.#connection.current;
    const isOver = () => socket !== this.#connection.current || !this.rooms.has(room);
    for (;;) {
      try {
        await this.#positions.follow(room, place);
        return;
      } catch (caught) {
        const error = asError(caught);
        // The next connection begins with it anew.
        if (isOver()) return;
        if (!error.isTemporary) break;
        await sleep(pauseAfter(error));
        if (isOver()) return;
      }
    }
    this.forget(room);
    this.#positions.forget(room);
    this.#emit("room-removed", { room, reason: "removed" });
  }
}
