/**
 * Rooms that one hears without being a member, as long as the application lets one.
 *
 * @import { Connection } from "./connection.js"
 * @import { Emit } from "./events.js"
 * @import { Positions } from "./positions.js"
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
  watch(room) { return this.#positions.follow(room, () => this.rooms.add(room)); }

  /**
   * @param {string} room
   * @returns {Promise<void>}
   */
  async unwatch(room) {
    const onAck = () => this.#ends(room);
    onAck();
    await this.#connection.request("room.unsubscribe", { room_id: room }, { onAck });
  }

  /**
   * One is out, or a member.
   * @param {string} room
   */
  forget(room) { this.rooms.delete(room); }

  reset() { this.rooms.clear(); }

  /**
   * The application does not let one hear it any more.
   * @param {string} room
   */
  lost(room) {
    if (!this.rooms.has(room)) return;
    this.#ends(room);
    this.#emit("room-removed", { room, reason: "removed" });
  }

  /** @param {string} room */
  #ends(room) {
    this.forget(room);
    this.#positions.forget(room);
  }

  /**
   * A connection has told of all of one's rooms; these are none of them, and go on where
   * they were.
   */
  resume() {
    for (const room of this.#positions.left) this.#again(room);
  }

  /** @param {string} room */
  async #again(room) {
    const socket = this.#connection.current;
    const isOver = () => socket !== this.#connection.current || !this.rooms.has(room);
    for (;;) {
      try {
        await this.#positions.follow(room, () => {});
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
    this.lost(room);
  }
}
