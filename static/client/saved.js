/**
 * The messages that this user has saved, as far as they were read, each with
 * what is known of it. Pure: it is told what the server says and what comes.
 *
 * @import { InboxEvent, Message, Reminder, SavedEntry, SavedState } from "./types.js"
 */

import { Kept } from "./kept.js";

/**
 * Whether an event of the inbox reminds this user of a message.
 * @type {(event: InboxEvent) => event is InboxEvent & {data: Reminder}}
 */
export const isReminder = (event) => event.type === "message.reminder";

export class Saved {
  /** @type {Kept<SavedState>} by message */
  #kept = new Kept();
  /** @type {Map<string, Message>} by id, those of them that are known */
  #messages = new Map();

  /**
   * What this user has saved of a message; null if they have not, or that is not known.
   * @param {string} id
   */
  get(id) { return this.#kept.get(id); }

  /**
   * A saved message itself; null if it is not known.
   * @param {string} id
   */
  message(id) { return this.#messages.get(id) ?? null; }

  /**
   * All of them whose message is known, what was saved last first.
   * @returns {SavedEntry[]}
   */
  get list() {
    const listed = this.#kept.values.flatMap((state) => {
      const message = this.#messages.get(state.message_id);
      return message ? [{ ...state, message }] : [];
    });
    return listed.sort((a, b) => (b.saved_at ?? "").localeCompare(a.saved_at ?? ""));
  }

  // What the server says

  /** Before one asks for them: what is told from then on is newer than the answer. */
  get moment() { return this.#kept.moment; }

  /** @param {SavedState} state from now on */
  heard(state) {
    const { message_id: id, saved, updated_at: at } = state;
    if (this.#kept.tell(id, saved ? state : null, at) && !saved) this.#messages.delete(id);
  }

  /**
   * What an answer says that was asked for at a moment.
   *
   * @param {SavedEntry} told
   * @param {number} moment
   */
  learn({ message, ...state }, moment) {
    this.#kept.answer(state.message_id, state, state.updated_at, moment);
    this.changed(message);
  }

  /**
   * These were all of them at that moment.
   *
   * @param {Set<string>} ids
   * @param {number} moment
   */
  keepOnly(ids, moment) {
    this.#kept.keepOnly(ids, moment);
    this.#tidy();
  }

  /**
   * This user was reminded at that time.
   *
   * @param {Reminder} reminder
   * @param {string} at
   */
  reminded({ message_id: id, remind_at: wanted }, at) {
    const state = this.get(id);
    if (state?.remind_at === wanted) state.reminded_at = at;
  }

  // What comes

  /**
   * A message is not what it was, or was asked for.
   * @param {Message} message
   */
  changed(message) {
    const { message_id: id, changed_seq: seq } = message;
    if (this.get(id) && (this.#messages.get(id)?.changed_seq ?? -1) <= seq) this.#messages.set(id, message);
  }

  /**
   * What a room had up to a position is gone.
   *
   * @param {string} room
   * @param {number} upto
   */
  cleared(room, upto) {
    this.#kept.drop(({ message_id: id }) => {
      const message = this.#messages.get(id);
      return message !== undefined && message.room_id === room && message.seq <= upto;
    });
    this.#tidy();
  }

  /** @param {string} room in which one is no longer */
  forget(room) {
    this.#kept.drop(({ room_id: of }) => of === room);
    this.#tidy();
  }

  #tidy() { for (const id of this.#messages.keys()) if (!this.get(id)) this.#messages.delete(id); }

  /** Somebody else may sign in. */
  reset() {
    this.#kept.reset();
    this.#messages.clear();
  }
}
