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
  /** What was heard while members were being loaded, which may be of before. @type {Set<MemberEvent[]>} */
  #loading = new Set();

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
    /** @type {MemberEvent[]} */
    const heard = [];
    this.#loading.add(heard);
    try {
      const members = await this.#loaded();
      for (const event of heard) keep(members, event);
      this.members = members;
    } finally {
      this.#loading.delete(heard);
    }
    for (const { user } of this.members.values()) this.#parlor.chat.meet(user);
    const { chat } = this.#parlor;
    const { moment } = chat;
    const { users = [] } = await this.#parlor.presenceIn(this.room);
    for (const presence of users) chat.learnPresence(presence, moment);
  }

  async #loaded() {
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
    return members;
  }

  /**
   * A member came, went, or stands otherwise. Whether one who came is there is
   * asked for: that was told to who knew them, if they were there before.
   *
   * @param {MemberEvent} event
   */
  async heard(event) {
    for (const heard of this.#loading) heard.push(event);
    keep(this.members, event);
    const { type, user } = event;
    const { chat, limits } = this.#parlor;
    const isTold = this.members.size <= (limits.big_room_members ?? 0);
    if (type === "member.joined" && isTold && !chat.presenceOf(user.id)) {
      const { moment } = chat;
      chat.learnPresence(await this.#parlor.presenceOf(user.id), moment);
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

/**
 * @param {Map<string, Member>} members
 * @param {MemberEvent} event
 */
function keep(members, { type, user, role, muted_until: muted, joined_at: joined }) {
  if (type === "member.left") members.delete(user.id);
  else members.set(user.id, { user, role: role ?? "member", muted_until: muted, joined_at: joined });
}
