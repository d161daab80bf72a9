/** The list of rooms: newest talk first, with what is unread. */

import { byId, make, shortTime } from "./dom.js";

export class RoomList {
  #rooms = new Map();
  #open = null;
  #onOpen;

  constructor(onOpen) {
    this.#onOpen = onOpen;
  }

  get(id) {
    return this.#rooms.get(id);
  }

  /** Takes over what the server says; what it does not mention is gone. */
  replace(rooms) {
    const known = this.#rooms;
    this.#rooms = new Map(rooms.map((room) => {
      const last = room.last_message ?? known.get(room.room_id)?.last_message ?? null;
      return [room.room_id, { ...room, last_message: last }];
    }));
    this.#paint();
  }

  add(room) {
    this.#rooms.set(room.room_id, { last_message: null, ...this.#rooms.get(room.room_id), ...room });
    this.#paint();
  }

  remove(id) {
    this.#rooms.delete(id);
    this.#paint();
  }

  /**
   * A message has come; `isOwn` ones are never unread. Those that a resume
   * replays are in the server's number already.
   */
  heard(message, isOwn) {
    const room = this.#rooms.get(message.room_id);
    if (!room) return;
    const isNew = message.seq > room.last_seq;
    if (!(room.last_message?.seq > message.seq)) room.last_message = message;
    room.last_seq = Math.max(room.last_seq, message.seq);
    if (isNew && !isOwn) room.unread += 1;
    this.#paint();
  }

  cleared(id) {
    const room = this.#rooms.get(id);
    if (room) Object.assign(room, { last_message: null, unread: 0 });
    this.#paint();
  }

  setUnread(id, unread) {
    const room = this.#rooms.get(id);
    if (room && room.unread !== unread) {
      room.unread = unread;
      this.#paint();
    }
  }

  setOpen(id) {
    this.#open = id;
    this.#paint();
  }

  #paint() {
    const time = (room) => room.last_message?.created_at ?? room.created_at;
    const rooms = [...this.#rooms.values()].sort((a, b) => time(b).localeCompare(time(a)));
    const focused = document.activeElement?.dataset?.roomId;
    byId("rooms").replaceChildren(...rooms.map((room) => this.#item(room)));
    byId("no-rooms").hidden = rooms.length > 0;
    const total = rooms.reduce((sum, room) => sum + room.unread, 0);
    document.title = total > 0 ? `(${total}) Parlor` : "Parlor";
    if (focused) document.querySelector(`[data-room-id="${CSS.escape(focused)}"]`)?.focus();
  }

  #item(room) {
    const last = room.last_message;
    const count = room.unread > 0
      ? make("span", { className: "unread", data: { testid: "unread" } }, String(room.unread),
        make("span", { className: "aside" }, " unread"))
      : null;
    const button = make("button", {
      className: "room", type: "button",
      data: { testid: "room-item", roomId: room.room_id },
      onclick: () => this.#onOpen(room.room_id),
    },
    make("span", { className: "room-name" }, room.title || room.room_id),
    last ? make("time", { dateTime: last.created_at }, shortTime(new Date(last.created_at))) : null,
    make("span", { className: "room-last quiet" },
      last ? `${last.sender.name}: ${last.content}` : room.kind),
    count);
    if (room.room_id === this.#open) button.setAttribute("aria-current", "true");
    return make("li", {}, button);
  }
}
