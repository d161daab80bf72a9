/**
 * How a connection begins: the server tells of the rooms, and gives what was
 * missed; then it is live.
 *
 * @import { Connection } from "./connection.js"
 * @import { DraftTeller } from "./draft_teller.js"
 * @import { Emit, State } from "./events.js"
 * @import { MarkTeller } from "./marks.js"
 * @import { Outbox } from "./outbox.js"
 * @import { Positions } from "./positions.js"
 * @import { ChatState } from "./state.js"
 * @import { Watched } from "./watched.js"
 * @import { Writings } from "./writings.js"
 * @import { Listing, Ready, Room, ThreadState, Unread, User } from "./types.js"
 *
 * @typedef {object} Parts
 * @property {Connection} connection
 * @property {Positions} positions
 * @property {Watched} watched
 * @property {Outbox} outbox
 * @property {Writings} writings
 * @property {MarkTeller<Unread>} marks of rooms
 * @property {MarkTeller<ThreadState>} threadMarks
 * @property {DraftTeller} drafts
 * @property {ChatState} chat
 * @property {Emit} emit
 * @property {() => void} changed `chat` is not what it was
 * @property {(user: User) => void} isOf whose connection it is
 */

/** Rooms of which one says at once what came while one was away. */
const DELIVERED_ROOMS = 20;

export class Beginning {
  #parts;
  /** @type {string | undefined} which life of the inbox this connection is in */
  #inboxEpoch;

  /** @param {Parts} parts */
  constructor(parts) { this.#parts = parts; }

  /** @param {State} detail */
  stateIs(detail) {
    const { connection, outbox, writings, positions, marks, threadMarks, drafts, emit } = this.#parts;
    if (detail.state === "offline") {
      for (const each of [outbox, positions, marks, threadMarks, drafts]) each.cut();
    }
    if (detail.state === "online") {
      marks.online(connection.limits);
      outbox.pushAll();
      writings.goOn();
      threadMarks.online(connection.limits);
      drafts.online(connection.limits);
    }
    emit("state", detail);
  }

  /** @param {Ready} data */
  ready({ user, limits, inbox_epoch: inboxEpoch, ...piece }) {
    const { connection, positions, chat, isOf } = this.#parts;
    isOf(user);
    connection.limits = limits ?? {};
    positions.begin();
    this.#inboxEpoch = inboxEpoch;
    chat.forgetPassing();
    chat.beginRooms();
    this.listed(piece);
  }

  /**
   * Some of one's rooms; the first ones come with `session.ready`.
   *
   * @param {Listing} piece
   */
  listed({ rooms: some, complete }) {
    const { positions, watched, chat, changed } = this.#parts;
    positions.listed(some);
    for (const room of some) {
      watched.forget(room.room_id);
      chat.putListed(room);
    }
    changed();
    if (complete) this.#catchUp();
  }

  async #catchUp() {
    const { connection, positions, watched, chat, emit } = this.#parts;
    const seen = positions.complete(watched.rooms);
    chat.completeRooms();
    const { rooms } = chat;
    emit("ready", rooms);
    const socket = connection.current;
    try {
      if (seen) await positions.resume(seen);
    } catch {
      return connection.giveUp(socket);
    }
    positions.inboxIs(this.#inboxEpoch);
    if (socket !== connection.current) return undefined;
    this.#live(rooms);
    watched.resume();
    return undefined;
  }

  /** @param {Room[]} rooms */
  #live(rooms) {
    const { connection, marks } = this.#parts;
    connection.live();
    /** @type {(room: Room) => boolean} */
    const isBehind = (room) => room.last_seq > Math.max(room.delivered_seq ?? 0, room.read_seq ?? 0);
    for (const room of rooms.filter((each) => each.unread > 0 && isBehind(each)).slice(0, DELIVERED_ROOMS)) {
      marks.delivered(room.room_id, room.last_seq);
    }
  }
}
