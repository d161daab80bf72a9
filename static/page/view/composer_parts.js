/**
 * What a composer is made of, in its form.
 *
 * @import { Extras } from "../../client/outbox.js"
 * @import { Attachment, Message } from "../../client/types.js"
 * @import { Person } from "./suggestions.js"
 *
 * @typedef {object} Told what a composer calls
 * @property {(content: string, extras: Extras) => void} send
 * @property {(message: Message, content: string) => Promise<void>} edit resolves once that is stored
 * @property {(file: File) => Promise<Attachment>} upload
 * @property {() => number | undefined} fileBytes
 * @property {(isTyping: boolean) => void} typing
 * @property {() => Person[]} people
 * @property {() => Message | null} lastOwn
 * @property {() => void} escape
 */

import { icon, iconButton, make } from "./dom.js";
import { quoteText } from "./message.js";

const HEIGHT_MAX_PX = 180;

/**
 * @param {HTMLFormElement} form
 * @param {string} testid begins the test ids of all parts; empty for the room's
 * @param {string} label
 * @param {string} also what else may be done with what is sent; empty for nothing
 */
export function composerParts(form, testid, label, also) {
  const prefix = testid ? `${testid}-` : "";
  const text = make("textarea", {
    name: "content", rows: 1, dir: "auto", placeholder: label, data: { testid: `${prefix}composer` },
    aria: { label, autocomplete: "list" },
  });
  const button = make("button", {
    className: "primary send", title: "Send", data: { testid: `${prefix}send` }, aria: { label: "Send" },
  }, icon("send"));
  const picked = make("input", { type: "file", multiple: true, hidden: true, data: { testid: `${prefix}file` } });
  const clip = iconButton("clip", "Attach files");
  const smile = iconButton("smile", "Insert an emoji");
  const context = make("div", { className: "context", hidden: true });
  const files = make("div", { className: "files", hidden: true });
  const locked = make("p", { className: "locked quiet", hidden: true, data: { testid: `${prefix}locked` } });
  const error = make("p", { className: "error", role: "alert" });
  const box = make("div", { className: "box" }, clip, picked, text, smile, button);
  const suggestions = make("ul", { className: "suggestions", role: "listbox", hidden: true,
    id: `${prefix}suggestions`, aria: { label: "People to mention" } });
  const tick = make("input", { type: "checkbox", data: { testid: `${prefix}also` } });
  form.replaceChildren(suggestions, locked, context, files, error, box);
  if (also) form.append(make("label", { className: "also quiet" }, tick, also));
  return { text, tick, button, picked, clip, smile, context, files, locked, error, box, suggestions };
}

/**
 * As high as what is written in it.
 * @param {HTMLTextAreaElement} text
 */
export function fit(text) {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, HEIGHT_MAX_PX)}px`;
}

/**
 * Which message is answered or edited.
 *
 * @param {string} what
 * @param {Message} message
 */
export const contextParts = (what, message) => [
  make("span", { className: "grow" }, make("strong", {}, what), " ",
    make("bdi", { className: "quiet" }, quoteText(message))),
];

/**
 * What goes along with an answer: which message, and how it looks until the server says.
 * @param {Message | null} message
 * @returns {Extras}
 */
export function quoting(message) {
  if (!message) return {};
  const { message_id: id, sender, content, created_at: at } = message;
  return { replyTo: id, quote: { message_id: id, sender, content, created_at: at } };
}

