/**
 * Who the user is: signing in and out, tokens that are renewed, and REST with them.
 *
 * @import { Content } from "./rest.js"
 * @import { Session, Store } from "./tokens.js"
 * @import { User } from "./types.js"
 * @typedef {{user: User, access_token: string, refresh_token: string, expires_in: number}} SignIn
 */

import { asError, pauseAfter, sleep } from "./error.js";
import { call } from "./rest.js";
import { Tokens, ownerOf, supplied } from "./tokens.js";

/** How often a call is made again that came too soon. */
const TRIES_MAX = 3;
/** What may be asked again only later than this is refused at once: somebody waits for it. */
const PATIENCE_MS = 30_000;

export class Account {
  #base; #fetchToken; #onLeft; #tokens;
  /** @type {Promise<string> | null} */
  #renewing = null;
  /**
   * The user of this session, once it is known.
   *
   * @type {User | null}
   */
  user = null;

  /**
   * `onLeft` is called when the session is over here; `fetchToken` gets the
   * application's tokens, if it makes them itself.
   *
   * @param {string} base
   * @param {Store} store
   * @param {(() => Promise<string>) | null} fetchToken
   * @param {() => void} onLeft
   */
  constructor(base, store, fetchToken, onLeft) {
    this.#base = base.replace(/\/+$/, "");
    this.#fetchToken = fetchToken;
    this.#onLeft = onLeft;
    this.#tokens = new Tokens(store, () => this.user);
    this.user = store.load()?.user ?? null;
  }

  get base() { return this.#base; }
  get stored() { return this.#tokens.stored; }
  /** Whether the application makes the tokens. */
  get isSupplied() { return Boolean(this.#fetchToken); }
  /** Whether a token that is over is followed by another. */
  get renews() { return this.isSupplied || Boolean(this.stored?.refresh); }

  /** In how many ms a token is over that can be renewed; null if that is not known. */
  get renewableFor() {
    const { stored } = this;
    return stored && this.renews ? this.#tokens.lifetimeOf(stored).left() : null;
  }

  /**
   * @param {string} path
   * @param {object} json
   * @returns {Promise<User>}
   */
  async begin(path, json) {
    const told = await call(this.#base, "POST", path, { json });
    this.#save(told);
    return told.user;
  }

  /** @param {SignIn} told */
  #save({ user, access_token: access, refresh_token: refresh, expires_in: seconds }) {
    this.user = user;
    this.#tokens.save({ user, access, refresh }, seconds);
  }

  /** @param {string} [deviceId] a device that is told nothing more */
  async logout(deviceId) {
    const session = this.stored;
    this.forget();
    if (!session?.refresh) return;
    // Best effort: the tokens are gone from here in any case.
    const json = { refresh_token: session.refresh, device_id: deviceId };
    await call(this.#base, "POST", "/auth/logout", { json }).catch(() => {});
  }

  forget() {
    this.#tokens.clear();
    this.#left();
  }

  #left() {
    this.#onLeft();
    this.user = null;
  }

  #session() {
    try {
      return this.#tokens.session();
    } catch (error) {
      if (this.user) this.#left();
      throw error;
    }
  }

  /**
   * A token that is good for a while. A refresh token works once, and using
   * it twice revokes the session: so calls share one refresh, and tabs take
   * turns. `refused` is a token that the server did not take; `force` asks for
   * a new one in any case.
   *
   * @param {{force?: boolean, refused?: string | null}} [options]
   */
  async token({ force = false, refused = null } = {}) {
    const known = this.#fetchToken ? this.stored : this.#session();
    const isWanted = force || known?.access === refused;
    if (known && !isWanted && !this.#tokens.lifetimeOf(known).isOver()) return known.access;
    // One that cannot be renewed: the server says when it is over.
    if (known && !this.renews) return known.access;
    const supply = this.#fetchToken;
    const next = () => (supply ? this.#fetch(supply) : this.#refresh(known));
    this.#renewing ??= next().finally(() => { this.#renewing = null; });
    return this.#renewing;
  }

  /** @param {() => Promise<string>} supply */
  async #fetch(supply) {
    const access = await supplied(supply);
    const user = ownerOf(access);
    // Somebody else: what the last one wrote is not sent in their name.
    if (user && this.user && this.user.id !== user.id) this.#onLeft();
    if (user && this.user?.id !== user.id) this.user = user;
    this.#tokens.save({ user: this.user ?? undefined, access });
    return access;
  }

  /** @param {Session | null | undefined} known */
  #refresh(known) {
    /** @type {() => Promise<string>} */
    const refresh = async () => {
      const session = this.#session();
      // Another tab was faster.
      if (session.refresh !== known?.refresh) return session.access;
      try {
        const json = { refresh_token: session.refresh };
        /** @type {SignIn} */
        const told = await call(this.#base, "POST", "/auth/refresh", { json });
        this.#save(told);
        return told.access_token;
      } catch (error) {
        if (asError(error).status === 401) this.forget();
        throw error;
      }
    };
    return globalThis.navigator?.locks
      ? /** @type {Promise<any>} */ (navigator.locks.request("parlor.refresh", refresh))
      : refresh();
  }

  /**
   * One JSON call as the session's user; `path` is below `/api/v1`.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [json]
   */
  rest(method, path, json) { return this.#asUser(method, path, { json }); }
  /**
   * Sends a file as it is.
   * @param {string} path
   * @param {Blob} file
   * @param {string} type
   */
  upload(path, file, type) { return this.#asUser("POST", path, { file, type }); }
  /**
   * Gets a file.
   * @param {string} path
   */
  download(path) { return this.#asUser("GET", path, { wantsFile: true }); }

  /**
   * With a new token if this one is over, and again if it came too soon.
   * @param {string} method
   * @param {string} path
   * @param {Content} what
   */
  async #asUser(method, path, what) {
    /** @type {string | null} */
    let refused = null;
    for (let tries = 1; ; tries += 1) {
      const token = await this.token({ refused });
      try {
        return await call(this.#base, method, path, { ...what, token });
      } catch (caught) {
        const error = asError(caught);
        if (error.status === 401 && refused === null && this.renews) {
          refused = token;
        } else if (error.code === "rate_limited" && tries < TRIES_MAX && !((error.retryAfterMs ?? 0) > PATIENCE_MS)) {
          await sleep(pauseAfter(error));
        } else {
          throw error;
        }
      }
    }
  }
}
