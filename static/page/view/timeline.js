/**
 * The messages of the open room: older ones come as one scrolls up, new ones
 * at the end, one's own with a mark (sent, stored, read). Answers in threads
 * are counted under the thread's first message, and only shown here if they
 * were sent to the room, too.
 *
 * @import { Grown } from "../../client/events.js"
 * @import { Unsent } from "../../client/outbox.js"
 * @import { Message, RoomEvent } from "../../client/types.js"
 * @import { NewFrom } from "./entries.js"
 * @import { Tools } from "./message.js"
 * @import { Events, Load } from "./pages.js"
 *
 * @typedef {object} Parts
 * @property {Tools} tools
 * @property {Load} load
 * @property {Events} events
 * @property {(seq: number) => void} seen is told what was read
 * @property {() => Unsent[]} waiting the messages on their way, and those that have failed
 * @property {NewFrom} newFrom
 */

import { MessageLog, isInRoom } from "../../client/parlor.js";
import { byId } from "./dom.js";
import { Entries } from "./entries.js";
import { Pages } from "./pages.js";

/** Entries kept in the page; those farthest away go, and come back by scrolling. */
const KEPT = 500;
/** This close to an edge counts as being there. */
const EDGE_PX = 80;
const FLASH_MS = 2_000;

export class Timeline {
  #list = byId("timeline");
  #scroller = byId("scroller");
  #log = new MessageLog();
  #entries; #pages; #tools; #seen; #waiting;
  #isLoaded = false; #isOver = false;
  /** Something came at the end while one looked elsewhere. */
  #hasNews = false;
  /** One is at the end, and stays there when what is above it grows. */
  #sticks = true;
  /** Where the view was last: only who scrolls up from there leaves the end. */
  #top = 0;
  #sizes = new ResizeObserver(() => { if (this.#sticks) this.#scrollToEnd(); });

  /** @param {Parts} parts */
  constructor({ tools, load, events, seen, waiting, newFrom }) {
    this.#tools = tools;
    this.#pages = new Pages(load, events);
    this.#seen = seen;
    this.#waiting = waiting;
    this.#entries = new Entries({ list: this.#list, log: this.#log, tools, newFrom });
    this.#scroller.onscroll = () => this.#scrolled();
    [this.#scroller, this.#list].forEach((element) => this.#sizes.observe(element));
    byId("to-end").onclick = () => this.toEnd();
    byId("to-end").hidden = true;
  }

  /** Whether the newest page is here; if not, `start` may be called again. */
  get isLoaded() { return this.#isLoaded; }
  /** @param {string} id */
  message(id) { return this.#log.get(id); }
  /** @param {HTMLElement} item */
  messageOf(item) { return this.#log.at(Number(item.dataset.seq)); }

  /** One's own last message that can still be changed. */
  lastOwn() {
    const messages = this.#log.list().filter((entry) => "message_id" in entry);
    const last = messages.filter((message) => message.sender.id === this.#tools.me && isInRoom(message)).at(-1);
    return last && !last.deleted_at ? last : null;
  }

  /** Another room is shown now: what still comes for this one is dropped. */
  end() {
    this.#isOver = true;
    this.#pages.end();
    this.#scroller.onscroll = null;
    this.#sizes.disconnect();
  }

  #reset() {
    this.#log.reset();
    this.#entries.reset(this.#waiting());
  }

  /** Shows what is on its way, and the newest page. */
  async start() {
    this.#reset();
    await this.#pages.fetch({}, (page) => {
      this.#log.hasOlder = page.has_more;
      this.#isLoaded = true;
      this.#entries.addAll(page.entries);
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

  /** @param {Message} message */
  add(message) {
    if (this.#isOver) return;
    const wasAtEnd = this.#sticks || this.atEnd;
    const isOwn = message.sender.id === this.#tools.me;
    if (isOwn) this.#entries.settle(message.client_id);
    const put = this.#log.put(message, true);
    if (put === "changed") this.#entries.replace(message);
    if (put === "added") this.#entries.place(message);
    if (!put && !this.#log.hasNewer) return;
    if (isInRoom(message)) this.#moreAtEnd(wasAtEnd || (isOwn && put === "added"));
    this.look();
  }

  /** @param {RoomEvent} event */
  addEvent(event) {
    if (this.#isOver || this.#log.put(event, true) !== "added") return;
    const wasAtEnd = this.#sticks || this.atEnd;
    this.#entries.place(event);
    this.#moreAtEnd(wasAtEnd);
    this.look();
  }

  /** @param {boolean} goes along with the end; else it offers to */
  #moreAtEnd(goes) {
    this.#entries.forget(this.#log.drop(this.#log.size - KEPT, "older"));
    this.#entries.layout();
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

  /** @param {Message} message */
  change(message) {
    if (this.#isOver) return;
    if (this.#log.change(message) === "changed") this.#entries.replace(message);
    for (const quoting of this.#log.requote(message)) this.#entries.replace(quoting);
    this.#entries.layout();
  }

  /** @param {Grown} grown */
  grow(grown) { this.#entries.grow(grown); }

  /** @param {number} upto up to where what came is gone */
  clear(upto) {
    this.#entries.forget(this.#log.clear(upto));
    this.#entries.layout();
  }

  /** The same messages with what one may do now. */
  refresh() {
    for (const entry of this.#log.list()) if ("message_id" in entry) this.#entries.replace(entry);
    this.#entries.layout();
  }

  // What is on its way

  /** @param {Unsent} message */
  addPending(message) {
    this.#entries.addPending(message);
    this.#entries.layout();
    if (!message.threadId || message.inRoom) this.toEnd();
  }

  /**
   * @param {Unsent} message
   * @param {{seq: number}} ack
   */
  stored(message, ack) { this.#entries.stored(message, ack); }

  /** @param {Unsent} message */
  failed(message) { this.#entries.failed(message); }

  /** @param {Unsent} message one's own that was dropped */
  discarded({ clientId }) {
    this.#entries.settle(clientId);
    this.#entries.layout();
  }

  /** @param {number} seq from which on one has marked the room as unread */
  markUnread(seq) { this.#entries.markUnread(seq); }

  /** Somebody else has read, or been reached. */
  marked() { this.#entries.marked(); }

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

  /** @param {number} top */
  #scrollTo(top) {
    this.#scroller.scrollTop = top;
    this.#top = this.#scroller.scrollTop;
  }

  /** @param {number} seq of the message that is shown, wherever it is */
  async show(seq) {
    if (!this.#entries.get(seq)) {
      this.#reset();
      await this.#pages.fetch({ around: seq }, (page) => {
        this.#log.hasOlder = page.has_more;
        this.#log.hasNewer = Boolean(page.has_more_after);
        this.#isLoaded = true;
        this.#entries.addAll(page.entries);
      });
    }
    const item = this.#entries.get(seq);
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
    if (!this.#log.hasOlder || this.#pages.isLoading || this.#log.size === 0) return;
    byId("older").hidden = false;
    await this.#pages.fetch({ before: this.#log.first }, (page) => {
      const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
      this.#log.hasOlder = page.has_more;
      this.#entries.addAll(page.entries);
      // What one was looking at stays where it is.
      this.#scrollTo(this.#scroller.scrollHeight - fromEnd);
      this.#entries.forget(this.#log.drop(this.#log.size - KEPT, "newer"));
    }).catch(() => {}); // Offline: scrolling up again tries again.
    if (!this.#isOver) byId("older").hidden = true;
  }

  async #newer() {
    if (!this.#log.hasNewer || this.#pages.isLoading) return;
    await this.#pages.fetch({ after: this.#log.last }, (page) => {
      const { scrollTop, scrollHeight } = this.#scroller;
      this.#log.hasNewer = page.has_more;
      this.#entries.forget(this.#log.drop(this.#log.size + page.messages.length - KEPT, "older"));
      const dropped = scrollHeight - this.#scroller.scrollHeight;
      this.#entries.addAll(page.entries);
      this.#scrollTo(scrollTop - dropped);
      this.look();
    }).catch(() => {});
  }
}
