/**
 * What a notification leads to: said by the service worker, or in the address of a new window.
 *
 * @import { Parlor } from "../../client/parlor.js"
 *
 * @typedef {{room: string, thread?: string}} Wanted
 */

/**
 * @param {Parlor} parlor
 * @param {(room: string, thread?: string) => void} open
 */
export function hearNotifications(parlor, open) {
  let wanted = inAddress();
  const openNow = () => {
    if (!wanted || !parlor.chat.room(wanted.room)) return;
    const { room, thread } = wanted;
    wanted = null;
    open(room, thread);
  };
  parlor.on("ready", () => {
    openNow();
    wanted = null; // It is in no room of this user's.
  });
  navigator.serviceWorker?.addEventListener("message", ({ data }) => {
    if (data?.type !== "parlor.open") return;
    wanted = { room: data.room_id, thread: data.thread_id };
    openNow();
  });
}

/**
 * It is taken out of the address: what is loaded anew later begins anew.
 * @returns {Wanted | null}
 */
function inAddress() {
  const named = new URLSearchParams(location.hash.slice(1));
  const room = named.get("room");
  if (room === null) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return { room, thread: named.get("thread") ?? undefined };
}
