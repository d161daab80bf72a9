/**
 * What one wrote and the server has not stored yet: sent again and again until
 * it is, room by room in the order of writing. What the server can never take
 * ends as failed, with its reason, and the others go on.
 */

import { Timers } from "./clock.js";
import { deferred } from "./deferred.js";
import { ParlorError, asError, offline, pauseAfter, signedOut } from "./error.js";
import { tooLargeFor, withoutGaps } from "./frame.js";
import { PRIORITY } from "./queue.js";

/** Messages that may wait to be sent. */
const PENDING_MAX = 1_000;
/** Messages that have failed and are kept; the oldest goes. */
const FAILED_MAX = 100;
/** How often a message is sent again that the server made a mistake with, or never answered. */
export const FAULTS_MAX = 3;
/** Faults that are the server's, or of something in between. */
export const FAULTS = new Set(["processing_error", "no_answer"]);

/**
 * @import { Connection } from "./connection.js"
 * @import { Deferred } from "./deferred.js"
 * @import { Emit } from "./events.js"
 * @import { OutboxStore } from "./stores.js"
 * @import { Attachment, Quote, Refusal, Stored, User } from "./types.js"
 *
 * @typedef {object} Extras what goes along with a message
 * @property {string} [replyTo] id of the message that is quoted
 * @property {string} [threadId] id of the first message of its thread
 * @property {boolean} [inRoom] that it is shown in the room as well as in its thread
 * @property {Record<string, unknown>} [metadata]
 * @property {Attachment[]} [attachments] what `attach` gave
 * @property {Quote} [quote] what is shown of the quoted message until the server does
 *
 * @typedef {Extras & {room: string, content: string, clientId: string}} Content
 * @typedef {Content & {at: Date}} Given
 * @typedef {Content & {at: number, failed?: Refusal}} Kept what outlives the page
 *
 * @typedef {Given & {stored: Promise<Stored>, error: ParlorError | null}} Unsent
 *   a message that waits, or has failed
 * @typedef {Unsent & Omit<Deferred<Stored>, "promise">
 *   & {underWay: boolean, tries: number, faults: number}} Waiting
 */

/**
 * What is kept of a message: all that was given to `send`.
 *
 * @param {Unsent} unsent
 * @returns {Kept}
 */
function recordOf({ room, content, clientId, at, replyTo, threadId, inRoom, metadata, attachments, quote, error }) {
  const failed = error ? withoutGaps({ code: error.code, message: error.message, field: error.field }) : undefined;
  return withoutGaps({
    room, content, clientId, at: at.getTime(), replyTo, threadId, inRoom, metadata, attachments, quote, failed,
  });
}

/**
 * The same as the server wants it.
 * @param {Omit<Content, "clientId"> & {clientId?: string}} content
 */
export function dataOf({ room, content, clientId, replyTo, threadId, inRoom, metadata, attachments }) {
  return withoutGaps({
    room_id: room, client_id: clientId, reply_to: replyTo, thread_id: threadId, in_room: inRoom || undefined, metadata,
    // A file may speak for itself; then there is no content, not even an empty one.
    content: content || undefined,
    attachments: attachments?.map((attachment) => attachment.attachment_id),
  });
}

export class Outbox {
  #store; #connection; #emit; #user;
  /** @type {Map<string, Waiting>} by client id, in the order of sending */
  #pending = new Map();
  /** @type {Map<string, Waiting>} by client id, in the order of failing */
  #failed = new Map();
  #timers = new Timers();

  /**
   * `store` keeps what outlives the page, `connection` sends, `emit` tells
   * what becomes of a message, `user()` says whose messages these are.
   *
   * @param {{store: OutboxStore, connection: Connection, emit: Emit, user: () => User | null}} parts
   */
  constructor({ store, connection, emit, user }) {
    this.#store = store;
    this.#connection = connection;
    this.#emit = emit;
    this.#user = user;
  }

  /** @returns {Unsent[]} */
  get pending() { return [...this.#pending.values()]; }
  /** @returns {Unsent[]} */
  get failed() { return [...this.#failed.values()]; }
  /** Whose messages these are; nobody asks while nobody is signed in. */
  get #userId() { return this.#user()?.id ?? ""; }

  /** What this user wrote and could not send before the page went. */
  recall() {
    for (const { at, failed, ...kept } of this.#store.load(this.#userId)) {
      const { clientId } = kept;
      if (this.#pending.has(clientId) || this.#failed.has(clientId)) continue;
      if (!failed && this.#pending.size >= PENDING_MAX) continue;
      const message = this.#unsent({ ...kept, at: new Date(at) });
      if (failed) this.#putFailed(message, new ParlorError(failed));
      else this.#pending.set(clientId, message);
    }
  }

  /**
   * Throws if nobody is signed in, or too much waits.
   * @param {Given} given
   * @returns {Unsent}
   */
  send(given) {
    if (!this.#user()) throw signedOut();
    if (this.#pending.size >= PENDING_MAX) throw offline("Too many messages wait to be sent.");
    this.#failed.delete(given.clientId);
    const message = this.#unsent(given);
    this.#pending.set(message.clientId, message);
    this.#store.put(this.#userId, recordOf(message));
    this.#emit("pending", message);
    this.push(message.room);
    return message;
  }

  /**
   * @param {Given} given
   * @returns {Waiting}
   */
  #unsent(given) {
    const { promise: stored, resolve, reject } = deferred();
    stored.catch(() => {});
    return { ...given, error: null, underWay: false, tries: 0, faults: 0, stored, resolve, reject };
  }

  /**
   * Sends what has failed once more. Says whether there was such a message.
   * @param {string} clientId
   */
  resend(clientId) {
    const message = this.#failed.get(clientId);
    if (!message) return false;
    const { room, content, at, replyTo, threadId, inRoom, metadata, attachments, quote } = message;
    this.send(withoutGaps({ room, content, clientId, at, replyTo, threadId, inRoom, metadata, attachments, quote }));
    return true;
  }

  /**
   * Drops a message that has failed, or has not begun to be sent. Says whether
   * it could: one that is under way may be stored already.
   *
   * @param {string} clientId
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

  /**
   * The room has it, whoever sent it there: it is not one that has failed.
   * @param {string | undefined} clientId
   */
  heard(clientId) {
    const message = this.#failed.get(clientId ?? "");
    if (message) this.#forget(message);
  }

  /** @param {Unsent} message */
  #forget({ clientId }) {
    this.#timers.stop(clientId);
    this.#pending.delete(clientId);
    this.#failed.delete(clientId);
    this.#store.remove(this.#userId, clientId);
  }

  /** The user has signed out: nothing of theirs is kept. */
  drop() {
    for (const message of [...this.pending, ...this.failed]) this.#forget(message);
  }

  /** The session is over; what is kept waits until this user comes again. */
  reset() {
    const waiting = [...this.#pending.values()];
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
   *
   * @param {string} room
   */
  async push(room) {
    const message = [...this.#pending.values()].find((waiting) => waiting.room === room);
    if (!this.#connection.isOnline || !message || message.underWay || this.#timers.has(message.clientId)) return;
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
    } catch (caught) {
      const error = asError(caught);
      if (!this.#pending.has(message.clientId)) return;
      // With the next connection all is sent.
      if (error.code === "offline" && !this.#connection.isOnline) return;
      if (this.#isTriedAgain(message, error)) return;
      this.#pending.delete(message.clientId);
      this.#putFailed(message, error);
      this.#store.put(this.#userId, recordOf(message));
      this.#emit("failed", { message, error });
      message.reject(error);
    }
    this.push(room);
  }

  /**
   * @param {Waiting} message
   * @param {ParlorError} error
   */
  #putFailed(message, error) {
    message.error = error;
    message.underWay = false;
    this.#failed.set(message.clientId, message);
    const [oldest] = this.#failed.values();
    if (this.#failed.size > FAILED_MAX) this.#forget(oldest);
  }

  /**
   * Whether a message that was not stored goes once more, and when.
   * @param {Waiting} message
   * @param {ParlorError} error
   */
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
    // The server refused it for now: until it goes again it may be dropped.
    message.underWay = !error.isTemporary;
    this.#timers.set(message.clientId, pauseAfter(error), again);
    return true;
  }
}
