/**
 * What a client is made of, put together: which part hears what another one is told.
 *
 * @import { Emit } from "./events.js"
 * @import { SocketClass } from "./socket.js"
 * @import { OutboxStore } from "./stores.js"
 * @import { Store } from "./tokens.js"
 * @import { Message, ThreadState, Unread, User } from "./types.js"
 *
 * @typedef {object} Given what an application has chosen
 * @property {string} base
 * @property {Store} store
 * @property {(() => Promise<string>) | null} fetchToken
 * @property {OutboxStore} outbox
 * @property {SocketClass | null} webSocket
 */

import { Account } from "./account.js";
import { Beginning } from "./beginning.js";
import { Connection } from "./connection.js";
import { DraftTeller } from "./draft_teller.js";
import { Emitter } from "./emitter.js";
import { ParlorError, offline, signedOut } from "./error.js";
import { Heard } from "./heard.js";
import { MarkTeller } from "./marks.js";
import { Outbox } from "./outbox.js";
import { Positions } from "./positions.js";
import { ChatState } from "./state.js";
import { guardedOutbox, guardedStore } from "./stores.js";
import { Watched } from "./watched.js";
import { Writings } from "./writings.js";

/** The parts of what a connection may say that marks of rooms and of threads take. */
const MARKS_SHARE = 0.5;
const THREAD_MARKS_SHARE = 0.25;

/**
 * Why nothing goes on any more is heard of, also where nobody listens.
 * @param {ParlorError} error
 */
function complain({ message, advice, code }) {
  console.warn(`Parlor: ${message}${advice ? ` ${advice}` : ""} (${code})`);
}

export class Parts {
  #heard; #beginning;
  #tellsChange = false;
  /** @type {string | null} whose messages of before are here */
  #recalled = null;
  listeners = new Emitter();
  chat = new ChatState();
  account; outbox; writings; marks; threadMarks; drafts; watched;
  /** @type {Connection} */
  connection;
  /** @type {Positions} */
  #positions;

  /** @param {Given} given */
  constructor({ base, store, fetchToken, outbox, webSocket }) {
    /** @type {Emit} */
    const emit = (event, ...detail) => this.listeners.emit(event, ...detail);
    const changed = () => this.changed();
    // Somebody may only be about to listen.
    const report = (/** @type {ParlorError} */ error) => queueMicrotask(() => emit("error", error));
    this.account = new Account(base, guardedStore(store, report), fetchToken, () => this.#leave());
    this.connection = this.#connectionBy(webSocket, emit);
    this.#positions = this.#positionsOf(emit);
    this.outbox = new Outbox({
      store: guardedOutbox(outbox, report), connection: this.connection, emit, user: () => this.account.user,
    });
    this.writings = new Writings(this.connection);
    /** @type {MarkTeller<Unread>} */
    this.marks = new MarkTeller({
      connection: this.connection, share: MARKS_SHARE,
      ask: ({ place, type, seq }) => ({ type: `message.${type}`, data: { room_id: place, seq } }),
    });
    /** @type {MarkTeller<ThreadState>} */
    this.threadMarks = new MarkTeller({
      connection: this.connection, share: THREAD_MARKS_SHARE,
      ask: ({ place, type, seq }) => ({ type: `thread.${type}`, data: { thread_id: place, seq } }),
    });
    this.drafts = new DraftTeller({ connection: this.connection, drafts: this.chat.drafts, emit, changed });
    // Whoever listens hears that it is sent, and finds that its draft is gone.
    this.listeners.on("sent", ({ message }) => this.drafts.sent(message));
    this.listeners.on("discarded", (message) => this.drafts.sent(message));
    this.watched = new Watched(this.connection, this.#positions, emit);
    this.#heard = this.#heardBy(emit);
    this.#beginning = new Beginning({
      connection: this.connection, positions: this.#positions, watched: this.watched, outbox: this.outbox,
      writings: this.writings, marks: this.marks, threadMarks: this.threadMarks, drafts: this.drafts, chat: this.chat, emit, changed, isOf: (user) => this.#isOf(user),
    });
    this.recall();
  }

  /**
   * @param {SocketClass | null} webSocket
   * @param {Emit} emit
   */
  #connectionBy(webSocket, emit) {
    return new Connection({
      account: this.account, webSocket,
      url: () => `${this.account.base.replace(/^http/, "ws")}/ws${this.#positions.isEmpty ? "" : "?resume=1"}`,
      on: {
        state: (detail) => this.#beginning.stateIs(detail),
        frame: (frame) => this.#heard.frame(frame),
        error: (error) => emit("error", error),
        stopped: (error) => { if (!emit("error", error)) complain(error); },
        refused: () => this.account.forget(),
      },
    });
  }

  /** @param {Emit} emit */
  #positionsOf(emit) {
    return new Positions(this.connection, {
      event: (frame) => this.#heard.event(frame),
      resync: (room, isAnother) => {
        // What was read there was read in another room of that name.
        if (isAnother) {
          const error = offline("The room was made anew.");
          this.marks.forget(room, error);
          this.chat.drafts.forget(room, error);
          this.chat.threads.forget(room);
          this.chat.saved.forget(room);
          this.chat.scheduled.forget(room);
        }
        this.chat.resync(room);
        emit("resync", { room });
      },
      lost: (room) => this.watched.lost(room),
      inboxLost: () => {
        this.chat.forgetInbox();
        this.changed();
        emit("resync", { inbox: true });
      },
    });
  }

  /** @param {Emit} emit */
  #heardBy(emit) {
    return new Heard({
      chat: this.chat, positions: this.#positions, emit, changed: () => this.changed(),
      on: {
        ready: (data) => this.#beginning.ready(data),
        rooms: (data) => this.#beginning.listed(data),
        goaway: ({ reconnect_after_ms: after }) => this.connection.goingAway(after),
        added: ({ room_id: room, epoch }) => {
          const isHeard = this.watched.rooms.has(room) && this.#positions.follows(room, epoch);
          this.watched.forget(room);
          return isHeard;
        },
        gone: (room) => {
          this.watched.forget(room);
          this.marks.forget(room, offline("This user is not in the room any more."));
        },
        message: (message, seq) => this.#messageCame(message, seq),
        messageChanged: (message) => { if (message.sender.id === this.account.user?.id) this.writings.heard(message); },
        draft: (draft) => this.chat.drafts.heard(draft),
        stop: (asked) => this.writings.stop(asked),
      },
    });
  }

  /** `chat` has changed: told once for all that changed together. */
  changed() {
    if (this.#tellsChange) return;
    this.#tellsChange = true;
    queueMicrotask(() => {
      this.#tellsChange = false;
      this.listeners.emit("change");
    });
  }

  /** @type {(message: Message, seq: number) => void} */
  #messageCame(message, seq) {
    if (message.sender.id === this.account.user?.id) {
      this.outbox.heard(message.client_id);
      this.writings.heard(message);
    } else if (!this.watched.rooms.has(message.room_id)) {
      this.marks.delivered(message.room_id, seq);
    }
  }

  /** @param {User} user whom the server takes this one for */
  #isOf(user) {
    this.account.user = user;
    this.recall();
    this.chat.me = user.id;
  }

  /** What this user wrote and could not send before the page went. */
  recall() {
    const { user } = this.account;
    if (!user || this.#recalled === user.id) return;
    this.#recalled = user.id;
    this.chat.me = user.id;
    this.outbox.recall();
  }

  /** Ends this user's session here, and forgets what belongs to it. */
  #leave() {
    this.connection.close(signedOut());
    this.outbox.reset();
    this.writings.reset();
    this.#positions.reset();
    this.watched.reset();
    this.marks.reset(signedOut());
    this.threadMarks.reset(signedOut());
    this.drafts.stop();
    this.chat.reset();
    this.#recalled = null;
    this.listeners.emit("signed-out");
  }
}
