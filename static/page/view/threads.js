/**
 * The threads that one follows, that with the newest reply first, and how many
 * of them have something unread.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { ThreadEntry } from "../../client/types.js"
 */

import { mentionsMark, unreadMark } from "./counts.js";
import { byId, make } from "./dom.js";
import { empty, entry } from "./lists.js";
import { threadParts } from "./message.js";

/** Threads that are shown at first, and more of them each time one asks for more. */
const PAGE = 30;

export class ThreadList {
  #parlor; #body; #open; #shown = PAGE;

  /** @param {{parlor: Parlor, body: HTMLElement, open: (rootId: string, room: string) => void}} parts */
  constructor({ parlor, body, open }) {
    this.#parlor = parlor;
    this.#body = body;
    this.#open = open;
  }

  paint() {
    const threads = this.#parlor.chat.threads.followed;
    if (threads.length === 0) {
      return this.#body.replaceChildren(empty("No threads yet. You follow those in which you write or are mentioned."));
    }
    const focused = this.#body.contains(document.activeElement) ? document.activeElement?.closest("li") : null;
    const list = make("ul", { className: "entries", data: { testid: "threads" } },
      ...threads.slice(0, this.#shown).map((thread) => this.#item(thread)),
      threads.length > this.#shown ? this.#more() : null);
    this.#body.replaceChildren(list);
    const { messageId = "" } = focused?.dataset ?? {};
    /** @type {HTMLElement | null} */
    const again = focused ? list.querySelector(`[data-message-id="${CSS.escape(messageId)}"] button`) : null;
    again?.focus();
    return undefined;
  }

  #more() {
    return make("li", { className: "more" }, make("button", {
      type: "button", data: { testid: "more-threads" }, onclick: () => {
        const next = this.#shown;
        this.#shown += PAGE;
        this.paint();
        // Whoever goes by keys goes on where the list went on.
        this.#body.querySelectorAll("button")[next]?.focus();
      },
    }, "Show more"));
  }

  /** @param {ThreadEntry} thread */
  #item({ root, unread, mentions }) {
    const { chat } = this.#parlor;
    const room = chat.room(root.room_id);
    return entry(root, chat.me, {
      testid: "thread-entry", where: room ? chat.titleOf(room) : root.room_id, onclick: () => this.#open(root.message_id, root.room_id),
      below: make("span", { className: "thread-summary" }, ...threadParts(root)),
      marks: make("span", { className: "counts" }, mentionsMark(mentions, "thread-mentions"), unreadMark(unread, "thread-unread")),
    });
  }
}

/**
 * How many threads have something unread, in the list of rooms.
 * @param {number} count
 */
export function paintThreads(count) {
  byId("threads-count").replaceChildren(...[unreadMark(count, "threads-unread")].filter((mark) => mark !== null));
  byId("open-threads").classList.toggle("has-unread", count > 0);
}
