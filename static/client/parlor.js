/**
 * The Parlor client: a connection that heals itself, what it has told, and
 * REST beside it. docs/CLIENT.md tells how to use it.
 *
 * No page in it: it runs wherever there are `WebSocket` and `fetch` (browsers,
 * Node 22 and later). What it promises follows docs/PROTOCOL.md:
 * - each event of a room is emitted once, in `seq` order, also over cuts;
 * - a message handed to `send` is sent again until it is acked, and stored once;
 * - every queue and every wait has a limit;
 * - what goes wrong is told, by an `error` event or a promise that rejects.
 *
 * @example
 * const parlor = new Parlor({ base: "https://chat.example.org" });
 * parlor.on("message", (message) => console.log(message.content));
 * await parlor.login("alice", "correct horse");
 * await parlor.connect();
 * await parlor.send("lobby", "hello").stored;
 *
 * @import { Commands } from "./commands.js"
 * @import { ParlorError } from "./error.js"
 * @import { ParlorEvents } from "./events.js"
 * @import { Extras, Unsent } from "./outbox.js"
 * @import { SocketClass } from "./socket.js"
 * @import { OutboxStore } from "./stores.js"
 * @import { Store } from "./tokens.js"
 * @import { Room, User } from "./types.js"
 * @import { Started } from "./writer.js"
 *
 * @typedef {object} Options
 * @property {string} [base] the server's http or https address; by default where this was loaded from
 * @property {Store} [store] where the tokens of `register` and `login` are kept
 * @property {(() => Promise<string>) | null} [fetchToken] gives a token of the
 *   application's own, and the next one when that is over
 * @property {OutboxStore} [outbox] where unsent messages outlive the page
 * @property {SocketClass | null} [WebSocket] the class to connect with, where there is no global one
 */

import { ChatLater } from "./chat_later.js";
import { told } from "./emitter.js";
import { signedOut } from "./error.js";
import { tooLargeFor, withoutGaps } from "./frame.js";
import { dataOf } from "./outbox.js";
import { Parts } from "./parts.js";
import { memoryStore, noOutbox } from "./stores.js";

export { comesBack } from "./closing.js";
export { ParlorError } from "./error.js";
export { MessageLog, Marks } from "./log.js";
export * as preferences from "./preferences.js";
export * as rules from "./rules.js";
export { isReminder } from "./saved.js";
export { ChatState } from "./state.js";
export { browserOutbox, browserStore, memoryStore } from "./stores.js";
export { isMentioned, pieces, wordAtCaret } from "./text.js";
export { isInRoom, unreadAfter } from "./unread.js";

/**
 * Where this module was loaded from, if that was a server of Parlor: it is the
 * base also below a path and from pages of other origins. Where it is part of
 * something larger, the page's origin.
 */
function ownBase(url = import.meta.url) {
  const served = /^(https?:.*)\/client\/parlor\.js$/.exec(url);
  return served ? served[1] : globalThis.location?.origin;
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Events: docs/CLIENT.md, "Events". Commands: chat_later.js, and what that extends. */
export class Parlor extends ChatLater {
  #parts;

  /** @param {Options} [options] */
  constructor({
    base = ownBase(), store = memoryStore(), fetchToken = null, outbox = noOutbox, WebSocket = null,
  } = {}) {
    if (!base || !/^https?:\/\//.test(base)) throw new TypeError("Parlor needs the server's http or https address as `base`.");
    const parts = new Parts({ base, store, fetchToken, outbox, webSocket: WebSocket });
    super(parts);
    this.#parts = parts;
  }

  /** "online", "connecting" or "offline". */
  get state() { return this.#parts.connection.state; }
  /** The user of this session, once it is known. */
  get user() { return this.#parts.account.user; }
  get signedIn() { return this.#parts.account.renews || Boolean(this.#parts.account.stored); }
  /** Whose session is stored; another tab may have changed it. */
  get storedUserId() { return this.#parts.account.stored?.user?.id ?? null; }
  /** What has been sent and not been acked yet, oldest first. */
  get pending() { return this.#parts.outbox.pending; }
  /** What the server did not take, each with its `error`. */
  get failed() { return this.#parts.outbox.failed; }
  /** The bounds the server told; PROTOCOL.md, "Limits". */
  get limits() { return this.#parts.connection.limits; }

  /**
   * Gives a function that takes the listener off again.
   *
   * @template {keyof ParlorEvents} E
   * @param {E} event
   * @param {(detail: ParlorEvents[E]) => void} listener
   * @returns {() => void}
   */
  on(event, listener) { return this.#parts.listeners.on(event, listener); }

  // Accounts

  /** @type {(userId: string, password: string, name?: string) => Promise<User>} */
  register(userId, password, name) {
    return this.#begin("/auth/register", { user_id: userId, password, name: name || undefined });
  }

  /** @type {(userId: string, password: string) => Promise<User>} */
  login(userId, password) {
    return this.#begin("/auth/login", { user_id: userId, password });
  }

  /**
   * @param {string} path
   * @param {object} body
   */
  async #begin(path, body) {
    const user = await this.#parts.account.begin(path, body);
    this.#parts.recall();
    return user;
  }

  /**
   * With a `deviceId`, that device of an account is told nothing more.
   *
   * @param {{deviceId?: string}} [options]
   * @returns {Promise<void>}
   */
  logout({ deviceId } = {}) {
    if (this.user) this.#parts.outbox.drop();
    return this.#parts.account.logout(deviceId);
  }

  /**
   * Another password; the user's other sessions end.
   * @param {string} oldPassword
   * @param {string} newPassword
   * @returns {Promise<void>}
   */
  changePassword(oldPassword, newPassword) {
    return this.rest("POST", "/auth/password", {
      old_password: oldPassword, new_password: newPassword,
    });
  }

  // REST

  /** @type {Commands["rest"]} */
  rest(method, path, body) { return this.#parts.account.rest(method, path, body); }
  /** @type {Commands["upload"]} */
  upload(path, file, type) { return this.#parts.account.upload(path, file, type); }
  /** @type {Commands["download"]} */
  download(path) { return this.#parts.account.download(path); }
  /** @type {Commands["address"]} */
  address(path) { return path.startsWith("/") ? `${this.#parts.account.base}${path}` : path; }

  // The connection

  /**
   * Connects, and stays connected until `close`. Resolves when it is online
   * for the first time; rejects if it stops for good before that.
   */
  connect() { return this.#parts.connection.connect(); }
  /** Tries now instead of after the pause, e.g. when the network is back. */
  retryNow() { this.#parts.connection.retryNow(); }
  close() { this.#parts.connection.close(); }

  /**
   * One frame and its answer; resolves with the data of the ack.
   * @param {string} type
   * @param {object} data
   * @param {(answer: any) => void} [onAck] called before any later frame is looked at
   * @returns {Promise<any>}
   */
  request(type, data, onAck = () => {}) {
    return this.#parts.connection.request(type, data, { onAck: (/** @type {any} */ answer) => told(onAck, answer) });
  }

  /** @type {Commands["command"]} */
  command(type, data) { return this.#parts.connection.command(type, data); }

  /**
   * Hears a room without being a member of it, if the application lets this user, also
   * after a cut; until `unwatch`, or `room-removed`.
   *
   * @type {(room: string) => Promise<Room>}
   */
  watch(room) { return this.#parts.watched.watch(room); }
  /** @type {(room: string) => Promise<void>} */
  unwatch(room) { return this.#parts.watched.unwatch(room); }

  // What one says

  /**
   * Sends a message, again and again until it is stored. `stored` resolves
   * with the ack; it rejects only if the server does not take the message. One
   * that was refused may be sent again with its `clientId`, and is stored once.
   *
   * @param {string} room
   * @param {string} content
   * @param {Extras & {clientId?: string}} [extras]
   * @returns {Unsent}
   */
  send(room, content, { clientId = newId(), replyTo, threadId, inRoom, metadata, attachments, quote } = {}) {
    const given = { room, content, clientId, at: new Date(), replyTo, threadId, inRoom, metadata, attachments, quote };
    const message = this.#parts.outbox.send(withoutGaps(given));
    this.#parts.drafts.sending(message);
    return message;
  }

  /**
   * Begins a message that others read while it is written. What is appended to
   * it is sent as soon as there is a connection, and is there once.
   *
   * @param {string} room
   * @param {Started & {clientId?: string}} [started]
   */
  stream(room, { clientId = newId(), replyTo, threadId, inRoom, metadata } = {}) {
    if (!this.user) throw signedOut();
    return this.#parts.writings.begin({ room, clientId, replyTo, threadId, inRoom, metadata });
  }

  /**
   * Why the server would not take such a message, by the limits that it told:
   * a `ParlorError`, or null if it would or nothing is known yet.
   *
   * @param {string} content
   * @param {Extras} [extras]
   * @returns {ParlorError | null}
   */
  refusalOf(content, extras = {}) {
    return tooLargeFor(this.limits, dataOf({ room: "", clientId: newId(), content, ...extras }));
  }

  /**
   * Sends what has failed once more; says whether there is such a message.
   * @param {string} clientId
   */
  resend(clientId) { return this.#parts.outbox.resend(clientId); }
  /**
   * Drops what has failed, or has not begun to be sent; says whether it could.
   * @param {string} clientId
   */
  discard(clientId) { return this.#parts.outbox.discard(clientId); }
}
