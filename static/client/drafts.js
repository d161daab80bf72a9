/**
 * What this user has begun to write in rooms and threads: as the server keeps
 * it, and as it was written here since, which is told a little later. Pure: it
 * is told what is written and heard, and says what is due.
 *
 * @import { Entry } from "./draft_entry.js"
 * @import { ParlorError } from "./error.js"
 * @import { Draft } from "./types.js"
 */

import { deferred } from "./deferred.js";
import { differs, emptied, isGone, isIdle, isSame, keyOf, looksSame, newEntry, shown } from "./draft_entry.js";
import { offline, signedOut } from "./error.js";
import { withoutGaps } from "./frame.js";

/** What is written within this time is told together. */
const TOLD_AFTER_MS = 1_000;
/** Drafts that are known, with those that are gone; the server keeps fewer. */
const ENTRIES_MAX = 1_000;

export class Drafts {
  /** @type {Map<string, Entry>} by room and thread */
  #entries = new Map();
  /** @type {Set<string> | null} those that were told of, while the server lists them */
  #listed = null;
  /**
   * Called when a draft is not what it was, and was not set here.
   * @type {(room: string, thread: string | undefined, draft: Draft | null) => void}
   */
  onChange = () => {};

  /**
   * What has been begun there, by what is known here; null if there is nothing.
   * @param {string} room
   * @param {string} [thread]
   */
  get(room, thread) { return shown(this.#entries.get(keyOf(room, thread))); }

  /**
   * @param {string} room
   * @param {string | undefined} thread
   * @returns {Entry | null} null if too much waits to be told
   */
  #of(room, thread) {
    const key = keyOf(room, thread);
    const known = this.#entries.get(key);
    if (known) return known;
    if (this.#entries.size >= ENTRIES_MAX) {
      const idle = [...this.#entries].filter(([, entry]) => isIdle(entry));
      const [oldest] = idle.find(([, { told }]) => isGone(told)) ?? idle[0] ?? [];
      if (oldest === undefined) return null;
      this.#entries.delete(oldest);
    }
    const made = newEntry();
    this.#entries.set(key, made);
    return made;
  }

  /**
   * Runs what the server or a message brings about, and tells whoever shows the draft.
   * @param {Entry} entry
   * @param {Draft} place
   * @param {() => void} run
   */
  #change(entry, { room_id: room, thread_id: thread }, run) {
    const before = shown(entry);
    run();
    const after = shown(entry);
    if (!looksSame(before, after)) this.onChange(room, thread, after);
  }

  // What is written here

  /**
   * Written here. Resolves once the server has it, or what was written later.
   * @param {Draft} draft
   * @param {number} now
   * @returns {Promise<Draft>}
   */
  write(draft, now) {
    const entry = this.#of(draft.room_id, draft.thread_id);
    if (!entry) return Promise.reject(offline("Too many drafts wait to be told."));
    const metadata = Object.keys(draft.metadata ?? {}).length > 0 ? draft.metadata : undefined;
    entry.here = withoutGaps({ ...draft, metadata });
    entry.isHeld = false;
    entry.wantedAt = isGone(entry.here) ? now : Math.min(entry.wantedAt, now + TOLD_AFTER_MS);
    const { promise } = entry.waiting ??= deferred();
    if (!differs(entry) && entry.told) this.#settled(entry, entry.told);
    return promise;
  }

  /**
   * Nothing is to be told any more.
   * @param {Entry} entry
   * @param {Draft} told
   */
  #settled(entry, told) {
    const { waiting } = entry;
    Object.assign(entry, { here: null, wantedAt: Infinity, isHeld: false, waiting: null });
    waiting?.resolve(told);
  }

  /**
   * It has become a message: here it is gone, and on the server once that is stored.
   * @param {string} room
   * @param {string} [thread]
   */
  hold(room, thread) {
    const entry = this.#entries.get(keyOf(room, thread));
    if (!entry || (isIdle(entry) && isGone(entry.told))) return;
    entry.here = withoutGaps({ room_id: room, thread_id: thread, content: "" });
    entry.isHeld = true;
    entry.wantedAt = Infinity;
  }

  /**
   * The message with this content is stored, or was dropped. It may be one of before
   * the page was left, whose draft is still there.
   * @param {{room: string, threadId?: string, content?: string}} message
   * @param {number} now
   */
  release({ room, threadId: thread, content }, now) {
    const entry = this.#entries.get(keyOf(room, thread));
    if (!entry) return;
    const place = withoutGaps({ room_id: room, thread_id: thread, content: "" });
    if (isIdle(entry) && content && entry.told?.content.trim() === content) {
      this.#change(entry, place, () => this.hold(room, thread));
    }
    if (!entry.isHeld) return;
    entry.isHeld = false;
    if (differs(entry)) entry.wantedAt = now;
    else this.#settled(entry, entry.told ?? place);
  }

  // What the server has

  /**
   * The server tells of a draft; one that is older than what is known is passed over.
   * @param {Draft} draft
   */
  heard(draft) {
    const { room_id: room, thread_id: thread } = draft;
    this.#listed?.add(keyOf(room, thread));
    const entry = this.#of(room, thread);
    if (entry) this.#change(entry, draft, () => this.#take(entry, draft));
  }

  /**
   * @param {Entry} entry
   * @param {Draft} draft
   */
  #take(entry, draft) {
    const [at, knownAt] = [draft.updated_at ?? "", entry.told?.updated_at ?? ""];
    if (at < knownAt) return;
    entry.told = draft;
    const isOwn = entry.said !== null && isSame(entry.said, draft);
    // An answer that is still to come says the same.
    if (isOwn && !entry.underWay) entry.said = null;
    // What is still to be told from here comes later; what only stayed here is over.
    const isPending = entry.underWay || entry.wantedAt < Infinity;
    if (at > knownAt && !isOwn && !isPending) this.#settled(entry, draft);
  }

  /** The server is about to list them all. */
  beginList() {
    this.#listed = new Set();
    return this.#listed;
  }

  /**
   * These are there. If they are `all`, what was neither among them nor told of since
   * the list was begun is gone.
   * @param {Set<string>} begun what `beginList` gave
   * @param {Draft[]} drafts
   * @param {boolean} all
   */
  endList(begun, drafts, all) {
    // Somebody else may have signed in.
    if (this.#listed !== begun) return;
    for (const draft of drafts) this.heard(draft);
    this.#listed = null;
    for (const [key, entry] of this.#entries) {
      const { told, said } = entry;
      if (!all || !told || isGone(told) || said || begun.has(key)) continue;
      this.#change(entry, told, () => { entry.told = emptied(told); });
    }
  }

  // What is due

  /** @returns {Entry | null} the one that has been due the longest, or is next */
  get #first() {
    /** @type {Entry | null} */
    let first = null;
    for (const entry of this.#entries.values()) {
      if (!entry.underWay && entry.wantedAt < (first?.wantedAt ?? Infinity)) first = entry;
    }
    return first;
  }

  /** When the next draft is due; Infinity if there is none. */
  get dueAt() { return this.#first?.wantedAt ?? Infinity; }

  /**
   * What is to be told now, or null; it is under way then.
   * @param {number} now
   */
  next(now) {
    const entry = this.#first;
    if (!entry || entry.wantedAt > now) return null;
    entry.wantedAt = Infinity;
    entry.underWay = entry.said = entry.here;
    return entry.underWay;
  }

  /**
   * All that waits is due at once.
   * @param {number} now
   */
  hurry(now) {
    for (const entry of this.#entries.values()) {
      if (entry.wantedAt < Infinity) entry.wantedAt = Math.min(entry.wantedAt, now);
    }
  }

  /**
   * What was under way has been told, and this was the answer.
   * @param {Draft} telling
   * @param {Draft} answer
   */
  told(telling, answer) {
    const entry = this.#answered(telling);
    if (!entry) return;
    this.#change(entry, telling, () => {
      if ((answer.updated_at ?? "") >= (entry.told?.updated_at ?? "")) entry.told = answer;
      if (entry.wantedAt === Infinity && !entry.isHeld) this.#settled(entry, entry.told ?? answer);
    });
  }

  /**
   * It could not be told; `again` says after how long it may be tried again, or is null.
   * What was written stays here in any case.
   * @param {Draft} telling
   * @param {ParlorError} error
   * @param {number | null} again
   * @param {number} now
   */
  refused(telling, error, again, now) {
    const entry = this.#answered(telling);
    if (!entry || entry.isHeld) return;
    if (again !== null) {
      entry.wantedAt = now + again;
    } else if (entry.wantedAt === Infinity) {
      entry.waiting?.reject(error);
      entry.waiting = null;
    }
  }

  /** @param {Draft} telling */
  #answered(telling) {
    const entry = this.#entries.get(keyOf(telling.room_id, telling.thread_id));
    // One is in the room anew, or it was cut.
    if (entry?.underWay !== telling) return null;
    entry.underWay = entry.said = null;
    return entry;
  }

  /**
   * The connection was cut: what was under way may not have arrived.
   * @param {number} now
   */
  cut(now) {
    for (const entry of this.#entries.values()) {
      if (entry.underWay && !entry.isHeld) entry.wantedAt = now;
      entry.underWay = null;
    }
  }

  // What is over

  /**
   * One is no longer in a room.
   * @param {string} room
   * @param {ParlorError} [error]
   */
  forget(room, error = offline("This user is not in the room any more.")) {
    for (const [key, { waiting }] of this.#entries) {
      if (JSON.parse(key)[0] !== room) continue;
      this.#entries.delete(key);
      waiting?.reject(error);
    }
  }

  /** Somebody else may sign in. */
  reset() {
    for (const { waiting } of this.#entries.values()) waiting?.reject(signedOut());
    this.#entries.clear();
    this.#listed = null;
  }
}
