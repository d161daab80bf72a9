/**
 * Where the page keeps who is signed in: all windows together, but for one that a link
 * has signed in, which has a session of its own. So two links are two people.
 *
 * @import { Store } from "../client/tokens.js"
 */

import { Parlor, browserStore, memoryStore } from "../client/parlor.js";
import { linked } from "./fragment.js";

const KEY = "parlor.session";

/**
 * Where the session is kept, and why the link does not sign in.
 *
 * @returns {Promise<{store: Store, error: unknown}>}
 */
export async function sessionOfWindow() {
  if (linked === null) return { store: ownStore(null) ?? browserStore(KEY), error: null };
  const session = { access: linked };
  try {
    // The server says whose it is, and whether it is good.
    const user = await new Parlor({ store: memoryStore(session) }).rest("GET", "/me");
    const signedIn = { ...session, user: { id: user.id, name: user.name } };
    return { store: ownStore(signedIn) ?? memoryStore(signedIn), error: null };
  } catch (error) {
    return { store: memoryStore(), error };
  }
}

/**
 * The window's own, if it has a session or is to have this one; null also where the
 * browser denies it.
 *
 * @param {import("../client/tokens.js").Session | null} session
 */
function ownStore(session) {
  try {
    const store = browserStore(KEY, sessionStorage);
    if (session) store.save(session);
    return store.load() ? store : null;
  } catch {
    return null;
  }
}
