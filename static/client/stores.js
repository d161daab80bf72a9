/**
 * Where the client keeps what outlives it: tokens, and unsent messages. A
 * browser may deny its storage, or have no room left in it, and anybody can
 * write into it: then the client goes on with what it has in memory, and says so.
 *
 * @import { Session, Store } from "./tokens.js"
 * @import { Kept } from "./outbox.js"
 *
 * @typedef {object} OutboxStore keeps the unsent messages of each user
 * @property {(user: string) => Iterable<Kept>} load
 * @property {(user: string, message: Kept) => void} put
 * @property {(user: string, clientId: string) => void} remove
 *
 * @typedef {(error: ParlorError) => void} Report
 */

import { ParlorError } from "./error.js";

/**
 * Keeps the tokens for as long as the page lives.
 * @param {Session | null} [session]
 * @returns {Store}
 */
export function memoryStore(session = null) {
  return { load: () => session, save: (next) => { session = next; } };
}

/** A browser that denies it throws where the property is read. */
const browserStorage = () => {
  if (!globalThis.localStorage) throw new TypeError("There is no localStorage here.");
  return globalThis.localStorage;
};

/**
 * Keeps the tokens in `localStorage`, shared by all tabs.
 * @param {string} [key]
 * @param {Storage | null} [storage]
 * @returns {Store}
 */
export function browserStore(key = "parlor.session", storage = null) {
  const place = () => storage ?? browserStorage();
  return {
    load: () => JSON.parse(place().getItem(key) ?? "null"),
    save: (session) => {
      if (session) place().setItem(key, JSON.stringify(session));
      else place().removeItem(key);
    },
  };
}

/**
 * Forgets unsent messages with the page.
 * @type {OutboxStore}
 */
export const noOutbox = { load: () => [], put: () => {}, remove: () => {} };

/**
 * Keeps unsent messages in `localStorage`, each under a key of its own, so
 * that tabs do not write over each other's.
 *
 * @param {string} [prefix]
 * @param {Storage | null} [storage]
 * @returns {OutboxStore}
 */
export function browserOutbox(prefix = "parlor.unsent", storage = null) {
  const place = () => storage ?? browserStorage();
  /** @type {(user: string, clientId: string) => string} */
  const keyOf = (user, clientId) => `${prefix}|${user}|${clientId}`;
  return {
    load(user) {
      const from = place();
      const start = keyOf(user, "");
      const keys = Array.from({ length: from.length }, (_, index) => from.key(index));
      return keys.filter((key) => key !== null).filter((key) => key.startsWith(start))
        .map((key) => parsed(from.getItem(key)) ?? { clientId: key.slice(start.length) });
    },
    put(user, message) { place().setItem(keyOf(user, message.clientId), JSON.stringify(message)); },
    remove(user, clientId) { place().removeItem(keyOf(user, clientId)); },
  };
}

/** @param {string | null} text */
function parsed(text) {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * @param {unknown} cause null if what was found makes no sense
 * @param {string} what
 */
function storageError(cause, what) {
  if (cause === null || cause instanceof SyntaxError) {
    return new ParlorError({
      code: "storage_corrupt", cause: cause ?? undefined,
      message: `What was kept of ${what} cannot be read, and was dropped.`,
      advice: "Something else writes under the same key of the storage.",
    });
  }
  const { name, message } = /** @type {{name?: string, message?: string}} */ (cause ?? {});
  const isFull = /quota/i.test(`${name} ${message}`);
  return new ParlorError({
    code: isFull ? "storage_full" : "storage_denied", cause,
    message: `${isFull ? "There is no room left to keep" : "The browser does not let the page keep"} ${what}: they are forgotten with the page.`,
    advice: isFull ? "Remove what the page keeps and does not need." : "Cookies and site data are blocked for this page, or it is in a sandboxed frame.",
  });
}

/**
 * Tells each kind of trouble once.
 * @param {string} what
 * @param {Report} report
 */
function teller(what, report) {
  const told = new Set();
  return (/** @type {unknown} */ cause) => {
    const error = storageError(cause, what);
    if (!told.has(error.code)) report(error);
    told.add(error.code);
  };
}

/** @type {(session: Session) => boolean} */
const isSession = (session) => typeof session === "object" && typeof session.access === "string" && session.access !== ""
  && (session.user === undefined || typeof session.user?.id === "string");

/**
 * A store of tokens that never fails: what it cannot keep is in memory.
 * @param {Store} store
 * @param {Report} report
 * @returns {{load: () => Session | null, save: Store["save"]}}
 */
export function guardedStore(store, report) {
  const tell = teller("your sign-in", report);
  /** @type {Session | null} */
  let kept = null;
  let isInMemory = false;
  const drop = () => {
    try { store.save(null); } catch { /* It was told above. */ }
  };
  return {
    load() {
      if (isInMemory) return kept;
      try {
        const session = store.load() ?? null;
        if (session === null || isSession(session)) return session;
        tell(null);
        drop();
        return null;
      } catch (cause) {
        tell(cause);
        if (cause instanceof SyntaxError) drop();
        return kept;
      }
    },
    save(next) {
      kept = next;
      try {
        store.save(next);
        isInMemory = false;
      } catch (cause) {
        isInMemory = true;
        tell(cause);
        // A refresh token that was used up must not be found there again.
        drop();
      }
    },
  };
}

/** @type {(message: Kept) => boolean} */
const isKept = (message) => typeof message.room === "string" && typeof message.content === "string"
  && typeof message.clientId === "string" && Number.isFinite(message.at);

/**
 * An outbox that never fails: what it cannot keep goes with the page.
 * @param {OutboxStore} outbox
 * @param {Report} report
 * @returns {OutboxStore & {load: (user: string) => Kept[]}}
 */
export function guardedOutbox(outbox, report) {
  const tell = teller("messages that wait", report);
  /**
   * @template T
   * @param {() => T} run
   * @param {T} instead
   */
  const guarded = (run, instead) => {
    try {
      return run();
    } catch (cause) {
      tell(cause);
      return instead;
    }
  };
  /** @type {OutboxStore["remove"]} */
  const remove = (user, clientId) => guarded(() => outbox.remove(user, clientId), undefined);
  return {
    /** The user's messages, oldest first. */
    load(user) {
      const found = guarded(() => [...outbox.load(user)], []).filter((each) => each !== null && typeof each === "object");
      const rubbish = found.filter((message) => !isKept(message));
      if (rubbish.length > 0) tell(null);
      for (const { clientId } of rubbish) if (typeof clientId === "string") remove(user, clientId);
      return found.filter(isKept).sort((a, b) => a.at - b.at);
    },
    put: (user, message) => guarded(() => outbox.put(user, message), undefined),
    remove,
  };
}
