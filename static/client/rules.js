/**
 * Who may do what in a room, as far as a client can know it: so that a page
 * need not offer what the server refuses. The server decides.
 *
 * `room` is a room as this user sees it: with `kind`, `role`, `muted_until`,
 * `blocked` and `peer`.
 */

export const ROLES = ["read_only", "member", "moderator", "owner"];

const rank = (role) => ROLES.indexOf(role);

export const moderates = (room) => rank(room.role) >= rank("moderator");
export const owns = (room) => room.role === "owner";

/** Until when this user is muted, or null. */
export function mutedUntil(room, now = Date.now()) {
  const until = room.muted_until ? new Date(room.muted_until) : null;
  return until && until > now ? until : null;
}

/** Why this user may not even react, or null. */
function silence(room, now) {
  if (!room.role) return "stranger";
  if (room.role === "read_only") return "read_only";
  if (room.peer?.deleted) return "deleted";
  if (room.blocked) return "blocked";
  return mutedUntil(room, now) ? "muted" : null;
}

/** Why this user may not write: null, or a word such as "muted". */
export function whyNotWrite(room, now = Date.now()) {
  const why = silence(room, now);
  if (why) return why;
  return room.kind === "announcement" && !moderates(room) ? "announcement" : null;
}

export const mayReact = (room, now = Date.now()) => !silence(room, now);

export function mayPin(room, now = Date.now()) {
  return mayReact(room, now) && (room.kind === "direct" || moderates(room));
}

export function mayEdit(room, message, me, now = Date.now()) {
  return message.sender.id === me && !message.deleted_at && !whyNotWrite(room, now);
}

export function mayDelete(room, message, me) {
  return !message.deleted_at && (message.sender.id === me || moderates(room));
}

/** Whether this user may remove, mute and ban one with that role. */
export function manages(room, role) {
  if (room.kind === "direct") return false;
  return owns(room) || (moderates(room) && rank(role) < rank("moderator"));
}
