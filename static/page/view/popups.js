/**
 * What opens over the page: menus, the emoji picker, questions, notices.
 *
 * @import { Fields } from "./dom.js"
 */

import { byId, fieldsOf, iconButton, make } from "./dom.js";
import { whyNot } from "./words.js";

const MARGIN_PX = 8;

/**
 * Shows an element at another one until one clicks elsewhere or presses Esc.
 * @param {HTMLElement} element
 * @param {HTMLElement} anchor
 */
function popUp(element, anchor) {
  element.popover = "auto";
  document.body.append(element);
  element.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "closed") element.remove();
  });
  element.showPopover();
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = element;
  const left = Math.min(at.right - width, innerWidth - width - MARGIN_PX);
  const below = at.bottom + 4;
  const top = below + height > innerHeight - MARGIN_PX ? at.top - height - 4 : below;
  element.style.left = `${Math.max(MARGIN_PX, left)}px`;
  element.style.top = `${Math.max(MARGIN_PX, top)}px`;
  return () => { if (element.isConnected) element.hidePopover(); };
}

/**
 * Arrow keys go through the buttons of an element.
 * @param {HTMLElement} element
 * @param {number} [perRow]
 */
function arrows(element, perRow = 1) {
  element.addEventListener("keydown", (event) => {
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: perRow, ArrowUp: -perRow, ArrowRight: 1, ArrowLeft: -1 };
    const step = steps[event.key];
    if (!step || !(event.target instanceof HTMLButtonElement)) return;
    event.preventDefault();
    const buttons = [...element.querySelectorAll("button")];
    const next = buttons.findIndex((button) => button === document.activeElement) + step;
    buttons.at(next % buttons.length)?.focus();
  });
}

/**
 * @typedef {{label: string, run: () => void, testid?: string, isDangerous?: boolean}} Choice
 */

/**
 * A menu; what is null is left out.
 *
 * @param {HTMLElement} anchor
 * @param {string} label
 * @param {(Choice | null)[]} items
 */
export function openMenu(anchor, label, items) {
  let close = () => {};
  const buttons = items.filter((item) => item !== null).map(({ label: text, run, testid, isDangerous }) =>
    make("button", {
      type: "button", role: "menuitem", textContent: text, data: { testid },
      className: isDangerous ? "danger" : "",
      onclick: () => { close(); anchor.focus(); run(); },
    }));
  const menu = make("div", { className: "menu", role: "menu", aria: { label } }, ...buttons);
  arrows(menu);
  close = popUp(menu, anchor);
  buttons[0]?.focus();
}

const EMOJIS = "👍 ❤️ 😂 🎉 😮 😢 🙏 🔥 👀 ✅ ❌ 💯 🚀 👏 🤔 😍 😅 😎 🥳 🙌 💪 ☕ 🍕 🐛 💡 ⭐ 📌 🤝 👋 🫡 😴 🌈"
  .split(" ");
export const QUICK_EMOJIS = EMOJIS.slice(0, 4);

/**
 * A small picker; `pick` gets the emoji.
 * @param {HTMLElement} anchor
 * @param {(emoji: string) => void} pick
 */
export function openEmojis(anchor, pick) {
  let close = () => {};
  /** @type {(emoji: string) => void} */
  const choose = (emoji) => { close(); anchor.focus(); pick(emoji); };
  const buttons = EMOJIS.map((emoji) => make("button", {
    type: "button", textContent: emoji, onclick: () => choose(emoji),
    data: { testid: "emoji", emoji }, aria: { label: emoji },
  }));
  const other = make("input", {
    type: "text", placeholder: "Any other emoji", maxLength: 16,
    aria: { label: "Another emoji" },
  });
  const form = make("form", {
    onsubmit: (event) => {
      event.preventDefault();
      const emoji = other.value.trim();
      if (emoji && !/\s/.test(emoji)) choose(emoji);
    },
  }, other);
  const grid = make("div", { className: "emoji-grid" }, ...buttons);
  const picker = make("div", { className: "menu emojis", role: "dialog", aria: { label: "Emoji" } },
    grid, form);
  arrows(grid, 8);
  close = popUp(picker, anchor);
  buttons[0].focus();
}

/**
 * Asks a question; resolves with whether the answer is yes.
 * @param {string} question
 * @param {string} yes
 * @returns {Promise<boolean>}
 */
export function confirmed(question, yes) {
  /** @type {(isYes: boolean) => void} */
  let answer = () => {};
  const answered = new Promise((resolve) => { answer = resolve; });
  const dialog = make("dialog", { className: "card ask", onclose: () => {
    answer(dialog.returnValue === "yes");
    dialog.remove();
  } },
  make("form", { method: "dialog" },
    make("p", {}, question),
    make("div", { className: "row end" },
      make("button", { value: "no" }, "Cancel"),
      make("button", { value: "yes", className: "danger fill", data: { testid: "confirm" } }, yes))));
  document.body.append(dialog);
  dialog.showModal();
  return answered;
}

/**
 * Asks with a form over the page, which stays until what was answered could be done, or one
 * gives up; where it cannot be done it says why.
 *
 * @param {{title: string, yes: string, parts: HTMLElement[], run: (fields: Fields) => unknown}} question
 */
export function ask({ title, yes, parts, run }) {
  const line = make("p", { className: "error", role: "alert", data: { testid: "why-not" } });
  const form = make("form", { onsubmit: (event) => {
    event.preventDefault();
    attempt(async () => {
      await run(fieldsOf(form));
      dialog.close();
    }, line);
  } },
  make("h2", {}, title), ...parts, line,
  make("div", { className: "row end" },
    make("button", { type: "button", className: "plain", onclick: () => dialog.close() }, "Cancel"),
    make("button", { className: "primary", data: { testid: "answer" } }, yes)));
  const dialog = make("dialog", { className: "card", aria: { label: title }, onclose: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();
}

const NOTICE_MS = 6_000;
const ERROR_MS = 20_000;
const NOTICES_MAX = 4;

/**
 * A notice that goes by itself, or is closed; errors are read out at once. One that leads
 * somewhere stays until it is pressed or closed.
 *
 * @param {string} text
 * @param {"note" | "error"} [kind]
 * @param {{label: string, run: () => void} | null} [link]
 */
export function notify(text, kind = "note", link = null) {
  const said = make("p", { className: "grow", dir: "auto" }, text);
  const close = iconButton("close", "Dismiss", { className: "dismiss", onclick: () => notice.remove() });
  const notice = make("div", { className: "notice", data: { kind, testid: "notice" } }, said,
    link && make("button", { type: "button", data: { testid: "notice-link" }, onclick: () => { notice.remove(); link.run(); } }, link.label),
    close);
  if (kind === "error") notice.setAttribute("role", "alert");
  const notices = byId("notices");
  // What is said again is not said twice, unless it leads elsewhere.
  /** @type {(other: Element) => boolean} */
  const isSame = (other) => other.firstElementChild?.textContent === text;
  if (!link) [...notices.children].filter(isSame).forEach((other) => other.remove());
  notices.append(notice);
  while (notices.children.length > NOTICES_MAX) notices.firstElementChild?.remove();
  if (!link) setTimeout(() => notice.remove(), kind === "error" ? ERROR_MS : NOTICE_MS);
}

/**
 * Copies a text, and says so if that works.
 * @param {string} text
 */
export function copied(text) {
  return attempt(async () => {
    await navigator.clipboard.writeText(text);
    notify("Copied.");
  });
}

/**
 * Runs what may fail, and says why it did.
 * @template T
 * @param {() => T | Promise<T>} run
 * @param {HTMLElement | null} [line] where to say it, if not in a notice
 */
export async function attempt(run, line = null) {
  if (line) line.textContent = "";
  try {
    return await run();
  } catch (error) {
    if (line) line.textContent = whyNot(error);
    else notify(whyNot(error), "error");
    return undefined;
  }
}
