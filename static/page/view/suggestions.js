/**
 * The people one may mean by an `@` that one writes.
 *
 * @import { Status, User } from "../../client/types.js"
 * @typedef {User & {status?: Status}} Person
 */

import { wordAtCaret } from "../../client/parlor.js";
import { make, markOf } from "./dom.js";

const SHOWN = 8;

export class Suggestions {
  #text; #list; #people; #at = 0;
  /** @type {Person[]} */
  #found = [];
  /** @type {{start: number, word: string} | null} */
  #word = null;

  /**
   * @param {HTMLTextAreaElement} text
   * @param {HTMLElement} list
   * @param {() => Person[]} people
   */
  constructor(text, list, people) {
    this.#text = text;
    this.#list = list;
    this.#people = people;
    text.setAttribute("aria-controls", list.id);
    text.addEventListener("blur", () => this.#close());
    text.addEventListener("click", () => this.update());
  }

  update() {
    this.#word = wordAtCaret(this.#text.value, this.#text.selectionStart);
    if (!this.#word) return this.#close();
    const wanted = this.#word.word.toLowerCase();
    const room = { id: "room", name: "Everyone in this room" };
    /** @type {(person: Person) => boolean} */
    const fits = ({ id, name }) =>
      id.toLowerCase().startsWith(wanted) || name.toLowerCase().split(/\s+/).some((part) => part.startsWith(wanted));
    this.#found = [...this.#people().filter(fits), ...("room".startsWith(wanted) ? [room] : [])].slice(0, SHOWN);
    this.#at = 0;
    return this.#paint();
  }

  /**
   * Says whether the key was for the list.
   * @param {KeyboardEvent} event
   */
  key(event) {
    if (this.#list.hidden) return false;
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (step) {
      this.#at = (this.#at + step + this.#found.length) % this.#found.length;
      this.#paint();
    } else if (event.key === "Enter" || event.key === "Tab") {
      this.#take(this.#found[this.#at]);
    } else if (event.key === "Escape") {
      this.#close();
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** @param {Person} person */
  #take({ id }) {
    const end = this.#text.selectionStart;
    this.#text.setRangeText(`@${id} `, this.#word?.start ?? end, end, "end");
    this.#close();
    this.#text.focus();
    // As if it had been typed.
    this.#text.dispatchEvent(new Event("input"));
  }

  #close() {
    this.#found = [];
    this.#paint();
  }

  #paint() {
    this.#list.hidden = this.#found.length === 0;
    this.#text.setAttribute("aria-expanded", String(!this.#list.hidden));
    this.#list.replaceChildren(...this.#found.map((person, index) => make("li", {
      role: "option", id: `${this.#list.id}-${index}`, data: { testid: "suggestion", user: person.id },
      aria: { selected: String(index === this.#at) },
      // Before the text loses the focus.
      onmousedown: (event) => { event.preventDefault(); this.#take(person); },
    }, markOf(person, person.status), make("bdi", { className: "sender" }, person.name),
    make("span", { className: "quiet" }, `@${person.id}`))));
    const active = this.#list.hidden ? "" : `${this.#list.id}-${this.#at}`;
    this.#text.setAttribute("aria-activedescendant", active);
  }
}
