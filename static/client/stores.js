/**
 * Where the client keeps what outlives it: tokens, and unsent messages. A
 * browser may deny its storage, or have no room left in it, and anybody can
 * write into it: then the client goes on with what it has in memory, and says so.
 */

import { ParlorError } from "./error.js";

/** Keeps the tokens for as long as the page lives. */
export function memoryStore(session = null) {
  return { load: () => session, save: (next) => { session = next; } };
}

/** A browser that denies it throws where the property is read. */
const browserStorage = () => {
  if (!globalThis.localStorage) throw new TypeError("There is no localStorage here.");
  return globalThis.localStorage;
};

/** Keeps the tokens in `localStorage`, shared by all tabs. */
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

/** Forgets unsent messages with the page. */
export const noOutbox = { load: () => [], put: () => {}, remove: () => {} };

/**
 * Keeps unsent messages in `localStorage`, each under a key of its own, so
 * that tabs do not write over each other's.
 */
export function browserOutbox(prefix = "parlor.unsent", storage = null) {
  const place = () => storage ?? browserStorage();
  const keyOf = (user, clientId) => `${prefix}|${user}|${clientId}`;
  return {
    /** The user's messages, oldest first. */
    load(user) {
      const from = place();
      const start = keyOf(user, "");
      const keys = Array.from({ length: from.length }, (_, index) => from.key(index));
      return keys.filter((key) => key?.startsWith(start))
        .map((key) => parsed(from.getItem(key)) ?? { clientId: key.slice(start.length) });
    },
    put(user, message) { place().setItem(keyOf(user, message.clientId), JSON.stringify(message)); },
    remove(user, clientId) { place().removeItem(keyOf(user, clientId)); },
  };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function storageError(cause, what) {
  if (cause === null || cause instanceof SyntaxError) {
    return new ParlorError({
      code: "storage_corrupt", cause: cause ?? undefined,
      message: `What was kept of ${what} cannot be read, and was dropped.`,
      advice: "Something else writes under the same key of the storage.",
    });
  }
  const isFull = /quota/i.test(`${cause?.name} ${cause?.message}`);
  return new ParlorError({
    code: isFull ? "storage_full" : "storage_denied", cause,
    message: `${isFull ? "There is no room left to keep" : "The browser does not let the page keep"} ${what}: they are forgotten with the page.`,
    advice: isFull ? "Remove what the page keeps and does not need." : "Cookies and site data are blocked for this page, or it is in a sandboxed frame.",
  });
}

/** Tells each kind of trouble once. */
function teller(what, report) {
  const told = new Set();
  return (cause) => {
    const error = storageError(cause, what);
    if (!told.has(error.code)) report(error);
    told.add(error.code);
  };
}

const isSession = (session) => typeof session === "object" && typeof session.access === "string" && session.access !== ""
  && (session.user === undefined || typeof session.user?.id === "string");

/** A store of tokens that never fails: what it cannot keep is in memory. */
export function guardedStore(store, report) {
  const tell = teller("your sign-in", report);
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

const isKept = (message) => typeof message.room === "string" && typeof message.content === "string"
  && typeof message.clientId === "string" && Number.isFinite(message.at);

/** An outbox that never fails: what it cannot keep goes with the page. */
export function guardedOutbox(outbox, report) {
  const tell = teller("messages that wait", report);
  const guarded = (run, instead) => {
    try {
      return run();
    } catch (cause) {
      tell(cause);
      return instead;
    }
  };
  const remove = (user, clientId) => guarded(() => outbox.remove(user, clientId));
  return {
    /** The user's messages, oldest first. */
    load(user) {
      const found = guarded(() => [...outbox.load(user)], []).filter((each) => each !== null && typeof each === "object");
      const rubbish = found.filter((message) => !isKept(message));
      if (rubbish.length > 0) tell(null);
      for (const { clientId } of rubbish) if (typeof clientId === "string") remove(user, clientId);
      return found.filter(isKept).sort((a, b) => a.at - b.at);
    },
    put: (user, message) => guarded(() => outbox.put(user, message)),
    remove,
  };
}
