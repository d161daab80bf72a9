/**
 * Gives a connection its next token in time.
 *
 * @import { Account } from "./account.js"
 * @import { ParlorError } from "./error.js"
 * @import { Talk } from "./talk.js"
 */

import { Timers } from "./clock.js";
import { PRIORITY } from "./queue.js";

/** A token is renewed this long before it is over, if it lives that long. */
const EARLY_MS = 60_000;

export class Renewal {
  #account; #talk; #report; #timers = new Timers();
  /** @type {Promise<void> | null} */
  #renewing = null;

  /**
   * @param {Account} account gives the tokens
   * @param {Talk} talk where the server is given them
   * @param {(error: ParlorError) => void} report
   */
  constructor(account, talk, report) {
    this.#account = account;
    this.#talk = talk;
    this.#report = report;
  }

  /** There is a connection: its token is followed by another before it is over. */
  inTime() {
    const left = this.#account.renewableFor;
    if (left === null) return; // It does not say when: the server will.
    const wait = left - Math.min(EARLY_MS, left / 4);
    // If it fails, the server closes when the token is over; the next is new.
    this.#timers.set("renew", Math.max(wait, 1_000), () => this.soon());
  }

  stop() { this.#timers.stopAll(); }

  /** If it fails for want of a connection, the next one begins with a new token. */
  soon() {
    this.now().catch((/** @type {ParlorError} */ error) => { if (error.code !== "offline") this.#report(error); });
  }

  /**
   * All who wait for a new token share it.
   *
   * @returns {Promise<void>}
   */
  now() {
    const renew = async () => {
      const token = await this.#account.token({ force: true });
      await this.#talk.request("auth", { token }, { priority: PRIORITY.session });
      this.inTime();
    };
    this.#renewing ??= renew().finally(() => { this.#renewing = null; });
    return this.#renewing;
  }
}
