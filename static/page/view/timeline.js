/**
 * The messages of the open room: older ones come as one scrolls up, new ones
 * at the end, one's own with a mark (sent, stored, read). Answers in threads
 * are not shown here but counted under the thread's first message.
 */

import { MessageLog } from "../../client/parlor.js";
import { byId, dayName } from "./dom.js";
import { eventItem, messageItem, setState, showFailed, waitingItem } from "./message.js";

/** Entries kept in the page; those farthest away go, and come back by scrolling. */
const KEPT = 500;
/** This close to an edge counts as being there. */
const EDGE_PX = 80;
/** What one says within this time belongs together. */
const TOGETHER_MS = 5 * 60_000;
const FLASH_MS = 2_000;

export class Timeline {
  #list = byId("timeline");
  #scroller = byId("scroller");
  #log = new MessageLog();
  #items = new Map(); // seq → element
  #pending = new Map(); // client id → element
  #tools; #load; #events; #seen; #waiting; #unreadAfter;
  #isLoaded = false; #isOver = false;
  /** Something came at the end while one looked elsewhere. */
  #hasNews = false;
  /** One is at the end, and stays there when what is above it grows. */
  #sticks = true;
  /** Where the view was last: only who scrolls up from there leaves the end. */
  #top = 0;
  #sizes = new ResizeObserver(() => { if (this.#sticks) this.#scrollToEnd(); });
  /** The page that is on its way; an answer to another one is dropped. */
  #loading = null;

  /**
   * `load({before, after, around})` gives a page of history, `events(after,
   * before)` what the application told between; `seen(seq)` is told what was
   * read; `waiting()` are the messages on their way, and those that have
   * failed; `unreadAfter` is what was read before. `tools` are for
   * `messageItem`, and `stateOf(message)` says how far it has come.
   */
  constructor({ tools, load, events, seen, waiting, unreadAfter }) {
    this.#tools = tools;
    this.#load = load;
    this.#events = events;
    this.#seen = seen;
    this.#waiting = waiting;
    this.#unreadAfter = unreadAfter;
    this.#list.replaceChildren();
    this.#scroller.onscroll = () => this.#scrolled();
    [this.#scroller, this.#list].forEach((element) => this.#sizes.observe(element));
    byId("to-end").onclick = () => this.toEnd();
    byId("to-end").hidden = true;
  }

  /** Whether the newest page is here; if not, `start` may be called again. */
  get isLoaded() { return this.#isLoaded; }
  message(id) { return this.#log.get(id); }
  messageOf(item) { return this.#log.at(Number(item.dataset.seq)); }

  /** One's own last message that can still be changed. */
  lastOwn() {
    const own = this.#log.list().filter((entry) => entry.sender?.id === this.#tools.me && !entry.thread_id);
    const last = own.at(-1);
    return last && !last.deleted_at ? last : null;
  }

  /** Another room is shown now: what still comes for this one is dropped. */
  end() {
    this.#isOver = true;
    this.#loading = null;
    this.#scroller.onscroll = null;
    this.#sizes.disconnect();
  }

  #reset() {
    this.#log.reset();
    this.#items.clear();
    this.#pending.clear();
    this.#list.replaceChildren();
    for (const message of this.#waiting()) this.#addPending(message);
    this.#layout();
  }

  /** Shows what is on its way, and the newest page. */
  async start() {
    this.#reset();
    await this.#fetch({}, (page) => {
      this.#log.hasOlder = page.has_more;
      this.#isLoaded = true;
      this.#addAll(page);
      this.toEnd();
    });
    if (!this.#isOver) await this.#fillUp();
  }

  /** A page may have less to show than fits: answers in threads are not shown. */
  async #fillUp() {
    const isShort = () => this.#scroller.scrollHeight <= this.#scroller.clientHeight;
    while (!this.#isOver && this.#log.hasOlder && isShort()) {
      const before = this.#log.size;
      await this.#older();
      if (this.#log.size === before) return;
      this.toEnd();
    }
  }

  // What comes

  add(message) {
    if (this.#isOver) return;
    const wasAtEnd = this.#sticks || this.atEnd;
    const isOwn = message.sender.id === this.#tools.me;
    this.#settle(message.client_id, isOwn);
    const put = this.#log.put(message, true);
    if (put === "changed") this.#replace(message);
    if (put === "added") this.#place(message);
    if (!put && !this.#log.hasNewer) return;
    if (!message.thread_id) this.#moreAtEnd(wasAtEnd || (isOwn && put === "added"));
    this.look();
  }

  addEvent(event) {
    if (this.#isOver || this.#log.put(event, true) !== "added") return;
    const wasAtEnd = this.#sticks || this.atEnd;
    this.#place(event);
    this.#moreAtEnd(wasAtEnd);
    this.look();
  }

  /** Goes along with the end, or offers to. */
  #moreAtEnd(goes) {
    this.#forget(this.#log.drop(this.#log.size - KEPT, "older"));
    this.#layout();
    if (goes && !this.#log.hasNewer) return void this.toEnd();
    this.#hasNews = true;
    this.#offerEnd();
    return undefined;
  }

  /** The way back for who is far from the end, or has something new there. */
  #offerEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const isFar = this.#log.hasNewer || scrollHeight - scrollTop - clientHeight > clientHeight;
    byId("to-end").hidden = !isFar && !this.#hasNews;
    byId("to-end").textContent = this.#hasNews ? "New messages ↓" : "Jump to latest ↓";
  }

  change(message) {
    if (this.#isOver) return;
    if (this.#log.change(message) === "changed") this.#replace(message);
    for (const quoting of this.#log.requote(message)) this.#replace(quoting);
    this.#layout();
  }

  /** What came up to `upto` is gone. */
  clear(upto) {
    this.#forget(this.#log.clear(upto));
    this.#layout();
  }

  /** The same messages with what one may do now. */
  refresh() {
    for (const entry of this.#log.list()) if (entry.message_id) this.#replace(entry);
    this.#layout();
  }

  #settle(clientId, isOwn) {
    if (!isOwn) return;
    this.#pending.get(clientId)?.remove();
    this.#pending.delete(clientId);
  }

  #itemFor(entry) {
    return entry.message_id ? messageItem(entry, this.#tools.stateOf(entry), this.#tools) : eventItem(entry);
  }

  #place(entry) {
    if (entry.thread_id) return;
    const item = this.#itemFor(entry);
    this.#items.set(entry.seq, item);
    this.#insert(item, entry.seq);
  }

  #replace(entry) {
    const item = this.#items.get(entry.seq);
    if (!item) return;
    const next = this.#itemFor(entry);
    const hadFocus = item.contains(document.activeElement);
    this.#items.set(entry.seq, next);
    item.replaceWith(next);
    if (hadFocus) next.focus({ preventScroll: true });
  }

  #forget(seqs) {
    for (const seq of seqs) {
      this.#items.get(seq)?.remove();
      this.#items.delete(seq);
    }
  }

  /** A page of history. It is not read out: that is for what comes live. */
  #addAll({ messages, events = [] }) {
    this.#list.setAttribute("aria-live", "off");
    for (const entry of [...messages, ...events]) {
      if (this.#log.put(entry) !== "added") continue;
      if (entry.sender) this.#settle(entry.client_id, entry.sender.id === this.#tools.me);
      this.#place(entry);
    }
    this.#layout();
    requestAnimationFrame(() => this.#list.setAttribute("aria-live", "polite"));
  }

  /** Fetches one page at a time; `take` is called if it is still wanted. */
  async #fetch(where, take) {
    const loading = Symbol("page");
    this.#loading = loading;
    try {
      const page = await this.#load(where);
      const events = await this.#events(...rangeOf(page, where));
      if (this.#loading === loading && !this.#isOver) take({ ...page, events });
    } finally {
      if (this.#loading === loading) this.#loading = null;
    }
  }

  // What is on its way

  addPending(message) {
    this.#addPending(message);
    this.#layout();
    if (!message.threadId) this.toEnd();
  }

  #addPending(draft) {
    if (draft.threadId) return;
    this.#pending.get(draft.clientId)?.remove();
    const item = waitingItem(draft, this.#tools);
    this.#pending.set(draft.clientId, item);
    this.#list.append(item);
  }

  /** The ack came before the event, or instead of it. */
  stored({ clientId }, { seq }) {
    const item = this.#pending.get(clientId);
    if (!item) return;
    if (!this.#log.at(seq) && !this.#log.hasNewer) return setState(item, "stored");
    item.remove();
    this.#pending.delete(clientId);
    return undefined;
  }

  failed(draft) {
    const item = this.#pending.get(draft.clientId);
    if (!item) return;
    showFailed(item, draft, this.#tools);
    this.#layout();
  }

  /** One's own message was dropped. */
  discarded({ clientId }) {
    this.#settle(clientId, true);
    this.#layout();
  }

  /** Somebody else has read, or been reached. */
  marked() {
    for (const [seq, item] of this.#items) {
      const message = this.#log.at(seq);
      if (message.sender?.id === this.#tools.me) setState(item, this.#tools.stateOf(message));
    }
  }

  // Where one looks

  get atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < EDGE_PX;
  }

  /** Shows the end, also if it is no longer on the page. */
  async toEnd() {
    if (this.#log.hasNewer) await this.start().catch(() => {});
    if (this.#isOver) return;
    this.#scrollToEnd();
    this.look();
  }

  #scrollToEnd() {
    this.#sticks = true;
    this.#scrollTo(this.#scroller.scrollHeight);
  }

  #scrollTo(top) {
    this.#scroller.scrollTop = top;
    this.#top = this.#scroller.scrollTop;
  }

  /** Shows one message, wherever it is. */
  async show(seq) {
    if (!this.#items.has(seq)) {
      this.#reset();
      await this.#fetch({ around: seq }, (page) => {
        this.#log.hasOlder = page.has_more;
        this.#log.hasNewer = Boolean(page.has_more_after);
        this.#isLoaded = true;
        this.#addAll(page);
      });
    }
    const item = this.#items.get(seq);
    if (!item || this.#isOver) return;
    this.#sticks = false;
    item.scrollIntoView({ block: "center" });
    item.focus({ preventScroll: true });
    this.#offerEnd();
    item.classList.add("flash");
    setTimeout(() => item.classList.remove("flash"), FLASH_MS);
  }

  /** Whoever sees the end of a visible page has read it. */
  look() {
    if (this.#isOver || this.#log.hasNewer || !this.atEnd) return;
    this.#hasNews = false;
    byId("to-end").hidden = true;
    if (document.visibilityState === "visible" && this.#log.size > 0) this.#seen(this.#log.last);
  }

  #scrolled() {
    const { scrollTop } = this.#scroller;
    // A list that has grown since leaves the view where it was, which is no longer the end.
    if (this.atEnd) this.#sticks = !this.#log.hasNewer;
    else if (scrollTop < this.#top) this.#sticks = false;
    this.#top = scrollTop;
    this.#offerEnd();
    this.look();
    if (this.#scroller.scrollTop < EDGE_PX) this.#older();
    else if (this.atEnd) this.#newer();
  }

  async #older() {
    if (!this.#log.hasOlder || this.#loading || this.#log.size === 0) return;
    byId("older").hidden = false;
    await this.#fetch({ before: this.#log.first }, (page) => {
      const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
      this.#log.hasOlder = page.has_more;
      this.#addAll(page);
      // What one was looking at stays where it is.
      this.#scrollTo(this.#scroller.scrollHeight - fromEnd);
      this.#forget(this.#log.drop(this.#log.size - KEPT, "newer"));
    }).catch(() => {}); // Offline: scrolling up again tries again.
    if (!this.#isOver) byId("older").hidden = true;
  }

  async #newer() {
    if (!this.#log.hasNewer || this.#loading) return;
    await this.#fetch({ after: this.#log.last }, (page) => {
      const { scrollTop, scrollHeight } = this.#scroller;
      this.#log.hasNewer = page.has_more;
      this.#forget(this.#log.drop(this.#log.size + page.messages.length - KEPT, "older"));
      const dropped = scrollHeight - this.#scroller.scrollHeight;
      this.#addAll(page);
      this.#scrollTo(scrollTop - dropped);
      this.look();
    }).catch(() => {});
  }

  // How it lies

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

  /** Marks the days, what is new, and what one says in one go. */
  #layout() {
    let before = null;
    let isNewShown = false;
    for (const item of this.#list.children) {
      const entry = this.#log.at(Number(item.dataset.seq));
      const time = item.querySelector("time");
      const at = new Date(time.dateTime);
      const by = item.dataset.sender ?? null;
      const isSameDay = before && before.at.toDateString() === at.toDateString();
      const isNew = !isNewShown && this.#isNew(entry);
      isNewShown ||= isNew;
      setData(item, "day", isSameDay ? null : dayName(at));
      setData(item, "new", isNew ? "New" : null);
      const isOn = isSameDay && !isNew && by !== null && before.by === by
        && at - before.at < TOGETHER_MS && !entry?.reply_to && !entry?.edited_at && !entry?.pinned
        && item.dataset.state !== "failed";
      item.classList.toggle("goes-on", isOn);
      before = { at, by };
    }
  }

  /** Whether somebody else said it after one was last here. */
  #isNew(entry) {
    return entry !== null && entry.seq > this.#unreadAfter && entry.sender
      && entry.sender.id !== this.#tools.me;
  }
}

/** Between which positions a page has everything: after the one, before the other. */
function rangeOf({ messages, has_more: hasMore, has_more_after: hasMoreAfter }, { before, after, around }) {
  const seqs = messages.map(({ seq }) => seq);
  const hasOlder = after !== undefined || hasMore;
  const hasNewer = after !== undefined ? hasMore : Boolean(hasMoreAfter);
  const start = hasOlder ? Math.min(...seqs) - 1 : 0;
  const end = hasNewer ? Math.max(...seqs) : Infinity;
  return [after ?? start, around === undefined ? before ?? end : end];
}

function setData(item, name, value) {
  if (value === null) delete item.dataset[name];
  else item.dataset[name] = value;
}
