/**
 * The members of the open room, kept as they come and go.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { MemberEvent } from "../../client/events.js"
 * @import { Member } from "../../client/types.js"
 */

/** Pages of members that are fetched: a big room is not listed to its end. */
const PAGES_MAX = 5;

export class People {
  #parlor;
  /** @type {Map<string, Member>} by user id */
  members = new Map();

  /**
   * @param {Parlor} parlor
   * @param {string} room
   */
  constructor(parlor, room) {
    this.#parlor = parlor;
    this.room = room;
  }

  /** Loads who is a member and who is there; again after a cut. */
  async load() {
    /** @type {typeof this.members} */
    const members = new Map();
    /** @type {string | undefined} */
    let after;
    for (let pages = 0; pages < PAGES_MAX; pages += 1) {
      const page = await this.#parlor.members(this.room, { after });
      for (const member of page.members) members.set(member.user.id, member);
      after = page.members.at(-1)?.user.id;
      if (!page.has_more) break;
    }
    this.members = members;
    for (const { user } of members.values()) this.#parlor.chat.meet(user);
    const { users = [] } = await this.#parlor.presenceIn(this.room);
    for (const presence of users) this.#parlor.chat.setPresence(presence);
  }

  /**
   * A member came, went, or stands otherwise. Whether one who came is there is
   * asked for: that was told to who knew them, if they were there before.
   *
   * @param {MemberEvent} event
   */
  async heard({ type, user, role, muted_until: muted, joined_at: joined }) {
    if (type === "member.left") this.members.delete(user.id);
    else this.members.set(user.id, { user, role: role ?? "member", muted_until: muted, joined_at: joined });
    const { chat, limits } = this.#parlor;
    const isTold = this.members.size <= (limits.big_room_members ?? 0);
    if (type === "member.joined" && isTold && !chat.presenceOf(user.id)) {
      chat.setPresence(await this.#parlor.presenceOf(user.id));
    }
  }

  /** For mentions: everybody else, who is there first. */
  toMention() {
    const { chat } = this.#parlor;
    const people = [...this.members.values()].map(({ user }) => ({
      ...user, status: chat.presenceOf(user.id)?.status ?? "offline",
    }));
    return people.filter(({ id }) => id !== chat.me).sort((a, b) => a.name.localeCompare(b.name));
  }
}
