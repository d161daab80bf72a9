/**
 * Who waits for a connection to be there.
 *
 * @import { Deferred } from "./deferred.js"
 * @import { ParlorError } from "./error.js"
 */

import { deferred } from "./deferred.js";

export class Arrival {
  /** @type {Deferred<void> | null} */
  #awaited = null;

  /** Resolves once it is there; rejects if it stops for good before that. */
  wait() {
    this.#awaited ??= deferred();
    const { promise } = this.#awaited;
    // Who does not wait for it hears of it by events.
    promise.catch(() => {});
    return promise;
  }

  come() { this.#take()?.resolve(); }
  /** @param {ParlorError} error */
  fail(error) { this.#take()?.reject(error); }

  #take() {
    const awaited = this.#awaited;
    this.#awaited = null;
    return awaited;
  }
}
