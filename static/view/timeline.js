/**
 * The messages of the open room: older ones come as one scrolls up, new ones
 * at the end, one's own with a mark (sent, stored, read).
 */

import { byId, make, paintMark, shortTime } from "./dom.js";

/** Messages kept in the page; the oldest go first, and come back by scrolling. */
const KEPT = 500;
/** This close to an edge counts as being there. */
const EDGE_PX = 80;

const MARKS = {
  pending: ["◷", "not sent yet"],
  stored: ["✓", "stored"],
  read: ["✓✓", "read"],
  failed: ["!", "not sent"],
};

export class Timeline {
  #list = byId("timeline");
  #scroller = byId("scroller");
  #items = new Map(); // seq → element
  #pending = new Map(); // client id → element
  #me; #load; #seen;
  #hasMore = false; #loading = null; #readSeq = 0;

  /** `load(before)` gives a page of history; `seen(seq)` is told what was read. */
  constructor({ me, load, seen }) {
    this.#me = me;
    this.#load = load;
    this.#seen = seen;
    this.#list.replaceChildren();
    this.#scroller.onscroll = () => this.#scrolled();
    byId("to-end").onclick = () => this.toEnd();
  }

  get newest() {
    return Math.max(0, ...this.#items.keys());
  }

  /** Shows the newest page, and what is on its way. */
  async start(pending) {
    this.#items.clear();
    this.#list.replaceChildren();
    const loading = Symbol("loading");
    this.#loading = loading;
    const page = await this.#load();
    if (this.#loading !== loading) return;
    this.#loading = null;
    this.#hasMore = page.has_more;
    for (const message of page.messages) this.add(message);
    for (const message of pending) this.addPending(message);
    this.toEnd();
  }

  add(message) {
    if (this.#items.has(message.seq)) return;
    const wasAtEnd = this.atEnd;
    const isOwn = message.sender.id === this.#me.id;
    this.#pending.get(message.client_id)?.remove();
    this.#pending.delete(message.client_id);
    const item = this.#item(message, isOwn, this.#readSeq >= message.seq ? "read" : "stored");
    this.#items.set(message.seq, item);
    this.#insert(item, message.seq);
    if (wasAtEnd || isOwn) this.toEnd();
    else byId("to-end").hidden = false;
    this.#trim();
    this.look();
  }

  addPending({ clientId, content, at }) {
    if (this.#pending.has(clientId)) return;
    const message = {
      content, client_id: clientId, created_at: at.toISOString(), sender: this.#me,
    };
    const item = this.#item(message, true, "pending");
    this.#pending.set(clientId, item);
    this.#list.append(item);
    this.toEnd();
  }

  /** The ack came before the event, or instead of it. */
  stored({ clientId }, { seq }) {
    const item = this.#pending.get(clientId);
    if (!item) return;
    if (this.#items.has(seq)) item.remove();
    else {
      item.dataset.seq = seq;
      this.#items.set(seq, item);
      this.#insert(item, seq);
      this.#mark(item, this.#readSeq >= seq ? "read" : "stored");
    }
    this.#pending.delete(clientId);
  }

  failed({ clientId }) {
    const item = this.#pending.get(clientId);
    if (item) this.#mark(item, "failed");
  }

  /** Somebody else has read up to here. */
  readUpTo(seq) {
    if (seq <= this.#readSeq) return;
    this.#readSeq = seq;
    for (const [at, item] of this.#items) {
      if (at <= seq && item.dataset.state === "stored") this.#mark(item, "read");
    }
  }

  clear() {
    this.#items.clear();
    this.#hasMore = false;
    this.#list.replaceChildren(...this.#pending.values());
  }

  get atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < EDGE_PX;
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.look();
  }

  /** Whoever sees the end of a visible page has read it. */
  look() {
    if (!this.atEnd) return;
    byId("to-end").hidden = true;
    if (document.visibilityState === "visible" && this.#items.size > 0) this.#seen(this.newest);
  }

  #scrolled() {
    this.look();
    if (this.#scroller.scrollTop < EDGE_PX) this.#older();
  }

  async #older() {
    if (!this.#hasMore || this.#loading) return;
    const loading = Symbol("loading");
    this.#loading = loading;
    byId("older").hidden = false;
    const before = Math.min(...this.#items.keys());
    try {
      const page = await this.#load(before);
      if (this.#loading !== loading) return;
      const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
      this.#hasMore = page.has_more;
      for (const message of page.messages) {
        if (this.#items.has(message.seq)) continue;
        const isOwn = message.sender.id === this.#me.id;
        const state = this.#readSeq >= message.seq ? "read" : "stored";
        const item = this.#item(message, isOwn, state);
        this.#items.set(message.seq, item);
        this.#insert(item, message.seq);
      }
      // What one was looking at stays where it is.
      this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
    } catch {
      // Offline: scrolling up again tries again.
    } finally {
      if (this.#loading === loading) this.#loading = null;
      byId("older").hidden = true;
    }
  }

  /** In the order of `seq`; almost always at the end, before what is pending. */
  #insert(item, seq) {
    let next = null;
    for (let other = this.#list.lastElementChild; other; other = other.previousElementSibling) {
      if (other === item) continue;
      if (other.dataset.seq !== undefined && Number(other.dataset.seq) < seq) break;
      next = other;
    }
    this.#list.insertBefore(item, next);
  }

  #trim() {
    if (!this.atEnd || this.#items.size <= KEPT) return;
    const oldest = Math.min(...this.#items.keys());
    this.#items.get(oldest).remove();
    this.#items.delete(oldest);
    this.#hasMore = true;
  }

  #item(message, isOwn, state) {
    const date = new Date(message.created_at);
    const mark = make("span", { className: "mark", ariaHidden: "true" });
    paintMark(mark, message.sender);
    const item = make("li", {
      className: isOwn ? "message own" : "message",
      data: { testid: "message", ...(message.seq ? { seq: message.seq } : {}) },
    },
    mark,
    make("div", { className: "bubble" },
      make("span", { className: "sender" }, message.sender.name),
      make("p", { className: "content" }, message.content),
      make("span", { className: "about quiet" },
        make("time", { dateTime: message.created_at, title: date.toLocaleString() }, shortTime(date)),
        isOwn ? make("span", { className: "state" }) : null)));
    if (message.client_id) item.dataset.clientId = message.client_id;
    this.#mark(item, state);
    return item;
  }

  #mark(item, state) {
    item.dataset.state = state;
    const shown = item.querySelector(".state");
    if (!shown) return;
    const [sign, meaning] = MARKS[state];
    shown.textContent = sign;
    shown.title = meaning;
    shown.setAttribute("role", "img");
    shown.setAttribute("aria-label", meaning);
  }
}
