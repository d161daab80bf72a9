/**
 * Reports: what members tell those who moderate, and what these decide. Each
 * gives a promise, and fails with a `ParlorError`.
 *
 * @import { Deciding, Report, ReportDetails, ReportReason } from "./types.js"
 *
 * @typedef {object} WhichReports
 * @property {string} [room]
 * @property {boolean} [decided]
 * @property {string} [cursor]
 * @property {number} [limit]
 */

import { BlocklistCommands } from "./blocklist_commands.js";
import { query, segment } from "./calls.js";

/** Extended by `PushCommands`. */
export class ReportCommands extends BlocklistCommands {
  /**
   * Tells who moderates the room of a message what is wrong with it.
   *
   * @type {(messageId: string, reason: ReportReason, note?: string) => Promise<{report_id: string}>}
   */
  report(messageId, reason, note) { return this.command("message.report", { message_id: messageId, reason, note }); }
  /** @type {(user: string, reason: ReportReason, note?: string) => Promise<{report_id: string}>} */
  reportUser(user, reason, note) { return this.command("user.report", { user_id: user, reason, note }); }
  /**
   * A page of the reports in the rooms that this user moderates, or an administrator's, of all;
   * with `decided`, only those that somebody has decided, or nobody.
   *
   * @type {(which?: WhichReports) => Promise<{reports: Report[], cursor?: string, has_more: boolean}>}
   */
  reports({ room, decided, cursor, limit = 50 } = {}) {
    return this.rest("GET", `/reports${query({ room_id: room, decided, cursor, limit })}`);
  }

  /**
   * One of them with who reported it, and the messages around.
   *
   * @type {(reportId: string) => Promise<ReportDetails>}
   */
  readReport(reportId) { return this.rest("GET", `/reports/${segment(reportId)}`); }
  /** @type {(reportId: string, how: Deciding) => Promise<void>} */
  decideReport(reportId, how) { return this.rest("POST", `/reports/${segment(reportId)}/decide`, how); }
}
