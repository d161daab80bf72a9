/**
 * One message or event, as it is shown in the timeline and in threads.
 *
 * @import { Unsent } from "../../client/outbox.js"
 * @import { Attachment, Mentions, Message, Quote, RoomEvent, User } from "../../client/types.js"
 * @import { Files } from "./attachments.js"
 *
 * @typedef {Pick<Message, "content" | "sender" | "created_at"> & Partial<Message>} Shown a message, or one on its way
 * @typedef {keyof typeof MARKS} State how far a message has come
 *
 * @typedef {object} Tools what a message needs to be used
 * @property {string | null} me
 * @property {User | null} self
 * @property {Files} files
 * @property {(user: string) => string} nameOf
 * @property {(message: Message) => State} stateOf
 * @property {(message: Message) => Message} latest as it is now, if it is being written or was lately
 * @property {() => boolean} mayReact
 * @property {(message: Shown) => boolean} mayStop
 * @property {(message: Shown) => void} stop asks its writer to stop
 * @property {(message: Shown, emoji: string, adds: boolean) => void} react
 * @property {(rootId: string) => void} openThread
 * @property {(unsent: Unsent) => void} resend
 * @property {(unsent: Unsent) => void} discard
 * @property {(unsent: Unsent) => void} rewrite
 * @property {(messageId: string) => void} jump shows it where it was said
 */

import { isMentioned, pieces } from "../../client/parlor.js";
import { attachmentList } from "./attachments.js";
import {
  clockTime, icon, make, markOf, nameList, plural, shortTime,
} from "./dom.js";
import { growingText, growthOf, isGrowing } from "./growing.js";
import { whyNot } from "./words.js";

const MARKS = {
  pending: ["◷", "Sending"],
  stored: ["✓", "Sent"],
  delivered: ["✓✓", "Delivered"],
  read: ["✓✓", "Read"],
  failed: ["!", "Not sent"],
};

/**
 * A text with its mentions and links; links are only text where all of it is a button.
 * @param {string} content
 * @param {Mentions | undefined} mentions
 * @param {string | null} me
 * @param {boolean} [hasLinks]
 */
export function textOf(content, mentions, me, hasLinks = true) {
  return pieces(content, mentions).map(({ text, mention, link }) => {
    if (link && hasLinks) return make("a", { href: link, target: "_blank", rel: "noreferrer noopener" }, text);
    if (!mention) return text;
    const isMe = mention === me || mention === "room";
    return make("span", { className: isMe ? "mention me" : "mention", data: { testid: "mention" } }, text);
  });
}

/**
 * What a quote says of the message it quotes.
 * @param {{deleted?: boolean, content?: string, attachments?: Attachment[]}} quote
 */
export function quoteText({ deleted, content, attachments }) {
  if (deleted) return "This message was deleted.";
  return content || attachments?.map(({ name }) => name).join(", ") || "";
}

/**
 * @param {Quote} quote
 * @param {Tools["jump"]} jump
 */
function quoteOf(quote, jump) {
  const text = make("bdi", { className: "said" }, quoteText(quote));
  return make("button", {
    type: "button", className: "quote", data: { testid: "quote" }, onclick: () => jump(quote.message_id),
    aria: { label: `Reply to ${quote.sender.name}: ${quoteText(quote)}` },
  }, make("bdi", { className: "sender" }, quote.sender.name), text);
}

/**
 * @param {Shown} message
 * @param {Tools} tools
 */
function reactionsOf(message, { me, nameOf, react, mayReact }) {
  if (!message.reactions?.length) return null;
  const chips = message.reactions.map(({ emoji, count, user_ids: users }) => {
    const isOwn = me !== null && users.includes(me);
    const names = users.map((user) => (user === me ? "You" : nameOf(user)));
    const others = count - names.length;
    const who = others > 0 ? `${names.join(", ")} and ${plural(others, "other")}` : nameList(names);
    return make("button", {
      type: "button", className: "chip", title: who, disabled: !mayReact() && !isOwn,
      data: { testid: "reaction", emoji }, onclick: () => react(message, emoji, !isOwn),
      aria: { pressed: String(isOwn), label: `${emoji} ${count}, ${who}` },
    }, make("span", {}, emoji), make("span", { className: "count" }, String(count)));
  });
  return make("div", { className: "reactions" }, ...chips);
}

/**
 * Where the thread is that a message began, or that it is an answer in.
 * @param {Shown} message
 * @param {Tools} tools
 */
function threadOf(message, { openThread }) {
  const { thread, thread_id: id } = message;
  if (id) {
    return message.in_room ? make("button", {
      type: "button", className: "thread-summary", data: { testid: "to-thread" }, onclick: () => openThread(id),
    }, icon("thread"), "Replied in a thread") : null;
  }
  if (!thread || thread.count === 0) return null;
  return make("button", {
    type: "button", className: "thread-summary", data: { testid: "thread-summary" },
    onclick: () => openThread(message.message_id ?? ""),
  }, ...threadParts(message));
}

/**
 * How many replies the thread of a message has, and the last one.
 * @param {Pick<Message, "thread">} root
 */
export function threadParts({ thread: { count, last_reply: last } = { count: 0 } }) {
  return [
    icon("thread"),
    make("strong", {}, count === 0 ? "No replies yet" : plural(count, "reply", "replies")),
    last ? make("span", { className: "quiet" },
      make("bdi", {}, last.sender.name), ": ", make("bdi", {}, quoteText(last))) : null,
    last ? make("time", { className: "quiet", dateTime: last.created_at },
      shortTime(new Date(last.created_at))) : null,
  ];
}

/**
 * @param {Shown} message
 * @param {Tools} tools
 */
function contentOf(message, { me }) {
  if (message.deleted_at) {
    return make("p", { className: "content tombstone" }, "This message was deleted.");
  }
  if (isGrowing(message)) return growingText(message.content);
  if (!message.content) return null;
  return make("p", { className: "content", dir: "auto" }, ...textOf(message.content, message.mentions, me));
}

/**
 * @param {Shown} message
 * @param {State} state
 * @param {Tools} tools
 * @param {string} [testid]
 */
export function messageItem(message, state, tools, testid = "message") {
  const date = new Date(message.created_at);
  const isOwn = message.sender.id === tools.me;
  const time = make("time", { dateTime: message.created_at, title: date.toLocaleString() }, clockTime(date));
  const item = make("li", {
    className: "message", tabIndex: -1,
    data: {
      testid, seq: message.seq, messageId: message.message_id, clientId: message.client_id,
      sender: message.sender.id, writing: message.state,
    },
  },
  message.kind === "system" ? null : markOf(message.sender),
  make("div", { className: "body" },
    make("div", { className: "about" },
      message.kind === "system" ? null : make("bdi", { className: "sender" }, message.sender.name), time,
      message.sent_by ? make("span", { className: "quiet" }, "sent by ", make("bdi", {}, message.sent_by)) : null,
      message.edited_at && !message.deleted_at
        ? make("span", { className: "quiet", title: new Date(message.edited_at).toLocaleString() }, "edited")
        : null,
      message.pinned ? make("span", { className: "quiet pinned", title: "Pinned" }, icon("pin"), "pinned") : null,
      isOwn && !message.deleted_at ? make("span", { className: "state" }) : null),
    message.reply_to ? quoteOf(message.reply_to, tools.jump) : null,
    contentOf(message, tools),
    growthOf(message, tools),
    attachmentList(message.attachments, tools.files),
    reactionsOf(message, tools),
    threadOf(message, tools)));
  item.classList.toggle("own", isOwn);
  item.classList.toggle("system", message.kind === "system");
  item.classList.toggle("for-me", isMentioned(message, tools.me) && !message.deleted_at);
  // Who listens to the page hears it when it is whole.
  if (isGrowing(message)) item.setAttribute("aria-busy", "true");
  setState(item, state);
  return item;
}

/**
 * One's own message as it is shown until the server has it, or if it never will.
 * @param {Unsent} unsent
 * @param {Tools} tools
 * @param {string} [testid]
 */
export function waitingItem(unsent, tools, testid) {
  const { clientId, content, at, threadId, inRoom, quote, attachments } = unsent;
  const item = messageItem({
    content, client_id: clientId, created_at: at.toISOString(), sender: tools.self ?? { id: "", name: "" },
    reply_to: quote, thread_id: threadId, in_room: inRoom, attachments,
  }, "pending", tools, testid);
  if (unsent.error) showFailed(item, unsent, tools);
  return item;
}

/**
 * Why a message was not sent, and what may be done with it.
 * @param {HTMLElement} item
 * @param {Unsent} unsent
 * @param {Tools} tools
 */
export function showFailed(item, unsent, { resend, rewrite, discard }) {
  setState(item, "failed");
  const { error, attachments } = unsent;
  /** @type {(testid: string, label: string, run: (unsent: Unsent) => void) => HTMLElement} */
  const button = (testid, label, run) => make("button", {
    type: "button", className: "again", data: { testid }, onclick: () => run(unsent),
  }, label);
  item.querySelector(":scope > .body > .failure")?.remove();
  item.querySelector(":scope > .body")?.append(make("p", { className: "error failure", role: "alert", data: { testid: "failure" } },
    error && whyNot(error), " ",
    // What is too long stays too long, and what is not allowed is not allowed.
    error?.code === "too_large" || error?.code === "content_blocked" ? null : button("send-again", "Try again", resend), " ",
    attachments?.length ? null : button("rewrite", "Edit", rewrite), " ",
    button("discard", "Remove", discard)));
}

/**
 * @param {HTMLElement} item
 * @param {State} state
 */
export function setState(item, state) {
  item.dataset.state = state;
  /** @type {HTMLElement | null} */
  const shown = item.querySelector(":scope > .body > .about > .state");
  if (!shown) return;
  const [sign, meaning] = MARKS[state];
  shown.textContent = sign;
  shown.title = meaning;
  shown.setAttribute("role", "img");
  shown.setAttribute("aria-label", meaning);
}

const SAYING = ["title", "text", "message", "summary", "body", "name"];
const SAID_MAX = 160;

/**
 * What an event of the application's says, in a line.
 * @param {{data: unknown}} event
 */
export function eventText({ data }) {
  if (data === null || typeof data !== "object") return data === null ? "" : String(data);
  const fields = /** @type {Record<string, unknown>} */ (data);
  const said = SAYING.map((name) => fields[name]).filter((value) => typeof value === "string" && value !== "");
  if (said.length > 0) return said.slice(0, 2).join(" – ").slice(0, SAID_MAX);
  const plain = Object.entries(data).filter(([, value]) => typeof value !== "object");
  return plain.map(([name, value]) => `${name}: ${value}`).join(", ").slice(0, SAID_MAX);
}

/**
 * "task.updated" as words.
 * @type {(event: {type: string}) => string}
 */
export const eventName = ({ type }) => type.replaceAll(/[._-]+/g, " ");

/** @param {RoomEvent} event */
export function eventItem(event) {
  const text = eventText(event);
  return make("li", { className: "event", data: { testid: "room-event", seq: event.seq, type: event.type } },
    make("strong", {}, eventName(event)), " ", make("bdi", {}, text),
    make("time", { dateTime: event.timestamp }, ` ${shortTime(new Date(event.timestamp))}`));
}
