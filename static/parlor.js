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
/** A token is renewed this long before it expires, if it lives that long. */
const RENEW_EARLY_MS = 60_000;
/** A connection that lasted this long was a good one: the backoff starts anew. */
const STABLE_MS = 10_000;
/** How often a message is sent again that the server made a mistake with. */
const FAULTS_MAX = 3;
/** Rooms that one `session.resume` may name. */
const RESUMED_MAX = 1_000;
/** What the frame of a `session.resume` needs besides its rooms. */
const RESUME_MARGIN_BYTES = 256;
/** After these the server does not want one back; see `comesBack`. */
const STOP_CODES = new Set([1002, 1003, 1007, 1009]);

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

const signedOut = () =>
  new ParlorError({ code: "unauthorized", message: "You are not signed in." }, 401);

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
 * Whether a client comes back after a close; PROTOCOL.md, "Close codes". The
 * codes it does not name (1000 by a proxy, 1005 and 1006 without a close
 * frame) carry no judgement of the server, so they mean yes.
 */
export function comesBack(code) {
  return !STOP_CODES.has(code) && !(code >= 4500 && code < 5000);
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
 * Events: `state` ({state, retryInMs, stoppedBy}), `ready` (rooms), `message`, `pending`,
 * `sent`, `failed`, `receipts`, `unread`, `room-added`, `room-removed`,
 * `room-cleared`, `resync`, `member`, `signed-out`.
 */
export class Parlor {
  #base; #store; #listeners = new Map();
  #socket = null; #state = "offline"; #wanted = false; #attempt = 0;
  #timers = new Map(); #heardAt = 0; #comeBackMs = null; #renewNow = false;
  #refreshing = null; #limits = {};
  #requests = new Map(); #nextRequest = 1;
  /** room id → {seq, catching, blocked}: up to where events have been emitted. */
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
  /** Whose session is stored; another tab may have changed it. */
  get storedUserId() { return this.#store.load()?.user.id ?? null; }
  /** What has been sent and not been acked yet, oldest first. */
  get pending() { return [...this.#pending.values()]; }

  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    return () => this.#listeners.get(event).delete(listener);
  }

  #emit(event, detail) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(detail);
      } catch (error) {
        // A listener's mistake must not stop the protocol; it surfaces as an
        // uncaught error of its own.
        queueMicrotask(() => { throw error; });
      }
    }
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
    this.#store.save(null);
    this.#leave();
  }

  /** Ends this user's session here, and forgets what belongs to it. */
  #leave() {
    this.close();
    for (const { reject } of this.#pending.values()) reject(signedOut());
    this.#positions.clear();
    this.#pending.clear();
    this.user = null;
    this.#emit("signed-out");
  }

  /**
   * The stored session, if it is still this user's. Another tab may have
   * signed out, or in as somebody else: in whose name nothing is sent that
   * this user wrote.
   */
  #session() {
    const session = this.#store.load();
    if (session && (!this.user || session.user.id === this.user.id)) return session;
    if (this.user) this.#leave();
    throw signedOut();
  }

  /**
   * A token that is good for a while. A refresh token works once, and using
   * it twice revokes the session: so calls share one refresh, and tabs take
   * turns.
   */
  async #token(force = false) {
    const known = this.#session();
    if (!force && expiryOf(known.access) > Date.now() + 5_000) return known.access;
    this.#refreshing ??= this.#refresh(known).finally(() => { this.#refreshing = null; });
    return this.#refreshing;
  }

  #refresh(known) {
    const refresh = async () => {
      const session = this.#session();
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

  /** `stoppedBy` is the close code after which the server wants no return. */
  #setState(state, retryInMs = null, stoppedBy = null) {
    this.#state = state;
    this.#emit("state", { state, retryInMs, stoppedBy });
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
    // The token goes in the first frame: a browser does not tell an upgrade
    // that was refused for its token from a server that is away.
    const socket = new WebSocket(url, ["parlor.v1"]);
    this.#socket = socket;
    socket.onopen = () => {
      if (socket === this.#socket) this.#say({ type: "auth", data: { token } });
    };
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
      this.#setState("offline", null, code);
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

  /**
   * One command; resolves with the data of its ack. `onAck` is called before
   * any later frame is looked at, which a promise's reaction need not be.
   */
  request(type, data, onAck = () => {}) {
    if (this.#socket?.readyState !== 1 || this.#requests.size >= REQUESTS_MAX) {
      const message = "There is no connection.";
      return Promise.reject(new ParlorError({ code: "offline", message }));
    }
    const id = `r${this.#nextRequest++}`;
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#giveUp(socket), ANSWER_MS);
      const settle = (how) => (value) => { clearTimeout(late); how(value); };
      this.#requests.set(id, { resolve: settle(resolve), reject: settle(reject), onAck });
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
    if (type === "ack") {
      request?.onAck(data);
      request?.resolve(data);
    } else {
      request?.reject(new ParlorError(data));
    }
  }

  async #ready({ user, rooms, limits }) {
    this.user = user;
    this.#limits = limits ?? {};
    const known = new Map(this.#positions);
    this.#positions.clear();
    const seen = [];
    for (const { room_id: id, last_seq: last } of rooms) {
      const seq = known.get(id)?.seq;
      this.#positions.set(id, { seq: seq ?? last, catching: seq !== undefined });
      if (seq !== undefined) seen.push([id, seq]);
    }
    this.#emit("ready", rooms);
    const socket = this.#socket;
    if (known.size > 0) {
      try {
        await this.#resume(seen);
      } catch {
        return this.#giveUp(socket);
      }
    }
    if (socket === this.#socket) this.#live();
  }

  /**
   * Rooms that do not fit one frame go live at their head, and are then
   * filled up from where they were.
   */
  #resume(seen) {
    let bytes = RESUME_MARGIN_BYTES;
    const fits = ([id, seq], index) => {
      bytes += id.length + String(seq).length + 4;
      return index < RESUMED_MAX && bytes <= (this.#limits.frame_bytes ?? Infinity);
    };
    const named = seen.filter(fits);
    const others = seen.slice(named.length).map(([id]) => [id, this.#positions.get(id)]);
    for (const [, position] of others) position.blocked = true;
    return this.request("session.resume", { rooms: Object.fromEntries(named) }, (resumed) => {
      for (const [id, room] of Object.entries(resumed.rooms)) this.#caughtUp(id, room);
      for (const [id, position] of others) this.#fill(id, position);
    });
  }

  #live() {
    this.#stop("dead");
    // A server that accepts and then closes at once is not hurried.
    this.#after("stable", STABLE_MS, () => { this.#attempt = 0; });
    this.#setState("online");
    this.#watch();
    this.#renewInTime();
    for (const room of new Set(this.pending.map((message) => message.room))) this.#push(room);
  }

  #renewInTime() {
    const session = this.#store.load();
    if (!session) return;
    const left = expiryOf(session.access) - Date.now();
    const wait = left - Math.min(RENEW_EARLY_MS, left / 4);
    this.#after("renew", Math.min(Math.max(wait, 1_000), 2 ** 31 - 1), async () => {
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
    if (!position || position.blocked || seq <= position.seq) return;
    // While it catches up positions may be skipped; live ones never are.
    if (!position.catching && seq > position.seq + 1) return this.#fill(room, position);
    position.seq = seq;
    if (frame.type === "room.cleared") this.#emit("room-cleared", { room });
    else this.#emit("message", frame.data);
  }

  /**
   * Fetches what a room misses. It is unsubscribed first: what comes before
   * that is acked belongs to the old stream, and would make the replay look
   * like repeats.
   */
  async #fill(room, position) {
    const socket = this.#socket;
    const since = position.seq;
    position.blocked = true;
    const off = this.request("room.unsubscribe", { room_id: room }, () => {
      Object.assign(position, { blocked: false, catching: true });
    });
    const on = this.request("room.subscribe", { room_id: room, since },
      (answer) => this.#caughtUp(room, answer));
    try {
      await Promise.all([off, on]);
    } catch (error) {
      // Not a member any more: the room's removal is told.
      if (error.code !== "not_found" && error.code !== "forbidden") this.#giveUp(socket);
    }
  }

  // What one says

  /**
   * Sends a message, again and again until it is stored. `stored` resolves
   * with the ack; it rejects only if the server refuses the message. One that
   * was refused may be sent again with its `clientId`, and is stored once.
   */
  send(room, content, { clientId = newId() } = {}) {
    if (this.#pending.size >= PENDING_MAX) {
      throw new ParlorError({ code: "offline", message: "Too many messages wait to be sent." });
    }
    const message = { room, content, clientId, at: new Date(), underWay: false, faults: 0 };
    message.stored = new Promise((resolve, reject) => Object.assign(message, { resolve, reject }));
    message.stored.catch(() => {});
    this.#pending.set(message.clientId, message);
    this.#emit("pending", message);
    this.#push(room);
    return message;
  }

  /**
   * Sends a room's next message. One at a time: otherwise one that the server
   * cannot take for the moment would be overtaken by those behind it.
   */
  async #push(room) {
    const message = this.pending.find((waiting) => waiting.room === room);
    if (this.#state !== "online" || !message || message.underWay) return;
    message.underWay = true;
    const { content, clientId } = message;
    try {
      const ack = await this.request("message.send", { room_id: room, client_id: clientId, content });
      this.#pending.delete(clientId);
      this.#emit("sent", { message, ack });
      message.resolve(ack);
    } catch (error) {
      if (error.code === "offline") return;
      message.faults += error.code === "processing_error" ? 1 : 0;
      if (error.code === "unavailable" || (message.faults > 0 && message.faults < FAULTS_MAX)) {
        // The server's word is the least to wait; more spreads the senders.
        const wait = (error.retryAfterMs ?? 1_000) * (1 + Math.random() / 2);
        this.#after(`send ${clientId}`, wait, () => {
          message.underWay = false;
          this.#push(room);
        });
        return;
      }
      this.#pending.delete(clientId);
      this.#emit("failed", { message, error });
      message.reject(error);
    }
    this.#push(room);
  }

  join(room) { return this.request("room.join", { room_id: room }); }
  leave(room) { return this.request("room.leave", { room_id: room }); }
  markRead(room, seq) { return this.request("message.read", { room_id: room, seq }); }
  rooms() { return this.rest("GET", "/rooms").then(({ rooms }) => rooms); }
  createRoom(room) { return this.rest("POST", "/rooms", room); }

  /** A page of history, oldest first: the newest, or beside a `seq`. */
  history(room, { before, after, limit = 50 } = {}) {
    const given = Object.entries({ before, after, limit }).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams(given);
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
