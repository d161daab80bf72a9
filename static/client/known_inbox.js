/**
 * What waits for this user in the inbox, as far as it was told. Pure.
 *
 * @import { InboxEvent } from "./types.js"
 */

import { KnownPeople } from "./people.js";

/** Inbox events that are kept; the server keeps more. */
const INBOX_KEPT = 200;

export class KnownInbox extends KnownPeople {
  /** @type {InboxEvent[]} oldest first */
  #inbox = [];
  #inboxAcked = 0;

  /** What waits for this user, newest first. */
  get inbox() { return [...this.#inbox].reverse(); }
  get inboxSeq() { return this.#inbox.at(-1)?.inbox_seq ?? 0; }
  get inboxUnseen() {
    return this.#inbox.filter((event) => event.inbox_seq > this.#inboxAcked).length;
  }

  /**
   * Says whether the event was not known.
   * @param {InboxEvent} event
   */
  putInbox(event) {
    if (this.#inbox.some((known) => known.inbox_seq === event.inbox_seq)) return false;
    this.#inbox.push(event);
    this.#inbox.sort((a, b) => a.inbox_seq - b.inbox_seq);
    this.#inbox.splice(0, this.#inbox.length - INBOX_KEPT);
    return true;
  }

  forgetInbox() {
    this.#inbox = [];
    this.#inboxAcked = 0;
  }

  /** @param {number} upto */
  inboxAcked(upto) {
    this.#inboxAcked = Math.max(this.#inboxAcked, upto);
  }
}
