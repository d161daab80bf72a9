/** A list that may be long: its first entries, and more of them when one asks. */

import { make } from "./dom.js";

/** Entries that are shown at first, and more of them each time one asks for more. */
const PAGE = 30;

/** @template T */
export class LongList {
  #body; #testid; #item; #shown = PAGE;
  /** @type {HTMLElement[]} */
  #items = [];
  /** @type {string[]} what they show */
  #ids = [];

  /**
   * `id` tells entries apart, `item` shows one.
   *
   * @param {HTMLElement} body
   * @param {string} testid
   * @param {{id: (entry: T) => string, item: (entry: T) => HTMLElement}} how
   */
  constructor(body, testid, { id, item }) {
    this.#body = body;
    this.#testid = testid;
    this.#item = { id, show: item };
  }

  /**
   * Whoever goes by keys stays where they are.
   * @param {T[]} entries
   */
  paint(entries) {
    const { id, show } = this.#item;
    const at = this.#items.findIndex((item) => item.contains(document.activeElement));
    const focused = { id: this.#ids[at], button: at < 0 ? -1 : buttonsOf(this.#items[at]).findIndex((button) => button === document.activeElement) };
    const shown = entries.slice(0, this.#shown);
    this.#ids = shown.map(id);
    this.#items = shown.map(show);
    const more = entries.length > shown.length ? this.#more(entries) : null;
    this.#body.replaceChildren(make("ul", { className: "entries", data: { testid: this.#testid } }, ...this.#items, more));
    if (focused.button < 0) return;
    const again = this.#ids.indexOf(focused.id);
    if (again >= 0) buttonsOf(this.#items[again])[focused.button]?.focus();
  }

  /** @param {T[]} entries */
  #more(entries) {
    return make("li", { className: "more" }, make("button", {
      type: "button", data: { testid: `more-${this.#testid}` }, onclick: () => {
        const next = this.#shown;
        this.#shown += PAGE;
        this.paint(entries);
        // Whoever goes by keys goes on where the list went on.
        buttonsOf(this.#items[next])[0]?.focus();
      },
    }, "Show more"));
  }
}

/** @param {HTMLElement} item */
const buttonsOf = (item) => [...item.querySelectorAll("button")];
