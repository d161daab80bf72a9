/**
 * One's own settings: notifications on this device, and when there are to be none.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { PushSettings, QuietTime } from "../../client/types.js"
 * @import { Notifications } from "./notifications.js"
 */

import { clockTime, fieldsOf, make } from "./dom.js";
import { empty } from "./lists.js";
import { thisBrowser, whyNoNotifications } from "./notifications.js";
import { attempt, notify } from "./popups.js";
import { whyNot } from "./words.js";

/** What is offered where none is set. */
const NIGHT = { from: "22:00", until: "07:00" };

export class SettingsPanel {
  #parlor; #notifications;
  /** What is shown; it is apart from what is shown in the panel next. */
  #here = make("div");

  /** @param {{parlor: Parlor, body: HTMLElement, notifications: Notifications}} parts */
  constructor({ parlor, body, notifications }) {
    this.#parlor = parlor;
    this.#notifications = notifications;
    body.replaceChildren(this.#here);
  }

  async start() {
    try {
      const settings = await this.#parlor.pushSettings();
      this.#here.replaceChildren(this.#device(settings), this.#quiet(settings.quiet ?? null));
    } catch (error) {
      this.#here.replaceChildren(empty(whyNot(error)));
    }
  }

  /** @param {PushSettings} settings */
  #device(settings) {
    const why = whyNoNotifications(thisBrowser(), settings);
    const line = make("p", { className: "error", role: "alert", data: { testid: "why-not" } });
    const on = make("input", {
      type: "checkbox", role: "switch", checked: why === null && this.#notifications.areOn, disabled: why !== null,
      data: { testid: "notifications" }, onchange: () => this.#turn(on, line),
    });
    return make("section", { className: "settings" },
      make("h3", {}, "Notifications"),
      make("label", { className: "switch" }, on, "Show notifications on this device"),
      make("p", { className: "quiet", data: { testid: "notifications-about" } },
        why ?? "They tell you what is new while this page is not open. How much of a room, you choose in the menu of the room."),
      line);
  }

  /**
   * @param {HTMLInputElement} on
   * @param {HTMLElement} line where it is said why not
   */
  async #turn(on, line) {
    const wanted = on.checked;
    on.disabled = true;
    await attempt(async () => {
      if (!wanted) return this.#notifications.turnOff();
      if (!await this.#notifications.turnOn()) line.textContent = "Your browser asks you whether to allow them: answer it, and try again.";
      return undefined;
    }, line);
    on.checked = this.#notifications.areOn;
    on.disabled = false;
    on.focus();
  }

  /** @param {QuietTime | null} quiet */
  #quiet(quiet) {
    const { from, until } = quiet ?? NIGHT;
    const line = make("p", { className: "error", role: "alert" });
    /** @type {(done: string, change: () => Promise<unknown>) => Promise<void>} */
    const change = (done, run) => attempt(async () => {
      await run();
      notify(done);
      await this.start();
      /** @type {HTMLElement | null} */ (this.#here.querySelector("[data-testid=quiet-set]"))?.focus();
    }, line);
    const form = make("form", { aria: { label: "Quiet time" }, onsubmit: (event) => {
      event.preventDefault();
      const fields = fieldsOf(form);
      change("Quiet time is set.", () => this.#parlor.setQuietTime({ from: fields.from.value, until: fields.until.value }));
    } },
    make("div", { className: "row" }, timeOfDay("From", "from", from), timeOfDay("Until", "until", until)), line,
    make("div", { className: "row end" },
      quiet && make("button", {
        type: "button", className: "plain", data: { testid: "quiet-off" },
        onclick: () => change("Quiet time is off.", () => this.#parlor.clearQuietTime()),
      }, "Turn off"),
      make("button", { data: { testid: "quiet-set" } }, quiet ? "Change" : "Turn on")));
    return make("section", { className: "settings" },
      make("h3", {}, "Quiet time"),
      make("p", { className: "quiet", data: { testid: "quiet-about" } },
        quiet ? `Every day from ${shown(from)} until ${shown(until)} none of your devices shows notifications.`
          : "Every day between two times none of your devices shows notifications."),
      form);
  }
}

/**
 * A time of day as the field for it shows it.
 * @param {string} time
 */
const shown = (time) => clockTime(new Date(`2000-01-01T${time}`));

/** @type {(label: string, name: string, value: string) => HTMLElement} */
const timeOfDay = (label, name, value) => make("label", { className: "grow" }, label,
  make("input", { type: "time", name, value, required: true, data: { testid: `quiet-${name}` } }));
