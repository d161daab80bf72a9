/** How much is unread: as small marks, in rooms and in threads, and in all. */

import { make } from "./dom.js";

/**
 * How often one is mentioned; null if one is not.
 * @param {number} count
 * @param {string} testid
 * @param {boolean} [isDim]
 */
export const mentionsMark = (count, testid, isDim = false) => (count > 0 ? make("span", {
  className: isDim ? "mentions dim" : "mentions", title: "You are mentioned", data: { testid },
}, `@${count}`, make("span", { className: "aside" }, " mentions")) : null);

/**
 * How much is unread; null if nothing is.
 * @param {number} count
 * @param {string} testid
 * @param {boolean} [isDim]
 */
export const unreadMark = (count, testid, isDim = false) => (count > 0 ? make("span", {
  className: isDim ? "unread dim" : "unread", data: { testid },
}, String(count), make("span", { className: "aside" }, " unread")) : null);

/** What the icon of the application says, once that is known. */
let badge = -1;

/**
 * How much is unread in all: in the title of the window, and on the icon of the application.
 * @param {{unread: number, threads: number}} totals
 */
export function paintTotal({ unread, threads }) {
  const count = unread + threads;
  document.title = count > 0 ? `(${count}) Parlor` : "Parlor";
  if (count === badge) return;
  badge = count;
  navigator.setAppBadge?.(count).catch(() => {}); // Only what was installed has an icon.
}
