/**
 * What one knows of one's rooms, as they stand in one's list. Pure; a part of
 * `ChatState`.
 *
 * @import { MemberChange, Room, Unread, User } from "./types.js"
 */

import { monotonic } from "./clock.js";
import { KnownInbox } from "./known_inbox.js";
import { countsOf } from "./preferences.js";
import { countRead, countTold } from "./unread.js";

/** How the server shows who was deleted. */
const DELETED_NAME = "Deleted user";

export class KnownRooms extends KnownInbox {
  /** @type {Map<string, Room>} by id */
  #rooms = new Map();
  /** @type {Set<string> | null} ids that were told of, while the server lists the rooms */
  #listed = null;

  /** @param {string | null | undefined} id */
  room(id) { return this.#rooms.get(id ?? "") ?? null; }

  /** All rooms, the one with the newest talk first. */
  get rooms() {
    /** @type {(room: Room) => string} */
    const time = (room) => room.last_message?.created_at ?? room.created_at ?? "";
    return [...this.#rooms.values()].sort((a, b) => time(b).localeCompare(time(a)));
  }

  /** What is unread in all rooms of which this user wants to be told. */
  get totals() {
    const totals = { unread: 0, mentions: 0 };
    for (const room of this.#rooms.values()) {
      const { unread, mentions } = countsOf(room);
      totals.unread += unread;
      totals.mentions += mentions;
    }
    return totals;
  }

  /**
   * How a room is called: in a direct room by the other one's name.
   * @param {Room} room
   */
  titleOf(room) {
    return room.title || room.peer?.name || room.room_id;
  }

  /** The server is about to list the rooms. */
  beginRooms() { this.#listed = new Set(); }

  /**
   * A room out of that list, which says nothing that can be long.
   * @param {Room} room
   */
  putListed(room) {
    const known = this.#rooms.get(room.room_id);
    this.#rooms.delete(room.room_id);
    const { topic, custom, created_at, member_count, last_message } = known ?? /** @type {Partial<Room>} */ ({});
    this.putRoom({ topic, custom, created_at, member_count, last_message: last_message ?? null, ...room });
  }

  /** The list is complete; what it did not mention is gone. */
  completeRooms() {
    for (const id of this.#rooms.keys()) if (!this.#listed?.has(id)) this.removeRoom(id);
    this.#listed = null;
  }

  /**
   * A room as this user sees it, wholly or in part.
   * @param {Room} room
   */
  putRoom(room) {
    this.#listed?.add(room.room_id);
    if (room.peer) this.meet(room.peer);
    this.#rooms.set(room.room_id, { last_message: null, ...this.#rooms.get(room.room_id), ...room });
  }

  /**
   * @param {string} id
   * @param {Partial<Room>} change
   */
  changeRoom(id, change) {
    const room = this.#rooms.get(id);
    if (room) Object.assign(room, change);
  }

  /** @param {string} id */
  removeRoom(id) {
    this.#rooms.delete(id);
    this.endTyping(id);
  }

  /**
   * A member came, went, or stands otherwise.
   * @param {"member.joined" | "member.left" | "member.updated"} type
   * @param {string} id
   * @param {MemberChange} change
   */
  memberChanged(type, id, { user, role, reason, muted_until: mutedUntil }) {
    this.meet(user);
    const room = this.#rooms.get(id);
    if (!room) return;
    if (type === "member.joined" && room.member_count !== undefined) room.member_count += 1;
    if (type === "member.left") {
      if (room.member_count !== undefined) room.member_count -= 1;
      this.endTyping(id, user.id);
      if (reason === "deleted" && room.peer) room.peer = { ...room.peer, name: DELETED_NAME, deleted: true };
    }
    if (user.id === this.me && type === "member.updated") {
      Object.assign(room, { role, muted_until: mutedUntil ?? null });
    }
  }

  /**
   * Somebody is called or looks otherwise.
   * @param {User} user
   */
  userUpdated({ id, name, avatar_url }) {
    this.meet({ id, name });
    for (const room of this.#rooms.values()) {
      if (room.peer?.id === id) room.peer = { ...room.peer, name, avatar_url };
      const last = room.last_message;
      if (last?.sender.id === id) room.last_message = { ...last, sender: { ...last.sender, name, avatar_url } };
    }
  }

  /**
   * The room's timeline has come this far.
   * @param {string} id
   * @param {number} position
   */
  moved(id, position) {
    const room = this.#rooms.get(id);
    if (room) room.last_seq = Math.max(room.last_seq, position);
  }

  /**
   * The server's count, which settles what was counted here.
   * @param {string} id
   * @param {Pick<Unread, "unread"> & Partial<Unread>} counted
   */
  setUnread(id, counted) {
    const room = this.#rooms.get(id);
    if (room) countTold(room, counted);
  }

  /**
   * Read here, which the server is told in a while.
   * @param {string} id
   * @param {number} seq
   */
  readHere(id, seq) {
    const room = this.#rooms.get(id);
    if (room) countRead(room, seq);
  }

  // Who types, as far as the room is known

  /**
   * @param {string} id
   * @param {string} userId
   * @param {boolean} isTyping
   * @param {number} [now]
   */
  setTyping(id, userId, isTyping, now = monotonic()) {
    if (this.#rooms.has(id)) super.setTyping(id, userId, isTyping, now);
  }

  /** Somebody else may sign in. */
  forgetRooms() {
    this.#rooms.clear();
    this.#listed = null;
  }
}
