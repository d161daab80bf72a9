/**
 * Says to the server what one writes while others read it: piece by piece, also
 * over cuts. Where the server does not take pieces any more, the whole text goes
 * with the end.
 *
 * @import { Metadata, Piece } from "./appended.js"
 * @import { Connection } from "./connection.js"
 * @import { Deferred } from "./deferred.js"
 * @import { Priority } from "./queue.js"
 * @import { Changed, Message, Stored } from "./types.js"
 *
 * @typedef {object} Started what is said when it begins
 * @property {string} [replyTo] id of the message that it answers
 * @property {string} [threadId] id of the first message of its thread
 * @property {boolean} [inRoom] that it is shown in the room as well as in its thread
 * @property {Metadata} [metadata]
 *
 * @typedef {Started & {room: string, clientId: string}} Given
 * @typedef {{content?: string, metadata?: Metadata}} End `content`: another text than what was appended
 * @typedef {"message.finish" | "message.fail"} EndType
 * @typedef {End & Deferred<Changed> & {type: EndType}} Ending
 *
 * @typedef {object} Step
 * @property {string} type
 * @property {object} data
 * @property {Priority} priority
 * @property {number} pauseMs before the next one
 * @property {(answer: any) => void} done
 * @property {(error: ParlorError) => void} refused
 */

import { Appended } from "./appended.js";
import { Timers } from "./clock.js";
import { deferred } from "./deferred.js";
import { ParlorError, asError, pauseAfter } from "./error.js";
import { tooLargeFor, tooLongFor, withoutGaps } from "./frame.js";
import { isGrowing } from "./growing.js";
import { FAULTS, FAULTS_MAX } from "./outbox.js";
import { PRIORITY } from "./queue.js";

/** Readers are told no more often than that. */
const PAUSE_MS = 50;

export class Writer {
  #given; #connection; #over;
  #appended = new Appended();
  /** @type {Deferred<Stored>} */
  #start = deferred();
  /** @type {Ending | null} */
  #ending = null;
  /** @type {Message | null} as it was told to have ended */
  #ended = null;
  /** No more pieces are taken: all of it goes with the end. */
  #isWhole = false;
  #isUnderWay = false; #faults = 0; #timers = new Timers();
  /** @type {ParlorError | null} why it cannot go on */
  #error = null;
  #isOver = false;
  #stops = new AbortController();
  /** @type {string | null} */
  messageId = null;
  /** @type {string | null} a user id */
  stoppedBy = null;

  /**
   * `over` is called when it has ended.
   *
   * @param {Given} given
   * @param {Connection} connection
   * @param {() => void} over
   */
  constructor(given, connection, over) {
    this.#given = given;
    this.#connection = connection;
    this.#over = over;
    // Who does not wait for it hears of it by `signal`, and by its end.
    this.#start.promise.catch(() => {});
  }

  get clientId() { return this.#given.clientId; }
  get room() { return this.#given.room; }
  get started() { return this.#start.promise; }
  get text() { return this.#appended.text; }
  get signal() { return this.#stops.signal; }
  /** Whether more may be appended. */
  get isOpen() { return !this.#isOver && !this.#ending; }

  /**
   * Throws if it is over, or becomes too long.
   *
   * @param {string} text
   * @param {Metadata} [metadata]
   */
  append(text, metadata) {
    if (!this.isOpen) throw this.#error ?? hasEnded();
    const { limits } = this.#connection;
    const refusal = tooLongFor(limits, this.#appended.bytesWith(text)) ?? tooLargeFor(limits, { metadata });
    if (refusal) throw refusal;
    this.#appended.add(text, metadata);
    this.go();
  }

  /**
   * @param {EndType} type
   * @param {End} end
   * @returns {Promise<Changed>}
   */
  async end(type, { content, metadata }) {
    if (!this.isOpen) throw this.#error ?? hasEnded();
    const refusal = tooLargeFor(this.#connection.limits, { content, metadata });
    if (refusal) throw refusal;
    const ending = { type, content, metadata, ...deferred() };
    this.#ending = ending;
    this.go();
    return ending.promise;
  }

  // What follows is for who keeps it: `Writings`.

  /** There is a connection, perhaps another one: the server hears that the writer is back. */
  goOn() {
    if (this.messageId !== null && !this.#ending) this.#appended.add("");
    this.go();
  }

  /** Says what is next, if there is a connection and nothing waits for an answer. */
  async go() {
    if (this.#isUnderWay || this.#isOver || !this.#connection.isOnline || this.#timers.has("pause")) return;
    const step = this.#step();
    if (!step) return;
    this.#isUnderWay = true;
    let pause = step.pauseMs;
    try {
      const { type, data, priority } = step;
      step.done(await this.#connection.request(type, data, { priority }));
      this.#faults = 0;
    } catch (caught) {
      pause = await this.#refused(step, asError(caught));
    }
    this.#isUnderWay = false;
    if (this.#isOver) return;
    if (pause > 0) this.#timers.set("pause", pause, () => this.go());
    else this.go();
  }

  /**
   * Somebody asks to stop.
   * @param {string} user
   */
  stop(user) {
    this.stoppedBy ??= user;
    this.#stops.abort(new ParlorError({ code: "stopped", message: `${user} has asked to stop.` }));
  }

  /**
   * The message as it was told.
   * @param {Message} message
   */
  heard(message) {
    if (isGrowing(message)) return;
    this.#ended = message;
    this.#isWhole = true;
    // One's own end is answered, and what was interrupted is still one's own.
    if (!message.deleted_at && (this.#ending || message.state === "interrupted")) return;
    this.giveUp(new ParlorError({ code: "conflict", message: "The message was ended elsewhere." }));
  }

  /**
   * It cannot go on.
   * @param {ParlorError} error
   */
  giveUp(error) {
    this.#error = error;
    this.#start.reject(error);
    this.#ending?.reject(error);
    this.#stops.abort(error);
    this.#isNowOver();
  }

  #isNowOver() {
    this.#isOver = true;
    this.#timers.stopAll();
    this.#over();
  }

  // What is said

  /** @returns {Step | null} */
  #step() {
    if (this.messageId === null) return this.#starting();
    const piece = this.#isWhole || this.#ending?.content !== undefined ? null : this.#appended.next;
    if (piece) return this.#appending(this.messageId, piece);
    return this.#ending && this.#closing(this.messageId, this.#ending);
  }

  /** @returns {Step} */
  #starting() {
    const { room, clientId, replyTo, threadId, inRoom, metadata } = this.#given;
    return {
      type: "message.start", priority: PRIORITY.send, pauseMs: 0,
      data: withoutGaps({
        room_id: room, client_id: clientId, reply_to: replyTo, thread_id: threadId, in_room: inRoom || undefined, metadata,
      }),
      done: (/** @type {Stored} */ ack) => {
        this.messageId = ack.message_id;
        // The first answer was lost with its connection.
        if (ack.duplicate) this.#appended.add("");
        this.#start.resolve(ack);
      },
      refused: (error) => this.giveUp(error),
    };
  }

  /**
   * @param {string} id
   * @param {Piece} piece
   * @returns {Step}
   */
  #appending(id, piece) {
    return {
      type: "message.append", priority: PRIORITY.append, pauseMs: PAUSE_MS, data: { message_id: id, ...piece },
      done: ({ length }) => { if (!this.#appended.has(piece, length)) this.#isWhole = true; },
      // It may have been interrupted, or the connection is to another server now.
      refused: (error) => { if (error.code === "conflict") this.#isWhole = true; else this.giveUp(error); },
    };
  }

  /**
   * @param {string} id
   * @param {Ending} ending
   * @returns {Step}
   */
  #closing(id, ending) {
    const content = ending.content ?? (this.#isWhole ? this.text : undefined);
    const metadata = ending.metadata ?? this.#appended.metadata;
    return {
      type: ending.type, priority: PRIORITY.send, pauseMs: 0,
      data: withoutGaps({ message_id: id, content, metadata }),
      done: (changed) => this.#hasEnded(ending, changed),
      refused: (error) => this.#endRefused(ending, error, content !== undefined),
    };
  }

  /**
   * @param {Ending} ending
   * @param {Changed} changed
   */
  #hasEnded(ending, changed) {
    ending.resolve(changed);
    this.#isNowOver();
  }

  /**
   * @param {Ending} ending
   * @param {ParlorError} error
   * @param {boolean} wasWhole all of the text was said with it
   */
  #endRefused(ending, error, wasWhole) {
    const { message_id: id, changed_seq: seq, state } = this.#ended ?? {};
    const isFinish = ending.type === "message.finish";
    if (error.code === "conflict" && id !== undefined && seq !== undefined) {
      // The answer to the first time was lost.
      if (isFinish ? !state : state) return this.#hasEnded(ending, { message_id: id, seq });
    }
    if (error.code === "conflict" && !wasWhole) {
      // The connection is to a server that does not know it, or it was interrupted.
      this.#isWhole = true;
      return undefined;
    }
    if (error.code !== "invalid_message" && error.code !== "too_large") return this.giveUp(error);
    this.#ending = null;
    return ending.reject(error);
  }

  /**
   * What the server did not take goes once more, after so many ms, unless it is refused for good.
   * @param {Step} step
   * @param {ParlorError} error
   * @returns {Promise<number>}
   */
  async #refused(step, error) {
    // With the next connection it goes on; or there is one, and no place on it.
    if (error.code === "offline") return this.#connection.isOnline ? pauseAfter(error) : 0;
    if (error.code === "token_expired") return this.#connection.renew().then(() => 0, () => pauseAfter(error));
    if (error.isTemporary) return pauseAfter(error);
    if (FAULTS.has(error.code)) this.#faults += 1;
    if (FAULTS.has(error.code) && this.#faults < FAULTS_MAX) return pauseAfter(error);
    if (!this.#isOver) step.refused(error);
    return 0;
  }
}

const hasEnded = () => new ParlorError({ code: "conflict", message: "The message has ended." });
