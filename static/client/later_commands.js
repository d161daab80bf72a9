/**
 * What one can ask for later: messages that one saves for oneself, and is
 * reminded of, and those that are to be sent then. Each gives a promise, and
 * fails with a `ParlorError`.
 *
 * @import { Extras } from "./outbox.js"
 * @import { Rescheduling, SavedEntry, SavedState, Saving, ScheduledMessage, SendingTime } from "./types.js"
 *
 * @typedef {{reminders?: boolean, cursor?: string, limit?: number}} WhichSaved
 * @typedef {{saved: SavedEntry[], cursor?: string, has_more: boolean}} SavedPage
 * @typedef {{scheduled: ScheduledMessage[], cursor?: string, has_more: boolean}} ScheduledPage
 */

import { query } from "./calls.js";
import { dataOf } from "./outbox.js";
import { PushCommands } from "./push_commands.js";

/** Extended by `Commands`. */
export class LaterCommands extends PushCommands {
  /**
   * Saves a message for this user alone. Saved again, its note and its time are these, or none.
   *
   * @type {(messageId: string, how?: Saving) => Promise<SavedState>}
   */
  save(messageId, how = {}) { return this.command("message.save", { message_id: messageId, ...how }); }
  /** @type {(messageId: string) => Promise<void>} */
  unsave(messageId) { return this.command("message.unsave", { message_id: messageId }); }
  /**
   * A page of what this user has saved, what was saved last first; with `reminders`, of what
   * they will be reminded of, the soonest first.
   *
   * @type {(which?: WhichSaved) => Promise<SavedPage>}
   */
  saved({ reminders, cursor, limit = 50 } = {}) {
    return this.rest("GET", `/saved${query({ reminders, cursor, limit })}`);
  }

  /**
   * Has a message sent later: `extras` are as those of `send`.
   *
   * @type {(room: string, content: string, when: SendingTime, extras?: Extras & {clientId?: string}) => Promise<ScheduledMessage>}
   */
  schedule(room, content, when, extras = {}) {
    return this.command("message.schedule", { ...dataOf({ ...extras, room, content }), ...when });
  }

  /**
   * What is not named stays; a `metadata` of null takes it away. What was refused is tried again.
   *
   * @type {(scheduledId: string, change: Rescheduling) => Promise<ScheduledMessage>}
   */
  changeScheduled(scheduledId, change) { return this.command("scheduled.change", { scheduled_id: scheduledId, ...change }); }
  /**
   * Sends it at once; `scheduled` tells what came of it.
   *
   * @type {(scheduledId: string) => Promise<ScheduledMessage>}
   */
  sendScheduled(scheduledId) { return this.command("scheduled.send", { scheduled_id: scheduledId }); }
  /** @type {(scheduledId: string) => Promise<void>} */
  cancelScheduled(scheduledId) { return this.command("scheduled.cancel", { scheduled_id: scheduledId }); }
  /**
   * A page of what this user has scheduled, the soonest first.
   *
   * @type {(which?: {room?: string, cursor?: string, limit?: number}) => Promise<ScheduledPage>}
   */
  scheduled({ room, cursor, limit = 50 } = {}) {
    return this.rest("GET", `/scheduled${query({ room_id: room, cursor, limit })}`);
  }
}
