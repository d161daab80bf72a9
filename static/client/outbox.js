/**
 * What one wrote and the server has not stored yet: sent again and again until
 * it is, room by room in the order of writing. What the server can never take
 * ends as failed, with its reason, and the others go on.
 */

import { Timers } from "./clock.js";
import { ParlorError, offline, pauseAfter, signedOut } from "./error.js";
import { tooLargeFor } from "./frame.js";
import { PRIORITY } from "./queue.js";

/** Messages that may wait to be sent. */
const PENDING_MAX = 1_000;
/** Messages that have failed and are kept; the oldest goes. */
const FAILED_MAX = 100;
/** How often a message is sent again that the server made a mistake with, or never answered. */
const FAULTS_MAX = 3;
/** Faults that are the server's, or of something in between. */
const FAULTS = new Set(["processing_error", "no_answer"]);

const isDefined = ([, value]) => value !== undefined && value !== null;
const withoutGaps = (object) => Object.fromEntries(Object.entries(object).filter(isDefined));

/**
 * A message that waits, or has failed.
 * @typedef {{room: string, content: string, clientId: string, at: Date,
 *   replyTo?: string, threadId?: string, metadata?: object, attachments?: object[],
 *   quote?: object, stored: Promise<object>, error: ParlorError | null}} Draft
 */

/** What is kept of a message: all that was given to `send`. */
function recordOf({ room, content, clientId, at, replyTo, threadId, metadata, attachments, quote, error }) {
  const failed = error && withoutGaps({ code: error.code, message: error.message, field: error.field });
  return withoutGaps({
    room, content, clientId, at: at.getTime(), replyTo, threadId, metadata, attachments, quote, failed,
  });
}

/** The same as the server wants it. */
export function dataOf({ room, content, clientId, replyTo, threadId, metadata, attachments }) {
  return withoutGaps({
    room_id: room, client_id: clientId, reply_to: replyTo, thread_id: threadId, metadata,
    // A file may speak for itself; then there is no content, not even an empty one.
    content: content || undefined,
    attachments: attachments?.map((attachment) => attachment.attachment_id),
  });
}

export class Outbox {
  #store; #connection; #emit; #user;
  /** client id → message, in the order of sending. */
  #pending = new Map();
  /** client id → message, in the order of failing. */
  #failed = new Map();
  #timers = new Timers();

  /**
   * `store` keeps what outlives the page, `connection` sends, `emit` tells
   * what becomes of a message, `user()` says whose messages these are.
   */
  constructor({ store, connection, emit, user }) {
    this.#store = store;
    this.#connection = connection;
    this.#emit = emit;
    this.#user = user;
  }

  get pending() { return [...this.#pending.values()]; }
  get failed() { return [...this.#failed.values()]; }

  /** What this user wrote and could not send before the page went. */
  recall() {
    for (const { at, failed, ...kept } of this.#store.load(this.#user().id)) {
      const { clientId } = kept;
      if (this.#pending.has(clientId) || this.#failed.has(clientId)) continue;
      if (!failed && this.#pending.size >= PENDING_MAX) continue;
      const message = this.#draft({ ...kept, at: new Date(at) });
      if (failed) this.#putFailed(message, new ParlorError(failed));
      else this.#pending.set(clientId, message);
    }
  }

  /** Throws if nobody is signed in, or too much waits. */
  send(draft) {
    if (!this.#user()) throw signedOut();
    if (this.#pending.size >= PENDING_MAX) throw offline("Too many messages wait to be sent.");
    this.#failed.delete(draft.clientId);
    const message = this.#draft(draft);
    this.#pending.set(message.clientId, message);
    this.#store.put(this.#user().id, recordOf(message));
    this.#emit("pending", message);
    this.push(message.room);
    return message;
  }

  #draft(given) {
    const message = { ...given, error: null, underWay: false, tries: 0, faults: 0 };
    message.stored = new Promise((resolve, reject) => Object.assign(message, { resolve, reject }));
    message.stored.catch(() => {});
    return message;
  }

  /** Sends what has failed once more. Says whether there was such a message. */
  resend(clientId) {
    const message = this.#failed.get(clientId);
    if (!message) return false;
    const { room, content, at, replyTo, threadId, metadata, attachments, quote } = message;
    this.send(withoutGaps({ room, content, clientId, at, replyTo, threadId, metadata, attachments, quote }));
    return true;
  }

  /**
   * Drops a message that has failed, or has not begun to be sent. Says whether
   * it could: one that is under way may be stored already.
   */
  discard(clientId) {
    const waiting = this.#pending.get(clientId);
    const message = this.#failed.get(clientId) ?? (waiting?.underWay ? undefined : waiting);
    if (!message) return false;
    this.#forget(message);
    this.#emit("discarded", message);
    message.reject(new ParlorError({ code: "discarded", message: "The message was dropped." }));
    this.push(message.room);
    return true;
  }

  /** The room has it, whoever sent it there: it is not one that has failed. */
  heard(clientId) {
    const message = this.#failed.get(clientId);
    if (message) this.#forget(message);
  }

  #forget({ clientId }) {
    this.#timers.stop(clientId);
    this.#pending.delete(clientId);
    this.#failed.delete(clientId);
    this.#store.remove(this.#user().id, clientId);
  }

  /** The user has signed out: nothing of theirs is kept. */
  drop() {
    for (const message of [...this.pending, ...this.failed]) this.#forget(message);
  }

  /** The session is over; what is kept waits until this user comes again. */
  reset() {
    const waiting = this.pending;
    this.#timers.stopAll();
    this.#pending.clear();
    this.#failed.clear();
    for (const { reject } of waiting) reject(signedOut());
  }

  /** The connection was cut: what was under way has to be sent again. */
  cut() {
    this.#timers.stopAll();
    for (const message of this.#pending.values()) message.underWay = false;
  }

  /** Sends all that waits. */
  pushAll() {
    for (const room of new Set(this.pending.map((message) => message.room))) this.push(room);
  }

  /**
   * Sends a room's next message. One at a time: otherwise one that the server
   * cannot take for the moment would be overtaken by those behind it.
   */
  async push(room) {
    const message = this.pending.find((waiting) => waiting.room === room);
    if (!this.#connection.isOnline || !message || message.underWay) return;
    message.underWay = true;
    message.tries += 1;
    try {
      const data = dataOf(message);
      const refusal = tooLargeFor(this.#connection.limits, data);
      if (refusal) throw refusal;
      const ack = await this.#connection.request("message.send", data, { priority: PRIORITY.send });
      this.#forget(message);
      this.#emit("sent", { message, ack });
      message.resolve(ack);
    } catch (error) {
      if (!this.#pending.has(message.clientId)) return;
      // With the next connection all is sent.
      if (error.code === "offline" && !this.#connection.isOnline) return;
      if (this.#isTriedAgain(message, error)) return;
      this.#pending.delete(message.clientId);
      this.#putFailed(message, error);
      this.#store.put(this.#user().id, recordOf(message));
      this.#emit("failed", { message, error });
      message.reject(error);
    }
    this.push(room);
  }

  #putFailed(message, error) {
    message.error = error;
    message.underWay = false;
    this.#failed.set(message.clientId, message);
    if (this.#failed.size > FAILED_MAX) this.#forget(this.#failed.values().next().value);
  }

  /** Whether a message that was not stored goes once more, and when. */
  #isTriedAgain(message, error) {
    const { tries } = message;
    const again = () => {
      // With a new connection it may be under way already.
      if (message.tries !== tries) return;
      message.underWay = false;
      this.push(message.room);
    };
    if (error.code === "token_expired") {
      // If it fails the connection ends, and with the next one all is sent.
      this.#connection.renew().then(again, () => {});
      return true;
    }
    message.faults += FAULTS.has(error.code) ? 1 : 0;
    const isFault = FAULTS.has(error.code) && message.faults < FAULTS_MAX;
    // There is a connection, and no place on it for one more request.
    const isFull = error.code === "offline";
    if (!error.isTemporary && !isFault && !isFull) return false;
    this.#timers.set(message.clientId, pauseAfter(error), again);
    return true;
  }
}
