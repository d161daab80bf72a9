/**
 * What one has saved for oneself, and is reminded of: as choices of a message's
 * menu, and as a list.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Message, Reminder, SavedEntry, SavedState } from "../../client/types.js"
 * @import { Show } from "./lists.js"
 * @import { Choice } from "./popups.js"
 */

import { icon, iconButton, make, shortTime } from "./dom.js";
import { empty, entry } from "./lists.js";
import { LongList } from "./long_list.js";
import { quoteText } from "./message.js";
import { ask, attempt, notify, openMenu } from "./popups.js";
import { IN_20_MINUTES, IN_AN_HOUR, timeChoices } from "./times.js";

const NOTE_CHARS = 500;

/**
 * What stays of it when it is saved otherwise: not a time that is over.
 * @param {SavedState | null} state
 */
const kept = (state) => ({ note: state?.note, remind_at: isToCome(state) ? state?.remind_at : undefined });

/** @type {(state: SavedState | null) => boolean} */
const isToCome = (state) => Boolean(state?.remind_at && !state.reminded_at && Date.parse(state.remind_at) > Date.now());

/**
 * What one may do to come back to a message.
 *
 * @param {Parlor} parlor
 * @param {Pick<Message, "message_id" | "deleted_at">} message
 * @param {HTMLElement} anchor at which the times are shown
 * @returns {(Choice | null)[]}
 */
export function savedChoices(parlor, { message_id: id, deleted_at: deleted }, anchor) {
  const state = parlor.chat.saved.get(id);
  const times = timeChoices("Remind me", [IN_20_MINUTES, IN_AN_HOUR], async ({ seconds, at }) => {
    const { remind_at: wanted = "" } = await parlor.save(id, { note: state?.note, remind_at: at, remind_in_seconds: seconds });
    notify(`You will be reminded: ${shortTime(new Date(wanted))}.`);
  });
  return [
    deleted || state ? null : { testid: "save", label: "Save", run: () => attempt(() => parlor.save(id)) },
    state ? { testid: "unsave", label: "Remove from saved", run: () => attempt(() => parlor.unsave(id)) } : null,
    isToCome(state) ? { testid: "unremind", label: "Remove reminder", run: () => attempt(() => parlor.save(id, { note: state?.note })) } : null,
    deleted ? null : { testid: "remind", label: "Remind me…", run: () => openMenu(anchor, "Remind me", times) },
  ];
}

/**
 * What a reminder says: what one has noted, or else the message.
 * @type {(parlor: Parlor, reminder: Reminder) => string}
 */
export function reminderText({ chat }, { note, message_id: id }) {
  const message = chat.saved.message(id);
  return note ?? (message && quoteText({ ...message, deleted: Boolean(message.deleted_at) })) ?? "A message you saved";
}

/** What one has saved, the last first. */
export class SavedList {
  #parlor; #body; #show;
  /** @type {LongList<SavedEntry>} */
  #list;
  /** @type {Map<string, HTMLElement>} by message: a menu that is open keeps what it was opened at */
  #menus = new Map();

  /** @param {{parlor: Parlor, body: HTMLElement, show: Show}} parts */
  constructor({ parlor, body, show }) {
    this.#parlor = parlor;
    this.#body = body;
    this.#show = show;
    this.#list = new LongList(body, "saved", { id: ({ message_id: id }) => id, item: (saved) => this.#item(saved) });
  }

  paint() {
    const { list } = this.#parlor.chat.saved;
    const menus = this.#menus;
    this.#menus = new Map(list.map(({ message_id: id }) => [id, menus.get(id) ?? this.#menuButton(id)]));
    if (list.length > 0) this.#list.paint(list);
    else this.#body.replaceChildren(empty("Nothing saved yet. Save a message to come back to it, or to be reminded of it."));
  }

  /** @param {SavedEntry} saved */
  #item(saved) {
    const { chat } = this.#parlor;
    const { message } = saved;
    const room = chat.room(message.room_id);
    return entry(message, chat.me, {
      testid: "saved-entry", where: room ? chat.titleOf(room) : message.room_id, onclick: () => this.#show(message),
      below: about(saved), extra: this.#menus.get(message.message_id) ?? null,
    });
  }

  /** @param {string} id */
  #menuButton(id) {
    const button = iconButton("more", "Options of this saved message", {
      data: { testid: "saved-menu" }, onclick: () => {
        const saved = this.#parlor.chat.saved.list.find(({ message_id: other }) => other === id);
        if (saved) openMenu(button, "Saved message", this.#choices(saved, button));
      },
    });
    button.ariaHasPopup = "menu";
    return button;
  }

  /**
   * @param {SavedEntry} saved
   * @param {HTMLElement} anchor
   */
  #choices({ message }, anchor) {
    return [
      message.deleted_at ? null
        : { testid: "note", label: "Note…", run: () => this.#note(message.message_id) },
      ...savedChoices(this.#parlor, message, anchor),
    ];
  }

  /** @param {string} id */
  #note(id) {
    const state = this.#parlor.chat.saved.get(id);
    const text = make("input", {
      name: "note", maxLength: NOTE_CHARS, dir: "auto", value: state?.note ?? "", data: { testid: "note-text" },
    });
    ask({
      title: "Note", yes: "Save", parts: [make("label", {}, "Only you see it", text)],
      run: () => this.#parlor.save(id, { ...kept(this.#parlor.chat.saved.get(id)), note: text.value.trim() || undefined }),
    });
  }
}

/**
 * What one has noted, and when one is reminded.
 * @param {SavedEntry} saved
 */
function about(saved) {
  const { note, remind_at: wanted, reminded_at: reminded } = saved;
  const when = reminded ? `Reminded ${shortTime(new Date(reminded))}` : wanted && `Reminder ${shortTime(new Date(wanted))}`;
  return note || when ? make("span", { className: "quiet saved-about" },
    note ? make("bdi", { data: { testid: "saved-note" } }, note) : null,
    when ? make("span", { data: { testid: "saved-reminder" } }, icon("bell"), when) : null) : null;
}
