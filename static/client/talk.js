/**
 * What is said on a connection and answered: what goes first and how fast, and
 * who waits for which answer.
 *
 * @import { Priority } from "./queue.js"
 * @import { Ack, ErrorFrame, Limits } from "./types.js"
 *
 * @typedef {object} RequestOptions
 * @property {(answer: any) => void} [onAck] called before any later frame is
 *   looked at, which a promise's reaction need not be
 * @property {Priority} [priority]
 * @property {boolean} [isLong] it is waited for as long as something comes
 */

import { Timers, monotonic } from "./clock.js";
import { ParlorError, offline, pauseOf } from "./error.js";
import { encode } from "./frame.js";
import { PRIORITY, SendQueue } from "./queue.js";
import { Requests } from "./requests.js";
import { checkAnswer } from "./shape.js";

/** How long an answer may take; then the connection counts as dead. */
export const ANSWER_MS = 15_000;

export class Talk {
  #giveUp; #timers = new Timers(); #requests = new Requests();
  /** @type {SendQueue<{frame: object, said: (text: string) => void}>} */
  #queue = new SendQueue();
  /** @type {WebSocket | null} */
  #socket = null;

  /** @param {(socket: WebSocket) => void} giveUp an answer did not come on that one */
  constructor(giveUp) { this.#giveUp = giveUp; }

  /** @param {Limits} limits */
  follow(limits) { this.#queue.follow(limits); }

  /** @param {WebSocket} socket on which nothing has been said */
  begin(socket) {
    this.#socket = socket;
    this.#queue.restart();
  }

  /** @param {ParlorError} error for those who wait for an answer */
  end(error) {
    this.#socket = null;
    this.#timers.stopAll();
    this.#queue.restart();
    this.#requests.rejectAll(error);
  }

  /**
   * Says something as soon as the pace allows it; `said` is then called.
   *
   * @param {object} frame
   * @param {Priority} priority
   * @param {(text: string) => void} [said]
   */
  say(frame, priority, said = () => {}) {
    this.#queue.push({ frame, said }, priority);
    this.#sayOn();
  }

  #sayOn() {
    while (this.#socket?.readyState === 1) {
      const { entry, wait } = this.#queue.next(monotonic(), this.#requests.unanswered);
      if (wait) this.#timers.set("say", wait, () => this.#sayOn());
      if (!entry) return;
      const text = encode(entry.frame);
      this.#socket.send(text);
      entry.said(text);
    }
  }

  /**
   * One frame and its answer; resolves with the data of the ack.
   *
   * @param {string} type
   * @param {object} data
   * @param {RequestOptions} [options]
   * @returns {Promise<any>}
   */
  request(type, data, { onAck = () => {}, priority = PRIORITY.command, isLong = false } = {}) {
    const socket = this.#socket;
    if (socket?.readyState !== 1 || this.#requests.isFull) {
      return Promise.reject(offline("There is no connection."));
    }
    /** @type {(answer: unknown) => void} */
    const checked = (answer) => {
      checkAnswer(type, answer);
      onAck(answer);
    };
    const { id, answer, said } = this.#requests.add(checked, ANSWER_MS, () => this.#giveUp(socket), isLong);
    this.say({ type, id, data }, priority, said);
    return answer;
  }

  /** Something came, whatever it was. */
  heard() { this.#requests.heard(); }

  /**
   * Gives the error that nobody had asked for; null if it was an answer.
   *
   * @param {Ack | ErrorFrame} frame
   */
  answered(frame) {
    if (frame.type === "ack") {
      this.#requests.resolve(frame.id, frame.data);
      this.#sayOn();
      return null;
    }
    const error = new ParlorError(frame.data);
    // With a field it is not too much of all, but of one thing: a room in slow mode.
    if (error.code === "rate_limited" && !error.field) this.#queue.refused(monotonic(), pauseOf(error.retryAfterMs ?? 1_000));
    const wasAsked = this.#requests.reject(frame.id, error);
    this.#sayOn();
    return wasAsked ? null : error;
  }

  /**
   * The server closed because of what it was sent; says whether there was
   * something to blame.
   *
   * @param {number} code
   */
  blame(code) { return this.#requests.blame(code); }
}
