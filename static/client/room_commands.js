/**
 * What one can ask of rooms and their members. Each gives a promise, and fails
 * with a `ParlorError`.
 *
 * @import { Ban, Kind, Member, MembersChanged, NamedMember, Notifications, Preferences, PreferencesChange, Receipt, Role, Room, RoomChange, Unread } from "./types.js"
 *
 * @typedef {{after?: string, limit?: number}} Page of a list by user id: what comes behind that user
 * @typedef {RoomChange & {room_id?: string, kind?: Kind}} NewRoom
 *
 * @typedef {object} Which of one's rooms, and in which order
 * @property {boolean} [all]
 * @property {string} [query]
 * @property {Kind} [kind]
 * @property {object} [custom]
 * @property {string} [member] the id of one who is in them too
 * @property {boolean} [unread]
 * @property {Notifications} [notifications]
 * @property {boolean} [hidden]
 * @property {boolean} [archived]
 * @property {boolean} [pinned]
 * @property {"created" | "last_message" | "unread" | "preferred"} [sort]
 * @property {string} [cursor]
 * @property {number} [limit]
 */

import { Calls, allOf, query, segment } from "./calls.js";

/** @type {(page?: Page) => string} */
export const byUser = ({ after, limit } = {}) => query({ after, limit });

export class RoomCommands extends Calls {
  // Rooms

  /** @type {(room: string, options?: {markRead?: boolean}) => Promise<{room: Room, last_seq: number}>} */
  join(room, { markRead = false } = {}) {
    return this.command("room.join", { room_id: room, ...(markRead && { mark_read: true }) });
  }

  /** @type {(room: string) => Promise<void>} */
  leave(room) { return this.command("room.leave", { room_id: room }); }
  /**
   * One's rooms, all of them; `onPage` gets each page when it has come.
   *
   * @type {(onPage?: (rooms: Room[]) => void) => Promise<Room[]>}
   */
  rooms(onPage = () => {}) {
    return allOf(this, "/rooms", ({ rooms }) => { onPage(rooms); return rooms; });
  }

  /**
   * A page of one's rooms that fit: the id begins with `query` or the title has it,
   * `custom` has these at its top level. With `all`, an administrator's, of all rooms.
   * A page may be short; another one follows while there is a `cursor`.
   *
   * @type {(which?: Which) => Promise<{rooms: Room[], cursor?: string, has_more: boolean}>}
   */
  findRooms({ custom, ...which } = {}) {
    return this.rest("GET", `/rooms${query({ ...which, custom: custom && JSON.stringify(custom) })}`);
  }

  /** @type {(room: string) => Promise<Room>} */
  room(room) { return this.rest("GET", `/rooms/${segment(room)}`); }

  /** @type {(room: NewRoom) => Promise<Room>} */
  createRoom(room) { return this.rest("POST", "/rooms", room); }
  /** @type {(room: string, change: RoomChange) => Promise<Room>} */
  updateRoom(room, change) { return this.rest("PATCH", `/rooms/${segment(room)}`, change); }
  /**
   * From now on only moderators write, until `unfreeze`.
   *
   * @type {(room: string) => Promise<Room>}
   */
  freeze(room) { return this.rest("PUT", `/rooms/${segment(room)}/freeze`, {}); }
  /** @type {(room: string) => Promise<Room>} */
  unfreeze(room) { return this.rest("DELETE", `/rooms/${segment(room)}/freeze`); }
  /**
   * A member writes once in so many seconds; 0 ends that.
   *
   * @type {(room: string, seconds: number) => Promise<Room>}
   */
  slowMode(room, seconds) { return this.rest("PUT", `/rooms/${segment(room)}/slow-mode`, { seconds }); }
  /** @type {(room: string) => Promise<void>} */
  deleteRoom(room) { return this.rest("DELETE", `/rooms/${segment(room)}`); }
  /** @type {(room: string) => Promise<void>} */
  clearRoom(room) { return this.rest("DELETE", `/rooms/${segment(room)}/messages`); }
  /**
   * The one room of this user and another; made if there is none yet.
   *
   * @type {(user: string) => Promise<Room>}
   */
  openDirect(user) { return this.rest("PUT", `/rooms/direct/${segment(user)}`, {}); }
  /** @type {(room: string, user: string) => Promise<void>} */
  transfer(room, user) {
    return this.rest("POST", `/rooms/${segment(room)}/transfer`, { user_id: user });
  }

  /**
   * How one wants to have the room, for oneself alone; a `rank` of null takes it away.
   * Gives all of it as it is now.
   *
   * @type {(room: string, change: PreferencesChange) => Promise<Preferences>}
   */
  setPreferences(room, change) {
    return this.command("room.preferences", { room_id: room, ...change }).then(({ preferences }) => preferences);
  }

  // Reading

  /**
   * The room is unread from this message on; by itself from the newest that somebody else wrote.
   *
   * @type {(room: string, from?: {seq?: number, message_id?: string}) => Promise<Unread>}
   */
  markUnread(room, from = {}) { return this.command("message.unread", { room_id: room, ...from }); }
  /** @type {() => Promise<unknown>} */
  markAllRead() { return this.rest("POST", "/read-all"); }
  /** @type {(room: string, page?: Page) => Promise<Receipt[]>} */
  receipts(room, page) {
    return this.rest("GET", `/rooms/${segment(room)}/receipts${byUser(page)}`).then(({ receipts }) => receipts);
  }

  // Members

  /**
   * A page of members, by id.
   *
   * @type {(room: string, page?: Page) => Promise<{members: Member[], has_more: boolean}>}
   */
  members(room, page) { return this.rest("GET", `/rooms/${segment(room)}/members${byUser(page)}`); }

  /** @type {(room: string, user: string) => Promise<Member>} */
  addMember(room, user) { return this.rest("PUT", this.#memberPath(room, user), {}); }
  /** @type {(room: string, user: string) => Promise<void>} */
  removeMember(room, user) { return this.rest("DELETE", this.#memberPath(room, user)); }
  /**
   * Many at once; who was refused, and why, is in the results.
   *
   * @type {(room: string, change: {add?: NamedMember[], remove?: string[]}) => Promise<MembersChanged>}
   */
  changeMembers(room, change) { return this.rest("POST", `/rooms/${segment(room)}/members`, change); }
  /**
   * These and nobody else.
   *
   * @type {(room: string, members: NamedMember[]) => Promise<MembersChanged>}
   */
  setMembers(room, members) { return this.rest("PUT", `/rooms/${segment(room)}/members`, { members }); }
  /** @type {(room: string, user: string, role: Role) => Promise<Member>} */
  setRole(room, user, role) { return this.rest("PATCH", this.#memberPath(room, user), { role }); }
  /**
   * 0 seconds end a mute.
   *
   * @type {(room: string, user: string, seconds: number) => Promise<Member>}
   */
  mute(room, user, seconds) {
    return this.rest("PATCH", this.#memberPath(room, user), { mute_seconds: seconds });
  }

  /** @type {(room: string, user: string) => string} */
  #memberPath(room, user) {
    return `/rooms/${segment(room)}/members/${segment(user)}`;
  }

  /** @type {(room: string, page?: Page) => Promise<Ban[]>} */
  bans(room, page) {
    return this.rest("GET", `/rooms/${segment(room)}/bans${byUser(page)}`).then(({ bans }) => bans);
  }

  /**
   * `until` is a time in RFC 3339.
   *
   * @type {(room: string, user: string, how?: {until?: string, reason?: string}) => Promise<void>}
   */
  ban(room, user, how = {}) {
    return this.rest("PUT", `/rooms/${segment(room)}/bans/${segment(user)}`, how);
  }

  /** @type {(room: string, user: string) => Promise<void>} */
  unban(room, user) {
    return this.rest("DELETE", `/rooms/${segment(room)}/bans/${segment(user)}`);
  }
}
