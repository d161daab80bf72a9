/**
 * For a service worker: what is shown, and closed, of what the server pushes to a browser. It
 * needs nothing of the client. docs/CLIENT.md tells how to use it.
 *
 * @typedef {object} PushNote what the server pushes, of one room or thread
 * @property {string} room_id
 * @property {string} [thread_id]
 * @property {string} [message_id] of the newest message that it is about
 * @property {number} seq up to where in the room it is about messages
 * @property {number} badge how much this user has not read in all
 * @property {string} [title] none if all of it was read elsewhere
 * @property {string} [body]
 *
 * @typedef {Pick<PushNote, "room_id" | "thread_id" | "message_id" | "seq">} Noted what a notification is about: its `data`
 *
 * @typedef {object} Doing what follows from a note
 * @property {{title: string, options: NotificationOptions & {data: Noted, renotify?: boolean}} | null} show
 * @property {Notification[]} close
 * @property {number} badge
 *
 * @typedef {object} WorkerScope what is needed of a `ServiceWorkerGlobalScope`
 * @property {ServiceWorkerRegistration} registration
 * @property {{setAppBadge?: (count: number) => Promise<void>}} navigator
 * @property {{matchAll: (options: object) => Promise<readonly Window[]>, openWindow: (url: string) => Promise<unknown>}} clients
 *
 * @typedef {{url: string, focus: () => Promise<unknown>, postMessage: (message: any) => void}} Window
 */

/**
 * One notification stands for all that is new in a room, or in a thread.
 * @param {Pick<PushNote, "room_id" | "thread_id">} place
 */
export const tagOf = ({ room_id: room, thread_id: thread }) => (thread ? `parlor:${room}/${thread}` : `parlor:${room}`);

/**
 * What follows from a note, where these notifications are shown.
 *
 * @param {PushNote} note
 * @param {readonly Notification[]} [shown]
 * @returns {Doing}
 */
export function noted(note, shown = []) {
  const { title, body, badge, ...about } = note;
  const tag = tagOf(note);
  const same = shown.filter((notification) => notification.tag === tag);
  if (title === undefined) return { show: null, close: same.filter(({ data }) => data.seq <= note.seq), badge };
  // Push services keep no order: what came later stays.
  if (same.some(({ data }) => data.seq > note.seq)) return { show: null, close: [], badge };
  return { show: { title, options: { body, tag, renotify: true, data: about } }, close: [], badge };
}

/**
 * What the server has pushed, carried out. `more` is what all notifications have, such as an icon.
 *
 * @param {WorkerScope} scope
 * @param {PushNote} note
 * @param {NotificationOptions} [more]
 */
export async function carryOut({ registration, navigator }, note, more = {}) {
  const { show, close, badge } = noted(note, await registration.getNotifications());
  for (const notification of close) notification.close();
  await Promise.all([
    show && registration.showNotification(show.title, { ...more, ...show.options }),
    // Who may have no badge has none.
    navigator.setAppBadge?.(badge).catch(() => {}),
  ]);
}

/**
 * Leads to what a notification is about: in a window that is open and fits, which is sent
 * `{type: "parlor.open", …}` with the notification's `data`, or in a new one at that address.
 *
 * @param {WorkerScope} scope
 * @param {Noted} about
 * @param {string} url
 * @param {(url: string) => boolean} [fits]
 */
export async function leadTo({ clients, registration }, about, url, fits = (at) => at.startsWith(registration.scope)) {
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = windows.find((window) => fits(window.url));
  if (!open) return void await clients.openWindow(url);
  open.postMessage({ type: "parlor.open", ...about });
  await open.focus();
  return undefined;
}
