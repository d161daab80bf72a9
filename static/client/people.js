/**
 * What one knows of people: their names, whether they are there, and where
 * they type. Pure; a part of `ChatState`.
 *
 * @import { Presence, Status, User } from "./types.js"
 */

import { monotonic } from "./clock.js";

/** Who types is told again every 3 s; this long after the last word it is over. */
const TYPING_MS = 7_000;
/** Users whose names and presence are remembered. */
const PEOPLE_MAX = 10_000;

/**
 * The map with one entry more; the oldest goes when it is full.
 * @template T
 * @param {Map<string, T>} map
 * @param {string} key
 * @param {T} value
 */
function remember(map, key, value) {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > PEOPLE_MAX) map.delete(oldest);
}

export class KnownPeople {
  /** @type {Map<string, string>} by user id */
  #names = new Map();
  /** @type {Map<string, {status: Status, lastSeen: string | null, at: number}>} by user id */
  #presence = new Map();
  #moment = 0;
  /** @type {Map<string, Map<string, number>>} room id → user id → when it is over */
  #typing = new Map();
  /** @type {string | null} the id of this user */
  me = null;

  /** @param {User | null | undefined} user */
  meet(user) {
    if (user?.id) remember(this.#names, user.id, user.name || user.id);
  }

  /** @param {string} userId */
  nameOf(userId) { return this.#names.get(userId) ?? userId; }

  /** @param {Presence} presence */
  setPresence({ user_id: user, status, last_seen: lastSeen = null }) {
    this.#moment += 1;
    remember(this.#presence, user, { status, lastSeen, at: this.#moment });
  }

  /** Before one asks for presence: what is heard from then on is newer than the answer. */
  get moment() { return this.#moment; }

  /**
   * What an answer says that was asked for at a moment.
   * @param {Presence} presence
   * @param {number} moment
   */
  learnPresence(presence, moment) {
    const known = this.#presence.get(presence.user_id);
    if (!known || known.at <= moment) this.setPresence(presence);
  }

  /**
   * `{status, lastSeen}`, or null for somebody of whom nothing is known.
   * @param {string} userId
   * @returns {{status: Status, lastSeen: string | null} | null}
   */
  presenceOf(userId) {
    if (userId === this.me) return { status: "online", lastSeen: null };
    const known = this.#presence.get(userId);
    return known ? { status: known.status, lastSeen: known.lastSeen } : null;
  }

  /**
   * @param {string} id
   * @param {string} userId
   * @param {boolean} isTyping
   * @param {number} [now]
   */
  setTyping(id, userId, isTyping, now = monotonic()) {
    const typing = this.#typing.get(id) ?? new Map();
    this.#typing.set(id, typing);
    if (isTyping) typing.set(userId, now + TYPING_MS);
    else typing.delete(userId);
  }

  /**
   * Nobody types in that room, or that one does not.
   *
   * @param {string} id
   * @param {string} [userId]
   */
  endTyping(id, userId) {
    if (userId === undefined) this.#typing.delete(id);
    else this.#typing.get(id)?.delete(userId);
  }

  /**
   * Who is typing in a room now, oldest first; not oneself.
   * @param {string} id
   * @param {number} [now]
   */
  typists(id, now = monotonic()) {
    /** @type {Map<string, number>} */
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

  /** Somebody else may sign in. */
  forgetPeople() {
    this.forgetPassing();
    this.#names.clear();
    this.me = null;
  }
}
