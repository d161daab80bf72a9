/**
 * The session's tokens: which one holds, for how long, and where the next one
 * comes from.
 *
 * @import { User } from "./types.js"
 * @typedef {{sub?: unknown, name?: string, exp?: number, iat?: number}} Claims
 *
 * @typedef {object} Session what is kept of a sign-in
 * @property {User} [user]
 * @property {string} access
 * @property {string} [refresh]
 * @property {number} [until] when `access` is over, by the clock of this device
 *
 * @typedef {{load: () => Session | null | undefined, save: (session: Session | null) => void}} Store
 */

import { monotonic } from "./clock.js";
import { ParlorError, signedOut } from "./error.js";

/** A token that lives no longer than this counts as over. */
const OVER_MS = 5_000;
/** How long the application may take to give a token. */
const SUPPLY_MS = 15_000;

/** @type {Claims} */
const EMPTY = Object.freeze({});

/**
 * What a JWT says; nothing of another token. It is only read here; the server checks it.
 * @param {string} token
 * @returns {Claims}
 */
export function claimsOf(token) {
  try {
    const body = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return claims !== null && typeof claims === "object" ? claims : EMPTY;
  } catch {
    return EMPTY;
  }
}

/**
 * How long a token is good that has just come, in ms; null if that cannot be
 * known. The device's clock may be wrong: then the time from its making to its
 * end is what is left, for nobody hands out a token that is over.
 *
 * @param {Claims} claims
 * @param {number} now
 */
export function lifeOf({ exp = 0, iat = 0 }, now) {
  if (!(exp > 0)) return null;
  const left = exp * 1000 - now;
  const whole = exp > iat && iat > 0 ? (exp - iat) * 1000 : null;
  if (left > 0 && (whole === null || left <= whole)) return left;
  return whole;
}

/** How long a token is still good, whatever becomes of the device's clock. */
export class Lifetime {
  #ms; #at; #clockAt;

  /**
   * @param {number | null} ms
   * @param {number} [now]
   * @param {number} [clock]
   */
  constructor(ms, now = monotonic(), clock = Date.now()) {
    this.#ms = ms;
    this.#at = now;
    this.#clockAt = clock;
  }

  /**
   * In ms; null if it is not known: the server says when it is over.
   * @param {number} [now]
   * @param {number} [clock]
   */
  left(now = monotonic(), clock = Date.now()) {
    if (this.#ms === null) return null;
    // A device that sleeps may stop the one clock, and is set by the other.
    return this.#ms - Math.max(now - this.#at, clock - this.#clockAt);
  }

  /**
   * @param {number} [now]
   * @param {number} [clock]
   */
  isOver(now, clock) {
    const left = this.left(now, clock);
    return left !== null && left <= Math.min(OVER_MS, (this.#ms ?? 0) / 4);
  }
}

/**
 * The application's `fetchToken`, which may hang, throw, or give anything.
 * @param {() => Promise<string>} fetchToken
 * @param {number} [patienceMs]
 */
export async function supplied(fetchToken, patienceMs = SUPPLY_MS) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let late;
  /** @type {Promise<never>} */
  const lateness = new Promise((_, reject) => {
    late = setTimeout(() => reject(new ParlorError({
      code: "token_timeout",
      message: `The application gave no token within ${patienceMs / 1000} s.`,
      advice: "Give the request in fetchToken a time limit. It is asked again.",
    })), patienceMs);
  });
  /** @type {unknown} */
  let token;
  try {
    token = await Promise.race([Promise.resolve().then(fetchToken), lateness]);
  } catch (thrown) {
    const cause = /** @type {{message?: string, status?: number} | undefined} */ (thrown);
    if (cause instanceof ParlorError && cause.code === "token_timeout") throw cause;
    throw new ParlorError({
      code: "token_failed", cause,
      message: `The application gave no token: ${cause?.message ?? cause}`,
      advice: "It is asked again; an error with status 401 says that nobody is signed in.",
    }, cause?.status === 401 ? 401 : 0);
  } finally {
    clearTimeout(late);
  }
  if (typeof token === "string" && isToken(token)) return token;
  throw new ParlorError({
    code: "token_invalid",
    message: "What the application gave is no token.",
    advice: "fetchToken must return a promise of the bare JWT: three parts with dots between them, without quotes or blanks.",
  });
}

/**
 * A JWT of somebody's, or the key of a service, which says nothing of itself.
 * @type {(text: string) => boolean}
 */
const isToken = (text) => (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) && Boolean(claimsOf(text).sub)) || /^prl_[\x21-\x7E]+$/.test(text);

/**
 * Who the token is for; null where the server has to say it.
 * @param {string} token
 * @returns {User | null}
 */
export function ownerOf(token) {
  const { sub, name } = claimsOf(token);
  return sub ? { id: String(sub), name: name || String(sub) } : null;
}

/** The tokens of one session at a time; `store` keeps them. */
export class Tokens {
  #store; #user; #lifetime = new Lifetime(null);
  /** @type {string | null} */
  #access = null;

  /**
   * `user()` says whose session this is; null if nobody's yet.
   *
   * @param {Store} store
   * @param {() => User | null} user
   */
  constructor(store, user) {
    this.#store = store;
    this.#user = user;
  }

  get stored() { return this.#store.load(); }

  /**
   * Takes over new ones; `seconds` is how long the server says they are good.
   * @param {Session} session
   * @param {number} [seconds]
   */
  save({ user, access, refresh }, seconds = 0) {
    const life = seconds > 0 ? seconds * 1000 : lifeOf(claimsOf(access), Date.now());
    this.#keep(access, life);
    const until = life === null ? undefined : Date.now() + life;
    this.#store.save({ user, access, refresh, until });
  }

  clear() { this.#store.save(null); }

  /**
   * @param {string} access
   * @param {number | null} life
   */
  #keep(access, life) {
    this.#access = access;
    this.#lifetime = new Lifetime(life);
  }

  /**
   * The stored session, if it is still this user's. Another tab may have
   * signed out, or in as somebody else: in whose name nothing is sent that
   * this user wrote.
   */
  session() {
    const session = this.stored;
    const user = this.#user();
    if (session && (!user || session.user?.id === user.id)) return session;
    throw signedOut();
  }

  /**
   * How long a token is good; it may be another tab's, or one from before.
   * @param {Session} session
   */
  lifetimeOf({ access, until = 0 }) {
    if (access === this.#access) return this.#lifetime;
    const now = Date.now();
    const whole = lifeOf(claimsOf(access), now);
    const kept = until > 0 ? until - now : whole;
    this.#keep(access, whole === null || kept === null ? kept ?? whole : Math.min(kept, whole));
    return this.#lifetime;
  }
}
