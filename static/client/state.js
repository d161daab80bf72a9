/**
 * What one knows of one's rooms and of the people in them. Pure: it is told
 * what was heard, and asked by what shows it. `Parlor` keeps one as `chat`.
 *
 * @import { Delta, Message, Room } from "./types.js"
 */

import { Drafts } from "./drafts.js";
import { withoutGaps } from "./frame.js";
import { Growing, isGrowing } from "./growing.js";
import { KnownRooms } from "./known_rooms.js";
import { countsOf, unhide } from "./preferences.js";
import { Saved } from "./saved.js";
import { Scheduled } from "./scheduled.js";
import { Threads } from "./threads.js";
import { countCome, countGone } from "./unread.js";

export class ChatState extends KnownRooms {
  #growing = new Growing();
  /** What this user has begun to write. */
  drafts = new Drafts();
  /** The threads that this user follows. */
  threads = new Threads();
  /** The messages that this user has saved. */
  saved = new Saved();
  /** The messages that are to be sent later. */
  scheduled = new Scheduled();

  // Rooms

  /** What is unread in all rooms of which this user wants to be told, and in the threads there. */
  get totals() {
    const totals = { ...super.totals, threads: 0 };
    for (const { room_id: id, unread, mentions } of this.threads.unreadStates) {
      const room = this.room(id);
      totals.threads += room ? countsOf({ ...room, unread, mentions }).unread : unread;
    }
    return totals;
  }

  /**
   * What the list does not say, as `GET /rooms` does.
   * @param {Room} filled
   */
  fillRoom({ room_id: id, topic, custom, created_at, member_count, last_message: last }) {
    const room = this.room(id);
    if (!room) return;
    const isOlder = room.last_message && !(last && last.changed_seq > room.last_message.changed_seq);
    Object.assign(room, { topic, custom, created_at, member_count, ...(!isOlder && { last_message: last ? this.latest(last) : null }) });
  }

  /** @param {string} id */
  removeRoom(id) {
    super.removeRoom(id);
    this.#growing.forget(id);
    this.drafts.forget(id);
    this.threads.forget(id);
    this.saved.forget(id);
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
    const room = this.room(message.room_id);
    if (!room) return message;
    const isNew = position > room.last_seq;
    if (!room.last_message || room.last_message.seq <= message.seq) room.last_message = message;
    this.moved(room.room_id, position);
    this.endTyping(room.room_id, message.sender.id);
    if (isNew) unhide(room);
    if (!isNew) return message;
    this.threads.replied(message, position, this.me);
    if (!isGrowing(message)) countCome(room, message, this.me);
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
    const room = this.room(message.room_id);
    if (!room) return { message, hasEnded };
    const isNew = position > room.last_seq;
    this.moved(room.room_id, position);
    if (room.last_message?.message_id === message.message_id) room.last_message = message;
    this.threads.changed(message);
    this.saved.changed(message);
    // Only now is it unread to anybody.
    if (isNew && hasEnded) {
      this.threads.ended(message, position, this.me);
      countCome(room, message, this.me);
    }
    if (isNew && message.deleted_at && !wasGrowing) {
      this.threads.gone(message, position, this.me);
      countGone(room, message, this.me);
    }
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
    const room = this.room(id);
    if (!room) return;
    this.moved(id, position);
    this.#growing.forget(id, upto);
    this.threads.cleared(id, upto);
    this.saved.cleared(id, upto);
    if (!room.last_message || room.last_message.seq <= upto) room.last_message = null;
    room.unread = room.mentions = 0;
    if (upto >= (room.unread_from ?? Infinity)) room.unread_from = undefined;
  }

  /**
   * What this user has begun to write there, here or on another device; null if there is nothing.
   *
   * @param {string} room
   * @param {string} [thread]
   */
  draft(room, thread) { return this.drafts.get(room, thread); }

  /** Everything is forgotten: somebody else may sign in. */
  reset() {
    this.forgetPeople();
    this.forgetRooms();
    this.#growing.reset();
    this.drafts.reset();
    this.threads.reset();
    this.saved.reset();
    this.scheduled.reset();
    this.forgetInbox();
  }
}
