/** Frames as they go out, and how big they are. */

import { ParlorError } from "./error.js";

/**
 * Half of a character, as a text has it that was cut, is no Unicode: JSON cannot carry it.
 * @type {(text: string) => string}
 */
const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, "\uFFFD");

/** @param {object} frame */
export function encode(frame) {
  return JSON.stringify(frame, (_, value) => (typeof value === "string" ? wellFormed(value) : value));
}

const encoder = new TextEncoder();
/** @type {(text: string) => number} */
export const bytesOf = (text) => encoder.encode(text).length;

/** @type {(entry: [string, unknown]) => boolean} */
const isDefined = ([, value]) => value !== undefined && value !== null;

/**
 * An object without what is undefined or null, as Parlor writes what is not there.
 *
 * @template {object} T
 * @param {T} object
 * @returns {T}
 */
export const withoutGaps = (object) =>
  /** @type {T} */ (Object.fromEntries(Object.entries(object).filter(isDefined)));

/** What a text may have while nobody has told how much. */
const UNTOLD_BYTES = 1024 * 1024;

/**
 * Why the server would not take a content of so many bytes, or null.
 *
 * @param {Limits} limits
 * @param {number} bytes
 */
export const tooLongFor = ({ content_bytes: most = UNTOLD_BYTES }, bytes) =>
  (most > 0 && bytes > most ? tooLarge("content", "The message", bytes, most) : null);

/** What the frame of a message needs besides its data. */
const ENVELOPE_BYTES = 64;

/** @type {(field: string, what: string, bytes: number, most: number) => ParlorError} */
const tooLarge = (field, what, bytes, most) => new ParlorError({
  code: "too_large", field,
  message: `${what} is too long: ${bytes.toLocaleString("en")} bytes, ${most.toLocaleString("en")} at most.`,
});

/**
 * Why the server would not take a message, by the limits it told; null if it
 * would, or if they are not known yet. `data` is that of `message.send`.
 *
 * @import { Limits } from "./types.js"
 * @param {Limits} limits
 * @param {{content?: string, metadata?: object}} data
 * @returns {ParlorError | null}
 */
export function tooLargeFor({ content_bytes: content, metadata_bytes: metadata, frame_bytes: frame }, data) {
  /** @type {[field: string, what: string, bytes: number, most: number | undefined][]} */
  const sizes = [
    ["content", "The message", bytesOf(data.content ?? ""), content],
    ["metadata", "The metadata of the message", data.metadata ? bytesOf(JSON.stringify(data.metadata)) : 0, metadata],
    // Signs that JSON writes as six bytes make a frame bigger than its content.
    ["content", "The message, as it is sent,", bytesOf(encode(data)) + ENVELOPE_BYTES, frame],
  ];
  for (const [field, what, bytes, most = 0] of sizes) {
    if (most > 0 && bytes > most) return tooLarge(field, what, bytes, most);
  }
  return null;
}
