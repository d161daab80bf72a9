/**
 * The messages that one has scheduled to be sent later, and how many there are.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { ScheduledMessage } from "../../client/types.js"
 * @import { Choice } from "./popups.js"
 */

import { byId, iconButton, make } from "./dom.js";
import { empty, entry } from "./lists.js";
import { LongList } from "./long_list.js";
import { ask, attempt, confirmed, openMenu } from "./popups.js";
import { IN_AN_HOUR, fieldTime, timeChoices, timeField, timeIn } from "./times.js";
import { whyNot } from "./words.js";

export class ScheduledList {
  #parlor; #body;
  /** @type {LongList<ScheduledMessage>} */
  #list;
  /** @type {Map<string, HTMLElement>} by id: a menu that is open keeps what it was opened at */
  #menus = new Map();

  /** @param {{parlor: Parlor, body: HTMLElement}} parts */
  constructor({ parlor, body }) {
    this.#parlor = parlor;
    this.#body = body;
    this.#list = new LongList(body, "scheduled", { id: ({ scheduled_id: id }) => id, item: (scheduled) => this.#item(scheduled) });
  }

  paint() {
    const { list } = this.#parlor.chat.scheduled;
    const menus = this.#menus;
    this.#menus = new Map(list.map(({ scheduled_id: id }) => [id, menus.get(id) ?? this.#menuButton(id)]));
    if (list.length > 0) this.#list.paint(list);
    else this.#body.replaceChildren(empty("Nothing waits to be sent. Choose “Send later” beside where you write."));
  }

  /** @param {ScheduledMessage} scheduled */
  #item({ scheduled_id: id, room_id: of, content, attachments, send_at: at, failed }) {
    const { chat, user } = this.#parlor;
    const room = chat.room(of);
    return entry({ message_id: id, content, attachments, created_at: at, sender: user ?? { id: "", name: "" } }, chat.me, {
      testid: "scheduled-entry", where: room ? chat.titleOf(room) : of, onclick: () => this.#edit(id),
      below: failed ? make("span", { className: "error", data: { testid: "scheduled-failed" } }, `Not sent: ${whyNot(failed)}`) : null,
      extra: this.#menus.get(id) ?? null,
    });
  }

  /** @param {string} id */
  #menuButton(id) {
    const button = iconButton("more", "Options of this scheduled message", {
      data: { testid: "scheduled-menu" }, onclick: () => openMenu(button, "Scheduled message", this.#choices(id, button)),
    });
    button.ariaHasPopup = "menu";
    return button;
  }

  /**
   * @param {string} id
   * @param {HTMLElement} anchor
   * @returns {Choice[]}
   */
  #choices(id, anchor) {
    const times = timeChoices("Send later", [IN_AN_HOUR], ({ seconds, at }) =>
      this.#parlor.changeScheduled(id, { send_at: at, send_in_seconds: seconds }));
    return [
      { testid: "edit-scheduled", label: "Edit…", run: () => this.#edit(id) },
      { testid: "send-now", label: "Send now", run: () => attempt(() => this.#parlor.sendScheduled(id)) },
      { testid: "other-time", label: "At another time…", run: () => openMenu(anchor, "Send later", times) },
      { testid: "cancel-scheduled", label: "Cancel…", run: () => this.#cancel(id), isDangerous: true },
    ];
  }

  /** @param {string} id */
  #edit(id) {
    const scheduled = this.#parlor.chat.scheduled.get(id);
    if (!scheduled) return;
    const planned = new Date(scheduled.send_at);
    const text = make("textarea", {
      name: "content", rows: 4, dir: "auto", required: !scheduled.attachments?.length, value: scheduled.content, data: { testid: "scheduled-text" },
    });
    ask({
      title: "Scheduled message", yes: "Save", parts: [make("label", {}, "Message", text), timeField("When", planned)],
      run: async (fields) => {
        const content = text.value.trim();
        // What is as it was is not named: its time may be over.
        const change = {
          ...(content !== scheduled.content && { content }),
          ...(fields.at.value !== fieldTime(planned) && { send_at: timeIn(fields) }),
        };
        if (Object.keys(change).length > 0) await this.#parlor.changeScheduled(id, change);
      },
    });
  }

  /** @param {string} id */
  async #cancel(id) {
    if (await confirmed("Cancel this message? It will not be sent.", "Cancel message")) {
      await attempt(() => this.#parlor.cancelScheduled(id));
    }
  }
}

/**
 * How many messages wait to be sent, or were refused, above the list of rooms.
 * @param {ScheduledMessage[]} scheduled
 */
export function paintScheduled(scheduled) {
  const hasFailed = scheduled.some(({ failed }) => failed);
  byId("open-scheduled").hidden = scheduled.length === 0;
  byId("open-scheduled").classList.toggle("has-unread", hasFailed);
  byId("scheduled-count").replaceChildren(make("span", {
    className: hasFailed ? "mentions" : "quiet", data: { testid: "scheduled-count" },
  }, hasFailed ? "Not sent" : String(scheduled.length)));
}
