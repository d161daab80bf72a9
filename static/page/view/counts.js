/** How much is unread, as small marks: in rooms and in threads. */

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
