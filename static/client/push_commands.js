/**
 * The devices on which one is told of messages while the application is not open, and when
 * one is not to be disturbed. Each gives a promise, and fails with a `ParlorError`.
 *
 * @import { Device, DeviceRegistration, PushSettings, QuietTime } from "./types.js"
 *
 * @typedef {{deviceId: string}} Installation `deviceId` is the application's own name for it
 */

import { segment } from "./calls.js";
import { ParlorError } from "./error.js";
import { ReportCommands } from "./report_commands.js";
import { subscribe, unsubscribe } from "./subscription.js";

/** Extended by `LaterCommands`. */
export class PushCommands extends ReportCommands {
  /**
   * By which services the server pushes, and when this user is not to be disturbed.
   *
   * @type {() => Promise<PushSettings>}
   */
  pushSettings() { return this.rest("GET", "/push"); }
  /**
   * This user's devices, the one that was registered last first.
   *
   * @type {() => Promise<Device[]>}
   */
  devices() { return this.rest("GET", "/devices").then(({ devices }) => devices); }
  /**
   * Registers a device, or the new address of one that is registered.
   *
   * @type {(device: DeviceRegistration) => Promise<Device>}
   */
  registerDevice({ device_id: id, ...address }) { return this.rest("PUT", `/devices/${segment(id)}`, address); }
  /** @type {(deviceId: string) => Promise<void>} */
  removeDevice(deviceId) { return this.rest("DELETE", `/devices/${segment(deviceId)}`); }
  /**
   * Nothing is shown on this user's devices between these times of each day, such as "22:00"
   * and "07:00": by the clock here, unless an offset is given.
   *
   * @type {(time: Omit<QuietTime, "utc_offset_minutes"> & Partial<QuietTime>) => Promise<QuietTime>}
   */
  setQuietTime({ from, until, utc_offset_minutes: offset = -new Date().getTimezoneOffset() }) {
    return this.rest("PUT", "/push/quiet", { from, until, utc_offset_minutes: offset });
  }

  /** @type {() => Promise<void>} */
  clearQuietTime() { return this.rest("DELETE", "/push/quiet"); }
  /**
   * Has this browser shown what comes, by that service worker; asked for again it goes on, also
   * where the server has another key by now. The browser asks its user whether that is allowed,
   * if that is not decided.
   *
   * @type {(registration: ServiceWorkerRegistration, installation: Installation) => Promise<Device>}
   */
  async subscribeToPush(registration, { deviceId }) {
    const { web } = await this.pushSettings();
    if (!web) throw new ParlorError({ code: "push_off", message: "This server does not push to browsers." });
    return this.registerDevice({ device_id: deviceId, web: await subscribe(registration, web.public_key) });
  }

  /**
   * Ends it, for this browser and on the server.
   *
   * @type {(registration: ServiceWorkerRegistration, installation: Installation) => Promise<void>}
   */
  async unsubscribeFromPush(registration, { deviceId }) {
    await unsubscribe(registration);
    await this.removeDevice(deviceId);
  }
}
