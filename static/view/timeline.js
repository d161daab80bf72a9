/**
 * The messages of the open room: older ones come as one scrolls up, new ones
 * at the end, one's own with a mark (sent, stored, read).
 */

import { byId, make, paintMark, shortTime } from "./dom.js";

/** Messages kept in the page; those farthest away go, and come back by scrolling. */
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
  #me; #load; #seen; #again; #waiting;
  #hasOlder = false; #hasNewer = false; #readSeq = 0;
  #isLoaded = false; #isOver = false;
  /** The page that is on its way; an answer to another one is dropped. */
  #loading = null;

  /**
   * `load({before, after})` gives a page of history; `seen(seq)` is told what
   * was read; `again(message)` sends what was refused; `waiting()` are the
   * messages on their way.
   */
  constructor({ me, load, seen, again, waiting }) {
    this.#me = me;
    this.#load = load;
    this.#seen = seen;
    this.#again = again;
    this.#waiting = waiting;
    this.#list.replaceChildren();
    this.#scroller.onscroll = () => this.#scrolled();
    byId("to-end").onclick = () => this.toEnd();
  }

  get newest() {
    return Math.max(0, ...this.#items.keys());
  }

  /** Whether the newest page is here; if not, `start` may be called again. */
  get isLoaded() {
    return this.#isLoaded;
  }

  /** Another room is shown now: what still comes for this one is dropped. */
  end() {
    this.#isOver = true;
    this.#loading = null;
    this.#scroller.onscroll = null;
  }

  /** Shows what is on its way, and the newest page. */
  async start() {
    this.#items.clear();
    this.#pending.clear();
    this.#hasOlder = this.#hasNewer = false;
    this.#list.replaceChildren();
    for (const message of this.#waiting()) this.addPending(message);
    await this.#fetch({}, (page) => {
      this.#hasOlder = page.has_more;
      this.#isLoaded = true;
      this.#addAll(page.messages);
      this.toEnd();
    });
  }

  add(message) {
    if (this.#isOver || this.#items.has(message.seq)) return;
    const wasAtEnd = this.atEnd;
    const isOwn = message.sender.id === this.#me.id;
    this.#settle(message.client_id, isOwn);
    // The end is not on the page: going there loads it.
    if (this.#hasNewer) {
      byId("to-end").hidden = false;
      return;
    }
    this.#place(message);
    this.#drop(this.#items.size - KEPT, "older");
    if (wasAtEnd || isOwn) this.toEnd();
    else byId("to-end").hidden = false;
    this.look();
  }

  #settle(clientId, isOwn) {
    if (!isOwn) return;
    this.#pending.get(clientId)?.remove();
    this.#pending.delete(clientId);
  }

  #place(message) {
    const isOwn = message.sender.id === this.#me.id;
    const item = this.#item(message, isOwn, this.#readSeq >= message.seq ? "read" : "stored");
    this.#items.set(message.seq, item);
    this.#insert(item, message.seq);
  }

  /** A page of history. It is not read out: that is for what comes live. */
  #addAll(messages) {
    this.#list.setAttribute("aria-live", "off");
    for (const message of messages) {
      if (this.#items.has(message.seq)) continue;
      this.#settle(message.client_id, message.sender.id === this.#me.id);
      this.#place(message);
    }
    requestAnimationFrame(() => this.#list.setAttribute("aria-live", "polite"));
  }

  /** Lets go of messages at one end; that end is then loaded by scrolling. */
  #drop(count, end) {
    if (count <= 0) return;
    const seqs = [...this.#items.keys()].sort((a, b) => a - b);
    for (const seq of end === "older" ? seqs.slice(0, count) : seqs.slice(-count)) {
      this.#items.get(seq).remove();
      this.#items.delete(seq);
    }
    if (end === "older") this.#hasOlder = true;
    else this.#hasNewer = true;
  }

  /** Fetches one page at a time; `take` is called if it is still wanted. */
  async #fetch(where, take) {
    const loading = Symbol("page");
    this.#loading = loading;
    try {
      const page = await this.#load(where);
      if (this.#loading === loading && !this.#isOver) take(page);
    } finally {
      if (this.#loading === loading) this.#loading = null;
    }
  }

  addPending({ clientId, content, at }) {
    this.#pending.get(clientId)?.remove();
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
    if (this.#items.has(seq) || this.#hasNewer) item.remove();
    else {
      item.dataset.seq = seq;
      this.#items.set(seq, item);
      this.#insert(item, seq);
      this.#mark(item, this.#readSeq >= seq ? "read" : "stored");
    }
    this.#pending.delete(clientId);
  }

  failed(message) {
    const item = this.#pending.get(message.clientId);
    if (!item) return;
    this.#mark(item, "failed");
    item.querySelector(".about").append(make("button", {
      type: "button", className: "again", data: { testid: "send-again" },
      onclick: () => this.#again(message),
    }, "Try again"));
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
    this.#hasOlder = this.#hasNewer = false;
    this.#list.replaceChildren(...this.#pending.values());
  }

  get atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < EDGE_PX;
  }

  /** Shows the end, also if it is no longer on the page. */
  async toEnd() {
    if (this.#hasNewer) await this.start().catch(() => {});
    if (this.#isOver) return;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.look();
  }

  /** Whoever sees the end of a visible page has read it. */
  look() {
    if (this.#isOver || this.#hasNewer || !this.atEnd) return;
    byId("to-end").hidden = true;
    if (document.visibilityState === "visible" && this.#items.size > 0) this.#seen(this.newest);
  }

  #scrolled() {
    this.look();
    if (this.#scroller.scrollTop < EDGE_PX) this.#older();
    else if (this.atEnd) this.#newer();
  }

  async #older() {
    if (!this.#hasOlder || this.#loading || this.#items.size === 0) return;
    byId("older").hidden = false;
    const before = Math.min(...this.#items.keys());
    await this.#fetch({ before }, (page) => {
      const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
      this.#hasOlder = page.has_more;
      this.#addAll(page.messages);
      // What one was looking at stays where it is.
      this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
      this.#drop(this.#items.size - KEPT, "newer");
    }).catch(() => {}); // Offline: scrolling up again tries again.
    if (!this.#isOver) byId("older").hidden = true;
  }

  async #newer() {
    if (!this.#hasNewer || this.#loading) return;
    await this.#fetch({ after: this.newest }, (page) => {
      const { scrollTop, scrollHeight } = this.#scroller;
      this.#hasNewer = page.has_more;
      this.#drop(this.#items.size + page.messages.length - KEPT, "older");
      const dropped = scrollHeight - this.#scroller.scrollHeight;
      this.#addAll(page.messages);
      this.#scroller.scrollTop = scrollTop - dropped;
      this.look();
    }).catch(() => {});
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
