/** Where the client keeps what outlives it: tokens, and unsent messages. */

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

/** Forgets unsent messages with the page. */
export const noOutbox = { load: () => [], put: () => {}, remove: () => {} };

/**
 * Keeps unsent messages in `localStorage`, each under a key of its own, so
 * that tabs do not write over each other's.
 */
export function browserOutbox(prefix = "parlor.unsent", storage = globalThis.localStorage) {
  const keyOf = (user, clientId) => `${prefix}|${user}|${clientId}`;
  return {
    /** The user's messages, oldest first. */
    load(user) {
      const start = keyOf(user, "");
      const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index));
      return keys.filter((key) => key.startsWith(start))
        .map((key) => parsed(storage.getItem(key)))
        .filter((message) => message?.clientId && message.room)
        .sort((a, b) => a.at - b.at);
    },
    put(user, message) {
      try {
        storage.setItem(keyOf(user, message.clientId), JSON.stringify(message));
      } catch {
        // No room left: the message is still sent, it only does not outlive
        // the page.
      }
    },
    remove(user, clientId) {
      storage.removeItem(keyOf(user, clientId));
    },
  };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
