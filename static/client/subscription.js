/**
 * A browser's subscription at its push service. What a browser does is given, as the
 * registration of a service worker.
 *
 * @import { WebAddress } from "./types.js"
 */

import { ParlorError } from "./error.js";

/**
 * Subscribes with the server's key, or goes on with the subscription that there is.
 *
 * @param {ServiceWorkerRegistration} registration
 * @param {string} key base64url
 * @returns {Promise<WebAddress>}
 */
export async function subscribe(registration, key) {
  try {
    await activated(registration);
    return addressOf(await withKey(registration.pushManager, key));
  } catch (cause) {
    throw refusalOf(cause);
  }
}

/** @param {ServiceWorkerRegistration} registration */
export async function unsubscribe({ pushManager }) {
  const subscription = await pushManager.getSubscription();
  await subscription?.unsubscribe();
}

/**
 * Only a worker that is active is told anything.
 * @param {ServiceWorkerRegistration} registration
 * @returns {Promise<void>}
 */
function activated({ active, waiting, installing }) {
  const worker = installing ?? waiting;
  if (active || !worker) return Promise.resolve();
  return new Promise((resolve, reject) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") resolve();
      else if (worker.state === "redundant") reject(new Error("the service worker could not be installed"));
    });
  });
}

/**
 * @param {PushManager} manager
 * @param {string} key
 */
async function withKey(manager, key) {
  const options = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await manager.subscribe(options);
  } catch (error) {
    const subscription = nameOf(error) === "InvalidStateError" ? await manager.getSubscription() : null;
    if (!subscription) throw error;
    // It is of another key, which the server does not have any more.
    await subscription.unsubscribe();
    return manager.subscribe(options);
  }
}

/**
 * @param {PushSubscription} subscription
 * @returns {WebAddress}
 */
function addressOf(subscription) {
  const { endpoint = "", keys: { p256dh = "", auth = "" } = {} } = subscription.toJSON();
  return { endpoint, p256dh, auth };
}

/** @param {unknown} cause */
function refusalOf(cause) {
  return nameOf(cause) === "NotAllowedError"
    ? new ParlorError({ code: "push_denied", message: "The browser does not allow notifications here.", cause })
    : new ParlorError({ code: "push_failed", message: "The browser could not subscribe to notifications.", cause });
}

/** @param {unknown} error */
const nameOf = (error) => /** @type {{name?: string}} */ (error).name;
