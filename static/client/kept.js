/**
 * What the server keeps for this user alone, by id. It is told in answers and
 * in events, which may come in any order: of two, the one with the later time
 * counts. Pure.
 *
 * @template T
 * @typedef {object} Told
 * @property {T | null} value null when it is gone
 * @property {string} at the server's time of that
 * @property {number} moment at which an event told of it, or 0
 */

/** Entries that are known, with those that are gone; the server keeps fewer. */
const ENTRIES_MAX = 2_000;

/** @template T */
export class Kept {
  /** @type {Map<string, Told<T>>} */
  #entries = new Map();
  #moment = 0;
  /** What was asked for before is somebody else's. */
  #since = 0;

  /** @param {string} id */
  get(id) { return this.#entries.get(id)?.value ?? null; }

  /** In no order. */
  get values() { return [...this.#entries.values()].flatMap(({ value }) => (value === null ? [] : [value])); }

  /** Before one asks for them: what is told from then on is newer than the answer. */
  get moment() { return this.#moment; }

  /**
   * An event tells of it; says whether that is news.
   *
   * @param {string} id
   * @param {T | null} value
   * @param {string} at
   */
  tell(id, value, at) {
    this.#moment += 1;
    return this.#put(id, { value, at, moment: this.#moment });
  }

  /**
   * An answer has it, which was asked for at a moment.
   *
   * @param {string} id
   * @param {T} value
   * @param {string} at
   * @param {number} moment
   */
  answer(id, value, at, moment) {
    return moment >= this.#since && this.#put(id, { value, at, moment: 0 });
  }

  /**
   * @param {string} id
   * @param {Told<T>} told
   */
  #put(id, told) {
    const known = this.#entries.get(id);
    if (known && known.at > told.at) return false;
    if (!known && this.#entries.size >= ENTRIES_MAX) this.#dropOne();
    this.#entries.set(id, { ...told, moment: Math.max(told.moment, known?.moment ?? 0) });
    return true;
  }

  #dropOne() {
    const all = [...this.#entries];
    const [oldest] = all.find(([, { value }]) => value === null) ?? all[0];
    this.#entries.delete(oldest);
  }

  /**
   * These were all at that moment.
   *
   * @param {Set<string>} ids
   * @param {number} asked
   */
  keepOnly(ids, asked) {
    if (asked < this.#since) return;
    for (const [id, { value, moment }] of this.#entries) {
      if (value !== null && moment <= asked && !ids.has(id)) this.#entries.delete(id);
    }
  }

  /** @param {(value: T) => boolean} isOver */
  drop(isOver) {
    for (const [id, { value }] of this.#entries) if (value !== null && isOver(value)) this.#entries.delete(id);
  }

  /** Somebody else may sign in. */
  reset() {
    this.#entries.clear();
    this.#moment += 1;
    this.#since = this.#moment;
  }
}
