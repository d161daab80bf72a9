/**
 * Who may do what in a room, as far as a client can know it: so that a page
 * need not offer what the server refuses. The server decides.
 *
 * @import { Message, Role, Room } from "./types.js"
 * @typedef {"stranger" | "read_only" | "deleted" | "blocked" | "muted" | "frozen"} Silence
 */

import { isGrowing } from "./growing.js";

/** @type {readonly Role[]} from the one who may least */
export const ROLES = ["read_only", "member", "moderator", "owner"];

/** @type {(role: Role | undefined) => number} */
const rank = (role) => (role ? ROLES.indexOf(role) : -1);

/** @type {(room: Room) => boolean} */
export const moderates = (room) => rank(room.role) >= rank("moderator");
/** @type {(room: Room) => boolean} */
export const owns = (room) => room.role === "owner";

/**
 * Until when this user is muted, or null.
 * @param {Room} room
 * @param {number} [now]
 */
export function mutedUntil(room, now = Date.now()) {
  const until = room.muted_until ? new Date(room.muted_until) : null;
  return until && until.getTime() > now ? until : null;
}

/**
 * Why this user may not even react, or null.
 * @type {(room: Room, now: number) => Silence | null}
 */
function silence(room, now) {
  if (!room.role) return "stranger";
  if (room.role === "read_only") return "read_only";
  if (room.peer?.deleted) return "deleted";
  if (room.blocked) return "blocked";
  if (mutedUntil(room, now)) return "muted";
  return room.rules?.frozen && !moderates(room) ? "frozen" : null;
}

/**
 * Why this user may not write: null, or a word such as "muted".
 * @param {Room} room
 * @param {number} [now]
 */
export function whyNotWrite(room, now = Date.now()) {
  const why = silence(room, now);
  if (why) return why;
  return room.kind === "announcement" && !moderates(room) ? "announcement" : null;
}

/** @type {(room: Room, now?: number) => boolean} */
export const mayReact = (room, now = Date.now()) => !silence(room, now);

/**
 * @param {Room} room
 * @param {number} [now]
 */
export function mayPin(room, now = Date.now()) {
  return mayReact(room, now) && (room.kind === "direct" || moderates(room));
}

/**
 * @param {Room} room
 * @param {Message} message
 * @param {string | null} me
 * @param {number} [now]
 */
export function mayEdit(room, message, me, now = Date.now()) {
  return message.sender.id === me && !message.deleted_at && !isGrowing(message) && !whyNotWrite(room, now);
}

/**
 * Whether this user may ask the writer of a message to stop: whom it answers, who
 * moderates, and either one of two.
 *
 * @param {Room} room
 * @param {Pick<Message, "state" | "deleted_at" | "reply_to">} message
 * @param {string | null} me
 */
export function mayStop(room, message, me) {
  return isGrowing(message) && (message.reply_to?.sender.id === me || moderates(room) || room.kind === "direct");
}

/**
 * @param {Room} room
 * @param {Message} message
 * @param {string | null} me
 */
export function mayDelete(room, message, me) {
  return !message.deleted_at && (message.sender.id === me || moderates(room));
}

/**
 * Whether this user may report a message, or its sender.
 *
 * @param {Message} message
 * @param {string | null} me
 */
export function mayReport(message, me) {
  return !message.deleted_at && message.kind !== "system" && message.sender.id !== me;
}

/**
 * Whether this user may remove, mute and ban one with that role.
 * @param {Room} room
 * @param {Role} role
 */
export function manages(room, role) {
  if (room.kind === "direct") return false;
  return owns(room) || (moderates(room) && rank(role) < rank("moderator"));
}
