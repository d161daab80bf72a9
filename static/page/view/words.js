/**
 * Why something could not be done, for who uses the page. The server speaks
 * to who writes an application: in the words of its interface.
 *
 * @import { ParlorError } from "../../client/parlor.js"
 */

/**
 * How its fields are called on the page.
 * @type {Record<string, string>}
 */
const FIELDS = {
  user_id: "The user id", user: "The user id", room_id: "The room id", room: "The room id", password: "The password",
  title: "The title", topic: "The topic", content: "The message", name: "The name", emoji: "The emoji",
  remind_at: "The time", send_at: "The time", q: "The search", file: "The file", body: "What was sent",
};

/**
 * What is said of some codes, whatever else the server says.
 * @type {Record<string, string>}
 */
const OF_CODES = {
  content_blocked: "This has words that are not allowed here. Change them and try again.",
  push_denied: "Notifications are blocked for this page. Allow them in your browser's settings.",
  push_failed: "Your browser could not turn on notifications. Try again later.",
  push_off: "This server does not send notifications to browsers.",
};

/**
 * Whether it was refused because of what a message says.
 * @type {(error: {code?: string} | null) => boolean}
 */
export const isOfContent = (error) => error?.code === "content_blocked";

/**
 * What the server and the client say, and what is said here.
 * @type {[pattern: RegExp, said: string | ((...found: string[]) => string)][]}
 */
const SAID = [
  [/^There is no connection\.$|^The connection was (cut|closed)\.$/, "You are offline. Try again once you are connected."],
  [/^The server cannot be reached\.$|^The server answered 50[234]\.$/, "The server cannot be reached. Check your connection and try again."],
  [/^The server answered \d+\.$/, "Something went wrong on the server. Try again."],
  [/^The server did not answer\.$/, "The server does not answer. Try again."],
  [/^Too many messages wait to be sent\.$/, "Too many messages are waiting to be sent. Try again once you are connected."],
  [/^the token (is not valid|has expired|was revoked)$|^send `Authorization: /, "This sign-in is not valid, or is over."],
  [/^user_id is reserved$/, "This user id is reserved."],
  [/^this user id is already taken$/, "This user id is already taken."],
  [/ may only have the characters /, "Use only letters, digits and . _ : @ + ~ = | -"],
  [/^(\w+) must not be empty$/, (_, field) => `${called(field)} is empty.`],
  [/^password must have 8 to 256 bytes$/, "The password must have at least 8 characters, and at most 256."],
  [/^password must have at most 256 bytes$/, "The user id or the password is wrong."],
  [/^built-in accounts are off on this server/, "This server has no accounts of its own."],
  [/^the id is taken$/, "This id is already taken."],
  [/^the last owner of a room must first make another member its owner$/, "Make someone else an owner before you leave."],
  [/^content must have at most (\d+) bytes$/, (_, bytes) => `The message is too long: ${Number(bytes).toLocaleString("en")} bytes at most.`],
  [/^q must have a word to search for$/, "Enter a word to search for."],
  [/^q must have at most (\d+) words$/, "Search for $1 words at most."],
  [/^q must have at most \d+ bytes$/, "Search for fewer words."],
  [/^search is switched off$/, "Search is turned off on this server."],
  [/^too many requests; wait a little$/, "That was too fast. Wait a moment and try again."],
  [/^there is no such (\w+), or you may not see it$/, "There is no such $1, or you have no access to it."],
  [/^the server cannot take this now; (try|send it) again$/, "The server is busy. Try again in a moment."],
  [/^something went wrong on our side$/, "Something went wrong on the server. Try again."],
  [/^file is of a type that is not allowed /, "Files of this type cannot be sent."],
  [/^file must have at most (\d+) bytes$/, (_, bytes) => tooLarge(Number(bytes))],
  [/^your files would have more than the \d+ bytes /, "You have used up your space for files. Delete some messages with files first."],
  [/^you have uploaded as many bytes as one user may in a day/, "You have uploaded too much today. Try again later."],
  [/^you have as many unsent uploads as allowed$/, "Too many of your uploads were never sent. Try again later."],
  [/^you have blocked as many users as allowed$/, "You cannot block any more users."],
  [/^the room has as many pinned messages as allowed$/, "No more messages can be pinned in this room."],
  [/^the message has as many different reactions as allowed$/, "No more reactions fit on this message."],
  [/^you have saved as many messages as allowed/, "You cannot save any more messages. Remove some first."],
  [/^you have scheduled as many messages as allowed/, "You cannot schedule any more messages. Cancel one first."],
  [/^the user is in as many rooms as allowed$/, "No more rooms can be joined. Leave one first."],
  [/^only members of the room may do this$/, "You are not a member of this room."],
  [/^you have read-only access to this room$/, "You can only read in this room."],
  [/^only moderators may write in this room$/, "Only moderators can write in this room."],
  [/^only moderators of the room may do this$/, "Only moderators of the room can do this."],
  [/^only the owner of the room may do this$/, "Only the owner of the room can do this."],
  [/^only the author of the message may do this$/, "Only the author of the message can do this."],
  [/^only users who share a room with this user may do this$/, "You need to share a room with this user first."],
  [/^only the application may bring people together here$/, "On this server, only the application can bring people together."],
  [/^this user has been deleted$/, "This user was deleted."],
  [/^this member's role is not lower than yours$/, "You can only do this to members with a lower role than yours."],
  [/^until must be another time than from$/, "Choose two different times."],
  [/^you are banned from this room$/, "You are banned from this room."],
];

/**
 * A field as people know it.
 * @type {(field: string) => string}
 */
const called = (field) => FIELDS[field] ?? `The ${field.replaceAll("_", " ")}`;

/**
 * Why it could not be done, as a sentence.
 * @param {unknown} error
 */
export function whyNot(error) {
  const { code = "", message, field } = /** @type {Pick<ParlorError, "message"> & Partial<ParlorError>} */ (error);
  const ofCode = OF_CODES[code];
  if (ofCode) return ofCode;
  for (const [pattern, said] of SAID) {
    const found = pattern.exec(message);
    if (found) return typeof said === "string" ? said.replace("$1", found[1]) : said(...found);
  }
  const isOfField = field && message.startsWith(`${field} `);
  return sentence(isOfField ? called(field) + message.slice(field.length) : message);
}

/**
 * Why a file was not taken; `most` is how many bytes one may have, if that is known.
 * @param {unknown} error
 * @param {number} [most]
 */
export function whyNoFile(error, most) {
  const { code, message, field, status } = /** @type {Partial<ParlorError>} */ (error);
  const isOfSpace = message?.startsWith("your files ");
  if ((code === "too_large" || status === 413) && !isOfSpace) return tooLarge(most);
  if (code === "not_found") return "This server takes no files.";
  return whyNot(error);
}

/** @param {number} [most] */
function tooLarge(most = 0) {
  return most > 0 ? `The file is too large (${megabytes(most)} at most).` : "The file is too large.";
}

/**
 * A limit, without a digit that says nothing: "25 MB".
 * @type {(bytes: number) => string}
 */
const megabytes = (bytes) => (bytes < 1024 ** 2
  ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${Number((bytes / 1024 ** 2).toFixed(1))} MB`);

/** @type {(text: string) => string} */
export const capitalised = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/**
 * With a capital and a full stop.
 * @param {string} text
 */
export function sentence(text) {
  const whole = text.trim();
  if (whole === "") return whole;
  const end = /[.!?…]$/.test(whole) ? "" : ".";
  return capitalised(whole) + end;
}
