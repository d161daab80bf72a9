/**
 * Time that only goes forward. A device's own clock may be wrong, and may be
 * put right at any moment: what is waited for does not depend on it.
 */

/** Milliseconds of this process; only differences mean anything. */
export const monotonic = () => performance.now();

/** The longest that a timer can wait. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Timers by name: setting one again replaces it. */
export class Timers {
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  #timers = new Map();

  /** @param {string} name */
  has(name) { return this.#timers.has(name); }

  /**
   * @param {string} name
   * @param {number} ms
   * @param {() => void} run
   */
  set(name, ms, run) {
    clearTimeout(this.#timers.get(name));
    const wait = Math.min(Math.max(0, ms), TIMER_MAX_MS);
    this.#timers.set(name, setTimeout(() => { this.#timers.delete(name); run(); }, wait));
  }

  /** @param {string} name */
  stop(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  stopAll() {
    for (const name of [...this.#timers.keys()]) this.stop(name);
  }
}
