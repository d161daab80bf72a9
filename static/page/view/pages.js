/**
 * Pages of history, with what the application told between their messages.
 *
 * @import { History, Where } from "../../client/commands.js"
 * @import { Entry } from "../../client/log.js"
 * @import { RoomEvent } from "../../client/types.js"
 *
 * @typedef {(where: Where) => Promise<History>} Load gives a page of history
 * @typedef {(after: number, before: number) => Promise<RoomEvent[]>} Events
 *   gives what the application told between
 * @typedef {History & {entries: Entry[]}} Page
 */

/** Fetches one at a time. */
export class Pages {
  #load; #events; #isOver = false;
  /** @type {symbol | null} the page that is on its way; an answer to another one is dropped */
  #loading = null;

  /**
   * @param {Load} load
   * @param {Events} events
   */
  constructor(load, events) {
    this.#load = load;
    this.#events = events;
  }

  get isLoading() { return this.#loading !== null; }
  /** What still comes is not wanted any more. */
  end() {
    this.#isOver = true;
    this.#loading = null;
  }

  /**
   * `take` is called with the page if it is still wanted.
   *
   * @param {Where} where
   * @param {(page: Page) => void} take
   */
  async fetch(where, take) {
    const loading = Symbol("page");
    this.#loading = loading;
    try {
      const page = await this.#load(where);
      const events = await this.#events(...rangeOf(page, where));
      if (this.#loading === loading && !this.#isOver) take({ ...page, entries: [...page.messages, ...events] });
    } finally {
      if (this.#loading === loading) this.#loading = null;
    }
  }
}

/**
 * Between which positions a page has everything: after the one, before the other.
 *
 * @param {History} page
 * @param {Where} where
 * @returns {[after: number, before: number]}
 */
function rangeOf({ messages, has_more: hasMore, has_more_after: hasMoreAfter }, { before, after, around }) {
  const seqs = messages.map(({ seq }) => seq);
  const hasOlder = after !== undefined || hasMore;
  const hasNewer = after !== undefined ? hasMore : Boolean(hasMoreAfter);
  const start = hasOlder ? Math.min(...seqs) - 1 : 0;
  const end = hasNewer ? Math.max(...seqs) : Infinity;
  return [after ?? start, around === undefined ? before ?? end : end];
}
