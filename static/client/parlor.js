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
 * @import { SocketClass } from "./closing.js"
 * @import { Emit, ParlorEvents } from "./events.js"
 * @import { Extras, Unsent } from "./outbox.js"
 * @import { OutboxStore } from "./stores.js"
 * @import { Store } from "./tokens.js"
 * @import { Draft, Message, Room, Unread, User } from "./types.js"
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

import { Account } from "./account.js";
import { Beginning } from "./beginning.js";
import { Commands } from "./commands.js";
import { Connection } from "./connection.js";
import { DraftTeller } from "./draft_teller.js";
import { Emitter, told } from "./emitter.js";
import { ParlorError, offline, signedOut } from "./error.js";
import { tooLargeFor, withoutGaps } from "./frame.js";
import { Heard } from "./heard.js";
import { fillInbox } from "./inbox.js";
import { MarkTeller } from "./marks.js";
import { Outbox, dataOf } from "./outbox.js";
import { Positions } from "./positions.js";
import { Watched } from "./watched.js";
import { ChatState } from "./state.js";
import { guardedOutbox, guardedStore, memoryStore, noOutbox } from "./stores.js";
import { Writings } from "./writings.js";

export { comesBack } from "./closing.js";
export { ParlorError } from "./error.js";
export { MessageLog, Marks } from "./log.js";
export * as preferences from "./preferences.js";
export * as rules from "./rules.js";
export { ChatState } from "./state.js";
export { browserOutbox, browserStore, memoryStore } from "./stores.js";
export { isMentioned, pieces, wordAtCaret } from "./text.js";
export { unreadAfter } from "./unread.js";

/**
 * Where this module was loaded from, if that was a server of Parlor: it is the
 * base also below a path and from pages of other origins. Where it is part of
 * something larger, the page's origin.
 */
function ownBase(url = import.meta.url) {
  const served = /^(https?:.*)\/client\/parlor\.js$/.exec(url);
  return served ? served[1] : globalThis.location?.origin;
}

/**
 * Why nothing goes on any more is heard of, also where nobody listens.
 * @param {ParlorError} error
 */
function complain({ message, advice, code }) {
  console.warn(`Parlor: ${message}${advice ? ` ${advice}` : ""} (${code})`);
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Events: docs/CLIENT.md, "Events". Commands: commands.js. */
export class Parlor extends Commands {
  #account; #outbox; #writings; #marks; #drafts; #watched; #heard; #beginning; #listeners = new Emitter();
  /** @type {Connection} */
  #connection;
  /** @type {Positions} */
  #positions;
  #tellsChange = false;
  /** @type {string | null} whose messages of before are here */
  #recalled = null;
  /** What is known of rooms and people: a `ChatState`. */
  chat = new ChatState();

  /** @param {Options} [options] */
  constructor({
    base = ownBase(), store = memoryStore(), fetchToken = null, outbox = noOutbox, WebSocket = null,
  } = {}) {
    super();
    if (!base || !/^https?:\/\//.test(base)) throw new TypeError("Parlor needs the server's http or https address as `base`.");
    /** @type {Emit} */
    const emit = (event, ...detail) => this.#listeners.emit(event, ...detail);
    // Somebody may only be about to listen.
    const report = (/** @type {ParlorError} */ error) => queueMicrotask(() => this.#report(error));
    this.#account = new Account(base, guardedStore(store, report), fetchToken, () => this.#leave());
    this.#connection = new Connection({
      account: this.#account, webSocket: WebSocket,
      url: () => `${this.#account.base.replace(/^http/, "ws")}/ws${this.#positions.isEmpty ? "" : "?resume=1"}`,
      on: {
        state: (detail) => this.#beginning.stateIs(detail),
        frame: (frame) => this.#heard.frame(frame),
        error: (error) => this.#report(error),
        stopped: (error) => { if (!this.#report(error)) complain(error); },
        refused: () => this.#account.forget(),
      },
    });
    this.#positions = new Positions(this.#connection, {
      event: (frame) => this.#heard.event(frame),
      resync: (room, isAnother) => {
        // What was read there was read in another room of that name.
        if (isAnother) {
          const error = offline("The room was made anew.");
          this.#marks.forget(room, error);
          this.chat.drafts.forget(room, error);
        }
        this.chat.resync(room);
        emit("resync", { room });
      },
      lost: (room) => this.#watched.lost(room),
      inboxLost: () => {
        this.chat.forgetInbox();
        this.#changed();
        emit("resync", { inbox: true });
      },
    });
    this.#outbox = new Outbox({
      store: guardedOutbox(outbox, report), connection: this.#connection, emit, user: () => this.user,
    });
    this.#writings = new Writings(this.#connection);
    this.#marks = new MarkTeller(this.#connection);
    this.#drafts = new DraftTeller({
      connection: this.#connection, drafts: this.chat.drafts, emit, changed: () => this.#changed(),
    });
    // Whoever listens hears that it is sent, and finds that its draft is gone.
    this.on("sent", ({ message }) => this.#drafts.sent(message));
    this.on("discarded", (message) => this.#drafts.sent(message));
    this.#watched = new Watched(this.#connection, this.#positions, emit);
    this.#heard = new Heard({
      chat: this.chat, positions: this.#positions, emit, changed: () => this.#changed(),
      on: {
        ready: (data) => this.#beginning.ready(data),
        rooms: (data) => this.#beginning.listed(data),
        goaway: ({ reconnect_after_ms: after }) => this.#connection.goingAway(after),
        added: ({ room_id: room, epoch }) => {
          const isHeard = this.#watched.rooms.has(room) && this.#positions.follows(room, epoch);
          this.#watched.forget(room);
          return isHeard;
        },
        gone: (room) => {
          this.#watched.forget(room);
          this.#marks.forget(room, offline("This user is not in the room any more."));
        },
        message: (message, seq) => this.#messageCame(message, seq),
        messageChanged: (message) => { if (message.sender.id === this.user?.id) this.#writings.heard(message); },
        draft: (draft) => this.chat.drafts.heard(draft),
        stop: (asked) => this.#writings.stop(asked),
      },
    });
    this.#beginning = new Beginning({
      connection: this.#connection, positions: this.#positions, watched: this.#watched, outbox: this.#outbox,
      writings: this.#writings, marks: this.#marks, drafts: this.#drafts, chat: this.chat, emit, changed: () => this.#changed(), isOf: (user) => this.#isOf(user),
    });
    this.#recall();
  }

  /** "online", "connecting" or "offline". */
  get state() { return this.#connection.state; }
  /** The user of this session, once it is known. */
  get user() { return this.#account.user; }
  get signedIn() { return this.#account.renews || Boolean(this.#account.stored); }
  /** Whose session is stored; another tab may have changed it. */
  get storedUserId() { return this.#account.stored?.user?.id ?? null; }
  /** What has been sent and not been acked yet, oldest first. */
  get pending() { return this.#outbox.pending; }
  /** What the server did not take, each with its `error`. */
  get failed() { return this.#outbox.failed; }
  /** The bounds the server told; PROTOCOL.md, "Limits". */
  get limits() { return this.#connection.limits; }

  /**
   * Gives a function that takes the listener off again.
   *
   * @template {keyof ParlorEvents} E
   * @param {E} event
   * @param {(detail: ParlorEvents[E]) => void} listener
   * @returns {() => void}
   */
  on(event, listener) { return this.#listeners.on(event, listener); }

  /** @type {Emit} */
  #emit(event, ...detail) { return this.#listeners.emit(event, ...detail); }

  /**
   * Says whether anybody listened.
   *
   * @param {ParlorError} error
   */
  #report(error) { return this.#emit("error", error); }

  /** `chat` has changed: told once for all that changed together. */
  #changed() {
    if (this.#tellsChange) return;
    this.#tellsChange = true;
    queueMicrotask(() => {
      this.#tellsChange = false;
      this.#emit("change");
    });
  }

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
    const user = await this.#account.begin(path, body);
    this.#recall();
    return user;
  }

  /** @returns {Promise<void>} */
  logout() {
    if (this.user) this.#outbox.drop();
    return this.#account.logout();
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

  /** @param {User} user whom the server takes this one for */
  #isOf(user) {
    this.#account.user = user;
    this.#recall();
    this.chat.me = user.id;
  }

  /** What this user wrote and could not send before the page went. */
  #recall() {
    if (!this.user || this.#recalled === this.user.id) return;
    this.#recalled = this.user.id;
    this.chat.me = this.user.id;
    this.#outbox.recall();
  }

  /** Ends this user's session here, and forgets what belongs to it. */
  #leave() {
    this.#connection.close(signedOut());
    this.#outbox.reset();
    this.#writings.reset();
    this.#positions.reset();
    this.#watched.reset();
    this.#marks.reset(signedOut());
    this.#drafts.stop();
    this.chat.reset();
    this.#recalled = null;
    this.#emit("signed-out");
  }

  // REST

  /** @type {Commands["rest"]} */
  rest(method, path, body) { return this.#account.rest(method, path, body); }
  /** @type {Commands["upload"]} */
  upload(path, file, type) { return this.#account.upload(path, file, type); }
  /** @type {Commands["download"]} */
  download(path) { return this.#account.download(path); }

  // The connection

  /**
   * Connects, and stays connected until `close`. Resolves when it is online
   * for the first time; rejects if it stops for good before that.
   */
  connect() { return this.#connection.connect(); }
  /** Tries now instead of after the pause, e.g. when the network is back. */
  retryNow() { this.#connection.retryNow(); }
  close() { this.#connection.close(); }

  /**
   * One frame and its answer; resolves with the data of the ack.
   * @param {string} type
   * @param {object} data
   * @param {(answer: any) => void} [onAck] called before any later frame is looked at
   * @returns {Promise<any>}
   */
  request(type, data, onAck = () => {}) {
    return this.#connection.request(type, data, { onAck: (/** @type {any} */ answer) => told(onAck, answer) });
  }

  /** @type {Commands["command"]} */
  command(type, data) { return this.#connection.command(type, data); }

  /**
   * Hears a room without being a member of it, if the application lets this user, also
   * after a cut; until `unwatch`, or `room-removed`.
   *
   * @type {(room: string) => Promise<Room>}
   */
  watch(room) { return this.#watched.watch(room); }
  /** @type {(room: string) => Promise<void>} */
  unwatch(room) { return this.#watched.unwatch(room); }

  /** @type {(message: Message, seq: number) => void} */
  #messageCame(message, seq) {
    if (message.sender.id === this.user?.id) {
      this.#outbox.heard(message.client_id);
      this.#writings.heard(message);
    } else if (!this.#watched.rooms.has(message.room_id)) {
      this.#marks.delivered(message.room_id, seq);
    }
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
    const { root, replies, ...more } = await super.thread(messageId, page);
    return { ...more, root: this.chat.latest(root), replies: replies.map((reply) => this.chat.latest(reply)) };
  }

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
  send(room, content, { clientId = newId(), replyTo, threadId, metadata, attachments, quote } = {}) {
    const given = { room, content, clientId, at: new Date(), replyTo, threadId, metadata, attachments, quote };
    const message = this.#outbox.send(withoutGaps(given));
    this.#drafts.sending(message);
    return message;
  }

  /**
   * Begins a message that others read while it is written. What is appended to
   * it is sent as soon as there is a connection, and is there once.
   *
   * @param {string} room
   * @param {Started & {clientId?: string}} [started]
   */
  stream(room, { clientId = newId(), replyTo, threadId, metadata } = {}) {
    if (!this.user) throw signedOut();
    return this.#writings.begin({ room, clientId, replyTo, threadId, metadata });
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
  resend(clientId) { return this.#outbox.resend(clientId); }
  /**
   * Drops what has failed, or has not begun to be sent; says whether it could.
   * @param {string} clientId
   */
  discard(clientId) { return this.#outbox.discard(clientId); }

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
    this.#changed();
    return this.#marks.read(room, seq);
  }

  /** @type {Commands["markUnread"]} */
  async markUnread(room, from) {
    // What was read before and told behind it would end it.
    if (this.state === "online") await this.#marks.settled(room);
    return super.markUnread(room, from);
  }

  /**
   * What has come up to `seq`; said by itself for what comes.
   * @param {string} room
   * @param {number} seq
   */
  markDelivered(room, seq) { this.#marks.delivered(room, seq); }

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
    return this.#drafts.set(withoutGaps({ room_id: room, thread_id: thread, content, metadata }));
  }

  /** Tells at once what waits of that: for when the page is left. */
  flushDrafts() { this.#drafts.flush(); }

  /**
   * Reads what this user has begun to write, newest first, into `chat`.
   * @returns {Promise<Draft[]>}
   */
  drafts() { return this.#drafts.read(this); }

  /** Fetches what the inbox has held lately, also what was seen. */
  async loadInbox() {
    await fillInbox(this, this.chat);
    this.#changed();
  }

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
    this.#changed();
  }

  /** All that the inbox holds has been seen. */
  async seenInbox() {
    const upto = this.chat.inboxSeq;
    if (this.chat.inboxUnseen === 0) return;
    await this.ackInbox(upto);
    this.chat.inboxAcked(upto);
    this.#changed();
  }
}
