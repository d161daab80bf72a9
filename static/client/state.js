/**
 * What one knows of one's rooms and of the people in them. Pure: it is told
 * what was heard, and asked by what shows it. `Parlor` keeps one as `chat`.
 *
 * @import { Delta, MemberChange, Message, Room, Unread, User } from "./types.js"
 */

import { monotonic } from "./clock.js";
import { Drafts } from "./drafts.js";
import { withoutGaps } from "./frame.js";
import { Growing, isGrowing } from "./growing.js";
import { KnownInbox } from "./known_inbox.js";
import { countsOf, unhide } from "./preferences.js";
import { countCome, countGone, countRead, countTold } from "./unread.js";

/** How the server shows who was deleted. */
const DELETED_NAME = "Deleted user";

export class ChatState extends KnownInbox {
  /** @type {Map<string, Room>} by id */
  #rooms = new Map();
  /** @type {Set<string> | null} ids that were told of, while the server lists the rooms */
  #listed = null;
  #growing = new Growing();
  /** What this user has begun to write. */
  drafts = new Drafts();

  // Rooms

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
   * What the list does not say, as `GET /rooms` does.
   * @param {Room} filled
   */
  fillRoom({ room_id: id, topic, custom, created_at, member_count, last_message: last }) {
    const room = this.#rooms.get(id);
    if (!room) return;
    const isOlder = room.last_message && !(last && last.changed_seq > room.last_message.changed_seq);
    Object.assign(room, { topic, custom, created_at, member_count, ...(!isOlder && { last_message: last ? this.latest(last) : null }) });
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
    this.#growing.forget(id);
    this.drafts.forget(id);
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

  // Messages

  /**
   * A message that an answer has, as it is now if it is being written, or was
   * lately: an answer may be older than what was told.
   *
   * @param {Message} message
   */
  latest(message) { return this.#growing.latest(message); }

  /**
   * A message has come. Own ones are never unread; those that a resume
   * replays are in the server's numbers already. Gives it as it is known.
   *
   * @param {Message} told
   * @param {number} position
   */
  messageCreated(told, position) {
    const message = this.#growing.told(told);
    this.meet(message.sender);
    const room = this.#rooms.get(message.room_id);
    if (!room) return message;
    const isNew = position > room.last_seq;
    if (!room.last_message || room.last_message.seq <= message.seq) room.last_message = message;
    this.moved(room.room_id, position);
    this.endTyping(room.room_id, message.sender.id);
    if (isNew) unhide(room);
    if (isNew && !isGrowing(message)) countCome(room, message, this.me);
    return message;
  }

  /**
   * A message is not what it was: edited, deleted, reacted to, pinned, written
   * to its end (`hasEnded`). Gives it as it is known.
   *
   * @param {Message} told
   * @param {number} position
   */
  messageChanged(told, position) {
    const wasGrowing = this.#growing.has(told.message_id);
    const message = this.#growing.told(told);
    const hasEnded = wasGrowing && !isGrowing(message) && !message.deleted_at;
    const room = this.#rooms.get(message.room_id);
    if (!room) return { message, hasEnded };
    const isNew = position > room.last_seq;
    this.moved(room.room_id, position);
    if (room.last_message?.message_id === message.message_id) room.last_message = message;
    // Only now is it unread to anybody.
    if (isNew && hasEnded) countCome(room, message, this.me);
    if (isNew && message.deleted_at && !wasGrowing) countGone(room, message, this.me);
    return { message, hasEnded };
  }

  /**
   * More of a message that is being written. Gives all that is known of it, or
   * null if that is not to be shown.
   *
   * @param {string} room
   * @param {Delta} delta
   */
  messageGrew(room, delta) {
    const grown = this.#growing.grew(room, delta);
    return grown && { ...delta, room_id: room, ...withoutGaps(grown) };
  }

  /**
   * What was told of a room is not what it is any more.
   * @param {string} room
   */
  resync(room) { this.#growing.forget(room); }

  /**
   * @param {string} id
   * @param {number} upto
   * @param {number} position
   */
  cleared(id, upto, position) {
    const room = this.#rooms.get(id);
    if (!room) return;
    this.moved(id, position);
    this.#growing.forget(id, upto);
    if (!room.last_message || room.last_message.seq <= upto) room.last_message = null;
    room.unread = room.mentions = 0;
    if (upto >= (room.unread_from ?? Infinity)) room.unread_from = undefined;
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

  /**
   * What this user has begun to write there, here or on another device; null if there is nothing.
   *
   * @param {string} room
   * @param {string} [thread]
   */
  draft(room, thread) { return this.drafts.get(room, thread); }

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

  /** Everything is forgotten: somebody else may sign in. */
  reset() {
    this.forgetPeople();
    this.#rooms.clear();
    this.#listed = null;
    this.#growing.reset();
    this.drafts.reset();
    this.forgetInbox();
  }
}
