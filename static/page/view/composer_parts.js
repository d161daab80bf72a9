/**
 * What a composer is made of, in its form.
 *
 * @import { Extras } from "../../client/outbox.js"
 * @import { Attachment, Message } from "../../client/types.js"
 * @import { Person } from "./suggestions.js"
 * @import { When } from "./times.js"
 *
 * @typedef {object} Told what a composer calls
 * @property {(content: string, extras: Extras) => void} send
 * @property {(content: string, extras: Extras, when: When) => Promise<unknown>} schedule resolves once that is stored
 * @property {(message: Message, content: string) => Promise<void>} edit resolves once that is stored
 * @property {(file: File) => Promise<Attachment>} upload
 * @property {() => number | undefined} fileBytes
 * @property {(isTyping: boolean) => void} typing
 * @property {() => Person[]} people
 * @property {() => Message | null} lastOwn
 * @property {() => void} escape
 *
 * @typedef {object} Used what one does in a composer
 * @property {() => void} submit
 * @property {() => void} wrote
 * @property {() => void} left the field where one writes
 * @property {(event: KeyboardEvent) => void} key
 * @property {(files: FileList) => void} files
 * @property {() => boolean} mayLater whether there is something to be sent later
 * @property {(when: When) => Promise<unknown>} later
 */

import { icon, iconButton, make } from "./dom.js";
import { quoteText } from "./message.js";
import { openEmojis, openMenu } from "./popups.js";
import { IN_AN_HOUR, timeChoices } from "./times.js";

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
  const later = iconButton("clock", "Send later", { className: "later", data: { testid: `${prefix}send-later` } });
  later.ariaHasPopup = "menu";
  const context = make("div", { className: "context", hidden: true });
  const files = make("div", { className: "files", hidden: true });
  const locked = make("p", { className: "locked quiet", hidden: true, data: { testid: `${prefix}locked` } });
  const error = make("p", { className: "error", role: "alert" });
  const box = make("div", { className: "box" }, clip, picked, text, smile, later, button);
  const suggestions = make("ul", { className: "suggestions", role: "listbox", hidden: true,
    id: `${prefix}suggestions`, aria: { label: "People to mention" } });
  const tick = make("input", { type: "checkbox", data: { testid: `${prefix}also` } });
  form.replaceChildren(suggestions, locked, context, files, error, box);
  if (also) form.append(make("label", { className: "also quiet" }, tick, also));
  return { text, tick, button, picked, clip, smile, later, context, files, locked, error, box, suggestions };
}

/**
 * Tells what one does in a composer.
 *
 * @param {HTMLFormElement} form
 * @param {ReturnType<typeof composerParts>} parts
 * @param {Used} on
 */
export function listen(form, { text, picked, clip, smile, later }, on) {
  clip.onclick = () => picked.click();
  picked.onchange = () => {
    if (picked.files) on.files(picked.files);
    picked.value = "";
  };
  smile.onclick = () => openEmojis(smile, (emoji) => {
    text.setRangeText(emoji, text.selectionStart, text.selectionEnd, "end");
    text.focus();
    on.wrote();
  });
  later.onclick = () => {
    if (on.mayLater()) openMenu(later, "Send later", timeChoices("Send later", [IN_AN_HOUR], on.later));
    else text.focus();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    on.submit();
  };
  text.oninput = on.wrote;
  text.onblur = on.left;
  text.onkeydown = on.key;
  text.onpaste = (event) => {
    const files = event.clipboardData?.files;
    if (!files?.length) return;
    event.preventDefault();
    on.files(files);
  };
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
 * Which message is answered or edited, and how to give that up.
 *
 * @param {Message} message
 * @param {boolean} isEdit
 * @param {() => void} cancel
 */
export const contextParts = (message, isEdit, cancel) => [
  make("span", { className: "grow" }, make("strong", {}, isEdit ? "Editing" : `Replying to ${message.sender.name}`), " ",
    make("bdi", { className: "quiet" }, quoteText(message))),
  iconButton("close", isEdit ? "Cancel editing" : "Cancel reply", { onclick: cancel }),
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

