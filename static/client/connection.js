/**
 * A connection that heals itself: it is made, watched, given new tokens, and
 * made again. What is said on it goes through `Talk`.
 *
 * @import { Account } from "./account.js"
 * @import { SocketClass } from "./closing.js"
 * @import { Deferred } from "./deferred.js"
 * @import { State } from "./events.js"
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

import { Timers, monotonic } from "./clock.js";
import { Backoff, comesBack, endOf, socketClass, supplyOf } from "./closing.js";
import { deferred } from "./deferred.js";
import { ParlorError, asError, mended, offline, pauseAfter, pauseOf } from "./error.js";
import { PRIORITY } from "./queue.js";
import { Renewal } from "./renewal.js";
import { frameOf } from "./shape.js";
import { ANSWER_MS, Talk } from "./talk.js";

/** After this long without a frame the server is asked whether it is there. */
const QUIET_MS = 25_000;
/** A connection that lasted this long was a good one: the backoff starts anew. */
const STABLE_MS = 10_000;
/** So many tokens in a row are refused before a session counts as over. */
const REFUSED_MAX = 3;

/** Answers of the connection itself. */
const OWN = new Set(["pong", "auth.required", "auth.failed"]);

export class Connection {
  #account; #on; #renewal; #url; #webSocket;
  #wanted = false; #backoff = new Backoff(); #refused = 0; #refusal = ""; #heardAt = 0; #renewNow = false;
  #timers = new Timers(); #talk = new Talk((socket) => this.giveUp(socket));
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {State["state"]} */
  #state = "offline";
  /** @type {Limits} */
  #limits = {};
  /** @type {string | null} the code of what was told until there is a connection */
  #met = null;
  /** @type {object | null} which of those that wait for a token is to connect */
  #opening = null;
  /** @type {Deferred<void> | null} who waits for the connection to be there */
  #arrival = null;

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
    this.#arrival ??= deferred();
    const { promise } = this.#arrival;
    // Who does not wait for it hears of it by events.
    promise.catch(() => {});
    if (!this.#socket && this.#state === "offline") this.#open();
    return promise;
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
    this.#arrive(error);
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
    this.#arrive(error);
  }

  /** @param {ParlorError | null} [error] */
  #arrive(error = null) {
    const arrival = this.#arrival;
    this.#arrival = null;
    if (error) arrival?.reject(error);
    else arrival?.resolve();
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
    // The token goes in the first frame: a browser does not tell an upgrade
    // that was refused for its token from a server that is away.
    socket.onopen = () => {
      if (socket === this.#socket) this.#talk.say({ type: "auth", data: { token } }, PRIORITY.session);
    };
    this.#timers.set("dead", ANSWER_MS, () => this.giveUp(socket));
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#heard(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (socket === this.#socket) this.#closed(code, reason);
    };
    // What follows is the close; Node's would throw what nobody hears.
    socket.onerror = () => {};
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
      if (code === 4501 && !this.#goesOn(endOf(code, this.#refusal || reason))) return;
    } else if (!comesBack(code) && !blamed) {
      return void this.#stop(code, endOf(code, reason), reason);
    } else if (code === 4409) {
      this.#once(endOf(code, reason));
    }
    this.#retry(code);
  }

  /**
   * Told once, however often it is met with until there is a connection.
   * @param {ParlorError} error
   */
  #once(error) {
    if (this.#met !== error.code) this.#on.error(error);
    this.#met = error.code;
  }

  /**
   * A token was refused. The application may have another; an account has not.
   * @param {ParlorError} error
   */
  #goesOn(error) {
    this.#refused += 1;
    if (this.#refused > 1) this.#on.error(error);
    if (this.#refused <= REFUSED_MAX || this.#account.isSupplied) return true;
    this.#arrive(error);
    this.#on.refused();
    return false;
  }

  /** @param {number | null} code */
  #retry(code) {
    const pause = this.#backoff.next(code);
    this.#setState("offline", { retryInMs: pause });
    this.#timers.set("retry", pause, () => this.#open());
  }

  /** It comes on: there may be many rooms to be told of, and much to catch up with. */
  #lives() {
    const socket = this.#socket;
    this.#timers.set("dead", ANSWER_MS, () => this.giveUp(socket));
  }

  /** All that was missed is here. */
  live() {
    this.#timers.stop("dead");
    this.#refused = 0;
    this.#met = null;
    // A server that accepts and then closes at once is not hurried.
    this.#timers.set("stable", STABLE_MS, () => this.#backoff.restart());
    this.#setState("online");
    this.#watch();
    this.#renewal.inTime();
    this.#arrive();
  }

  /**
   * The server is about to close, and says when to come back.
   * @param {number} comeBackMs
   */
  goingAway(comeBackMs) { this.#backoff.nextIs(pauseOf(comeBackMs)); }

  #watch() {
    if (monotonic() - this.#heardAt >= QUIET_MS) {
      const socket = this.#socket;
      this.#talk.say({ type: "ping" }, PRIORITY.session);
      this.#timers.set("dead", ANSWER_MS, () => this.giveUp(socket));
    }
    this.#timers.set("watch", QUIET_MS, () => this.#watch());
  }

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

  // Hearing

  /**
   * What cannot be read, or comes where it has no meaning, ends the connection:
   * the next one begins where this one was still understood.
   *
   * @param {string} text
   */
  #heard(text) {
    const socket = this.#socket;
    try {
      this.#take(frameOf(text));
    } catch (cause) {
      const message = "What answers at this address does not speak Parlor's protocol.";
      this.#on.error(new ParlorError({ code: "bad_frame", message, cause }));
      this.giveUp(socket);
    }
  }

  /** @param {Frame} frame */
  #take(frame) {
    this.#heardAt = monotonic();
    this.#talk.heard();
    if (this.isOnline) this.#timers.stop("dead");
    else this.#lives();
    if (frame.type === "ack" || frame.type === "error") {
      const error = this.#talk.answered(frame);
      // Nobody asked: the session itself needs a new token.
      if (error?.code === "token_expired") this.#renewal.soon();
      else if (error) this.#on.error(error);
      return undefined;
    }
    if (frame.type === "auth.failed") this.#refusedWith(new ParlorError(frame.data));
    return OWN.has(frame.type) ? undefined : this.#on.frame(frame);
  }

  /**
   * Why the close that follows comes, and when it is worth trying again.
   * @param {ParlorError} error
   */
  #refusedWith(error) {
    this.#refusal = error.message;
    if (error.retryAfterMs !== null) this.#backoff.nextIs(pauseAfter(error));
  }
}
