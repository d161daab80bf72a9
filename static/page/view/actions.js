/**
 * What one can do with a message: a small bar on it, and a menu.
 *
 * @import { Entry } from "../../client/log.js"
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Message, Room } from "../../client/types.js"
 * @import { Shown } from "./message.js"
 * @import { Choice } from "./popups.js"
 *
 * @typedef {object} Ui
 * @property {(message: Message) => void} reply
 * @property {(message: Message) => void} edit
 * @property {(rootId: string) => void} openThread
 * @property {(message: Message) => void} readBy
 */

import { isInRoom, rules } from "../../client/parlor.js";
import { iconButton, make } from "./dom.js";
import { attempt, confirmed, copied, openEmojis, openMenu } from "./popups.js";
import { reportMessage } from "./report.js";
import { savedChoices } from "./saved.js";

/**
 * What is done is told by the server, to all alike; here it is only asked.
 */
export class Actions {
  #parlor; #ui;

  /**
   * @param {Parlor} parlor
   * @param {Ui} ui
   */
  constructor(parlor, ui) {
    this.#parlor = parlor;
    this.#ui = ui;
  }

  /** @param {Message} message */
  #room(message) { return this.#parlor.chat.room(message.room_id); }

  /**
   * @param {Shown} message
   * @param {string} emoji
   * @param {boolean} adds
   */
  react(message, emoji, adds) {
    const { message_id: id = "" } = message;
    return attempt(() => (adds ? this.#parlor.react(id, emoji) : this.#parlor.unreact(id, emoji)));
  }

  /** @param {Shown} message that is being written */
  stop({ message_id: id = "" }) { return attempt(() => this.#parlor.stop(id)); }

  /** @param {Message} message */
  async delete(message) {
    if (await confirmed("Delete this message for everyone?", "Delete")) {
      await attempt(() => this.#parlor.delete(message.message_id));
    }
  }

  /**
   * @param {Message} message
   * @param {boolean} pins
   */
  pin(message, pins) {
    const { message_id: id } = message;
    return attempt(() => (pins ? this.#parlor.pin(id) : this.#parlor.unpin(id)));
  }

  /** @param {Message} message from which on its room is unread */
  markUnread({ room_id: room, message_id: id }) {
    return attempt(() => this.#parlor.markUnread(room, { message_id: id }));
  }

  /**
   * The bar over a message.
   * @param {Message} message
   * @param {boolean} inThread
   */
  bar(message, inThread) {
    const room = this.#room(message);
    /** @type {HTMLElement[]} */
    const buttons = [];
    if (room && !message.deleted_at) {
      const may = { write: !rules.whyNotWrite(room), react: rules.mayReact(room) };
      const smile = iconButton("smile", "React", {
        onclick: () => openEmojis(smile, (emoji) => this.react(message, emoji, true)),
      });
      smile.dataset.testid = "react";
      if (may.react) buttons.push(smile);
      if (may.write && !inThread) buttons.push(named("reply", iconButton("reply", "Reply", { onclick: () => this.#ui.reply(message) })));
      if (!inThread && (may.write || message.thread)) {
        buttons.push(named("open-thread", iconButton("thread", "Reply in thread", {
          onclick: () => this.#ui.openThread(message.thread_id ?? message.message_id),
        })));
      }
    }
    const more = iconButton("more", "More", { onclick: () => this.#menu(more, message, room) });
    named("more", more);
    return make("div", { className: "bar", role: "toolbar", aria: { label: "Message" } }, ...buttons, more);
  }

  /**
   * @param {HTMLElement} anchor
   * @param {Message} message
   * @param {Room | null} room
   */
  #menu(anchor, message, room) {
    const { chat } = this.#parlor;
    /** @type {(testid: string, label: string, run: () => void, isDangerous?: boolean) => Choice} */
    const item = (testid, label, run, isDangerous = false) => ({ testid, label, run, isDangerous });
    openMenu(anchor, "Message", [
      room && rules.mayEdit(room, message, chat.me)
        ? item("edit", "Edit", () => this.#ui.edit(message)) : null,
      room && !message.deleted_at && rules.mayPin(room)
        ? item("pin", message.pinned ? "Unpin" : "Pin", () => this.pin(message, !message.pinned)) : null,
      room && isInRoom(message) ? item("unread-from-here", "Mark unread from here", () => this.markUnread(message)) : null,
      ...savedChoices(this.#parlor, message, anchor),
      message.content ? item("copy", "Copy text", () => copied(message.content)) : null,
      item("read-by", "Read by…", () => this.#ui.readBy(message)),
      room && rules.mayReport(message, chat.me)
        ? item("report", "Report…", () => reportMessage(this.#parlor, message)) : null,
      room && rules.mayDelete(room, message, chat.me)
        ? item("delete", "Delete…", () => this.delete(message), true) : null,
    ]);
  }
}

/**
 * @param {string} testid
 * @param {HTMLElement} element
 */
function named(testid, element) {
  element.dataset.testid = testid;
  return element;
}

/**
 * Lays the bar on the message that one points at or has the focus on. Arrow
 * keys go from message to message.
 *
 * @param {HTMLElement} list
 * @param {(item: HTMLElement) => Entry | null | undefined} messageOf
 * @param {Actions} actions
 * @param {boolean} [inThread]
 */
export function withBar(list, messageOf, actions, inThread = false) {
  /** @type {{item: HTMLElement, bar: HTMLElement} | null} */
  let shown = null;
  /** @type {(item: HTMLElement | null) => void} */
  const show = (item) => {
    if (shown?.item === item && shown.bar.isConnected) return;
    const entry = item && messageOf(item);
    // A menu of it may be open, or a key may have brought one there.
    if (shown?.bar.contains(document.activeElement) && shown.item.isConnected && !item?.contains(document.activeElement)) return;
    shown?.bar.remove();
    shown = null;
    if (!item || !entry || !("message_id" in entry) || !item.dataset.messageId) return;
    shown = { item, bar: actions.bar(entry, inThread) };
    item.append(shown.bar);
  };
  /** @type {(event: Event) => HTMLElement | null} */
  const at = ({ target }) => (target instanceof Element ? target.closest("li.message") : null);
  list.onmouseover = (event) => show(at(event));
  list.addEventListener("focusin", (event) => show(at(event)));
  list.onmouseleave = () => { if (!list.contains(document.activeElement)) show(null); };
  list.onkeydown = (event) => {
    const { key, target } = event;
    if (key !== "ArrowDown" && key !== "ArrowUp") return;
    if (!(target instanceof Element) || !target.matches("li.message, ol")) return;
    const beside = key === "ArrowDown" ? target.nextElementSibling : target.previousElementSibling;
    const next = /** @type {HTMLElement | null} */ (target.matches("ol") ? list.lastElementChild : beside);
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
}
