/** Whom this user has blocked: asked for, as nobody tells of it. */

/** Entries of one page, and pages that are fetched at most: more cannot be blocked. */
const PAGE = 200;
const PAGES_MAX = 5;

export class Blocks {
  #parlor; #changed; #users = new Set();

  /** `changed()` is called when it is not what it was. */
  constructor(parlor, changed) {
    this.#parlor = parlor;
    this.#changed = changed;
  }

  has(user) { return this.#users.has(user); }

  async load() {
    const users = new Set();
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

  async set(user, isBlocked) {
    await (isBlocked ? this.#parlor.block(user) : this.#parlor.unblock(user));
    if (isBlocked) this.#users.add(user);
    else this.#users.delete(user);
    this.#changed();
  }

  forget() { this.#users.clear(); }
}
