// Questions that Parlor asks the application (docs/CALLBACKS.md).
import { InvalidSignature, verified } from "./webhooks.js";

/** @typedef {import("./webhooks.js").HeadersLike} HeadersLike */
/** @typedef {import("./webhooks.js").Secret} Secret */
/** @typedef {import("./webhooks.js").Checks} Checks */

/**
 * A message that is to be stored, or changed.
 * @typedef {object} BeforeSend
 * @property {"send" | "edit"} kind
 * @property {string} room_id
 * @property {import("../types/api.js").User} user
 * @property {string} content
 * @property {string} [client_id]
 * @property {Record<string, any>} [metadata]
 * @property {string[]} [attachments]
 * @property {string} [reply_to]
 * @property {string} [thread_id]
 * @property {string} [message_id] of an edit
 */

/**
 * A command `app.…` of a client.
 * @typedef {object} Command
 * @property {import("../types/api.js").User} user
 * @property {string} command
 * @property {any} data
 */

/**
 * Somebody who is no member of a room, and would read or join there.
 * @typedef {object} Access
 * @property {import("../types/api.js").User} user
 * @property {string} room_id
 */

/**
 * Made by `accept`, `refuse`, `rewrite`, `answer`, `allow` or `deny`.
 * @typedef {{action: string, [more: string]: unknown}} Answer
 */

/**
 * The message is stored as it was sent.
 * @returns {Answer}
 */
export const accept = () => ({ action: "accept" });

/**
 * Its sender is told why; at most 200 characters.
 * @param {string} reason
 * @returns {Answer}
 */
export const refuse = (reason) => ({ action: "refuse", reason });

/**
 * The message is stored with another content, other metadata, or both. An edit has no
 * metadata.
 * @param {{content?: string, metadata?: Record<string, any>}} replaced
 * @returns {Answer}
 */
export const rewrite = ({ content, metadata }) => ({ action: "rewrite", content, metadata });

/**
 * What a command is answered: any JSON.
 * @param {unknown} [value]
 * @returns {Answer}
 */
export const answer = (value = null) => ({ action: "accept", answer: value });

/**
 * The user may join the room, or only read there; you are asked again after so many
 * seconds (60 unless you say otherwise, a day at most).
 * @param {"join" | "read"} [what]
 * @param {{seconds?: number}} [kept]
 * @returns {Answer}
 */
export const allow = (what = "join", { seconds } = {}) => ({ action: "accept", allow: what, seconds });

/**
 * The user may not come in; without a reason a private room is not there for them. You
 * are asked again after so many seconds (10 unless you say otherwise).
 * @param {string} [reason]
 * @param {{seconds?: number}} [kept]
 * @returns {Answer}
 */
export const deny = (reason, { seconds } = {}) => ({ action: "refuse", reason, seconds });

/**
 * Who wants to come into a room, if Parlor asks; otherwise it throws `InvalidSignature`.
 *
 * @param {Uint8Array | string} body as it came
 * @param {HeadersLike} headers
 * @param {Secret} secret `PARLOR_CALLBACK_SECRET`
 * @param {Checks} [checks]
 * @returns {Access}
 */
export function verifyAccess(body, headers, secret, checks) {
  return asked("access", verified(body, headers, secret, checks));
}

/**
 * What is asked about, if Parlor asks; otherwise it throws `InvalidSignature`.
 *
 * @param {Uint8Array | string} body as it came
 * @param {HeadersLike} headers
 * @param {Secret} secret `PARLOR_CALLBACK_SECRET`
 * @param {Checks} [checks]
 * @returns {BeforeSend}
 */
export function verifyBeforeSend(body, headers, secret, checks) {
  return asked("before_send", verified(body, headers, secret, checks));
}

/**
 * The same of a command.
 *
 * @param {Uint8Array | string} body
 * @param {HeadersLike} headers
 * @param {Secret} secret
 * @param {Checks} [checks]
 * @returns {Command}
 */
export function verifyCommand(body, headers, secret, checks) {
  return asked("command", verified(body, headers, secret, checks));
}

/**
 * What is asked. An answer means something else to another question, and all are signed
 * with the same secret.
 *
 * @param {string} kind
 * @param {any} said
 * @returns {any}
 */
function asked(kind, { type, data }) {
  if (type !== kind || typeof data !== "object" || data === null) {
    throw new InvalidSignature(`this is no question of the type ${kind}`);
  }
  return data;
}
