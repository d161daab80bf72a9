/**
 * The list of rooms: newest talk first, with what is unread.
 *
 * @import { ChatState } from "../../client/parlor.js"
 * @import { Kind, Room } from "../../client/types.js"
 */

import { briefTime, byId, icon, make, markOf } from "./dom.js";
import { quoteText } from "./message.js";

const KIND_ICONS = /** @type {const} */ ({ public: "hash", private: "lock", announcement: "horn" });
/** @type {Record<Kind, string>} */
export const KINDS = {
  public: "Public room", private: "Private room", announcement: "Announcements", direct: "Direct message",
};

export class RoomList {
  #chat; #onOpen;
  /** @type {string | null} the id of the one that is open */
  #open = null;

  /**
   * @param {ChatState} chat
   * @param {(id: string) => void} onOpen
   */
  constructor(chat, onOpen) {
    this.#chat = chat;
    this.#onOpen = onOpen;
  }

  /** @param {string | null} id */
  setOpen(id) {
    this.#open = id;
    this.paint();
  }

  paint() {
    const { rooms } = this.#chat;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.roomId;
    byId("rooms").replaceChildren(...rooms.map((room) => this.#item(room)));
    byId("no-rooms").hidden = rooms.length > 0;
    const { unread } = this.#chat.totals;
    document.title = unread > 0 ? `(${unread}) Parlor` : "Parlor";
    if (!focused) return;
    /** @type {HTMLElement | null} */
    const again = document.querySelector(`[data-room-id="${CSS.escape(focused)}"]`);
    again?.focus();
  }

  /** @param {Room} room */
  #mark(room) {
    if (room.kind === "direct" && room.peer) {
      return markOf(room.peer, this.#chat.presenceOf(room.peer.id)?.status ?? "offline");
    }
    return make("span", { className: "kind", title: KINDS[room.kind] }, icon(room.kind === "direct" ? "hash" : KIND_ICONS[room.kind] ?? "hash"));
  }

  /**
   * What was said last, or who is writing.
   * @param {Room} room
   */
  #last(room) {
    const typists = this.#chat.typists(room.room_id);
    if (typists.length > 0) {
      const name = room.kind === "direct" ? [] : [make("bdi", {}, this.#chat.nameOf(typists[0])), " "];
      return make("span", { className: "room-last writes" }, ...name, "typing…");
    }
    const last = room.last_message;
    if (!last) return make("span", { className: "room-last quiet", dir: "auto" }, room.topic || KINDS[room.kind]);
    if (last.state === "streaming" && !last.deleted_at) {
      return make("span", { className: "room-last writes" }, make("bdi", {}, last.sender.name), " is writing…");
    }
    const said = quoteText({ ...last, deleted: Boolean(last.deleted_at) });
    const by = last.sender.id === this.#chat.me ? "You" : last.sender.name;
    if (last.kind || (room.kind === "direct" && by !== "You")) return make("span", { className: "room-last quiet", dir: "auto" }, said);
    return make("span", { className: "room-last quiet" }, make("bdi", {}, by), ": ", make("bdi", {}, said));
  }

  /** @param {Room} room */
  #counts(room) {
    if (room.unread === 0) return null;
    return make("span", { className: "counts" },
      room.mentions > 0
        ? make("span", { className: "mentions", data: { testid: "mentions" }, title: "You are mentioned" },
          `@${room.mentions}`, make("span", { className: "aside" }, " mentions"))
        : null,
      make("span", { className: "unread", data: { testid: "unread" } }, String(room.unread),
        make("span", { className: "aside" }, " unread")));
  }

  /** @param {Room} room */
  #item(room) {
    const last = room.last_message;
    const button = make("button", {
      className: room.unread > 0 ? "room has-unread" : "room", type: "button",
      data: { testid: "room-item", roomId: room.room_id },
      onclick: () => this.#onOpen(room.room_id),
    },
    this.#mark(room),
    make("span", { className: "room-name", dir: "auto" }, this.#chat.titleOf(room)),
    last ? make("time", { dateTime: last.created_at }, briefTime(new Date(last.created_at))) : null,
    this.#last(room), this.#counts(room));
    if (room.room_id === this.#open) button.setAttribute("aria-current", "true");
    return make("li", {}, button);
  }
}
