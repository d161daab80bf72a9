/**
 * Notifications on this device, of what comes while the page is not open: whether they are on,
 * and why they cannot be.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { PushSettings } from "../../client/types.js"
 *
 * @typedef {object} Browser what a browser says of itself
 * @property {boolean} isSecure
 * @property {boolean} canShow
 * @property {NotificationPermission} permission
 */

import { ParlorError } from "../../client/parlor.js";
import { whyNot } from "./words.js";

const KEY = "parlor.device";
const BLOCKED = new ParlorError({ code: "push_denied", message: "The browser does not allow notifications here." });
const CANNOT = "This browser cannot show notifications.";

/**
 * Why there can be none on this device; null if there can.
 *
 * @param {Browser} browser
 * @param {Pick<PushSettings, "web">} settings of the server
 */
export function whyNoNotifications({ isSecure, canShow, permission }, { web }) {
  if (!web) return whyNot({ code: "push_off" });
  if (!isSecure) return "Notifications need a secure address, which begins with https.";
  if (!canShow) return `${CANNOT} On an iPhone or iPad, add this page to the home screen first.`;
  return permission === "denied" ? whyNot(BLOCKED) : null;
}

/** @returns {Browser} */
export function thisBrowser() {
  const canShow = "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;
  return { isSecure: globalThis.isSecureContext, canShow, permission: canShow ? Notification.permission : "default" };
}

export class Notifications {
  #parlor;

  /** @param {Parlor} parlor */
  constructor(parlor) { this.#parlor = parlor; }

  /**
   * This device as it was registered by the user who is signed in; null if it was not.
   * @returns {string | null}
   */
  get #deviceId() {
    const { id, user } = kept();
    return id !== undefined && user === this.#parlor.user?.id && thisBrowser().permission === "granted" ? id : null;
  }

  get areOn() { return this.#deviceId !== null; }

  /** Asks whether they are allowed, which a browser takes only from a click; says whether they are on. */
  async turnOn() {
    const permission = await Notification.requestPermission();
    if (permission === "denied") throw BLOCKED;
    if (permission !== "granted") return false;
    const { id = crypto.randomUUID() } = kept();
    await this.#parlor.subscribeToPush(await worker(), { deviceId: id });
    keep({ id, user: this.#parlor.user?.id });
    return true;
  }

  async turnOff() {
    const deviceId = this.#deviceId;
    if (!deviceId) return;
    keep({ id: deviceId });
    await this.#parlor.unsubscribeFromPush(await worker(), { deviceId });
  }

  /** Goes on with what was turned on before: a subscription, a key and a clock can change. */
  async goOn() {
    const deviceId = this.#deviceId;
    if (!deviceId) return;
    await this.#parlor.subscribeToPush(await worker(), { deviceId });
    const { quiet } = await this.#parlor.pushSettings();
    const offset = -new Date().getTimezoneOffset();
    if (quiet && quiet.utc_offset_minutes !== offset) await this.#parlor.setQuietTime({ ...quiet, utc_offset_minutes: offset });
  }
}

/** The page's service worker lies beside it; it is a module, which not every browser takes. */
const worker = () => navigator.serviceWorker.register(new URL("../../worker.js", import.meta.url), { type: "module" })
  .catch((cause) => { throw new Error(CANNOT, { cause }); });

/**
 * The id of this device, and the last one of whom it shows notifications.
 * @returns {{id?: string, user?: string}}
 */
function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "null") ?? {};
  } catch {
    return {};
  }
}

/** @param {ReturnType<typeof kept>} device */
function keep(device) { localStorage.setItem(KEY, JSON.stringify(device)); }
