/**
 * What is unread in a room, as it is counted here until the server says it. Pure.
 *
 * @import { Message, Room, Unread } from "./types.js"
 */

import { isMentioned } from "./text.js";

/**
 * What comes behind this `seq` is unread: behind what was read, or from where this user has
 * marked the room as unread.
 *
 * @type {(room: Room) => number}
 */
export const unreadAfter = ({ unread_from: from, read_seq: read }) => (from === undefined ? read ?? 0 : from - 1);

/**
 * Whether a message belongs to what a room itself shows: it is no reply in a thread, or was sent
 * to the room, too.
 *
 * @type {(message: Pick<Message, "thread_id" | "in_room">) => boolean}
 */
export const isInRoom = ({ thread_id: thread, in_room: inRoom }) => !thread || inRoom === true;

/**
 * Whether a message is unread to this user, who has read up to that `seq`.
 *
 * @type {(message: Message, me: string | null, after: number) => boolean}
 */
export const isToRead = (message, me, after) => !message.silent && message.sender.id !== me && message.seq > after;

/** @type {(room: Room, message: Message, me: string | null) => boolean} */
const isUnread = (room, message, me) => isInRoom(message) && isToRead(message, me, unreadAfter(room));

/**
 * One more message, which may be unread.
 *
 * @param {Room} room
 * @param {Message} message
 * @param {string | null} me
 */
export function countCome(room, message, me) {
  if (!isUnread(room, message, me)) return;
  room.unread += 1;
  if (isMentioned(message, me)) room.mentions += 1;
}

/**
 * A message was deleted, which may have been unread.
 *
 * @param {Room} room
 * @param {Message} message
 * @param {string | null} me
 */
export function countGone(room, message, me) {
  if (isUnread(room, message, me)) room.unread = Math.max(0, room.unread - 1);
}

/**
 * The server's count, which settles what was counted here.
 *
 * @param {Room} room
 * @param {Pick<Unread, "unread"> & Partial<Unread>} counted
 */
export function countTold(room, { unread, mentions = 0, read_seq: read, unread_from: from }) {
  // More has been read here than the server knew then.
  if (read !== undefined && read < (room.read_seq ?? 0)) return;
  Object.assign(room, { unread, mentions, unread_from: from, ...(read ? { read_seq: read } : {}) });
}

/**
 * Read here, which the server is told in a while.
 *
 * @param {Room} room
 * @param {number} seq
 */
export function countRead(room, seq) {
  room.read_seq = Math.max(room.read_seq ?? 0, Math.min(seq, room.last_seq));
  // Only whoever has read all ends it that the room is marked as unread.
  if (seq >= room.last_seq) Object.assign(room, { unread: 0, mentions: 0, unread_from: undefined });
}
