/**
 * A stretch of a room's timeline that is at hand: messages and the
 * application's events, each at its `seq`, with nothing missing in between.
 * Pure: it asks nobody, and says what has changed.
 *
 * @import { Grown } from "./events.js"
 * @import { Message, Receipt, RoomEvent } from "./types.js"
 * @typedef {Message | RoomEvent} Entry
 */

import { isGrowing } from "./growing.js";

export class MessageLog {
  /** @type {Map<number, Entry>} by `seq` */
  #entries = new Map();
  /** @type {Map<string, number>} message id → seq */
  #seqs = new Map();
  hasOlder = false;
  hasNewer = false;

  get size() { return this.#entries.size; }
  get first() { return Math.min(...this.#entries.keys()); }
  get last() { return Math.max(0, ...this.#entries.keys()); }
  /** @type {(id: string) => Message | null} */
  get(id) {
    const entry = this.#entries.get(this.#seqs.get(id) ?? -1);
    return entry && isMessage(entry) ? entry : null;
  }

 
/** @type {(seq: number) => Entry | null} */
  at(seq) { return this.#entries.get(seq) ?? null; }

  /** All entries, oldest first. */
  list() {
    return [...this.#entries.values()].sort((a, b) => a.seq - b.seq);
  }

  reset() {
    this.#entries.clear();
    this.#seqs.clear();
    this.hasOlder = this.hasNewer = false;
  }

  /**
   * Takes in a message or an event; says whether it is "added" or "changed"
   * something, or null if it was known, or is beyond the end that is here.
   *
   * @param {Entry} entry
   * @param {boolean} [isLive]
   * @returns {"added" | "changed" | null}
   */
  put(entry, isLive = false) {
    const known = this.#entries.get(entry.seq);
    if (known) {
      if (!isMessage(entry) || !isMessage(known) || !(entry.changed_seq > known.changed_seq)) return null;
      this.#entries.set(entry.seq, withLonger(entry, known));
      return "changed";
    }
    if (isLive && this.hasNewer) return null;
    this.#entries.set(entry.seq, entry);
    if (isMessage(entry)) this.#seqs.set(entry.message_id, entry.seq);
    return "added";
  }

  /**
   * Takes over a message's new state, if the message is here.
   * @param {Message} message
   */
  change(message) {
    return this.#entries.has(message.seq) ? this.put(message) : null;
  }

  /**
   * More of a message that is being written, if it is here; gives it as it is now.
   * @param {Pick<Grown, "message_id" | "content" | "metadata">} grown
   */
  grow({ message_id: id, content, metadata }) {
    const known = this.get(id);
    if (!known || !isGrowing(known)) return null;
    const message = { ...known, content, ...(metadata && { metadata }) };
    this.#entries.set(known.seq, message);
    return message;
  }

  /**
   * What quotes a message that has changed shows it as it is now. Gives the
   * messages that quote it.
   *
   * @param {Message} message
   */
  requote(message) {
    /** @type {Message[]} */
    const quoting = [];
    for (const [seq, entry] of this.#entries) {
      if (!isMessage(entry) || entry.reply_to?.message_id !== message.message_id) continue;
      const deleted = Boolean(message.deleted_at);
      const content = deleted ? "" : message.content;
      const changed = { ...entry, reply_to: { ...entry.reply_to, content, deleted } };
      this.#entries.set(seq, changed);
      quoting.push(changed);
    }
    return quoting;
  }

  /**
   * A room was cleared: what came up to `upto` is gone. Gives those seqs.
   * @param {number} upto
   */
  clear(upto) {
    const gone = [...this.#entries.keys()].filter((seq) => seq <= upto);
    gone.forEach((seq) => this.#remove(seq));
    this.hasOlder = false;
    return gone;
  }

  /**
   * Lets go of `count` entries at one end. Gives their seqs.
   * @param {number} count
   * @param {"older" | "newer"} end
   * @returns {number[]}
   */
  drop(count, end) {
    if (count <= 0) return [];
    const seqs = [...this.#entries.keys()].sort((a, b) => a - b);
    const gone = end === "older" ? seqs.slice(0, count) : seqs.slice(-count);
    gone.forEach((seq) => this.#remove(seq));
    if (end === "older") this.hasOlder = true;
    else this.hasNewer = true;
    return gone;
  }

  /** @param {number} seq */
  #remove(seq) {
    const entry = this.#entries.get(seq);
    if (entry && isMessage(entry)) this.#seqs.delete(entry.message_id);
    this.#entries.delete(seq);
  }
}

/** @type {(entry: Entry) => entry is Message} */
export const isMessage = (entry) => "message_id" in entry;

/**
 * A text that is being written only grows, whatever is told of it.
 * @type {(message: Message, known: Message) => Message}
 */
const withLonger = (message, known) => (isGrowing(message) && known.content.length > message.content.length
  ? { ...message, content: known.content } : message);

/** How far each member has read, and what has reached them. */
export class Marks {
  /** @type {Map<string, {read: number, delivered: number}>} by user id */
  #marks = new Map();

  /**
   * Marks only rise. Says whether one did.
   * @param {Receipt} receipt
   */
  put({ user_id: user, read_seq: read = 0, delivered_seq: delivered = 0 }) {
    const known = this.#marks.get(user) ?? { read: 0, delivered: 0 };
    const next = {
      read: Math.max(known.read, read),
      delivered: Math.max(known.delivered, delivered, read),
    };
    this.#marks.set(user, next);
    return next.read > known.read || next.delivered > known.delivered;
  }

  /**
   * Up to where anybody else has read, and been reached.
   * @param {string | null} me
   */
  furthest(me) {
    const others = [...this.#marks].filter(([user]) => user !== me).map(([, mark]) => mark);
    return {
      read: Math.max(0, ...others.map((mark) => mark.read)),
      delivered: Math.max(0, ...others.map((mark) => mark.delivered)),
    };
  }

  /**
   * The other users who have read up to a message, and those it only reached.
   * @param {number} seq
   * @param {string[]} except
   */
  reached(seq, except) {
    const others = [...this.#marks].filter(([user]) => !except.includes(user));
    return {
      read: others.filter(([, mark]) => mark.read >= seq).map(([user]) => user),
      delivered: others.filter(([, mark]) => mark.read < seq && mark.delivered >= seq)
        .map(([user]) => user),
    };
  }
}
