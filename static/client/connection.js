/**
 * A connection that heals itself: it is made, watched, given new tokens, and
 * made again. What is said on it goes through `Talk`.
 *
 * @import { Account } from "./account.js"
 * @import { ParlorError } from "./error.js"
 * @import { State } from "./events.js"
 * @import { SocketClass } from "./socket.js"
 * @import { RequestOptions } from "./talk.js"
 * @import { Frame, Limits } from "./types.js"
 *
 * @typedef {object} Told
 * @property {(detail: State) => void} state
 * @property {(frame: Frame) => void} frame what is no answer
 * @property {(error: ParlorError) => boolean} error says whether anybody listened
 * @property {(error: ParlorError) => void} stopped it does not go on by itself
 * @property {() => void} refused the session's tokens are not taken any more
 */

import { Arrival } from "./arrival.js";
import { Timers } from "./clock.js";
import { Backoff, comesBack, endOf } from "./closing.js";
import { asError, mended, offline, pauseOf } from "./error.js";
import { Hearing } from "./hearing.js";
import { Obstacles } from "./obstacles.js";
import { Pulse } from "./pulse.js";
import { PRIORITY } from "./queue.js";
import { Renewal } from "./renewal.js";
import { hear, socketClass, supplyOf } from "./socket.js";
import { Talk } from "./talk.js";

/** A connection that lasted this long was a good one: the backoff starts anew. */
const STABLE_MS = 10_000;

export class Connection {
  #account; #on; #renewal; #hearing; #url; #webSocket;
  #wanted = false; #backoff = new Backoff(); #renewNow = false; #timers = new Timers();
  #talk = new Talk((socket) => this.giveUp(socket)); #pulse = new Pulse(this.#talk, (socket) => this.giveUp(socket));
  #obstacles = new Obstacles((error) => this.#on.error(error)); #arrival = new Arrival();
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {State["state"]} */
  #state = "offline";
  /** @type {Limits} */
  #limits = {};
  /** @type {object | null} which of those that wait for a token is to connect */
  #opening = null;

  /**
   * `account` gives the tokens; `url()` says where to connect; `webSocket` is
   * the class to connect with, if it is not the global one.
   *
   * @param {{account: Account, url: () => string, webSocket: SocketClass | null, on: Told}} parts
   */
  constructor({ account, url, webSocket, on }) {
    this.#account = account;
    this.#renewal = new Renewal(account, this.#talk, (error) => on.error(error));
    this.#url = url;
    this.#webSocket = webSocket;
    this.#on = on;
    this.#hearing = new Hearing({
      talk: this.#talk, pulse: this.#pulse, renewal: this.#renewal, backoff: this.#backoff, obstacles: this.#obstacles,
      frame: (frame) => on.frame(frame), error: (error) => on.error(error),
    });
  }

  /** "online", "connecting" or "offline". */
  get state() { return this.#state; }
  get isOnline() { return this.#state === "online"; }
  /** The bounds the server told; docs/PROTOCOL.md, "Limits". */
  get limits() { return this.#limits; }
  set limits(limits) {
    this.#limits = limits;
    this.#talk.follow(limits);
  }

  /** The socket that is open now: to see later whether it still is that one. */
  get current() { return this.#socket; }

  // Coming and going

  /**
   * Resolves once it is online; rejects if it stops for good before that.
   * @returns {Promise<void>}
   */
  connect() {
    try {
      socketClass(this.#webSocket);
    } catch (error) {
      return this.#cannot(asError(error));
    }
    if (this.isOnline) return Promise.resolve();
    this.#wanted = true;
    const arrived = this.#arrival.wait();
    if (!this.#socket && this.#state === "offline") this.#open();
    return arrived;
  }

  /**
   * A mistake in the program, told once: to who listens, or by a rejection that
   * surfaces wherever it is not caught.
   *
   * @param {ParlorError} error
   * @returns {Promise<never>}
   */
  #cannot(error) {
    const failed = Promise.reject(error);
    if (this.#on.error(error)) failed.catch(() => {});
    return failed;
  }

  /** Tries now instead of after the pause. */
  retryNow() {
    if (this.#wanted && !this.#socket && this.#timers.has("retry")) this.#open();
  }

  /**
   * `error` is for who still waits for it.
   * @param {ParlorError} [error]
   */
  close(error = offline("The connection was closed.")) {
    this.#wanted = false;
    const socket = this.#socket;
    this.#dropped();
    socket?.close(1000);
    this.#setState("offline");
    this.#arrival.fail(error);
  }

  /**
   * It is over until somebody connects again.
   * @param {number | null} code with which the connection was closed
   * @param {ParlorError} error
   * @param {string} [reason]
   */
  #stop(code, error, reason = "") {
    this.#wanted = false;
    this.#setState("offline", { stoppedBy: code, reason });
    this.#on.stopped(error);
    this.#arrival.fail(error);
  }

  /**
   * `stoppedBy` is the close code after which the server wants no return.
   * @param {State["state"]} state
   * @param {Partial<State>} [detail]
   */
  #setState(state, { retryInMs = null, stoppedBy = null, reason = "" } = {}) {
    this.#state = state;
    this.#on.state({ state, retryInMs, stoppedBy, reason });
  }

  async #open() {
    this.#timers.stop("retry");
    this.#setState("connecting");
    const opening = {};
    this.#opening = opening;
    // Who closed meanwhile, and perhaps connects anew, waits for another token.
    const isOver = () => !this.#wanted || this.#opening !== opening;
    let token;
    try {
      const renew = this.#renewNow;
      this.#renewNow = false;
      token = await this.#account.token({ force: renew });
    } catch (caught) {
      const error = asError(caught);
      if (isOver()) return;
      // Nobody is signed in: trying again would not change that.
      if (error.status === 401) return this.#stop(4501, error, error.message);
      if (error.code !== "offline") this.#on.error(error);
      return this.#retry(null);
    }
    if (!isOver()) this.#begin(token);
  }

  /** @param {string} token */
  #begin(token) {
    /** @type {WebSocket} */
    let socket;
    try {
      socket = supplyOf(this.#webSocket, this.#url());
    } catch (caught) {
      const error = asError(caught);
      return this.#stop(null, error, error.message);
    }
    this.#socket = socket;
    this.#talk.begin(socket);
    this.#pulse.begin(socket);
    hear(socket, () => socket === this.#socket, {
      // The token goes in the first frame: a browser does not tell an upgrade
      // that was refused for its token from a server that is away.
      open: () => this.#talk.say({ type: "auth", data: { token } }, PRIORITY.session),
      // What cannot be read ends it: the next one begins where this one was still understood.
      text: (text) => { if (!this.#hearing.take(text, this.isOnline)) this.giveUp(socket); },
      closed: (code, reason) => this.#closed(code, reason),
    });
    return undefined;
  }

  /** A socket that has gone silent may take minutes to say that it is over. */
  giveUp(socket = this.#socket) {
    if (!socket || socket !== this.#socket) return;
    socket.onclose = null;
    socket.close();
    this.#closed(1006);
  }

  #dropped() {
    this.#socket = null;
    this.#timers.stopAll();
    this.#pulse.stop();
    this.#renewal.stop();
    this.#talk.end(offline("The connection was cut."));
  }

  /**
   * @param {number} code
   * @param {string} [reason]
   */
  #closed(code, reason = "") {
    // What the server could not read is not sent again for ever.
    const blamed = this.#talk.blame(code);
    this.#dropped();
    if (!this.#wanted) return;
    // Either the token is over or it was never good: a new one decides.
    if (code === 4401 || code === 4501) {
      this.#renewNow = true;
      if (code === 4501 && !this.#goesOn(endOf(code, this.#obstacles.refusal || reason))) return;
    } else if (!comesBack(code) && !blamed) {
      return void this.#stop(code, endOf(code, reason), reason);
    } else if (code === 4409) {
      this.#obstacles.meet(endOf(code, reason));
    }
    this.#retry(code);
  }

  /** @param {ParlorError} error with which a token was refused */
  #goesOn(error) {
    if (this.#obstacles.passesRefusal(error, this.#account.isSupplied)) return true;
    this.#arrival.fail(error);
    this.#on.refused();
    return false;
  }

  /** @param {number | null} code */
  #retry(code) {
    const pause = this.#backoff.next(code);
    this.#setState("offline", { retryInMs: pause });
    this.#timers.set("retry", pause, () => this.#open());
  }

  /** All that was missed is here. */
  live() {
    this.#obstacles.passed();
    // A server that accepts and then closes at once is not hurried.
    this.#timers.set("stable", STABLE_MS, () => this.#backoff.restart());
    this.#setState("online");
    this.#pulse.live();
    this.#renewal.inTime();
    this.#arrival.come();
  }

  /**
   * The server is about to close, and says when to come back.
   * @param {number} comeBackMs
   */
  goingAway(comeBackMs) { this.#backoff.nextIs(pauseOf(comeBackMs)); }

  /**
   * Gives the connection a new token; all who wait for one share it.
   *
   * @returns {Promise<void>}
   */
  renew() { return this.#renewal.now(); }

  // Saying

  /**
   * One frame and its answer; resolves with the data of the ack.
   *
   * @param {string} type
   * @param {object} data
   * @param {RequestOptions} [options]
   */
  request(type, data, options) { return this.#talk.request(type, data, options); }

  /**
   * The same, again if it came too soon or the token was over.
   * @param {string} type
   * @param {object} data
   * @param {RequestOptions} [options]
   * @returns {Promise<any>}
   */
  command(type, data, options) {
    return mended(() => this.request(type, data, options), () => this.renew());
  }
}
