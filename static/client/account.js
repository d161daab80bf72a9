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

const bodyOf = (token) => token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");

/** When a token expires, in ms since 1970; 0 if it does not say. */
export function expiryOf(token) {
  try {
    return JSON.parse(atob(bodyOf(token))).exp * 1000;
  } catch {
    return 0;
  }
}

/** Whose token it is. It is only read here; the server checks it. */
function ownerOf(token) {
  const bytes = Uint8Array.from(atob(bodyOf(token)), (character) => character.codePointAt(0));
  const { sub: id, name } = JSON.parse(new TextDecoder().decode(bytes));
  return { id, name: name || id };
}

export class Account {
  #base; #store; #fetchToken; #onLeft; #refreshing = null;
  /** The user of this session, once it is known. */
  user = null;

  /**
   * `onLeft` is called when the session is over here; `fetchToken` gets the
   * application's tokens, if it makes them itself.
   */
  constructor(base, store, fetchToken, onLeft) {
    this.#base = base.replace(/\/$/, "");
    this.#store = store;
    this.#fetchToken = fetchToken;
    this.#onLeft = onLeft;
    this.user = store.load()?.user ?? null;
  }

  get base() { return this.#base; }
  get stored() { return this.#store.load(); }
  /** Whether a token that is over is followed by another. */
  get renews() { return Boolean(this.#fetchToken ?? this.stored?.refresh); }

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
    const known = this.#fetchToken ? this.stored : this.#session();
    if (known && !force && expiryOf(known.access) > Date.now() + OVER_MS) return known.access;
    // One that cannot be renewed: the server says when it is over.
    if (!this.renews) return known.access;
    const next = () => (this.#fetchToken ? this.#fetch() : this.#refresh(known));
    this.#refreshing ??= next().finally(() => { this.#refreshing = null; });
    return this.#refreshing;
  }

  async #fetch() {
    const access = await this.#fetchToken();
    const user = ownerOf(access);
    // Somebody else: what the last one wrote is not sent in their name.
    if (this.user && this.user.id !== user.id) this.#onLeft();
    if (this.user?.id !== user.id) this.user = user;
    this.#store.save({ user: this.user, access });
    return access;
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
