/**
 * The Parlor client: a connection that heals itself, what it has told, and
 * REST beside it. docs/CLIENT.md tells how to use it.
 *
 * No page in it: it runs wherever there are `WebSocket` and `fetch` (browsers,
 * Node 22 and later). What it promises follows docs/PROTOCOL.md:
 * - each event of a room is emitted once, in `seq` order, also over cuts;
 * - a message handed to `send` is sent again until it is acked, and stored once;
 * - every queue and every wait has a limit.
 *
 * @example
 * const parlor = new Parlor({ base: "https://chat.example.org" });
 * await parlor.login("alice", "correct horse");
 * parlor.on("message", (message) => console.log(message.content));
 * parlor.connect();
 * await parlor.send("lobby", "hello").stored;
 */

import { Account, expiryOf } from "./client/account.js";
import { Commands } from "./client/commands.js";
import { ParlorError, offline, pauseAfter, signedOut, sleep } from "./client/error.js";
import { Pace } from "./client/pace.js";
import { ChatState } from "./client/state.js";
import { memoryStore, noOutbox } from "./client/stores.js";

export { ParlorError } from "./client/error.js";
export { MessageLog, Marks } from "./client/log.js";
export * as rules from "./client/rules.js";
export { ChatState } from "./client/state.js";
export { browserOutbox, browserStore, memoryStore } from "./client/stores.js";
export { isMentioned, pieces, wordAtCaret } from "./client/text.js";

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
/** How often a command is given again that came too soon. */
const TRIES_MAX = 3;
/** Rooms that one `session.resume` may name. */
const RESUMED_MAX = 1_000;
/** What the frame of a `session.resume` needs besides its rooms. */
const RESUME_MARGIN_BYTES = 256;
/** Who reads what has come within this time need not say that it came. */
const DELIVERED_MS = 500;
/** Rooms of which one says at once what came while one was away. */
const DELIVERED_ROOMS = 20;
/** Inbox events that are fetched to begin with. */
const INBOX_SHOWN = 50;
/** After these the server does not want one back; see `comesBack`. */
const STOP_CODES = new Set([1002, 1003, 1007, 1009]);
/** What Parlor says itself begins with one of these words. */
const OWN_WORDS = new Set(("ack admin attachment auth connection error history inbox member message "
  + "parlor ping pong presence reaction receipts room server session thread typing user").split(" "));

/**
 * Whether a client comes back after a close; PROTOCOL.md, "Close codes". The
 * codes it does not name (1000 by a proxy, 1005 and 1006 without a close
 * frame) carry no judgement of the server, so they mean yes.
 */
export function comesBack(code) {
  return !STOP_CODES.has(code) && !(code >= 4500 && code < 5000);
}

/**
 * Where this module was loaded from, if that was a server of Parlor: it is the
 * base also below a path and from pages of other origins. Where it is part of
 * something larger, the page's origin.
 */
function ownBase(url = import.meta.url) {
  return /^https?:.*\/parlor\.js$/.test(url) ? url.replace(/\/parlor\.js$/, "") : globalThis.location?.origin;
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const isDefined = ([, value]) => value !== undefined && value !== null;
const withoutGaps = (object) => Object.fromEntries(Object.entries(object).filter(isDefined));

/** Events: docs/CLIENT.md, "Events". Commands: client/commands.js. */
export class Parlor extends Commands {
  #account; #outbox; #listeners = new Map();
  #socket = null; #state = "offline"; #wanted = false; #attempt = 0;
  #timers = new Map(); #heardAt = 0; #comeBackMs = null; #renewNow = false;
  #renewing = null; #limits = {};
  #requests = new Map(); #nextRequest = 1;
  #pace = new Pace(); #unsaid = [];
  /** room id → {seq, catching, blocked}: up to where events have been emitted. */
  #positions = new Map();
  /** client id → message, in the order of sending. */
  #pending = new Map();
  /** room id → the last position that has come and was not told. */
  #arrived = new Map();
  #tellsChange = false;
  /** What is known of rooms and people: a `ChatState`. */
  chat = new ChatState();

  /**
   * `fetchToken` gives a token of the application's own, and the next one when
   * that is over.
   *
   * @param {{base?: string, store?: {load: Function, save: Function},
   *   fetchToken?: () => Promise<string>,
   *   outbox?: {load: Function, put: Function, remove: Function}}} options
   */
  constructor({ base = ownBase(), store = memoryStore(), fetchToken = null, outbox = noOutbox } = {}) {
    super();
    if (!base) throw new TypeError("Parlor needs the server's address as `base`.");
    this.#account = new Account(base, store, fetchToken, () => this.#leave());
    this.#outbox = outbox;
    this.#recall();
  }

  /** "online", "connecting" or "offline". */
  get state() { return this.#state; }
  /** The user of this session, once it is known. */
  get user() { return this.#account.user; }
  get signedIn() { return this.#account.renews || Boolean(this.#account.stored); }
  /** Whose session is stored; another tab may have changed it. */
  get storedUserId() { return this.#account.stored?.user.id ?? null; }
  /** What has been sent and not been acked yet, oldest first. */
  get pending() { return [...this.#pending.values()]; }
  /** The bounds the server told; PROTOCOL.md, "Limits". */
  get limits() { return this.#limits; }

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

  register(userId, password, name) {
    return this.#begin("/auth/register", { user_id: userId, password, name: name || undefined });
  }

  login(userId, password) {
    return this.#begin("/auth/login", { user_id: userId, password });
  }

  async #begin(path, body) {
    const user = await this.#account.begin(path, body);
    this.#recall();
    return user;
  }

  logout() {
    for (const { clientId } of this.pending) this.#outbox.remove(this.user.id, clientId);
    return this.#account.logout();
  }

  /** What this user wrote and could not send before the page went. */
  #recall() {
    if (!this.user) return;
    this.chat.me = this.user.id;
    for (const { at, ...kept } of this.#outbox.load(this.user.id)) {
      if (!this.#pending.has(kept.clientId)) this.#queue({ ...kept, at: new Date(at) });
    }
  }

  /** Ends this user's session here, and forgets what belongs to it. */
  #leave() {
    this.close();
    for (const { reject } of this.#pending.values()) reject(signedOut());
    for (const map of [this.#positions, this.#pending, this.#arrived]) map.clear();
    this.chat.reset();
    this.#emit("signed-out");
  }

  // REST

  /** One REST call as the session's user; `path` is below `/api/v1`. */
  rest(method, path, body) { return this.#account.rest(method, path, body); }
  upload(path, file, type) { return this.#account.upload(path, file, type); }
  download(path) { return this.#account.download(path); }

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
  #setState(state, retryInMs = null, stoppedBy = null, reason = "") {
    this.#state = state;
    this.#emit("state", { state, retryInMs, stoppedBy, reason });
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
      const before = this.user?.id;
      token = await this.#account.token(renew);
      if (this.user?.id !== before) this.#recall();
    } catch (error) {
      if (!this.#wanted) return undefined;
      if (error.status !== 401) return this.#retry();
      // Nobody is signed in: trying again would not change that.
      this.#wanted = false;
      return this.#setState("offline", null, 4501, error.message);
    }
    if (!this.#wanted || this.#socket) return undefined;
    const query = this.#positions.size > 0 ? "?resume=1" : "";
    const url = `${this.#account.base.replace(/^http/, "ws")}/ws${query}`;
    // The token goes in the first frame: a browser does not tell an upgrade
    // that was refused for its token from a server that is away.
    const socket = new WebSocket(url, ["parlor.v1"]);
    this.#socket = socket;
    this.#pace.restart();
    socket.onopen = () => {
      if (socket === this.#socket) this.#say({ type: "auth", data: { token } });
    };
    this.#after("dead", ANSWER_MS, () => this.#giveUp(socket));
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#heard(JSON.parse(data));
    };
    socket.onclose = ({ code, reason }) => {
      if (socket === this.#socket) this.#closed(code, reason);
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
    this.#unsaid = [];
    for (const message of this.#pending.values()) message.underWay = false;
    for (const { reject } of requests) reject(offline("The connection was cut."));
  }

  #closed(code, reason = "") {
    this.#dropped();
    if (!this.#wanted) return;
    // Either the token is over or it was never good: a new one decides.
    if (code === 4401 || code === 4501) {
      if (code === 4501 && this.#attempt > 2) return this.#account.forget();
      this.#renewNow = true;
    } else if (!comesBack(code)) {
      this.#wanted = false;
      this.#setState("offline", null, code, reason);
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

  /** Says something as soon as the pace allows it; `said` is then called. */
  #say(frame, said = () => {}) {
    this.#unsaid.push([frame, said]);
    if (!this.#timers.has("say")) this.#sayOn();
  }

  #sayOn() {
    while (this.#unsaid.length > 0) {
      const wait = this.#pace.take(Date.now());
      if (wait > 0) return this.#after("say", wait, () => this.#sayOn());
      const [frame, said] = this.#unsaid.shift();
      this.#socket.send(JSON.stringify(frame));
      said();
    }
    return undefined;
  }

  /**
   * One frame and its answer; resolves with the data of the ack. `onAck` is
   * called before any later frame is looked at, which a promise's reaction
   * need not be.
   */
  request(type, data, onAck = () => {}) {
    if (this.#socket?.readyState !== 1 || this.#requests.size >= REQUESTS_MAX) {
      return Promise.reject(offline("There is no connection."));
    }
    const id = `r${this.#nextRequest++}`;
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      let late = null;
      const settle = (how) => (value) => { clearTimeout(late); how(value); };
      this.#requests.set(id, { resolve: settle(resolve), reject: settle(reject), onAck });
      this.#say({ type, id, data }, () => {
        late = setTimeout(() => this.#giveUp(socket), ANSWER_MS);
      });
    });
  }

  /** The same, again if it came too soon or the token was over. */
  async command(type, data) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.request(type, data);
      } catch (error) {
        if (tries >= TRIES_MAX || !await this.#isMended(error)) throw error;
      }
    }
  }

  /** Waits until what was refused may be tried again; says whether it may. */
  async #isMended(error) {
    if (error.isTemporary) await sleep(pauseAfter(error));
    else if (error.code === "token_expired") await this.#renew();
    else return false;
    return true;
  }

  // What the server says

  #heard(frame) {
    this.#heardAt = Date.now();
    if (this.#state === "online") this.#stop("dead");
    const { type, room_id: room, data } = frame;
    switch (type) {
      case "ack": case "error": return this.#answered(frame);
      case "pong": case "auth.required": case "auth.failed": return undefined;
      case "session.ready": return this.#ready(data);
      case "message.created": case "message.updated": case "message.deleted": case "room.cleared":
        return this.#event(frame);
      case "receipts": return this.#emit("receipts", { room, receipts: data.receipts });
      case "server.goaway":
        this.#comeBackMs = data.reconnect_after_ms;
        return this.#emit("goaway", data);
      default:
    }
    if (this.#heardOfRoom(frame) || this.#heardOfPeople(frame)) return this.#changed();
    return OWN_WORDS.has(type.split(".")[0]) ? undefined : this.#published(frame);
  }

  #heardOfRoom({ type, room_id: room, data }) {
    switch (type) {
      case "room.unread":
        this.chat.setUnread(room, data);
        this.#emit("unread", { room, ...data });
        return true;
      case "room.added":
        this.#moveTo(room, data.room.last_seq);
        this.chat.putRoom(data.room);
        this.#emit("room-added", data.room);
        return true;
      case "room.updated":
        this.chat.changeRoom(room, data);
        this.#emit("room-updated", { room, ...data });
        return true;
      case "room.removed": case "room.deleted":
        this.#positions.delete(room);
        this.chat.removeRoom(room);
        this.#emit("room-removed", { room, reason: data?.reason ?? "deleted" });
        return true;
      default: return false;
    }
  }

  #heardOfPeople({ type, room_id: room, data }) {
    switch (type) {
      case "member.joined": case "member.left": case "member.updated":
        this.chat.memberChanged(type, room, data);
        this.#emit("member", { type, room, ...data });
        return true;
      case "typing":
        this.chat.setTyping(room, data.user_id, data.is_typing);
        this.#emit("typing", { room, user: data.user_id, isTyping: data.is_typing });
        return true;
      case "presence":
        this.chat.setPresence(data);
        this.#emit("presence", { user: data.user_id, ...data });
        return true;
      default: return false;
    }
  }

  /** An event of the application's: of a room, for this user, or for many. */
  #published(frame) {
    const { type, room_id: room, seq, inbox_seq: inboxSeq, timestamp, data } = frame;
    const event = withoutGaps({ type, room_id: room, seq, inbox_seq: inboxSeq, timestamp, data });
    if (inboxSeq !== undefined) {
      if (!this.chat.putInbox(event)) return;
      this.#emit("inbox", event);
      this.#changed();
    } else if (seq !== undefined) {
      this.#event(frame);
    } else {
      this.#emit("event", event);
    }
  }

  #answered({ type, id, data }) {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    if (type === "ack") {
      request?.onAck(data);
      request?.resolve(data);
      return;
    }
    const error = new ParlorError(data);
    if (error.code === "rate_limited") this.#pace.refused(Date.now(), error.retryAfterMs ?? 1_000);
    request?.reject(error);
    // Nobody asked: the session itself needs a new token.
    if (!request && error.code === "token_expired") this.#renew().catch(() => {});
  }

  async #ready({ user, rooms, limits }) {
    this.#account.user = user;
    this.#limits = limits ?? {};
    const known = new Map(this.#positions);
    this.#positions.clear();
    const seen = [];
    for (const { room_id: id, last_seq: last } of rooms) {
      const seq = known.get(id)?.seq;
      this.#positions.set(id, { seq: seq ?? last, catching: seq !== undefined });
      if (seq !== undefined) seen.push([id, seq]);
    }
    this.chat.me = user.id;
    this.chat.forgetPassing();
    this.chat.replaceRooms(rooms);
    this.#changed();
    this.#emit("ready", rooms);
    const socket = this.#socket;
    if (known.size > 0) {
      try {
        await this.#resume(seen);
      } catch {
        return this.#giveUp(socket);
      }
    }
    if (socket === this.#socket) this.#live(rooms);
    return undefined;
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
    const inbox = this.chat.inboxSeq || undefined;
    const data = withoutGaps({ rooms: Object.fromEntries(named), inbox });
    return this.request("session.resume", data, (resumed) => {
      for (const [id, room] of Object.entries(resumed.rooms)) this.#caughtUp(id, room);
      for (const [id, position] of others) this.#fill(id, position);
    });
  }

  #live(rooms) {
    this.#stop("dead");
    // A server that accepts and then closes at once is not hurried.
    this.#after("stable", STABLE_MS, () => { this.#attempt = 0; });
    this.#setState("online");
    this.#watch();
    this.#renewInTime();
    for (const room of new Set(this.pending.map((message) => message.room))) this.#push(room);
    const behind = (room) => room.last_seq > Math.max(room.delivered_seq ?? 0, room.read_seq ?? 0);
    for (const room of rooms.filter((each) => each.unread > 0 && behind(each)).slice(0, DELIVERED_ROOMS)) {
      this.#hasArrived(room.room_id, room.last_seq);
    }
  }

  #renewInTime() {
    if (!this.#account.renews) return;
    const left = expiryOf(this.#account.stored?.access ?? "") - Date.now();
    if (!(left > 0)) return; // It does not say when: the server will.
    const wait = left - Math.min(RENEW_EARLY_MS, left / 4);
    // If it fails, the server closes when the token is over; the next is new.
    const renew = () => this.#renew().catch(() => {});
    this.#after("renew", Math.min(Math.max(wait, 1_000), 2 ** 31 - 1), renew);
  }

  /** Gives the connection a new token; all who wait for one share it. */
  #renew() {
    const renew = async () => {
      await this.request("auth", { token: await this.#account.token(true) });
      this.#renewInTime();
    };
    this.#renewing ??= renew().finally(() => { this.#renewing = null; });
    return this.#renewing;
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
    const { type, room_id: room, seq, data } = frame;
    const position = this.#positions.get(room);
    if (!position || position.blocked || seq <= position.seq) return undefined;
    // While it catches up positions may be skipped; live ones never are.
    if (!position.catching && seq > position.seq + 1) return this.#fill(room, position);
    position.seq = seq;
    this.#changed();
    switch (type) {
      case "message.created":
        this.chat.messageCreated(data, seq);
        if (data.sender.id !== this.user?.id) this.#hasArrived(room, seq);
        return this.#emit("message", data);
      case "message.updated": case "message.deleted":
        this.chat.messageChanged(data, seq);
        return this.#emit("message-changed", data);
      case "room.cleared":
        this.chat.cleared(room, data?.upto ?? seq, seq);
        return this.#emit("room-cleared", { room, upto: data?.upto ?? seq });
      default:
        this.chat.moved(room, seq);
        return this.#emit("room-event", { type, room_id: room, seq, timestamp: frame.timestamp, data });
    }
  }

  /** Says a little later what has come, unless it has been read by then. */
  #hasArrived(room, seq) {
    this.#arrived.set(room, Math.max(seq, this.#arrived.get(room) ?? 0));
    if (this.#timers.has("delivered")) return;
    this.#after("delivered", DELIVERED_MS, () => {
      const arrived = [...this.#arrived];
      this.#arrived.clear();
      for (const [id, upto] of arrived) {
        if (!((this.chat.room(id)?.read_seq ?? 0) >= upto)) this.markDelivered(id, upto).catch(() => {});
      }
    });
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
   *
   * `attachments` are what `attach` gave; `quote` is what is shown of the
   * message replied to until the server does.
   */
  send(room, content, { clientId = newId(), replyTo, threadId, metadata, attachments, quote } = {}) {
    if (!this.user) throw signedOut();
    if (this.#pending.size >= PENDING_MAX) throw offline("Too many messages wait to be sent.");
    const given = withoutGaps({ replyTo, threadId, metadata, attachments, quote });
    const message = this.#queue({ room, content, clientId, at: new Date(), ...given });
    this.#outbox.put(this.user.id, { room, content, clientId, at: message.at.getTime(), ...given });
    this.#emit("pending", message);
    this.#push(room);
    return message;
  }

  #queue(draft) {
    const message = { ...draft, underWay: false, faults: 0 };
    message.stored = new Promise((resolve, reject) => Object.assign(message, { resolve, reject }));
    message.stored.catch(() => {});
    this.#pending.set(message.clientId, message);
    return message;
  }

  #settled({ clientId }) {
    this.#pending.delete(clientId);
    this.#outbox.remove(this.user.id, clientId);
  }

  /**
   * Sends a room's next message. One at a time: otherwise one that the server
   * cannot take for the moment would be overtaken by those behind it.
   */
  async #push(room) {
    const message = this.pending.find((waiting) => waiting.room === room);
    if (this.#state !== "online" || !message || message.underWay) return;
    message.underWay = true;
    const { content, clientId, replyTo, threadId, metadata, attachments } = message;
    try {
      const ack = await this.request("message.send", withoutGaps({
        // A file may speak for itself; then there is no content, not even an empty one.
        room_id: room, client_id: clientId, content: content || undefined, reply_to: replyTo, thread_id: threadId, metadata,
        attachments: attachments?.map((attachment) => attachment.attachment_id),
      }));
      this.#settled(message);
      this.#emit("sent", { message, ack });
      message.resolve(ack);
    } catch (error) {
      if (error.code === "offline") return;
      if (this.#isTriedAgain(message, error)) return;
      this.#settled(message);
      this.#emit("failed", { message, error });
      message.reject(error);
    }
    this.#push(room);
  }

  /** Whether a message that was not stored goes once more, and when. */
  #isTriedAgain(message, error) {
    const again = () => {
      message.underWay = false;
      this.#push(message.room);
    };
    if (error.code === "token_expired") {
      // If it fails the connection ends, and with the next one all is sent.
      this.#renew().then(again, () => {});
      return true;
    }
    message.faults += error.code === "processing_error" ? 1 : 0;
    const isFault = error.code === "processing_error" && message.faults < FAULTS_MAX;
    if (!error.isTemporary && !isFault) return false;
    this.#after(`send ${message.clientId}`, pauseAfter(error), again);
    return true;
  }

  /** Fetches what the inbox has held lately, also what was seen. */
  async loadInbox() {
    const { inbox_seq: last } = await this.inbox({ limit: 1, after: Number.MAX_SAFE_INTEGER });
    const page = await this.inbox({ after: Math.max(0, last - INBOX_SHOWN), limit: INBOX_SHOWN });
    for (const event of page.events) this.chat.putInbox(event);
    this.chat.inboxAcked(page.acked_seq);
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
