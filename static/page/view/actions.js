/** What one can do with a message: a small bar on it, and a menu. */

import { rules } from "../../client/parlor.js";
import { iconButton, make } from "./dom.js";
import { attempt, confirmed, copied, openEmojis, openMenu } from "./popups.js";

/**
 * What is done is told by the server, to all alike; here it is only asked.
 */
export class Actions {
  #parlor; #ui;

  /** `ui`: `reply(message)`, `edit(message)`, `openThread(id)`, `readBy(message)`. */
  constructor(parlor, ui) {
    this.#parlor = parlor;
    this.#ui = ui;
  }

  #room(message) { return this.#parlor.chat.room(message.room_id); }

  react(message, emoji, adds) {
    const { message_id: id } = message;
    return attempt(() => (adds ? this.#parlor.react(id, emoji) : this.#parlor.unreact(id, emoji)));
  }

  async delete(message) {
    if (await confirmed("Delete this message for everyone?", "Delete")) {
      await attempt(() => this.#parlor.delete(message.message_id));
    }
  }

  pin(message, pins) {
    const { message_id: id } = message;
    return attempt(() => (pins ? this.#parlor.pin(id) : this.#parlor.unpin(id)));
  }

  /** The bar over a message. */
  bar(message, inThread) {
    const room = this.#room(message);
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
    const more = named("more", iconButton("more", "More", { onclick: () => this.#menu(more, message, room) }));
    return make("div", { className: "bar", role: "toolbar", aria: { label: "Message" } }, ...buttons, more);
  }

  #menu(anchor, message, room) {
    const { chat } = this.#parlor;
    const item = (testid, label, run, isDangerous = false) => ({ testid, label, run, isDangerous });
    openMenu(anchor, "Message", [
      room && rules.mayEdit(room, message, chat.me)
        ? item("edit", "Edit", () => this.#ui.edit(message)) : null,
      room && !message.deleted_at && rules.mayPin(room)
        ? item("pin", message.pinned ? "Unpin" : "Pin", () => this.pin(message, !message.pinned)) : null,
      message.content ? item("copy", "Copy text", () => copied(message.content)) : null,
      item("read-by", "Read by…", () => this.#ui.readBy(message)),
      room && rules.mayDelete(room, message, chat.me)
        ? item("delete", "Delete…", () => this.delete(message), true) : null,
    ]);
  }
}

function named(testid, element) {
  element.dataset.testid = testid;
  return element;
}

/**
 * Lays the bar on the message that one points at or has the focus on. Arrow
 * keys go from message to message.
 */
export function withBar(list, messageOf, actions, inThread = false) {
  let shown = null;
  const show = (item) => {
    if (shown?.item === item && shown.bar.isConnected) return;
    const message = item && messageOf(item);
    // A menu of it may be open, or a key may have brought one there.
    if (shown?.bar.contains(document.activeElement) && shown.item.isConnected && !item?.contains(document.activeElement)) return;
    shown?.bar.remove();
    shown = null;
    if (!message?.message_id || !item.dataset.messageId) return;
    shown = { item, bar: actions.bar(message, inThread) };
    item.append(shown.bar);
  };
  const at = (event) => event.target.closest?.("li.message");
  list.onmouseover = (event) => show(at(event));
  list.addEventListener("focusin", (event) => show(at(event)));
  list.onmouseleave = () => { if (!list.contains(document.activeElement)) show(null); };
  list.onkeydown = (event) => {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (!step || !event.target.matches("li.message, ol")) return;
    const next = event.target.matches("ol") ? list.lastElementChild : event.target[step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
}
