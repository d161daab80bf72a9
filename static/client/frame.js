/** Frames as they go out, and how big they are. */

import { ParlorError } from "./error.js";

/** Half of a character, as a text has it that was cut, is no Unicode: JSON cannot carry it. */
const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, "\uFFFD");

export function encode(frame) {
  return JSON.stringify(frame, (_, value) => (typeof value === "string" ? wellFormed(value) : value));
}

const encoder = new TextEncoder();
export const bytesOf = (text) => encoder.encode(text).length;

/** What the frame of a message needs besides its data. */
const ENVELOPE_BYTES = 64;

const tooLarge = (field, what, bytes, most) => new ParlorError({
  code: "too_large", field,
  message: `${what} is too long: ${bytes.toLocaleString("en")} bytes, ${most.toLocaleString("en")} at most.`,
});

/**
 * Why the server would not take a message, by the limits it told; null if it
 * would, or if they are not known yet. `data` is that of `message.send`.
 */
export function tooLargeFor({ content_bytes: content, metadata_bytes: metadata, frame_bytes: frame }, data) {
  const sizes = [
    ["content", "The message", bytesOf(data.content ?? ""), content],
    ["metadata", "The metadata of the message", data.metadata ? bytesOf(JSON.stringify(data.metadata)) : 0, metadata],
    // Signs that JSON writes as six bytes make a frame bigger than its content.
    ["content", "The message, as it is sent,", bytesOf(encode(data)) + ENVELOPE_BYTES, frame],
  ];
  const beyond = sizes.find(([, , bytes, most]) => most > 0 && bytes > most);
  return beyond ? tooLarge(...beyond) : null;
}
