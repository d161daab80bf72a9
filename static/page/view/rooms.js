/**
 * The list of rooms: pinned ones and those with a rank first, then the newest
 * talk, with what is unread; those that one has put aside behind a line.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Kind, Room } from "../../client/types.js"
 */

import { preferences } from "../../client/parlor.js";
import { mentionsMark, paintTotal, unreadMark } from "./counts.js";
import { briefTime, byId, icon, iconButton, make, markOf } from "./dom.js";
import { quoteText } from "./message.js";
import { openMenu } from "./popups.js";
import { preferenceChoices } from "./preferences.js";

const KIND_ICONS = /** @type {const} */ ({ public: "hash", private: "lock", announcement: "horn" });
/** @type {Record<Kind, string>} */
export const KINDS = {
  public: "Public room", private: "Private room", announcement: "Announcements", direct: "Direct message",
};

/** Of what one has begun to write, in characters; the line cuts it too. */
const BEGUN_SHOWN = 100;

const MUTED = { mentions: "Only mentions", nothing: "Muted" };

export class RoomList {
  #parlor; #chat; #onOpen;
  /** @type {string | null} the id of the one that is open */
  #open = null;
  /** Whether the rooms that one has put aside are shown. */
  #showsAside = false;
  /** @type {Map<string, HTMLElement>} by room: a menu that is open keeps what it was opened at */
  #menus = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #unmute;

  /**
   * @param {Parlor} parlor
   * @param {(id: string) => void} onOpen
   */
  constructor(parlor, onOpen) {
    this.#parlor = parlor;
    this.#chat = parlor.chat;
    this.#onOpen = onOpen;
  }

  /** @param {string | null} id */
  setOpen(id) {
    this.#open = id;
    this.paint();
  }

  paint() {
    const rooms = preferences.preferred(this.#chat.rooms);
    const aside = rooms.filter(preferences.isAside);
    const shown = rooms.filter((room) => !preferences.isAside(room));
    this.#showsAside &&= aside.length > 0;
    const list = byId("rooms");
    const focused = list.contains(document.activeElement) ? selectorOf(document.activeElement) : null;
    const menus = this.#menus;
    this.#menus = new Map(rooms.map(({ room_id: id }) => [id, menus.get(id) ?? this.#menuButton(id)]));
    list.replaceChildren(
      ...shown.map((room) => this.#item(room)),
      ...(aside.length > 0 ? [this.#line(aside.length)] : []),
      ...(this.#showsAside ? aside.map((room) => this.#item(room)) : []),
    );
    byId("no-rooms").hidden = rooms.length > 0;
    paintTotal(this.#chat.totals);
    this.#paintAgain(rooms);
    if (!focused) return;
    /** @type {HTMLElement | null} */
    const again = list.querySelector(focused);
    again?.focus();
  }

  /**
   * When the next of them is not muted any more, which nobody tells.
   * @param {Room[]} rooms
   */
  #paintAgain(rooms) {
    clearTimeout(this.#unmute);
    const ends = rooms.map((room) => Date.parse(room.preferences?.notifications_until ?? "") - Date.now());
    const left = Math.min(...ends.filter((end) => end > 0)) + 500;
    if (left < 2 ** 31) this.#unmute = setTimeout(() => this.paint(), left);
  }

  /**
   * What opens and closes the rooms that one has put aside.
   * @param {number} count
   */
  #line(count) {
    const line = make("button", {
      type: "button", className: "put-aside plain", data: { testid: "put-aside" }, aria: { expanded: String(this.#showsAside) },
      onclick: () => {
        this.#showsAside = !this.#showsAside;
        this.paint();
      },
    }, icon("back"), `Archived and hidden (${count})`);
    return make("li", {}, line);
  }

  /** @param {string} id */
  #menuButton(id) {
    const button = iconButton("more", "Room options", {
      className: "room-options", data: { testid: "room-options", roomId: id }, onclick: () => {
        const room = this.#chat.room(id);
        if (room) openMenu(button, this.#chat.titleOf(room), preferenceChoices(this.#parlor, room));
      },
    });
    button.ariaHasPopup = "menu";
    return button;
  }

  /** @param {Room} room */
  #mark(room) {
    if (room.kind === "direct" && room.peer) {
      return markOf(room.peer, this.#chat.presenceOf(room.peer.id)?.status ?? "offline");
    }
    return make("span", { className: "kind", title: KINDS[room.kind] }, icon(room.kind === "direct" ? "hash" : KIND_ICONS[room.kind] ?? "hash"));
  }

  /**
   * Who is writing, what one has begun to write, or what was said last.
   * @param {Room} room
   */
  #last(room) {
    const typists = this.#chat.typists(room.room_id);
    if (typists.length > 0) {
      const name = room.kind === "direct" ? [] : [make("bdi", {}, this.#chat.nameOf(typists[0])), " "];
      return make("span", { className: "room-last writes" }, ...name, "typing…");
    }
    const begun = room.room_id === this.#open ? "" : this.#chat.draft(room.room_id)?.content.trim();
    if (begun) {
      return make("span", { className: "room-last quiet", data: { testid: "room-draft" } },
        make("span", { className: "begun" }, "Draft: "), make("bdi", {}, [...begun].slice(0, BEGUN_SHOWN).join("")));
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

  /**
   * What is unread, and how one wants to have the room. What one does not want to be told of is dim.
   * @param {Room} room
   */
  #counts(room) {
    const level = preferences.notifications(room);
    const dim = level === "all" ? "" : " dim";
    const marks = [
      room.preferences?.pinned ? sign("pin", "room-pinned", "Pinned") : null,
      level === "all" ? null : sign("bellOff", "muted", MUTED[level]),
    ];
    marks.push(mentionsMark(room.mentions, "mentions", level === "nothing"), unreadMark(room.unread, "unread", level !== "all"));
    if (room.unread === 0 && room.unread_from !== undefined) {
      marks.push(make("span", { className: `unread empty${dim}`, title: "Marked as unread", data: { testid: "marked-unread" } },
        make("span", { className: "aside" }, "Marked as unread")));
    }
    return marks.some(Boolean) ? make("span", { className: "counts" }, ...marks) : null;
  }

  /**
   * Whether there is something unread that one wants to be told of.
   * @param {Room} room
   */
  #isStrong(room) {
    const level = preferences.notifications(room);
    if (level !== "all") return level === "mentions" && room.mentions > 0;
    return room.unread > 0 || room.unread_from !== undefined;
  }

  /** @param {Room} room */
  #item(room) {
    const last = room.last_message;
    const button = make("button", {
      className: this.#isStrong(room) ? "room has-unread" : "room", type: "button",
      data: { testid: "room-item", roomId: room.room_id },
      onclick: () => this.#onOpen(room.room_id),
    },
    this.#mark(room),
    make("span", { className: "room-name", dir: "auto" }, this.#chat.titleOf(room)),
    last ? make("time", { dateTime: last.created_at }, briefTime(new Date(last.created_at))) : null,
    this.#last(room), this.#counts(room));
    if (room.room_id === this.#open) button.setAttribute("aria-current", "true");
    const options = this.#menus.get(room.room_id);
    options?.setAttribute("aria-label", `Options of ${this.#chat.titleOf(room)}`);
    return make("li", { className: "room-line" }, button, options);
  }
}

/**
 * A small mark with its meaning.
 * @param {"pin" | "bellOff"} name
 * @param {string} testid
 * @param {string} meaning
 */
const sign = (name, testid, meaning) => make("span", { className: "sign", title: meaning, data: { testid } },
  icon(name), make("span", { className: "aside" }, meaning));

/**
 * What finds an element of the list again when it was painted anew.
 * @param {Element | null} element
 */
function selectorOf(element) {
  const { testid = "", roomId } = /** @type {HTMLElement} */ (element).dataset;
  return `[data-testid="${testid}"]${roomId === undefined ? "" : `[data-room-id="${CSS.escape(roomId)}"]`}`;
}
