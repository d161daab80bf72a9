/**
 * What the application told this user, and what they wanted to be reminded of.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { InboxEvent } from "../../client/types.js"
 */

import { isReminder } from "../../client/parlor.js";
import { byId, make, shortTime } from "./dom.js";
import { empty } from "./lists.js";
import { eventName, eventText } from "./message.js";
import { reminderText } from "./saved.js";

export class Inbox {
  #parlor; #body; #jump;

  /** @param {{parlor: Parlor, body: HTMLElement, jump: (messageId: string) => void}} parts */
  constructor({ parlor, body, jump }) {
    this.#parlor = parlor;
    this.#body = body;
    this.#jump = jump;
  }

  paint() {
    const events = this.#parlor.chat.inbox;
    this.#body.replaceChildren(events.length > 0
      ? make("ul", { className: "entries", data: { testid: "inbox" } }, ...events.map((event) => this.#item(event)))
      : empty("Nothing yet. Notifications from the application are kept here."));
  }

  /** @param {InboxEvent} event */
  #item(event) {
    const reminder = isReminder(event) ? event.data : null;
    const about = make("span", { className: "about" }, make("strong", {}, reminder ? "Reminder" : eventName(event)),
      make("time", { dateTime: event.timestamp }, shortTime(new Date(event.timestamp))));
    const text = make("span", { className: "excerpt", dir: "auto" }, reminder ? reminderText(this.#parlor, reminder) : eventText(event));
    const look = { className: "entry note", data: { testid: "inbox-event" } };
    if (!reminder) return make("li", look, about, text);
    return make("li", { ...look, className: "entry" }, make("button", {
      type: "button", className: "entry-button", data: { testid: "to-reminded" }, onclick: () => this.#jump(reminder.message_id),
    }, make("span", { className: "body" }, about, text)));
  }
}

/**
 * How many events wait, on the bell.
 * @param {number} count
 */
export function paintBell(count) {
  const badge = byId("bell-count");
  badge.hidden = count === 0;
  badge.textContent = String(count);
  byId("bell").setAttribute("aria-label", count > 0 ? `Inbox, ${count} new` : "Inbox");
}
