/**
 * Whom this user has blocked: asked for, as nobody tells of it.
 *
 * @import { Parlor } from "../../client/parlor.js"
 */

/** Entries of one page, and pages that are fetched at most: more cannot be blocked. */
const PAGE = 200;
const PAGES_MAX = 5;

export class Blocks {
  #parlor; #changed;
  /** @type {Set<string>} by id */
  #users = new Set();

  /**
   * `changed()` is called when it is not what it was.
   * @param {Parlor} parlor
   * @param {() => void} changed
   */
  constructor(parlor, changed) {
    this.#parlor = parlor;
    this.#changed = changed;
  }

  /** @param {string | undefined} user */
  has(user) { return this.#users.has(user ?? ""); }

  async load() {
    const users = new Set();
    /** @type {string | undefined} */
    let after;
    for (let pages = 0; pages < PAGES_MAX; pages += 1) {
      const page = await this.#parlor.blocks({ after, limit: PAGE });
      for (const { id } of page) users.add(id);
      after = page.at(-1)?.id;
      if (page.length < PAGE) break;
    }
    this.#users = users;
    this.#changed();
  }

  /**
   * @param {string} user
   * @param {boolean} isBlocked
   */
  async set(user, isBlocked) {
    await (isBlocked ? this.#parlor.block(user) : this.#parlor.unblock(user));
    if (isBlocked) this.#users.add(user);
    else this.#users.delete(user);
    this.#changed();
  }

  forget() { this.#users.clear(); }
}
