/**
 * What one can ask to come back to later: messages that one saves for oneself,
 * and is reminded of. Each gives a promise, and fails with a `ParlorError`.
 *
 * @import { SavedEntry, SavedState, Saving } from "./types.js"
 *
 * @typedef {{reminders?: boolean, cursor?: string, limit?: number}} WhichSaved
 * @typedef {{saved: SavedEntry[], cursor?: string, has_more: boolean}} SavedPage
 */

import { query } from "./calls.js";
import { ReportCommands } from "./report_commands.js";

/** Extended by `Commands`. */
export class LaterCommands extends ReportCommands {
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
}
