/**
 * The Parlor client: a connection that heals itself, and REST beside it.
 *
 * No page in it: it runs wherever there are `WebSocket` and `fetch` (browsers,
 * Node 22 and later). What it promises follows docs/PROTOCOL.md:
 * - each event of a room is emitted once, in `seq` order, also over cuts;
 * - a message handed to `send` is sent again until it is acked, and stored once;
 * - every queue and every wait has a limit.
 *
 * @example
 * const parlor = new Parlor({ store: memoryStore() });
 * await parlor.login("alice", "correct horse");
 * parlor.on("message", (message) => console.log(message.content));
 * parlor.connect();
 * await parlor.send("lobby", "hello").stored;
 */

/** Messages that may wait to be sent. */
const PENDING_MAX = 1000;
/** Requests that may wait for an answer. */
const REQUESTS_MAX = 1000;
/** How long an answer may take; then the connection counts as dead. */
const ANSWER_MS = 15_000;
/** After this long without a frame the server is asked whether it is there. */
const QUIET_MS = 25_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 20_000;
/** A token is renewed this long before it expires. */
const RENEW_EARLY_MS = 60_000;

/** An error of the server, or of the way to it (`code` "offline"). */
export class ParlorError extends Error {
  constructor({ code, message, field, retry_after_ms: retryAfter }, status = 0) {
    super(message);
    this.name = "ParlorError";
    this.code = code;
    this.field = field;
    this.status = status;
    this.retryAfterMs = retryAfter ?? null;
  }
}

/** Keeps the tokens for as long as the page lives. */
export function memoryStore(session = null) {
  return { load: () => session, save: (next) => { session = next; } };
}

/** Keeps the tokens in `localStorage`, shared by all tabs. */
export function browserStore(key = "parlor.session") {
  return {
    load: () => JSON.parse(localStorage.getItem(key) ?? "null"),
    save: (session) => {
      if (session) localStorage.setItem(key, JSON.stringify(session));
      else localStorage.removeItem(key);
    },
  };
}

/**
 * Whether a client comes back after a close; PROTOCOL.md, "Close codes". 1005
 * and 1006 stand for a connection that ended without a close frame.
 */
export function comesBack(code) {
  return [1001, 1005, 1006, 1011, 1012, 1013].includes(code) || (code >= 4000 && code < 4500);
}

function expiryOf(token) {
  try {
    const body = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(body)).exp * 1000;
  } catch {
    return 0;
  }
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Events: `state` ({state, retryInMs}), `ready` (rooms), `message`, `pending`,
 * `sent`, `failed`, `receipts`, `unread`, `room-added`, `room-removed`,
 * `room-cleared`, `resync`, `member`, `signed-out`.
 */
export class Parlor {
  #base; #store; #listeners = new Map();
  #socket = null; #state = "offline"; #wanted = false; #attempt = 0;
  #timers = new Map(); #heardAt = 0; #comeBackMs = null; #renewNow = false;
  #requests = new Map(); #nextRequest = 1;
  /** room id → {seq, catching}: up to where events have been emitted. */
  #positions = new Map();
  /** client id → message, in the order of sending. */
  #pending = new Map();
  /** The user of this session, once it is known. */
  user = null;

  /** @param {{base?: string, store: {load: Function, save: Function}}} options */
  constructor({ base = globalThis.location?.origin, store }) {
    this.#base = base.replace(/\/$/, "");
    this.#store = store;
    this.user = store.load()?.user ?? null;
  }

  get state() { return this.#state; }
  get signedIn() { return Boolean(this.#store.load()); }
  /** What has been sent and not been acked yet, oldest first. */
  get pending() { return [...this.#pending.values()]; }

  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    return () => this.#listeners.get(event).delete(listener);
  }

  #emit(event, detail) {
    for (const listener of this.#listeners.get(event) ?? []) listener(detail);
  }

  // Accounts

  register(userId, password, name) {
    return this.#begin("/auth/register", { user_id: userId, password, name: name || undefined });
  }

  login(userId, password) {
    return this.#begin("/auth/login", { user_id: userId, password });
  }

  async #begin(path, body) {
    const tokens = await this.#fetch("POST", path, { body });
    this.#save(tokens);
    return tokens.user;
  }

  #save(tokens) {
    this.user = tokens.user;
    this.#store.save({ user: tokens.user, access: tokens.access_token, refresh: tokens.refresh_token });
  }

  async logout() {
    const session = this.#store.load();
    this.#forget();
    if (!session) return;
    // Best effort: the tokens are gone from here in any case.
    await this.#fetch("POST", "/auth/logout", { body: { refresh_token: session.refresh } })
      .catch(() => {});
  }

  #forget() {
    this.close();
    this.#positions.clear();
    this.#pending.clear();
    this.#store.save(null);
    this.user = null;
    this.#emit("signed-out");
  }

  /** A token that is good for a while. Tabs share one, so they take turns. */
  async #token(force = false) {
    const known = this.#store.load();
    if (!known) throw new ParlorError({ code: "unauthorized", message: "Sign in first." });
    if (!force && expiryOf(known.access) > Date.now() + 5_000) return known.access;
    const refresh = async () => {
      const session = this.#store.load();
      if (!session) throw new ParlorError({ code: "unauthorized", message: "Signed out." });
      // Another tab was faster.
      if (session.refresh !== known.refresh) return session.access;
      try {
        const body = { refresh_token: session.refresh };
        const tokens = await this.#fetch("POST", "/auth/refresh", { body });
        this.#save(tokens);
        return tokens.access_token;
      } catch (error) {
        if (error.status === 401) this.#forget();
        throw error;
      }
    };
    return globalThis.navigator?.locks
      ? navigator.locks.request("parlor.refresh", refresh)
      : refresh();
  }

  // REST

  /** One REST call as the session's user; `path` is below `/api/v1`. */
  async rest(method, path, body) {
    const token = await this.#token();
    try {
      return await this.#fetch(method, path, { body, token });
    } catch (error) {
      if (error.status !== 401 || !this.signedIn) throw error;
      return this.#fetch(method, path, { body, token: await this.#token(true) });
    }
  }

  async #fetch(method, path, { body, token } = {}) {
    const headers = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    let response;
    try {
      response = await fetch(`${this.#base}/api/v1${path}`, {
        method, headers, body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
    } catch {
      throw new ParlorError({ code: "offline", message: "The server cannot be reached." });
    }
    if (response.status === 204) return null;
    const answer = await response.json().catch(() => null);
    if (response.ok) return answer;
    const unknown = { code: "processing_error", message: `The server answered ${response.status}.` };
    throw new ParlorError(answer?.error ?? unknown, response.status);
  }

  // The connection

  /** Connects, and stays connected until `close`. */
  connect() {
    this.#wanted = true;
    if (!this.#socket && this.#state === "offline") this.#open();
  }

  /** Tries now instead of after the pause, e.g. when the network is back. */
  retryNow() {
    if (this.#wanted && !this.#socket && this.#timers.has("retry")) this.#open();
  }

  close() {
    this.#wanted = false;
    const socket = this.#socket;
    this.#dropped();
    socket?.close(1000);
    this.#setState("offline");
  }

  #setState(state, retryInMs = null) {
    this.#state = state;
    this.#emit("state", { state, retryInMs });
  }

  #after(name, ms, run) {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(() => { this.#timers.delete(name); run(); }, ms));
  }

  #stop(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  async #open() {
    this.#stop("retry");
    this.#setState("connecting");
    let token;
    try {
      const renew = this.#renewNow;
      this.#renewNow = false;
      token = await this.#token(renew);
    } catch (error) {
      if (this.#wanted && error.status !== 401) this.#retry();
      return;
    }
    if (!this.#wanted || this.#socket) return;
    const query = this.#positions.size > 0 ? "?resume=1" : "";
    const url = `${this.#base.replace(/^http/, "ws")}/ws${query}`;
    const socket = new WebSocket(url, ["parlor.v1", `bearer.${token}`]);
    this.#socket = socket;
    this.#after("dead", ANSWER_MS, () => this.#giveUp(socket));
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#heard(JSON.parse(data));
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#closed(code);
    };
  }

  /** A socket that has gone silent may take minutes to say that it is over. */
  #giveUp(socket) {
    if (socket !== this.#socket) return;
    socket.onclose = null;
    socket.close();
    this.#closed(1006);
  }

  #dropped() {
    this.#socket = null;
    for (const name of [...this.#timers.keys()]) this.#stop(name);
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    for (const message of this.#pending.values()) message.underWay = false;
    const offline = new ParlorError({ code: "offline", message: "The connection was cut." });
    for (const { reject } of requests) reject(offline);
  }

  #closed(code) {
    this.#dropped();
    if (!this.#wanted) return;
    // Either the token is over or it was never good: a new one decides.
    if (code === 4401 || code === 4501) {
      if (code === 4501 && this.#attempt > 2) return this.#forget();
      this.#renewNow = true;
    } else if (!comesBack(code)) {
      this.#wanted = false;
      this.#setState("offline");
      return;
    }
    this.#retry();
  }

  /** Backs off with full jitter, so that clients do not all come at once. */
  #retry() {
    const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#attempt);
    const pause = this.#comeBackMs ?? Math.random() * ceiling;
    this.#comeBackMs = null;
    this.#attempt = Math.min(this.#attempt + 1, 10);
    this.#setState("offline", pause);
    this.#after("retry", pause, () => this.#open());
  }

  #watch() {
    const quiet = Date.now() - this.#heardAt;
    if (quiet >= QUIET_MS) {
      const socket = this.#socket;
      this.#say({ type: "ping" });
      this.#after("dead", ANSWER_MS, () => this.#giveUp(socket));
    }
    this.#after("watch", QUIET_MS, () => this.#watch());
  }

  #say(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  /** One command; resolves with the data of its ack. */
  request(type, data) {
    if (this.#socket?.readyState !== 1 || this.#requests.size >= REQUESTS_MAX) {
      const message = "There is no connection.";
      return Promise.reject(new ParlorError({ code: "offline", message }));
    }
    const id = `r${this.#nextRequest++}`;
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#giveUp(socket), ANSWER_MS);
      const settle = (how) => (value) => { clearTimeout(late); how(value); };
      this.#requests.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.#say({ type, id, data });
    });
  }

  // What the server says

  #heard(frame) {
    this.#heardAt = Date.now();
    if (this.#state === "online") this.#stop("dead");
    switch (frame.type) {
      case "ack": case "error": return this.#answered(frame);
      case "session.ready": return this.#ready(frame.data);
      case "message.created": case "room.cleared": return this.#event(frame);
      case "receipts":
        return this.#emit("receipts", { room: frame.room_id, receipts: frame.data.receipts });
      case "room.unread":
        return this.#emit("unread", { room: frame.room_id, ...frame.data });
      case "room.added":
        this.#moveTo(frame.room_id, frame.data.room.last_seq);
        return this.#emit("room-added", frame.data.room);
      case "room.removed": case "room.deleted":
        this.#positions.delete(frame.room_id);
        return this.#emit("room-removed", { room: frame.room_id });
      case "member.joined": case "member.left":
        return this.#emit("member", { type: frame.type, room: frame.room_id, ...frame.data });
      case "server.goaway":
        this.#comeBackMs = frame.data.reconnect_after_ms;
        return undefined;
      default: return undefined; // Events of later versions.
    }
  }

  #answered({ type, id, data }) {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    if (type === "ack") request?.resolve(data);
    else request?.reject(new ParlorError(data));
  }

  async #ready({ user, rooms }) {
    this.user = user;
    const known = new Map(this.#positions);
    this.#positions.clear();
    const since = {};
    for (const { room_id: id, last_seq: last } of rooms) {
      const seen = known.get(id)?.seq;
      this.#positions.set(id, { seq: seen ?? last, catching: seen !== undefined });
      if (seen !== undefined) since[id] = seen;
    }
    this.#emit("ready", rooms);
    const socket = this.#socket;
    if (known.size > 0) {
      try {
        const resumed = await this.request("session.resume", { rooms: since });
        for (const [id, room] of Object.entries(resumed.rooms)) this.#caughtUp(id, room);
      } catch {
        return this.#giveUp(socket);
      }
    }
    if (socket === this.#socket) this.#live();
  }

  #live() {
    this.#attempt = 0;
    this.#stop("dead");
    this.#setState("online");
    this.#watch();
    this.#renewInTime();
    for (const message of this.#pending.values()) this.#push(message);
  }

  #renewInTime() {
    const session = this.#store.load();
    if (!session) return;
    const left = expiryOf(session.access) - Date.now() - RENEW_EARLY_MS;
    this.#after("renew", Math.min(Math.max(left, 1_000), 2 ** 31 - 1), async () => {
      try {
        await this.request("auth", { token: await this.#token(true) });
        this.#renewInTime();
      } catch {
        // The server closes when the token is over; the next one is new.
      }
    });
  }

  #moveTo(room, seq) {
    this.#positions.set(room, { seq, catching: false });
  }

  #caughtUp(room, { last_seq: last, resync, error }) {
    if (error) return this.#positions.delete(room);
    this.#moveTo(room, resync ? last : Math.max(last, this.#positions.get(room)?.seq ?? 0));
    if (resync) this.#emit("resync", { room });
    return undefined;
  }

  #event(frame) {
    const { room_id: room, seq } = frame;
    const position = this.#positions.get(room);
    if (!position || seq <= position.seq) return;
    // While it catches up positions may be skipped; live ones never are.
    if (!position.catching && seq > position.seq + 1) return this.#fill(room, position);
    position.seq = seq;
    if (frame.type === "room.cleared") this.#emit("room-cleared", { room });
    else this.#emit("message", frame.data);
  }

  async #fill(room, position) {
    position.catching = true;
    try {
      this.#caughtUp(room, await this.request("room.subscribe", { room_id: room, since: position.seq }));
    } catch {
      this.#giveUp(this.#socket);
    }
  }

  // What one says

  /**
   * Sends a message, again and again until it is stored. `stored` resolves
   * with the ack; it rejects only if the server refuses the message.
   */
  send(room, content) {
    if (this.#pending.size >= PENDING_MAX) {
      throw new ParlorError({ code: "offline", message: "Too many messages wait to be sent." });
    }
    const message = { room, content, clientId: newId(), at: new Date(), underWay: false };
    message.stored = new Promise((resolve, reject) => Object.assign(message, { resolve, reject }));
    message.stored.catch(() => {});
    this.#pending.set(message.clientId, message);
    this.#emit("pending", message);
    if (this.#state === "online") this.#push(message);
    return message;
  }

  async #push(message) {
    if (message.underWay) return;
    message.underWay = true;
    const { room, content, clientId } = message;
    try {
      const ack = await this.request("message.send", { room_id: room, client_id: clientId, content });
      this.#pending.delete(clientId);
      this.#emit("sent", { message, ack });
      message.resolve(ack);
    } catch (error) {
      message.underWay = false;
      if (error.code === "offline") return;
      if (error.code === "unavailable") {
        const again = () => { if (this.#state === "online") this.#push(message); };
        this.#after(`send ${clientId}`, error.retryAfterMs ?? 1_000, again);
        return;
      }
      this.#pending.delete(clientId);
      this.#emit("failed", { message, error });
      message.reject(error);
    }
  }

  join(room) { return this.request("room.join", { room_id: room }); }
  leave(room) { return this.request("room.leave", { room_id: room }); }
  markRead(room, seq) { return this.request("message.read", { room_id: room, seq }); }
  rooms() { return this.rest("GET", "/rooms").then(({ rooms }) => rooms); }
  createRoom(room) { return this.rest("POST", "/rooms", room); }

  history(room, { before, limit = 50 } = {}) {
    const query = new URLSearchParams({ limit, ...(before === undefined ? {} : { before }) });
    return this.rest("GET", `/rooms/${encodeURIComponent(room)}/messages?${query}`);
  }

  receipts(room) {
    return this.rest("GET", `/rooms/${encodeURIComponent(room)}/receipts`)
      .then(({ receipts }) => receipts);
  }

  addMember(room, user) {
    const path = `/rooms/${encodeURIComponent(room)}/members/${encodeURIComponent(user)}`;
    return this.rest("PUT", path, {});
  }
}
