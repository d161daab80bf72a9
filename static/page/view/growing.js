/**
 * A message that is being written, as it is shown: its text grows in its place,
 * and whoever may asks the writer to stop.
 *
 * @import { Shown, Tools } from "./message.js"
 */

import { make } from "./dom.js";

const UNFINISHED = {
  failed: "Failed before it was finished",
  interrupted: "Interrupted before it was finished",
};

/**
 * Whether more of it may come.
 * @param {Shown} message
 */
export const isGrowing = ({ state, deleted_at: deletedAt }) => state === "streaming" && !deletedAt;

/**
 * One piece of text, which grows; mentions and links are found when it has ended.
 * @param {string} content
 */
export const growingText = (content) => make("p", { className: "content", dir: "auto" }, content);

/**
 * Puts more of the text in the place of what is shown; what somebody has marked in it stays so.
 * @param {Element | null | undefined} item
 * @param {string} content
 */
export function growText(item, content) {
  const text = item?.querySelector(":scope > .body > .content")?.firstChild;
  if (!(text instanceof Text)) return;
  if (content.startsWith(text.data)) text.appendData(content.slice(text.data.length));
  else text.data = content;
}

/**
 * What stands below the text: the way to stop it, or why it does not go on.
 * @param {Shown} message
 * @param {Pick<Tools, "mayStop" | "stop">} tools
 */
export function growthOf(message, { mayStop, stop }) {
  if (!message.state || message.deleted_at) return null;
  if (message.state !== "streaming") {
    return make("p", { className: "quiet", data: { testid: "unfinished" } }, UNFINISHED[message.state]);
  }
  if (!mayStop(message)) return null;
  return make("button", {
    type: "button", className: "stop", data: { testid: "stop-writing" }, onclick: () => stop(message),
  }, "Stop");
}
