/** The session's tokens, and REST with them. */

import { ParlorError, offline, pauseAfter, signedOut, sleep } from "./error.js";

/** How long an answer may take. */
const ANSWER_MS = 15_000;
/** A file may take longer. */
const FILE_MS = 300_000;
/** A token that lives no longer than this counts as over. */
const OVER_MS = 5_000;
/** How often a call is made again that came too soon. */
const TRIES_MAX = 3;

/** When a token expires, in ms since 1970; 0 if it does not say. */
export function expiryOf(token) {
  try {
    const body = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(body)).exp * 1000;
  } catch {
    return 0;
  }
}

export class Account {
  #base; #store; #onLeft; #refreshing = null;
  /** The user of this session, once it is known. */
  user = null;

  /** `onLeft` is called when the session is over here. */
  constructor(base, store, onLeft) {
    this.#base = base.replace(/\/$/, "");
    this.#store = store;
    this.#onLeft = onLeft;
    this.user = store.load()?.user ?? null;
  }

  get base() { return this.#base; }
  get stored() { return this.#store.load(); }

  async begin(path, body) {
    const tokens = await this.#call("POST", path, { json: body });
    this.#save(tokens);
    return tokens.user;
  }

  #save(tokens) {
    this.user = tokens.user;
    this.#store.save({ user: tokens.user, access: tokens.access_token, refresh: tokens.refresh_token });
  }

  async logout() {
    const session = this.#store.load();
    this.forget();
    if (!session?.refresh) return;
    // Best effort: the tokens are gone from here in any case.
    await this.#call("POST", "/auth/logout", { json: { refresh_token: session.refresh } })
      .catch(() => {});
  }

  forget() {
    this.#store.save(null);
    this.#onLeft();
    this.user = null;
  }

  /**
   * The stored session, if it is still this user's. Another tab may have
   * signed out, or in as somebody else: in whose name nothing is sent that
   * this user wrote.
   */
  #session() {
    const session = this.#store.load();
    if (session && (!this.user || session.user.id === this.user.id)) return session;
    if (this.user) {
      this.#onLeft();
      this.user = null;
    }
    throw signedOut();
  }

  /**
   * A token that is good for a while. A refresh token works once, and using
   * it twice revokes the session: so calls share one refresh, and tabs take
   * turns.
   */
  async token(force = false) {
    const known = this.#session();
    if (!force && expiryOf(known.access) > Date.now() + OVER_MS) return known.access;
    // A token of the application's own: it gives the next one.
    if (!known.refresh) return known.access;
    this.#refreshing ??= this.#refresh(known).finally(() => { this.#refreshing = null; });
    return this.#refreshing;
  }

  #refresh(known) {
    const refresh = async () => {
      const session = this.#session();
      // Another tab was faster.
      if (session.refresh !== known.refresh) return session.access;
      try {
        const json = { refresh_token: session.refresh };
        const tokens = await this.#call("POST", "/auth/refresh", { json });
        this.#save(tokens);
        return tokens.access_token;
      } catch (error) {
        if (error.status === 401) this.forget();
        throw error;
      }
    };
    return globalThis.navigator?.locks
      ? navigator.locks.request("parlor.refresh", refresh)
      : refresh();
  }

  /** One JSON call as the session's user; `path` is below `/api/v1`. */
  rest(method, path, json) {
    return this.#asUser(method, path, { json });
  }

  /** Sends a file as it is. */
  upload(path, file, type) {
    return this.#asUser("POST", path, { file, type });
  }

  /** Gets a file. */
  download(path) {
    return this.#asUser("GET", path, { wantsFile: true });
  }

  /** With a new token if this one is over, and again if it came too soon. */
  async #asUser(method, path, what) {
    let renewed = false;
    for (let tries = 1; ; tries += 1) {
      const token = await this.token();
      try {
        return await this.#call(method, path, { ...what, token });
      } catch (error) {
        if (error.status === 401 && this.stored && !renewed) {
          renewed = true;
          await this.token(true);
        } else if (error.code === "rate_limited" && tries < TRIES_MAX) {
          await sleep(pauseAfter(error));
        } else {
          throw error;
        }
      }
    }
  }

  async #call(method, path, { json, file, type, token, wantsFile = false }) {
    const headers = {};
    if (json !== undefined) headers["Content-Type"] = "application/json";
    if (file) headers["Content-Type"] = type || "application/octet-stream";
    if (token) headers.Authorization = `Bearer ${token}`;
    const body = json === undefined ? file : JSON.stringify(json);
    const patience = file || wantsFile ? FILE_MS : ANSWER_MS;
    let response;
    try {
      response = await fetch(`${this.#base}/api/v1${path}`, {
        method, headers, body, signal: AbortSignal.timeout(patience),
      });
    } catch {
      throw offline("The server cannot be reached.");
    }
    if (response.status === 204) return null;
    if (response.ok && wantsFile) return response.blob();
    const answer = await response.json().catch(() => null);
    if (response.ok) return answer;
    const unknown = { code: "processing_error", message: `The server answered ${response.status}.` };
    throw new ParlorError(answer?.error ?? unknown, response.status);
  }
}
