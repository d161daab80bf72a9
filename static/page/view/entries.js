/**
 * The messages and events that a timeline shows, as elements in the order of
 * `seq`, and behind them what is on its way. What of them is known is the
 * `MessageLog`'s; where one looks is the `Timeline`'s.
 *
 * @import { Grown } from "../../client/events.js"
 * @import { Entry } from "../../client/log.js"
 * @import { Unsent } from "../../client/outbox.js"
 * @import { MessageLog } from "../../client/parlor.js"
 * @import { Tools } from "./message.js"
 *
 * @typedef {object} NewFrom where the line stands above what is new
 * @property {number} after at the first message of somebody else behind this `seq`
 * @property {boolean} isMarked by this user: then at the first message at all
 */

import { isInRoom } from "../../client/parlor.js";
import { dayName } from "./dom.js";
import { growText } from "./growing.js";
import { eventItem, messageItem, setState, showFailed, waitingItem } from "./message.js";

/** What one says within this time belongs together. */
const TOGETHER_MS = 5 * 60_000;

export class Entries {
  #list; #log; #tools; #newFrom;
  /** @type {Map<number, HTMLElement>} by `seq` */
  #items = new Map();
  /** @type {Map<string, HTMLElement>} by client id */
  #pending = new Map();

  /**
   * @param {{list: HTMLElement, log: MessageLog, tools: Tools, newFrom: NewFrom}} parts
   */
  constructor({ list, log, tools, newFrom }) {
    this.#list = list;
    this.#log = log;
    this.#tools = tools;
    this.#newFrom = newFrom;
    list.replaceChildren();
  }

  /** @param {number} seq */
  get(seq) { return this.#items.get(seq) ?? null; }

  /**
   * Shows nothing but what is on its way.
   *
   * @param {Unsent[]} waiting
   */
  reset(waiting) {
    this.#items.clear();
    this.#pending.clear();
    this.#list.replaceChildren();
    for (const unsent of waiting) this.addPending(unsent);
    this.layout();
  }

  /** @param {Entry} entry */
  #itemFor(entry) {
    return "message_id" in entry ? messageItem(entry, this.#tools.stateOf(entry), this.#tools) : eventItem(entry);
  }

  /**
   * Answers that are only in their threads have no place here.
   *
   * @param {Entry} entry
   */
  place(entry) {
    if ("message_id" in entry && !isInRoom(entry)) return;
    const item = this.#itemFor(entry);
    this.#items.set(entry.seq, item);
    this.#insert(item, entry.seq);
  }

  /** @param {Entry} entry */
  replace(entry) {
    const item = this.#items.get(entry.seq);
    if (!item) return;
    const next = this.#itemFor(entry);
    const hadFocus = item.contains(document.activeElement);
    this.#items.set(entry.seq, next);
    item.replaceWith(next);
    if (hadFocus) next.focus({ preventScroll: true });
  }

  /** @param {Grown} grown more of a message that is being written */
  grow(grown) {
    const message = this.#log.grow(grown);
    if (message) growText(this.#items.get(message.seq), message.content);
  }

  /** @param {number[]} seqs */
  forget(seqs) {
    for (const seq of seqs) {
      this.#items.get(seq)?.remove();
      this.#items.delete(seq);
    }
  }

  /**
   * A page of history. It is not read out: that is for what comes live.
   *
   * @param {Entry[]} page
   */
  addAll(page) {
    this.#list.setAttribute("aria-live", "off");
    for (const told of page) {
      const entry = "message_id" in told ? this.#tools.latest(told) : told;
      if (this.#log.put(entry) !== "added") continue;
      if ("message_id" in entry && entry.sender.id === this.#tools.me) this.settle(entry.client_id);
      this.place(entry);
    }
    this.layout();
    requestAnimationFrame(() => this.#list.setAttribute("aria-live", "polite"));
  }

  // What is on its way

  /** @param {Unsent} unsent */
  addPending(unsent) {
    if (unsent.threadId && !unsent.inRoom) return;
    this.#pending.get(unsent.clientId)?.remove();
    const item = waitingItem(unsent, this.#tools);
    this.#pending.set(unsent.clientId, item);
    this.#list.append(item);
  }

  /**
   * One's own message is no longer on its way.
   *
   * @param {string | undefined} clientId
   */
  settle(clientId = "") {
    this.#pending.get(clientId)?.remove();
    this.#pending.delete(clientId);
  }

  /**
   * The ack came before the event, or instead of it.
   *
   * @param {Unsent} unsent
   * @param {{seq: number}} ack
   */
  stored({ clientId }, { seq }) {
    const item = this.#pending.get(clientId);
    if (!item) return;
    if (!this.#log.at(seq) && !this.#log.hasNewer) return void setState(item, "stored");
    this.settle(clientId);
  }

  /** @param {Unsent} unsent */
  failed(unsent) {
    const item = this.#pending.get(unsent.clientId);
    if (!item) return;
    showFailed(item, unsent, this.#tools);
    this.layout();
  }

  /** @param {number} seq from which on one has marked the room as unread */
  markUnread(seq) {
    this.#newFrom = { after: seq - 1, isMarked: true };
    this.layout();
  }

  /** Somebody else has read, or been reached. */
  marked() {
    for (const [seq, item] of this.#items) {
      const entry = this.#log.at(seq);
      const isOwn = entry && "message_id" in entry && entry.sender.id === this.#tools.me;
      if (isOwn) setState(item, this.#tools.stateOf(entry));
    }
  }

  // How it lies

  /**
   * In the order of `seq`; almost always at the end, before what is pending.
   *
   * @param {HTMLElement} item
   * @param {number} seq
   */
  #insert(item, seq) {
    /** @type {HTMLElement | null} */
    let next = null;
    for (let other = last(this.#list); other; other = before(other)) {
      if (other === item) continue;
      if (other.dataset.seq !== undefined && Number(other.dataset.seq) < seq) break;
      next = other;
    }
    this.#list.insertBefore(item, next);
  }

  /** Marks the days, what is new, and what one says in one go. */
  layout() {
    /** @type {{at: Date, by: string | null} | null} */
    let before = null;
    let isNewShown = false;
    for (const item of /** @type {Iterable<HTMLElement>} */ (this.#list.children)) {
      const entry = this.#log.at(Number(item.dataset.seq));
      const at = new Date(item.querySelector("time")?.dateTime ?? 0);
      const by = item.dataset.sender ?? null;
      const isSameDay = before !== null && before.at.toDateString() === at.toDateString();
      /** @type {boolean} */
      const isNew = !isNewShown && this.#isNew(entry);
      isNewShown ||= isNew;
      setData(item, "day", isSameDay ? null : dayName(at));
      setData(item, "new", isNew ? "New" : null);
      const isOn = isSameDay && !isNew && before !== null && by !== null && before.by === by
        && at.getTime() - before.at.getTime() < TOGETHER_MS && !standsAlone(entry) && item.dataset.state !== "failed";
      item.classList.toggle("goes-on", isOn);
      before = { at, by };
    }
  }

  /**
   * Whether somebody else said it after one was last here, or one has marked it as unread.
   *
   * @param {Entry | null} entry
   * @returns {boolean}
   */
  #isNew(entry) {
    const { after, isMarked } = this.#newFrom;
    if (entry === null || entry.seq <= after || !("message_id" in entry)) return false;
    return isMarked || (!entry.silent && entry.sender.id !== this.#tools.me);
  }
}

const last = (/** @type {Element} */ list) => /** @type {HTMLElement | null} */ (list.lastElementChild);
const before = (/** @type {Element} */ item) => /** @type {HTMLElement | null} */ (item.previousElementSibling);

/**
 * A message with a head of its own, whoever spoke before.
 *
 * @param {Entry | null} entry
 */
const standsAlone = (entry) => entry !== null && "message_id" in entry
  && Boolean(entry.reply_to || entry.thread_id || entry.edited_at || entry.pinned || entry.kind || entry.sent_by);

/**
 * @param {HTMLElement} item
 * @param {string} name
 * @param {string | null} value
 */
function setData(item, name, value) {
  if (value === null) delete item.dataset[name];
  else item.dataset[name] = value;
}
