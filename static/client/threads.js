/**
 * The threads that this user follows, as far as they were read, and how this
 * user stands to others that were opened. Pure: it is told what the server
 * says and what comes.
 *
 * @import { Message, ThreadEntry, ThreadState } from "./types.js"
 *
 * @typedef {object} Known
 * @property {ThreadState} state
 * @property {Message | null} root its first message, once it is known
 * @property {number} newest the `seq` of its newest reply that has come here
 * @property {number} at the moment at which the server told of its state
 */

import { isGrowing } from "./growing.js";
import { isMentioned } from "./text.js";
import { isToRead } from "./unread.js";

/** Threads that are known; the server lets a user follow fewer. */
const THREADS_MAX = 1_200;
/** First messages that are kept of threads that are not known: one may be followed from now on. */
const ROOTS_MAX = 64;

/** @type {(thread: Known) => thread is Known & {root: Message}} */
const isListed = (thread) => thread.state.following && thread.root !== null;
/** @type {(entry: ThreadEntry) => string} */
const newestOf = ({ root }) => root.thread?.last_reply?.created_at ?? root.created_at;

export class Threads {
  /** @type {Map<string, Known>} by id */
  #threads = new Map();
  /** @type {Map<string, Message>} by id, of threads in which something has happened lately */
  #roots = new Map();
  #moment = 0;
  /** What was asked for before is somebody else's. */
  #since = 0;

  /**
   * How this user stands to a thread; null if that is not known.
   *
   * @param {string} id
   * @returns {ThreadState | null}
   */
  get(id) { return this.#threads.get(id)?.state ?? null; }

  /**
   * Whether a thread's first message is known.
   * @param {string} id
   */
  hasRoot(id) { return Boolean(this.#threads.get(id)?.root); }

  /**
   * The threads that this user follows, that with the newest reply first.
   * @returns {ThreadEntry[]}
   */
  get followed() {
    const listed = [...this.#threads.values()].filter(isListed).map(({ state, root }) => ({ ...state, root }));
    return listed.sort((a, b) => newestOf(b).localeCompare(newestOf(a)));
  }

  /** How this user stands to those of them that have something unread. */
  get unreadStates() {
    return [...this.#threads.values()].filter((thread) => isListed(thread) && thread.state.unread > 0).map(({ state }) => state);
  }

  /** How many of them have something unread. */
  get unread() { return this.unreadStates.length; }

  // What the server says

  /** Before one asks for threads: what is told from then on is newer than the answer. */
  get moment() { return this.#moment; }

  /**
   * How this user stands to a thread from now on.
   * @param {ThreadState} state
   */
  heard(state) {
    this.#moment += 1;
    const known = this.#of(state);
    known.at = this.#moment;
    take(known, state);
  }

  /**
   * What an answer says that was asked for at a moment.
   *
   * @param {ThreadEntry} told
   * @param {number} moment
   */
  learn({ root, ...state }, moment) {
    if (moment < this.#since) return;
    const known = this.#of(state);
    // It may also lack replies that have come since.
    if (known.at <= moment && known.newest <= root.changed_seq) take(known, state);
    this.changed(root);
  }

  /**
   * Of those that this user follows, these were all at that moment.
   *
   * @param {Set<string>} ids
   * @param {number} moment
   */
  keepOnly(ids, moment) {
    if (moment < this.#since) return;
    for (const [id, { state, at }] of this.#threads) {
      if (state.following && at <= moment && !ids.has(id)) this.#threads.delete(id);
    }
  }

  /** @param {ThreadState} state */
  #of(state) {
    const { thread_id: id } = state;
    const known = this.#threads.get(id);
    if (known) return known;
    if (this.#threads.size >= THREADS_MAX) {
      const all = [...this.#threads];
      const [oldest] = all.find(([, thread]) => !thread.state.following) ?? all[0];
      this.#threads.delete(oldest);
    }
    /** @type {Known} */
    const made = { state, root: this.#roots.get(id) ?? null, newest: 0, at: 0 };
    this.#roots.delete(id);
    this.#threads.set(id, made);
    return made;
  }

  // What comes

  /**
   * A message is not what it was, or was asked for: it may be the first one of a thread.
   * @param {Message} message
   */
  changed(message) {
    const thread = this.#threads.get(message.message_id);
    if (!thread && message.thread) this.#keepRoot(message);
    if (thread && !(thread.root && thread.root.changed_seq >= message.changed_seq)) thread.root = message;
  }

  /** @param {Message} root */
  #keepRoot(root) {
    this.#roots.delete(root.message_id);
    this.#roots.set(root.message_id, root);
    const [oldest] = this.#roots.keys();
    if (this.#roots.size > ROOTS_MAX) this.#roots.delete(oldest);
  }

  /**
   * The thread of a reply, if what happened to it at that position is not in its numbers yet.
   *
   * @param {Message} reply
   * @param {number} position
   */
  #ofReply({ thread_id: id }, position) {
    const thread = this.#threads.get(id ?? "");
    return thread && position > (thread.root?.changed_seq ?? 0) ? thread : null;
  }

  /**
   * A reply has come, if it is one. Whoever replies has read what is before it.
   *
   * @param {Message} reply
   * @param {number} position
   * @param {string | null} me
   */
  replied(reply, position, me) {
    const thread = this.#ofReply(reply, position);
    if (!thread) return;
    thread.newest = Math.max(thread.newest, reply.seq);
    if (reply.sender.id === me) read(thread, reply.seq);
    else if (!isGrowing(reply)) this.ended(reply, position, me);
  }

  /**
   * A reply is whole, which may be unread.
   *
   * @param {Message} reply
   * @param {number} position
   * @param {string | null} me
   */
  ended(reply, position, me) {
    const state = this.#ofReply(reply, position)?.state;
    if (!state || !isToRead(reply, me, state.read_seq)) return;
    state.unread += 1;
    if (isMentioned(reply, me)) state.mentions += 1;
  }

  /**
   * A reply was deleted, which may have been unread.
   *
   * @param {Message} reply
   * @param {number} position
   * @param {string | null} me
   */
  gone(reply, position, me) {
    const state = this.#ofReply(reply, position)?.state;
    if (!state || !isToRead(reply, me, state.read_seq)) return;
    state.unread = Math.max(0, state.unread - 1);
    state.mentions = Math.min(state.mentions, state.unread);
  }

  /**
   * Read here, which the server is told in a while; by itself up to its end.
   *
   * @param {string} id
   * @param {number} [seq]
   */
  readHere(id, seq = Infinity) {
    const thread = this.#threads.get(id);
    if (thread) read(thread, seq);
  }

  /**
   * What a room had up to a position is gone.
   *
   * @param {string} room
   * @param {number} upto
   */
  cleared(room, upto) {
    for (const [id, { state, root }] of this.#threads) {
      if (state.room_id === room && root && root.seq <= upto) this.#threads.delete(id);
    }
    this.#forgetRoots(room, upto);
  }

  /** @param {string} room in which one is no longer */
  forget(room) {
    for (const [id, { state }] of this.#threads) if (state.room_id === room) this.#threads.delete(id);
    this.#forgetRoots(room);
  }

  /**
   * @param {string} room
   * @param {number} [upto]
   */
  #forgetRoots(room, upto = Infinity) {
    for (const [id, root] of this.#roots) if (root.room_id === room && root.seq <= upto) this.#roots.delete(id);
  }

  /** Somebody else may sign in. */
  reset() {
    this.#threads.clear();
    this.#roots.clear();
    this.#moment += 1;
    this.#since = this.#moment;
  }
}

/**
 * The server's word; what has been read here since stays read.
 *
 * @param {Known} thread
 * @param {ThreadState} told
 */
function take(thread, told) {
  const { read_seq: readSeq, unread, mentions } = thread.state;
  thread.state = told.read_seq < readSeq ? { ...told, read_seq: readSeq, unread, mentions } : { ...told };
}

/**
 * @param {Known} thread
 * @param {number} seq up to where it was read
 */
function read({ state, root, newest }, seq) {
  // Its end is only known as far as replies have come here.
  const end = seq === Infinity ? newest : Math.max(newest, root?.changed_seq ?? 0);
  state.read_seq = Math.max(state.read_seq, Math.min(seq, end));
  if (seq >= newest) Object.assign(state, { unread: 0, mentions: 0 });
}
