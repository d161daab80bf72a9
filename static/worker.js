/**
 * The page's service worker: shows what the server pushes, and leads to it. It lies beside the
 * page, whose notifications are those of all that is below.
 *
 * @import { PushNote, Noted, WorkerScope } from "./client/push_worker.js"
 */

import { carryOut, leadTo } from "./client/push_worker.js";

/** @type {WorkerScope & {skipWaiting: () => void, addEventListener: (type: string, listener: (event: any) => void) => void}} */
const scope = /** @type {any} */ (globalThis);

/** @type {(url: string) => boolean} */
const isPage = (url) => [".", "index.html"].some((path) => new URL(path, scope.registration.scope).pathname === new URL(url).pathname);

/** @type {(about: Noted) => string} */
const addressOf = ({ room_id: room, thread_id: thread }) =>
  `${scope.registration.scope}#${new URLSearchParams({ room, ...(thread && { thread }) })}`;

scope.addEventListener("install", () => scope.skipWaiting());
scope.addEventListener("push", (event) => {
  /** @type {PushNote} */
  const note = event.data.json();
  event.waitUntil(carryOut(scope, note, { icon: "icon.svg" }));
});
scope.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { data } = event.notification;
  event.waitUntil(leadTo(scope, data, addressOf(data), isPage));
});
