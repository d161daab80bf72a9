/**
 * How this user wants to have a room, for themselves alone: what of it they are
 * told, and where it stands in their list. Pure.
 *
 * @import { Notifications, Room } from "./types.js"
 */

import { withoutGaps } from "./frame.js";

/** Behind all that have a rank. */
const NO_RANK = Number.MAX_SAFE_INTEGER;

/**
 * What of a room this user is told now; nobody says so when `notifications_until` is over.
 *
 * @param {Room} room
 * @param {number} [now]
 * @returns {Notifications}
 */
export function notifications({ preferences = {} }, now = Date.now()) {
  const { notifications: wanted, notifications_until: until } = preferences;
  return !wanted || (until && new Date(until).getTime() <= now) ? "all" : wanted;
}

/**
 * Whether this user has put a room aside: archived it, or hidden it until its next message.
 *
 * @type {(room: Room) => boolean}
 */
export const isAside = ({ preferences }) => Boolean(preferences?.archived || preferences?.hidden);

/**
 * What a room adds to a sum of what is unread: all of it, only what mentions this user, or nothing.
 *
 * @param {Room} room
 * @param {number} [now]
 */
export function countsOf(room, now = Date.now()) {
  const level = isAside(room) ? "nothing" : notifications(room, now);
  const mentions = level === "nothing" ? 0 : room.mentions ?? 0;
  return { unread: level === "all" ? room.unread ?? 0 : mentions, mentions };
}

/**
 * Pinned rooms first, then by rank, else in the order in which they come.
 *
 * @type {(rooms: Room[]) => Room[]}
 */
export function preferred(rooms) {
  /** @type {(room: Room) => number} */
  const isPinned = ({ preferences }) => Number(preferences?.pinned ?? false);
  /** @type {(room: Room) => number} */
  const rank = ({ preferences }) => preferences?.rank ?? NO_RANK;
  return [...rooms].sort((a, b) => isPinned(b) - isPinned(a) || rank(a) - rank(b));
}

/**
 * A message has come: its room is hidden no longer. The server does the same, and tells nobody.
 *
 * @param {Room} room
 */
export function unhide(room) {
  if (room.preferences?.hidden) room.preferences = withoutGaps({ ...room.preferences, hidden: undefined });
}
