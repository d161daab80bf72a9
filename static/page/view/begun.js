/**
 * What one has begun to write in each room and thread. A text and which message it
 * answers are on all of one's devices; an edit and files stay in this window.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Message } from "../../client/types.js"
 * @import { Going } from "./attached.js"
 *
 * @typedef {{room: string, thread?: string}} Place
 * @typedef {{text: string, replying: Message | null}} Begun
 * @typedef {{text: string, editing: Message | null, files: Going[]}} Left when another place was opened
 */

/** @type {(place: Place) => string} */
const keyOf = ({ room, thread }) => JSON.stringify([room, thread ?? null]);
/** @type {(one: Place | null, other: Place | null) => boolean} */
export const isSamePlace = (one, other) => one?.room === other?.room && one?.thread === other?.thread;

export class BegunTexts {
  #parlor; #found;
  /** @type {Map<string, Left>} by place */
  #left = new Map();
  /** @type {Map<string, Message>} by place: which message was answered last */
  #replying = new Map();
  /** @type {Map<string, string>} by place: the id of one that is on its way */
  #awaited = new Map();

  /**
   * `found` is called when the message is there that is answered.
   *
   * @param {Parlor} parlor
   * @param {(place: Place) => void} found
   */
  constructor(parlor, found) {
    this.#parlor = parlor;
    this.#found = found;
  }

  /** @param {Place} place */
  #draft({ room, thread }) { return this.#parlor.chat.draft(room, thread); }

  /** @param {Place} place */
  #replyTo(place) {
    const id = this.#draft(place)?.metadata?.reply_to;
    return typeof id === "string" ? id : null;
  }

  /**
   * @param {Place} place
   * @returns {Begun}
   */
  of(place) {
    const key = keyOf(place);
    const id = this.#replyTo(place);
    const known = this.#replying.get(key);
    const replying = known?.message_id === id ? known ?? null : null;
    if (id !== null && !replying && this.#awaited.get(key) !== id) this.#find(place, id);
    return { text: this.#draft(place)?.content ?? "", replying };
  }

  /**
   * @param {Place} place
   * @param {string} id
   */
  async #find(place, id) {
    const key = keyOf(place);
    this.#awaited.set(key, id);
    // One that is gone is not answered.
    const message = await this.#parlor.message(id).catch(() => null);
    if (this.#awaited.get(key) !== id) return;
    this.#awaited.delete(key);
    if (!message || this.#replyTo(place) !== id) return;
    this.#replying.set(key, message);
    this.#found(place);
  }

  /**
   * Keeps it, as it is written by now.
   *
   * @param {Place} place
   * @param {Begun} begun
   */
  keep(place, { text, replying }) {
    const { room, thread } = place;
    const key = keyOf(place);
    if (replying) this.#replying.set(key, replying);
    const replyTo = replying?.message_id ?? this.#awaited.get(key);
    const content = text.trim() === "" ? "" : text;
    // What is too long is said when it is sent.
    this.#parlor.setDraft(room, content, { thread, ...(replyTo && { metadata: { reply_to: replyTo } }) }).catch(() => {});
  }

  /**
   * Another place is opened.
   *
   * @param {Place} place
   * @param {Left} left
   */
  leave(place, left) { this.#left.set(keyOf(place), left); }

  /**
   * What is there again when it is opened.
   *
   * @param {Place} place
   */
  take(place) {
    const { editing = null, files = [], text = "" } = this.#left.get(keyOf(place)) ?? {};
    this.#left.delete(keyOf(place));
    const begun = this.of(place);
    return editing ? { text, replying: null, editing, files } : { ...begun, editing, files };
  }

  /**
   * An edit was stored whose place is no longer shown.
   *
   * @param {Place} place
   * @param {Message} message
   */
  edited(place, message) {
    const left = this.#left.get(keyOf(place));
    if (left?.editing === message) left.editing = null;
  }

  /** Somebody else may sign in. */
  reset() {
    for (const each of [this.#left, this.#replying, this.#awaited]) each.clear();
  }
}

/**
 * Has all that is begun told and shown where one writes.
 *
 * @param {Parlor} parlor
 * @param {() => {begunChanged: (place: Place) => void}[]} composers
 */
export function keepBegun(parlor, composers) {
  parlor.on("draft", ({ room, thread }) => composers().forEach((each) => each.begunChanged({ room, thread })));
  globalThis.addEventListener("pagehide", () => parlor.flushDrafts());
  // A window that is put aside on a phone may never be told that it is left.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") parlor.flushDrafts();
  });
}
