/**
 * A connection that heals itself: it is made, watched, given new tokens, and
 * made again. What is said on it goes through a queue with a pace.
 */

import { Timers, monotonic } from "./clock.js";
import { comesBack, endOf, pauseBefore, socketClass, supplyOf } from "./closing.js";
import { ParlorError, mended, offline, pauseAfter, pauseOf } from "./error.js";
import { encode } from "./frame.js";
import { PRIORITY, SendQueue } from "./queue.js";
import { Requests } from "./requests.js";
import { checkAnswer, frameOf } from "./shape.js";

/** How long an answer may take; then the connection counts as dead. */
const ANSWER_MS = 15_000;
/** After this long without a frame the server is asked whether it is there. */
const QUIET_MS = 25_000;
/** A token is renewed this long before it is over, if it lives that long. */
const RENEW_EARLY_MS = 60_000;
/** A connection that lasted this long was a good one: the backoff starts anew. */
const STABLE_MS = 10_000;
/** So many tokens in a row are refused before a session counts as over. */
const REFUSED_MAX = 3;

/** A promise that is settled from outside. Who does not wait for it hears of it by events. */
function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  made.promise.catch(() => {});
  return made;
}

/** Answers of the connection itself. */
const OWN = new Set(["pong", "auth.required", "auth.failed"]);

export class Connection {
  #account; #on; #url; #webSocket;
  #socket = null; #state = "offline"; #wanted = false; #attempt = 0; #refused = 0; #refusal = ""; #met = null;
  #timers = new Timers(); #queue = new SendQueue(); #requests = new Requests();
  #heardAt = 0; #comeBackMs = null; #renewNow = false; #renewing = null; #limits = {};
  /** Which of those that wait for a token is to connect. */
  #opening = null;
  /** Who waits for the connection to be there. */
  #arrival = null;

  /**
   * `account` gives the tokens; `url()` says where to connect; `webSocket` is
   * the class to connect with, if it is not the global one. `on` is told:
   * `state(detail)`, `frame(frame)` for what is no answer, `error(error)`, which says whether anybody listened,
   * `stopped(error)` when it does not go on by itself, and `refused()` when the session's tokens are not taken any more.
   */
  constructor({ account, url, webSocket, on }) {
    this.#account = account;
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
    this.#queue.follow(limits);
  }

  /** The socket that is open now: to see later whether it still is that one. */
  get current() { return this.#socket; }

  // Coming and going

  /** Resolves once it is online; rejects if it stops for good before that. */
  connect() {
    try {
      socketClass(this.#webSocket);
    } catch (error) {
      return this.#cannot(error);
    }
    if (this.isOnline) return Promise.resolve();
    this.#wanted = true;
    this.#arrival ??= deferred();
    const { promise } = this.#arrival;
    if (!this.#socket && this.#state === "offline") this.#open();
    return promise;
  }

  /**
   * A mistake in the program, told once: to who listens, or by a rejection that
   * surfaces wherever it is not caught.
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

  /** `error` is for who still waits for it. */
  close(error = offline("The connection was closed.")) {
    this.#wanted = false;
    const socket = this.#socket;
    this.#dropped();
    socket?.close(1000);
    this.#setState("offline");
    this.#arrive(error);
  }

  /** It is over until somebody connects again. */
  #stop(code, error, reason = "") {
    this.#wanted = false;
    this.#setState("offline", { stoppedBy: code, reason });
    this.#on.stopped(error);
    this.#arrive(error);
  }

  #arrive(error = null) {
    const arrival = this.#arrival;
    this.#arrival = null;
    if (error) arrival?.reject(error);
    else arrival?.resolve();
  }

  /** `stoppedBy` is the close code after which the server wants no return. */
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
    } catch (error) {
      if (isOver()) return;
      // Nobody is signed in: trying again would not change that.
      if (error.status === 401) return this.#stop(4501, error, error.message);
      if (error.code !== "offline") this.#on.error(error);
      return this.#retry();
    }
    if (!isOver()) this.#begin(token);
  }

  #begin(token) {
    let socket;
    try {
      socket = supplyOf(this.#webSocket, this.#url());
    } catch (error) {
      return this.#stop(null, error, error.message);
    }
    this.#socket = socket;
    this.#queue.restart();
    // The token goes in the first frame: a browser does not tell an upgrade
    // that was refused for its token from a server that is away.
    socket.onopen = () => {
      if (socket === this.#socket) this.#say({ type: "auth", data: { token } }, PRIORITY.session);
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
    this.#queue.restart();
    this.#requests.rejectAll(offline("The connection was cut."));
  }

  #closed(code, reason = "") {
    // What the server could not read is not sent again for ever.
    const blamed = this.#requests.blame(code);
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

  /** Told once, however often it is met with until there is a connection. */
  #once(error) {
    if (this.#met !== error.code) this.#on.error(error);
    this.#met = error.code;
  }

  /** A token was refused. The application may have another; an account has not. */
  #goesOn(error) {
    this.#refused += 1;
    if (this.#refused > 1) this.#on.error(error);
    if (this.#refused <= REFUSED_MAX || this.#account.isSupplied) return true;
    this.#arrive(error);
    this.#on.refused();
    return false;
  }

  #retry(code) {
    const pause = this.#comeBackMs ?? pauseBefore(this.#attempt, code);
    this.#comeBackMs = null;
    this.#attempt = Math.min(this.#attempt + 1, 10);
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
    this.#timers.set("stable", STABLE_MS, () => { this.#attempt = 0; });
    this.#setState("online");
    this.#watch();
    this.#renewInTime();
    this.#arrive();
  }

  /** The server is about to close, and says when to come back. */
  goingAway(comeBackMs) { this.#comeBackMs = pauseOf(comeBackMs); }

  #watch() {
    if (monotonic() - this.#heardAt >= QUIET_MS) {
      const socket = this.#socket;
      this.#say({ type: "ping" }, PRIORITY.session);
      this.#timers.set("dead", ANSWER_MS, () => this.giveUp(socket));
    }
    this.#timers.set("watch", QUIET_MS, () => this.#watch());
  }

  // Tokens

  #renewInTime() {
    const left = this.#account.renewableFor;
    if (left === null) return; // It does not say when: the server will.
    const wait = left - Math.min(RENEW_EARLY_MS, left / 4);
    // If it fails, the server closes when the token is over; the next is new.
    this.#timers.set("renew", Math.max(wait, 1_000), () => this.#renewed());
  }

  /** If it fails for want of a connection, the next one begins with a new token. */
  #renewed() {
    this.renew().catch((error) => { if (error.code !== "offline") this.#on.error(error); });
  }

  /** Gives the connection a new token; all who wait for one share it. */
  renew() {
    const renew = async () => {
      const token = await this.#account.token({ force: true });
      await this.request("auth", { token }, { priority: PRIORITY.session });
      this.#renewInTime();
    };
    this.#renewing ??= renew().finally(() => { this.#renewing = null; });
    return this.#renewing;
  }

  // Saying

  /** Says something as soon as the pace allows it; `said` is then called. */
  #say(frame, priority, said = () => {}) {
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
   * One frame and its answer; resolves with the data of the ack. `onAck` is
   * called before any later frame is looked at, which a promise's reaction
   * need not be.
   */
  request(type, data, { onAck = () => {}, priority = PRIORITY.command, isLong = false } = {}) {
    if (this.#socket?.readyState !== 1 || this.#requests.isFull) {
      return Promise.reject(offline("There is no connection."));
    }
    const socket = this.#socket;
    const checked = (answer) => {
      checkAnswer(type, answer);
      onAck(answer);
    };
    const { id, answer, said } = this.#requests.add(checked, ANSWER_MS, () => this.giveUp(socket), isLong);
    this.#say({ type, id, data }, priority, said);
    return answer;
  }

  /** The same, again if it came too soon or the token was over. */
  command(type, data, options) {
    return mended(() => this.request(type, data, options), () => this.renew());
  }

  // Hearing

  /**
   * What cannot be read, or comes where it has no meaning, ends the connection:
   * the next one begins where this one was still understood.
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

  #take(frame) {
    this.#heardAt = monotonic();
    this.#requests.heard();
    if (this.isOnline) this.#timers.stop("dead");
    else this.#lives();
    if (frame.type === "ack" || frame.type === "error") return this.#answered(frame);
    if (frame.type === "auth.failed") this.#refusedWith(new ParlorError(frame.data));
    return OWN.has(frame.type) ? undefined : this.#on.frame(frame);
  }

  /** Why the close that follows comes, and when it is worth trying again. */
  #refusedWith(error) {
    this.#refusal = error.message;
    if (error.retryAfterMs !== null) this.#comeBackMs = pauseAfter(error);
  }

  #answered({ type, id, data }) {
    if (type === "ack") {
      this.#requests.resolve(id, data);
      return this.#sayOn();
    }
    const error = new ParlorError(data);
    if (error.code === "rate_limited") this.#queue.refused(monotonic(), pauseOf(error.retryAfterMs ?? 1_000));
    if (!this.#requests.reject(id, error)) {
      // Nobody asked: the session itself needs a new token.
      if (error.code === "token_expired") this.#renewed();
      else this.#on.error(error);
    }
    return this.#sayOn();
  }
}
