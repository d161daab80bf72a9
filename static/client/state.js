/**
 * What one knows of one's rooms and of the people in them. Pure: it is told
 * what was heard, and asked by what shows it. `Parlor` keeps one as `chat`.
 */

import { monotonic } from "./clock.js";
import { isMentioned } from "./text.js";

/** Who types is told again every 3 s; this long after the last word it is over. */
const TYPING_MS = 7_000;
/** Inbox events that are kept; the server keeps more. */
const INBOX_KEPT = 200;
/** How the server shows who was deleted. */
const DELETED_NAME = "Deleted user";
/** Users whose names and presence are remembered. */
const PEOPLE_MAX = 10_000;

/** The map with one entry more; the oldest goes when it is full. */
function remember(map, key, value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > PEOPLE_MAX) map.delete(map.keys().next().value);
}

export class ChatState {
  #rooms = new Map(); // id → room
  #listed = null; // ids that were told of, while the server lists the rooms
  #names = new Map(); // user id → name
  #presence = new Map(); // user id → {status, lastSeen}
  #typing = new Map(); // room id → Map(user id → when it is over)
  #inbox = []; // oldest first
  #inboxAcked = 0;
  me = null;

  // Rooms

  room(id) { return this.#rooms.get(id) ?? null; }

  /** All rooms, the one with the newest talk first. */
  get rooms() {
    const time = (room) => room.last_message?.created_at ?? room.created_at ?? "";
    return [...this.#rooms.values()].sort((a, b) => time(b).localeCompare(time(a)));
  }

  /** What is unread in all rooms. */
  get totals() {
    const sum = (name) => [...this.#rooms.values()].reduce((all, room) => all + (room[name] ?? 0), 0);
    return { unread: sum("unread"), mentions: sum("mentions") };
  }

  /** How a room is called: in a direct room by the other one's name. */
  titleOf(room) {
    return room.title || room.peer?.name || room.room_id;
  }

  /** The server is about to list the rooms. */
  beginRooms() { this.#listed = new Set(); }

  /** A room out of that list, which says nothing that can be long. */
  putListed(room) {
    const { topic, custom, created_at, member_count, last_message } = this.#rooms.get(room.room_id) ?? {};
    this.#rooms.delete(room.room_id);
    this.putRoom({ topic, custom, created_at, member_count, last_message: last_message ?? null, ...room });
  }

  /** The list is complete; what it did not mention is gone. */
  completeRooms() {
    for (const id of this.#rooms.keys()) if (!this.#listed?.has(id)) this.removeRoom(id);
    this.#listed = null;
  }

  /** What the list does not say, as `GET /rooms` does. */
  fillRoom({ room_id: id, topic, custom, created_at, member_count, last_message: last }) {
    const room = this.#rooms.get(id);
    if (!room) return;
    const isOlder = room.last_message && !(last?.changed_seq > room.last_message.changed_seq);
    Object.assign(room, { topic, custom, created_at, member_count, ...(!isOlder && { last_message: last ?? null }) });
  }

  /** A room as this user sees it, wholly or in part. */
  putRoom(room) {
    this.#listed?.add(room.room_id);
    if (room.peer) this.meet(room.peer);
    this.#rooms.set(room.room_id, { last_message: null, ...this.#rooms.get(room.room_id), ...room });
  }

  changeRoom(id, change) {
    const room = this.#rooms.get(id);
    if (room) Object.assign(room, change);
  }

  removeRoom(id) {
    this.#rooms.delete(id);
    this.#typing.delete(id);
  }

  /** A member came, went, or stands otherwise. */
  memberChanged(type, id, { user, role, reason, muted_until: mutedUntil = null }) {
    this.meet(user);
    const room = this.#rooms.get(id);
    if (!room) return;
    if (type === "member.joined" && room.member_count !== undefined) room.member_count += 1;
    if (type === "member.left") {
      if (room.member_count !== undefined) room.member_count -= 1;
      this.#typing.get(id)?.delete(user.id);
      if (reason === "deleted" && room.peer) room.peer = { ...room.peer, name: DELETED_NAME, deleted: true };
    }
    if (user.id === this.me && type === "member.updated") {
      Object.assign(room, { role, muted_until: mutedUntil });
    }
  }

  // Messages

  /**
   * A message has come. Own ones are never unread; those that a resume
   * replays are in the server's numbers already.
   */
  messageCreated(message, position) {
    this.meet(message.sender);
    const room = this.#rooms.get(message.room_id);
    if (!room) return;
    const isNew = position > room.last_seq;
    if (!(room.last_message?.seq > message.seq)) room.last_message = message;
    this.moved(room.room_id, position);
    this.#typing.get(room.room_id)?.delete(message.sender.id);
    if (!isNew || message.sender.id === this.me) return;
    room.unread += 1;
    if (isMentioned(message, this.me)) room.mentions += 1;
  }

  /** A message is not what it was: edited, deleted, reacted to, pinned. */
  messageChanged(message, position) {
    const room = this.#rooms.get(message.room_id);
    if (!room) return;
    const isNew = position > room.last_seq;
    this.moved(room.room_id, position);
    if (room.last_message?.message_id === message.message_id) room.last_message = message;
    const wasUnread = message.seq > (room.read_seq ?? 0) && message.sender.id !== this.me;
    if (isNew && message.deleted_at && wasUnread) room.unread = Math.max(0, room.unread - 1);
  }

  cleared(id, upto, position) {
    const room = this.#rooms.get(id);
    if (!room) return;
    this.moved(id, position);
    if (!(room.last_message?.seq > upto)) room.last_message = null;
    room.unread = room.mentions = 0;
  }

  /** The room's timeline has come this far. */
  moved(id, position) {
    const room = this.#rooms.get(id);
    if (room) room.last_seq = Math.max(room.last_seq, position);
  }

  /** The server's count, which settles what was counted here. */
  setUnread(id, { unread, mentions, read_seq: readSeq }) {
    // More has been read here than the server knew then.
    if (readSeq < this.#rooms.get(id)?.read_seq) return;
    this.changeRoom(id, { unread, mentions: mentions ?? 0, ...(readSeq && { read_seq: readSeq }) });
  }

  /** Read here, which the server is told in a while. */
  readHere(id, seq) {
    const room = this.#rooms.get(id);
    if (!room) return;
    room.read_seq = Math.max(room.read_seq ?? 0, Math.min(seq, room.last_seq));
    if (seq >= room.last_seq) room.unread = room.mentions = 0;
  }

  // People

  meet(user) {
    if (user?.id) remember(this.#names, user.id, user.name || user.id);
  }

  nameOf(userId) { return this.#names.get(userId) ?? userId; }

  setPresence({ user_id: user, status, last_seen: lastSeen = null }) {
    remember(this.#presence, user, { status, lastSeen });
  }

  /** `{status, lastSeen}`, or null for somebody of whom nothing is known. */
  presenceOf(userId) {
    if (userId === this.me) return { status: "online", lastSeen: null };
    return this.#presence.get(userId) ?? null;
  }

  setTyping(id, userId, isTyping, now = monotonic()) {
    if (!this.#rooms.has(id)) return;
    if (!this.#typing.has(id)) this.#typing.set(id, new Map());
    if (isTyping) this.#typing.get(id).set(userId, now + TYPING_MS);
    else this.#typing.get(id).delete(userId);
  }

  /** Who is typing in a room now, oldest first; not oneself. */
  typists(id, now = monotonic()) {
    const typing = this.#typing.get(id) ?? new Map();
    for (const [user, until] of typing) if (until <= now) typing.delete(user);
    return [...typing.keys()].filter((user) => user !== this.me);
  }

  /** Whether anybody is remembered as typing; `typists` forgets who has stopped. */
  get isAnyoneTyping() {
    return [...this.#typing.values()].some((typing) => typing.size > 0);
  }

  /** Nobody is known to type, and nothing of who is there: after a cut. */
  forgetPassing() {
    this.#typing.clear();
    this.#presence.clear();
  }

  // The inbox

  /** What waits for this user, newest first. */
  get inbox() { return [...this.#inbox].reverse(); }
  get inboxSeq() { return this.#inbox.at(-1)?.inbox_seq ?? 0; }
  get inboxUnseen() {
    return this.#inbox.filter((event) => event.inbox_seq > this.#inboxAcked).length;
  }

  /** Says whether the event was not known. */
  putInbox(event) {
    if (this.#inbox.some((known) => known.inbox_seq === event.inbox_seq)) return false;
    this.#inbox.push(event);
    this.#inbox.sort((a, b) => a.inbox_seq - b.inbox_seq);
    this.#inbox.splice(0, this.#inbox.length - INBOX_KEPT);
    return true;
  }

  forgetInbox() {
    this.#inbox = [];
    this.#inboxAcked = 0;
  }

  inboxAcked(upto) {
    this.#inboxAcked = Math.max(this.#inboxAcked, upto);
  }

  /** Everything is forgotten: somebody else may sign in. */
  reset() {
    for (const map of [this.#rooms, this.#names, this.#presence, this.#typing]) map.clear();
    this.#listed = null;
    this.forgetInbox();
    this.me = null;
  }
}
