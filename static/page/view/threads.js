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
import { LongList } from "./long_list.js";
import { threadParts } from "./message.js";

export class ThreadList {
  #parlor; #body; #open;
  /** @type {LongList<ThreadEntry>} */
  #list;

  /** @param {{parlor: Parlor, body: HTMLElement, open: (rootId: string, room: string) => void}} parts */
  constructor({ parlor, body, open }) {
    this.#parlor = parlor;
    this.#body = body;
    this.#open = open;
    this.#list = new LongList(body, "threads", { id: ({ thread_id: id }) => id, item: (thread) => this.#item(thread) });
  }

  paint() {
    const threads = this.#parlor.chat.threads.followed;
    if (threads.length > 0) this.#list.paint(threads);
    else this.#body.replaceChildren(empty("No threads yet. You follow those in which you write or are mentioned."));
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
