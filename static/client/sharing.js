/** What is asked for once at a time: whoever asks meanwhile gets the same answer. */
export class Sharing {
  /** @type {Map<string, Promise<any>>} by what is asked for */
  #running = new Map();

  /**
   * @template T
   * @param {string} what
   * @param {() => Promise<T>} run
   * @returns {Promise<T>}
   */
  run(what, run) {
    const known = this.#running.get(what);
    if (known) return known;
    const running = run().finally(() => {
      if (this.#running.get(what) === running) this.#running.delete(what);
    });
    this.#running.set(what, running);
    return running;
  }

  /** Somebody else may sign in: what they ask for is asked anew. */
  forget() { this.#running.clear(); }
}
