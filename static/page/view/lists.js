/**
 * What the panel lists: pins, what was found.
 *
 * @import { Found } from "../../client/commands.js"
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Message } from "../../client/types.js"
 * @import { Shown } from "./message.js"
 *
 * @typedef {{highlights: Found["highlights"], words: string[]}} Marked what is to be marked of what was searched for
 *
 * @typedef {object} Look
 * @property {string} testid
 * @property {() => void} onclick
 * @property {string | null} [where]
 * @property {Marked | null} [found]
 * @property {HTMLElement | null} [below] what stands below its text
 * @property {HTMLElement | null} [marks] what stands behind all of that
 * @property {HTMLElement | null} [extra] what stands beside it, and can be pressed by itself
 *
 * @typedef {(message: Message) => void} Show leads to a message
 */

import { icon, iconButton, make, markOf, shortTime } from "./dom.js";
import { excerptOf, namesOne, wordsOf } from "./excerpt.js";
import { quoteText, textOf } from "./message.js";
import { attempt } from "./popups.js";
import { whyNot } from "./words.js";

/**
 * What is said where there is nothing to list.
 * @type {(text: string) => HTMLElement}
 */
export const empty = (text) => make("p", { className: "quiet empty" }, text);

/**
 * A message in a list; pressing it leads to it.
 * @param {Shown} message
 * @param {string | null} me
 * @param {Look} look
 */
export function entry(message, me, { where = null, found = null, onclick, testid, below = null, marks = null, extra = null }) {
  return make("li", { className: "entry", data: { testid, messageId: message.message_id } },
    make("button", { type: "button", className: "entry-button", onclick },
      markOf(message.sender),
      make("span", { className: "body" },
        make("span", { className: "about" },
          make("bdi", { className: "sender" }, message.sender.name),
          make("time", { dateTime: message.created_at }, shortTime(new Date(message.created_at))),
          where ? make("bdi", { className: "quiet" }, where) : null),
        make("span", { className: "excerpt", dir: "auto" }, ...said(message, me, found)),
        ...filesOf(message, found), below),
      marks),
    extra);
}

/**
 * @param {Shown} message
 * @param {string | null} me
 * @param {Marked | null} found
 */
function said(message, me, found) {
  if (message.deleted_at) return [quoteText({ deleted: true })];
  if (!found?.highlights?.length) return textOf(message.content, message.mentions, me, false);
  return excerptOf(message.content, found.highlights).map(({ text, isFound }) => (isFound ? make("mark", {}, text) : text));
}

/**
 * The files of a message, by name: what was looked for may be in one.
 * @param {Shown} message
 * @param {Marked | null} found
 */
function filesOf({ deleted_at: deleted, attachments }, found) {
  if (deleted || !attachments?.length) return [];
  return attachments.map(({ name }) => make("span", { className: "quiet entry-file" }, icon("file"),
    make(found && namesOne(name, found.words) ? "mark" : "bdi", { dir: "auto" }, name)));
}

/** The pinned messages of a room. */
export class Pins {
  #parlor; #body; #mayPin; #show;

  /** @param {{parlor: Parlor, body: HTMLElement, room: string, mayPin: () => boolean, show: Show}} parts */
  constructor({ parlor, body, room, mayPin, show }) {
    this.room = room;
    this.#parlor = parlor;
    this.#body = body;
    this.#mayPin = mayPin;
    this.#show = show;
  }

  async start() {
    await attempt(async () => {
      const pins = await this.#parlor.pins(this.room);
      if (!this.#body.isConnected) return;
      this.#body.replaceChildren(pins.length > 0
        ? make("ul", { className: "entries", data: { testid: "pins" } }, ...pins.map((pin) => this.#item(pin)))
        : empty("Nothing is pinned here yet. Pin a message to keep it at hand for everyone."));
    });
  }

  /** @param {Message} message */
  #item(message) {
    const unpin = iconButton("close", "Unpin", {
      onclick: () => attempt(() => this.#parlor.unpin(message.message_id)),
    });
    return entry(message, this.#parlor.chat.me, {
      testid: "pinned", onclick: () => this.#show(message), extra: this.#mayPin() ? unpin : null,
    });
  }
}

/** The messages that were found in all rooms. */
export class Search {
  #parlor; #body; #show;

  /** @param {{parlor: Parlor, body: HTMLElement, show: Show}} parts */
  constructor({ parlor, body, show }) {
    this.#parlor = parlor;
    this.#body = body;
    this.#show = show;
  }

  /** @param {string} wanted */
  async start(wanted) {
    this.#body.replaceChildren(empty("Searching…"));
    /** @type {{results?: Found[]}} */
    let found;
    try {
      found = await this.#parlor.search(wanted);
    } catch (error) {
      return this.#body.replaceChildren(empty(whyNot(error)));
    }
    if (!this.#body.isConnected) return undefined;
    const words = wordsOf(wanted);
    const results = found.results ?? [];
    return this.#body.replaceChildren(results.length > 0
      ? make("ul", { className: "entries", data: { testid: "results" } },
        ...results.map((result) => this.#item(result, words)))
      : empty("No messages found."));
  }

  /**
   * @param {Found} found
   * @param {string[]} words
   */
  #item({ message, highlights }, words) {
    const { chat } = this.#parlor;
    const room = chat.room(message.room_id);
    return entry(message, chat.me, {
      testid: "result", where: room ? chat.titleOf(room) : message.room_id,
      found: { highlights, words }, onclick: () => this.#show(message),
    });
  }
}
