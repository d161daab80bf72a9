/**
 * A thread beside the room: its first message, and the answers.
 *
 * @import { Grown } from "../../client/events.js"
 * @import { Entry } from "../../client/log.js"
 * @import { Unsent } from "../../client/outbox.js"
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Message } from "../../client/types.js"
 * @import { Actions } from "./actions.js"
 * @import { Tools } from "./message.js"
 *
 * @typedef {{parlor: Parlor, tools: Tools, actions: Actions, room: string, rootId: string, body: HTMLElement}} Parts
 */

import { MessageLog } from "../../client/parlor.js";
import { withBar } from "./actions.js";
import { byId, make, plural } from "./dom.js";
import { growText } from "./growing.js";
import { messageItem, setState, showFailed, waitingItem } from "./message.js";
import { attempt } from "./popups.js";

/** This close to the end counts as being there. */
const END_PX = 80;
/** Pages of answers that are fetched at most. */
const PAGES_MAX = 10;

export class Thread {
  #parlor; #tools; #log = new MessageLog();
  /** @type {Message | undefined} */
  #root;
  /** @type {Map<string, HTMLElement>} by client id */
  #pending = new Map();
  #list; #first; #count; #scroller;
  /** Up to where one has said that it was read. */
  #toldRead = 0;
  #isOver = false;

  /** @param {Parts} parts */
  constructor({ parlor, tools, actions, room, rootId, body }) {
    this.#parlor = parlor;
    // A quote in it leads to the room.
    this.#tools = tools;
    this.room = room;
    this.rootId = rootId;
    this.#scroller = body;
    this.#first = make("ol", { className: "thread-root" });
    this.#count = make("p", { className: "quiet divider" });
    this.#list = make("ol", { className: "timeline", role: "log", data: { testid: "thread" } });
    body.replaceChildren(this.#first, this.#count, this.#list);
    /** @type {(item: HTMLElement) => Entry | null | undefined} */
    const messageOf = (item) => (item.dataset.messageId === this.rootId
      ? this.#root : this.#log.at(Number(item.dataset.seq)));
    withBar(this.#first, messageOf, actions, true);
    withBar(this.#list, messageOf, actions, true);
    byId("follow").onclick = () => attempt(() => this.#toggle());
    this.paintState();
  }

  end() { this.#isOver = true; }

  /** How one stands to the thread; null if that is not known yet. */
  get #state() { return this.#parlor.chat.threads.get(this.rootId); }

  #toggle() {
    return this.#state?.following ? this.#parlor.unfollowThread(this.rootId) : this.#parlor.followThread(this.rootId);
  }

  /** Whether one follows it, which may have changed on another device. */
  paintState() {
    const follow = byId("follow");
    const state = this.#state;
    follow.hidden = !state;
    follow.textContent = state?.following ? "Following" : "Follow";
    follow.title = state?.following ? "Stop following this thread" : "Follow this thread";
    this.look();
  }

  /** Whoever sees the thread on a visible page has read it. */
  look() {
    const state = this.#state;
    const { last } = this.#log;
    if (this.#isOver || document.visibilityState !== "visible" || !state?.following) return;
    if (last <= Math.max(this.#toldRead, state.read_seq)) return;
    this.#toldRead = last;
    this.#parlor.markThreadRead(this.rootId, { seq: last }).catch(() => {}); // Whoever may not read it is not told of it.
  }

  /** Loads the thread; again after a cut. */
  async start() {
    await attempt(async () => {
      let page = await this.#parlor.thread(this.rootId);
      if (this.#isOver) return;
      this.#log.reset();
      this.#root = page.root;
      for (let pages = 1; ; pages += 1) {
        page.replies.forEach((reply) => this.#log.put(reply));
        if (!page.has_more || pages === PAGES_MAX) break;
        page = await this.#parlor.thread(this.rootId, { after: this.#log.last });
      }
      if (!this.#isOver) this.paint();
    });
  }

  /**
   * @param {Message} message
   * @param {string} [testid]
   */
  #item(message, testid = "thread-message") {
    return messageItem(message, this.#tools.stateOf(message), this.#tools, testid);
  }

  /** Somebody else has read, or been reached. */
  marked() {
    for (const item of /** @type {Iterable<HTMLElement>} */ (this.#list.children)) {
      const reply = this.#log.at(Number(item.dataset.seq));
      if (reply && "message_id" in reply) setState(item, this.#tools.stateOf(reply));
    }
  }

  /** All that is here, oldest first: in a thread there are only messages. */
  get #replies() { return /** @type {Message[]} */ (this.#log.list()); }

  #waiting() {
    return [...this.#parlor.failed, ...this.#parlor.pending].filter(({ threadId }) => threadId === this.rootId);
  }

  paint() {
    if (!this.#root) return;
    this.#first.replaceChildren(this.#item(this.#root, "thread-root"));
    const replies = this.#replies;
    this.#list.replaceChildren(...replies.map((reply) => this.#item(reply)));
    this.#pending.clear();
    this.#waiting().forEach((message) => this.addPending(message));
    this.#recount();
    this.#toEnd();
    this.paintState();
  }

  #recount() {
    const count = this.#replies.filter((reply) => !reply.deleted_at).length;
    this.#count.textContent = count === 0 ? "No replies yet" : plural(count, "reply", "replies");
  }

  #toEnd() { this.#scroller.scrollTop = this.#scroller.scrollHeight; }

  /** @param {Message} message */
  add(message) {
    if (message.thread_id !== this.rootId) return;
    this.discarded({ clientId: message.client_id ?? "" });
    if (this.#log.put(message) !== "added") return;
    const item = this.#item(message);
    this.#list.insertBefore(item, this.#pending.values().next().value ?? null);
    this.#recount();
    this.#toEnd();
    this.look();
  }

  /** @param {Message} message */
  change(message) {
    if (message.message_id === this.rootId) {
      this.#root = message;
      this.#first.replaceChildren(this.#item(message, "thread-root"));
    }
    for (const changed of [this.#log.change(message) && message, ...this.#log.requote(message)]) {
      if (!changed) continue;
      const item = this.#list.querySelector(`[data-message-id="${CSS.escape(changed.message_id)}"]`);
      item?.replaceWith(this.#item(changed));
    }
    this.#recount();
  }

  /** @param {Grown} grown more of a message that is being written */
  grow(grown) {
    const { message_id: id, content } = grown;
    if (id === this.rootId && this.#root) {
      this.#root = { ...this.#root, content };
      growText(this.#first.firstElementChild, content);
    }
    if (!this.#log.grow(grown)) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    growText(this.#list.querySelector(`[data-message-id="${CSS.escape(id)}"]`), content);
    if (scrollHeight - scrollTop - clientHeight < END_PX) this.#toEnd();
  }

  /** @param {Unsent} unsent */
  addPending(unsent) {
    const item = waitingItem(unsent, this.#tools, "thread-message");
    this.#pending.get(unsent.clientId)?.remove();
    this.#pending.set(unsent.clientId, item);
    this.#list.append(item);
    this.#toEnd();
  }

  /**
   * @param {Unsent} unsent
   * @param {{seq: number}} ack
   */
  stored({ clientId }, { seq }) {
    const item = this.#pending.get(clientId);
    if (!item) return;
    if (!this.#log.at(seq)) return setState(item, "stored");
    item.remove();
    this.#pending.delete(clientId);
    return undefined;
  }

  /** @param {Unsent} unsent */
  failed(unsent) {
    const item = this.#pending.get(unsent.clientId);
    if (item) showFailed(item, unsent, this.#tools);
  }

  /**
   * One's own answer was dropped.
   * @param {{clientId: string}} unsent
   */
  discarded({ clientId }) {
    this.#pending.get(clientId)?.remove();
    this.#pending.delete(clientId);
  }

  /**
   * One's own last answer, for editing it.
   * @param {string | null} me
   */
  lastOwn(me) {
    return this.#replies.filter((reply) => reply.sender.id === me && !reply.deleted_at).at(-1) ?? null;
  }
}

