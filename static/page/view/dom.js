/**
 * Small helpers over the DOM. What people wrote is only ever set as text.
 *
 * @import { Status, User } from "../../client/types.js"
 */

/**
 * An element that the page has; of which kind, is for who asks to know.
 *
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @returns {E}
 */
export const byId = (id) => /** @type {E} */ (document.getElementById(id));

/**
 * What one writes in a form, by name.
 *
 * @typedef {Record<string, HTMLInputElement>} Fields
 * @type {(form: HTMLFormElement) => Fields}
 */
export const fieldsOf = (form) => /** @type {any} */ (form.elements);

/**
 * @typedef {{data?: Record<string, string | number | null | undefined>, aria?: Record<string, string>}} Attributes
 * @typedef {keyof HTMLElementTagNameMap} Tag
 */
/**
 * @template {Tag} K
 * @typedef {Partial<HTMLElementTagNameMap[K]> & Attributes} Properties
 */

/**
 * Makes an element with properties, `data-` attributes and children.
 * @template {Tag} K
 * @param {K} tag
 * @param {Properties<K>} [properties]
 * @param {...(Node | string | null | undefined)} children
 */
export function make(tag, { data = {}, aria = {}, ...properties } = {}, ...children) {
  /** @type {HTMLElementTagNameMap[K]} */
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(data)) {
    if (value !== undefined && value !== null) element.dataset[name] = String(value);
  }
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** Strokes on a square of 24. */
const ICONS = {
  back: ["M15 5l-7 7 7 7"],
  bookmark: ["M7 4h10v16l-5-4-5 4z"],
  bell: ["M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15z", "M10 20.5a2.2 2.2 0 0 0 4 0"],
  bellOff: ["M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15z", "M10 20.5a2.2 2.2 0 0 0 4 0", "M4 4l16 17"],
  clip: ["M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 4.8 4.8l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4L14.5 7.5"],
  clock: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 7v5l3.5 2"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  down: ["M12 5v14", "M6 13l6 6 6-6"],
  file: ["M6 3h8l4 4v14H6z", "M14 3v4h4"],
  gear: ["M4 7h10", "M18 7h2", "M16 5v4", "M4 17h2", "M10 17h10", "M8 15v4"],
  hash: ["M9 4L7 20", "M17 4l-2 16", "M4 9h16", "M4 15h16"],
  horn: ["M4 10v4h3l9 5V5l-9 5z", "M19 9a4 4 0 0 1 0 6"],
  lock: ["M6 11h12v9H6z", "M8.5 11V8a3.5 3.5 0 0 1 7 0v3"],
  more: ["M5 12h.01", "M12 12h.01", "M19 12h.01"],
  people: ["M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z", "M2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6", "M16 4.5a3.5 3.5 0 0 1 0 6", "M18 14.5c2 .8 3.5 2.5 3.5 5.5"],
  pin: ["M9 4h6l-1 6 3 3v2H7v-2l3-3z", "M12 15v6"],
  play: ["M7 4.5v15l12-7.5z"],
  plus: ["M12 5v14", "M5 12h14"],
  reply: ["M9 7L4 12l5 5", "M4 12h9a7 7 0 0 1 7 7"],
  search: ["M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14z", "M16 16l4.5 4.5"],
  send: ["M4 12l16-8-5 16-3.5-6.5z", "M11.5 13.5L20 4"],
  smile: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M8.5 14.5a4.5 4.5 0 0 0 7 0", "M9 9.5h.01", "M15 9.5h.01"],
  thread: ["M4 5h16v11h-9l-5 4v-4H4z", "M8 9h8", "M8 12h5"],
};

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  if (name === "more") svg.classList.add("bold");
  for (const d of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/**
 * A button with an icon only; its label is read out and shown on hover.
 * @param {keyof typeof ICONS} name
 * @param {string} label
 * @param {Properties<"button">} [properties]
 */
export function iconButton(name, label, { className = "", ...properties } = {}) {
  const classes = `icon-button ${className}`.trim();
  return make("button", {
    type: "button", className: classes, title: label, aria: { label }, ...properties,
  }, icon(name));
}

/**
 * A colour of its own for each user, the same every time.
 * @param {string} text
 */
export function hueOf(text) {
  // FNV-1a: names that differ by a letter get colours that differ much.
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 8) % 360;
}

/**
 * The round mark with a user's first letter.
 * @param {HTMLElement} element
 * @param {User} user
 */
export function paintMark(element, user) {
  element.textContent = [...(user.name || user.id)][0].toUpperCase();
  element.style.setProperty("--hue", String(hueOf(user.id)));
  return element;
}

/**
 * The mark with a dot for who is there; `status` may be unknown.
 * @param {User} user
 * @param {Status} [status]
 */
export function markOf(user, status) {
  const mark = paintMark(make("span", { className: "mark", aria: { hidden: "true" } }), user);
  if (status) mark.append(make("span", { className: "dot", data: { status } }));
  return mark;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
});
const shortDay = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const longDay = new Intl.DateTimeFormat(undefined, {
  weekday: "long", month: "long", day: "numeric",
});

/** @type {(date: Date) => boolean} */
const isToday = (date) => date.toDateString() === new Date().toDateString();

/**
 * A time of which the day is known.
 * @type {(date: Date) => string}
 */
export const clockTime = (date) => clock.format(date);
/**
 * A time as short as it can be understood.
 * @type {(date: Date) => string}
 */
export const shortTime = (date) => (isToday(date) ? clock : dayAndClock).format(date);
/**
 * For a list where only the day matters once it is over.
 * @type {(date: Date) => string}
 */
export const briefTime = (date) => (isToday(date) ? clock : shortDay).format(date);

/** @param {Date} date */
export function dayName(date) {
  if (isToday(date)) return "Today";
  const yesterday = new Date();
  yesterday.setDate(yesterday.getDate() - 1);
  return date.toDateString() === yesterday.toDateString() ? "Yesterday" : longDay.format(date);
}

/**
 * "online", "away", "last seen …" for people.
 * @param {{status: Status, lastSeen: string | null} | null} presence
 */
export function presenceText(presence) {
  if (!presence) return "";
  if (presence.status !== "offline") return presence.status;
  return presence.lastSeen ? `last seen ${shortTime(new Date(presence.lastSeen))}` : "offline";
}

/**
 * "Ann", "Ann and Ben", "Ann, Ben and 3 others".
 * @param {string[]} names
 */
export function nameList(names) {
  if (names.length <= 1) return names[0] ?? "";
  if (names.length <= 3) return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return `${names.slice(0, 2).join(", ")} and ${names.length - 2} others`;
}

/** @type {(count: number, word: string, many?: string) => string} */
export const plural = (count, word, many = `${word}s`) => `${count} ${count === 1 ? word : many}`;

/**
 * Sizes as people say them.
 * @param {number} bytes
 */
export function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}
