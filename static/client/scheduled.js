/**
 * The messages that this user has scheduled to be sent later, as far as they
 * were read. Pure: it is told what the server says.
 *
 * @import { ScheduledChange, ScheduledMessage } from "./types.js"
 */

import { Kept } from "./kept.js";

/** Behind all times: after it was sent or cancelled nothing counts any more. */
const ENDED = "~";

export class Scheduled {
  /** @type {Kept<ScheduledMessage>} */
  #kept = new Kept();

  /**
   * One that waits, or was refused; null if it does neither, or that is not known.
   * @param {string} id
   */
  get(id) { return this.#kept.get(id); }

  /** All of them, the soonest first. */
  get list() { return this.#kept.values.sort((a, b) => a.send_at.localeCompare(b.send_at)); }

  /** Before one asks for them: what is told from then on is newer than the answer. */
  get moment() { return this.#kept.moment; }

  /** @param {ScheduledMessage} scheduled as it is now */
  put(scheduled) { this.#kept.tell(scheduled.scheduled_id, scheduled, scheduled.updated_at); }

  /** @param {string} id of one that was sent or cancelled */
  end(id) { this.#kept.tell(id, null, ENDED); }

  /** @param {ScheduledChange} change */
  heard({ scheduled_id: id, state, scheduled }) {
    if (scheduled) this.put(scheduled);
    else if (state === "sent" || state === "cancelled") this.end(id);
  }

  /**
   * What an answer has that was asked for at a moment.
   *
   * @param {ScheduledMessage} scheduled
   * @param {number} moment
   */
  learn(scheduled, moment) { this.#kept.answer(scheduled.scheduled_id, scheduled, scheduled.updated_at, moment); }

  /**
   * These were all of them at that moment.
   *
   * @param {Set<string>} ids
   * @param {number} moment
   */
  keepOnly(ids, moment) { this.#kept.keepOnly(ids, moment); }

  /** @param {string} room that is gone; who has only left it may come back before the time */
  forget(room) { this.#kept.drop(({ room_id: of }) => of === room); }

  /** Somebody else may sign in. */
  reset() { this.#kept.reset(); }
}
