/**
 * Reporting what somebody says, or somebody, to those who moderate.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Message, ReportReason, User } from "../../client/types.js"
 */

import { make } from "./dom.js";
import { ask, notify } from "./popups.js";

/** @type {Record<ReportReason, string>} */
export const REASONS = {
  spam: "Spam", harassment: "Harassment", hate: "Hate", violence: "Violence", sexual: "Sexual content",
  self_harm: "Self-harm", illegal: "Illegal content", other: "Something else",
};

/** What the server takes of a note, in characters. */
export const NOTE_CHARS = 500;

/** @type {(parlor: Parlor, message: Pick<Message, "message_id">) => void} */
export const reportMessage = (parlor, { message_id: id }) =>
  askWhy("Report this message", (reason, note) => parlor.report(id, reason, note));

/** @type {(parlor: Parlor, user: User) => void} */
export const reportUser = (parlor, { id, name }) =>
  askWhy(`Report ${name}`, (reason, note) => parlor.reportUser(id, reason, note));

/**
 * @param {string} title
 * @param {(reason: ReportReason, note?: string) => Promise<unknown>} tell
 */
function askWhy(title, tell) {
  const reason = make("select", { name: "reason", data: { testid: "report-reason" } },
    ...Object.entries(REASONS).map(([value, label]) => make("option", { value }, label)));
  const note = make("textarea", { name: "note", rows: 3, maxLength: NOTE_CHARS, dir: "auto", data: { testid: "report-note" } });
  ask({
    title, yes: "Report", parts: [
      make("p", { className: "quiet" }, "Only those who moderate see it."),
      make("label", {}, "What is wrong?", reason), make("label", {}, "Note (optional)", note),
    ],
    run: async () => {
      await tell(/** @type {ReportReason} */ (reason.value), note.value.trim() || undefined);
      notify("Thank you. It was reported.");
    },
  });
}
