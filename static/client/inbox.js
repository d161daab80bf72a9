/**
 * What the application told this user, as it was before one came.
 *
 * @import { Commands } from "./commands.js"
 * @import { ChatState } from "./state.js"
 */

/** Events that are fetched to begin with. */
const SHOWN = 50;
/** Events of one page, where all are looked through. */
const PAGE = 200;

/**
 * Fetches what the inbox has held lately, also what was seen.
 *
 * @param {Commands} commands
 * @param {ChatState} chat
 */
export async function fillInbox(commands, chat) {
  const { inbox_seq: last } = await commands.inbox({ limit: 1, after: Number.MAX_SAFE_INTEGER });
  const page = await commands.inbox({ after: Math.max(0, last - SHOWN), limit: SHOWN });
  // Numbers have a step where the server was restored: then all that there is is before it.
  for (let after = 0; page.events.length === 0 && after < last;) {
    const { events, has_more: hasMore } = await commands.inbox({ after, limit: PAGE });
    for (const event of events) chat.putInbox(event);
    const end = events.at(-1);
    if (!hasMore || !end) break;
    after = end.inbox_seq;
  }
  for (const event of page.events) chat.putInbox(event);
  chat.inboxAcked(page.acked_seq);
}
