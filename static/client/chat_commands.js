/**
 * Commands that have to do with what is known: their answers become part of
 * `chat`, or are shown as it knows better, and what is read or begun here is
 * there at once.
 *
 * @import { Parts } from "./parts.js"
 * @import { ChatState } from "./state.js"
 * @import { Draft, ThreadEntry, ThreadState, Unread } from "./types.js"
 */

import { Commands } from "./commands.js";
import { withoutGaps } from "./frame.js";
import { fillInbox } from "./inbox.js";
import { Sharing } from "./sharing.js";

/** Threads of one page where all are read, and pages: the server lets a user follow fewer. */
const THREADS_READ = 200;
const THREAD_PAGES_MAX = 6;

/** Extended by `ChatLater`. */
export class ChatCommands extends Commands {
  #parts;
  /** Somebody lists the threads that this user follows. */
  #hasThreads = false;
  /** The list of threads that is being read, and first messages of some. */
  #reading = new Sharing();
  /**
   * What is known of rooms and people.
   * @type {ChatState}
   */
  chat;

  /** @param {Parts} parts */
  constructor(parts) {
    super();
    this.#parts = parts;
    this.chat = parts.chat;
    parts.listeners.on("thread-state", (state) => this.#fill(state));
    parts.listeners.on("signed-out", () => this.#reading.forget());
  }

  // What is read: an answer may be older than what was told of a message that is being written.

  /** @type {Commands["message"]} */
  async message(messageId) { return this.chat.latest(await super.message(messageId)); }

  /** @type {Commands["history"]} */
  async history(room, where) {
    const page = await super.history(room, where);
    return { ...page, messages: page.messages.map((message) => this.chat.latest(message)) };
  }

  /** @type {Commands["thread"]} */
  async thread(messageId, page) {
    const { moment } = this.chat.threads;
    const { root: first, replies, state, ...more } = await super.thread(messageId, page);
    const root = this.chat.latest(first);
    this.#learn([{ ...state, root }], moment);
    return { ...more, state, root, replies: replies.map((reply) => this.chat.latest(reply)) };
  }

  /** @type {Commands["threads"]} */
  async threads(which) {
    const { moment } = this.chat.threads;
    const page = await super.threads(which);
    const threads = page.threads.map((thread) => ({ ...thread, root: this.chat.latest(thread.root) }));
    this.#hasThreads = true;
    this.#learn(threads, moment);
    return { ...page, threads };
  }

  /**
   * Reads all threads that this user follows into `chat.threads`; who asks meanwhile shares it.
   * @returns {Promise<void>}
   */
  loadThreads() { return this.#reading.run("threads", () => this.#loadThreads()); }

  async #loadThreads() {
    const { moment } = this.chat.threads;
    /** @type {Set<string>} */
    const ids = new Set();
    /** @type {string | undefined} */
    let cursor;
    for (let pages = 0; pages < THREAD_PAGES_MAX; pages += 1) {
      const page = await this.threads({ cursor, limit: THREADS_READ });
      for (const { thread_id: id } of page.threads) ids.add(id);
      ({ cursor } = page);
      if (!page.has_more) break;
    }
    this.chat.threads.keepOnly(ids, moment);
    this.#parts.changed();
  }

  /**
   * @param {ThreadEntry[]} threads
   * @param {number} moment at which these were asked for
   */
  #learn(threads, moment) {
    for (const thread of threads) this.chat.threads.learn(thread, moment);
    this.#parts.changed();
  }

  /**
   * A thread has come into the list, of whose first message nobody has told: it is asked for.
   * @param {ThreadState} state
   */
  async #fill({ thread_id: id, following }) {
    const { threads } = this.chat;
    if (!this.#hasThreads || !following || threads.hasRoot(id)) return;
    const root = await this.#reading.run(`message ${id}`, () => this.message(id)).catch(() => null);
    if (!root) return;
    threads.changed(root);
    this.#parts.changed();
  }

  // What is read and begun here

  /**
   * Everything up to `seq` is read. Marks are merged and told a room every few
   * seconds; resolves with the server's numbers once it was told.
   *
   * @param {string} room
   * @param {number} seq
   * @returns {Promise<Unread>}
   */
  markRead(room, seq) {
    this.chat.readHere(room, seq);
    this.#parts.changed();
    return this.#parts.marks.read(room, seq);
  }

  /** @type {Commands["markUnread"]} */
  async markUnread(room, from) {
    // What was read before and told behind it would end it.
    if (this.#parts.connection.isOnline) await this.#parts.marks.settled(room);
    return super.markUnread(room, from);
  }

  /**
   * What has come up to `seq`; said by itself for what comes.
   * @param {string} room
   * @param {number} seq
   */
  markDelivered(room, seq) { this.#parts.marks.delivered(room, seq); }

  /**
   * With a `seq` merged, and told every few seconds, as `markRead`.
   *
   * @type {Commands["markThreadRead"]}
   */
  markThreadRead(threadId, upto = {}) {
    const { seq, message_id: id } = upto;
    if (id === undefined) this.chat.threads.readHere(threadId, seq);
    this.#parts.changed();
    return seq === undefined ? super.markThreadRead(threadId, upto) : this.#parts.threadMarks.read(threadId, seq);
  }

  /**
   * What the user has begun to write there, to be kept for them on all their devices;
   * gone if it is empty. The last of a second is told; resolves once the server has
   * this or a later one.
   *
   * @param {string} room
   * @param {string} content
   * @param {{thread?: string, metadata?: Record<string, unknown>}} [more] `thread`: the id of its first message
   * @returns {Promise<Draft>}
   */
  setDraft(room, content, { thread, metadata } = {}) {
    return this.#parts.drafts.set(withoutGaps({ room_id: room, thread_id: thread, content, metadata }));
  }

  /** Tells at once what waits of that: for when the page is left. */
  flushDrafts() { this.#parts.drafts.flush(); }

  /**
   * Reads what this user has begun to write, newest first, into `chat`.
   * @returns {Promise<Draft[]>}
   */
  drafts() { return this.#parts.drafts.read(this); }

  // The inbox

  /** Fetches what the inbox has held lately, also what was seen. */
  async loadInbox() {
    await fillInbox(this, this.chat);
    this.#parts.changed();
  }

  /** All that the inbox holds has been seen. */
  async seenInbox() {
    const upto = this.chat.inboxSeq;
    if (this.chat.inboxUnseen === 0) return;
    await this.ackInbox(upto);
    this.chat.inboxAcked(upto);
    this.#parts.changed();
  }

  // Blocks

  /** @type {Commands["block"]} */
  async block(user) {
    await super.block(user);
    await this.#lookAtDirect(user);
  }

  /** @type {Commands["unblock"]} */
  async unblock(user) {
    await super.unblock(user);
    await this.#lookAtDirect(user);
  }

  /**
   * Nobody is told of a block: whether one may write in the room of the two is asked for.
   * @param {string} user
   */
  async #lookAtDirect(user) {
    const direct = this.chat.rooms.find(({ peer }) => peer?.id === user);
    const room = direct && (await this.room(direct.room_id).catch(() => null));
    if (!room) return;
    this.chat.changeRoom(room.room_id, { blocked: room.blocked ?? false });
    this.#parts.changed();
  }
}
