/**
 * Messages that are being written, as far as their text is here:
 * docs/PROTOCOL.md, "Messages that are being written". Pure.
 *
 * @import { Delta, Message } from "./types.js"
 * @typedef {{room: string, seq: number | null, content: string, length: number,
 *   metadata: Message["metadata"]}} Text `length` in characters
 */

import { firstOf, lengthOf } from "./characters.js";

/** Texts that are kept; the one that was told of first goes. A room has eight at most. */
const TEXTS_MAX = 256;
/** Messages that have ended and are kept: an answer may be on its way that does not know it. */
const ENDED_MAX = 64;

/**
 * Whether more of it may come.
 * @param {Pick<Message, "state" | "deleted_at">} message
 */
export const isGrowing = ({ state, deleted_at: deletedAt }) => state === "streaming" && !deletedAt;

export class Growing {
  /** @type {Map<string, Text>} by message id */
  #texts = new Map();
  /** @type {Map<string, Message>} by id */
  #ended = new Map();

  /**
   * Whether a message was being written when it was last told of.
   * @param {string} id
   */
  has(id) { return this.#texts.has(id); }

  /**
   * Takes a message as an event has it, which may be its end; gives it as it is known.
   *
   * @param {Message} message
   */
  told(message) {
    const { message_id: id } = message;
    if (!isGrowing(message) && (this.#texts.delete(id) || this.#ended.has(id))) this.#end(message);
    return this.latest(message);
  }

  /**
   * A message as an answer has it, which may be older than what was told: with
   * the longer text if it is being written, or as it has ended.
   *
   * @param {Message} message
   * @returns {Message}
   */
  latest(message) {
    if (!isGrowing(message)) return message;
    const { message_id: id } = message;
    const ended = this.#ended.get(id);
    if (ended) return ended;
    const text = this.#texts.get(id);
    const length = lengthOf(message.content);
    const isLonger = text !== undefined && text.length >= length;
    const now = isLonger ? { ...message, content: text.content, ...(text.metadata && { metadata: text.metadata }) } : message;
    this.#put(id, {
      room: message.room_id, seq: message.seq, content: now.content, length: isLonger ? text.length : length, metadata: now.metadata,
    });
    return now;
  }

  /**
   * More of one: what is before `offset` is kept, and `text` comes behind it.
   * Gives all of it, or null if it is over, or something before is not here.
   *
   * @param {string} room
   * @param {Delta} delta
   */
  grew(room, { message_id: id, offset, text, metadata }) {
    const known = this.#texts.get(id);
    const { content, length } = known ?? { content: "", length: 0 };
    if (this.#ended.has(id) || offset > length) return null;
    const grown = {
      room, seq: known?.seq ?? null, metadata: metadata ?? known?.metadata, length: offset + lengthOf(text),
      content: (offset === length ? content : firstOf(content, offset)) + text,
    };
    this.#put(id, grown);
    return { content: grown.content, metadata: grown.metadata };
  }

  /**
   * Nothing is known any more of what a room has, or has up to a position.
   * @param {string} room
   * @param {number} [upto]
   */
  forget(room, upto = Infinity) {
    for (const [id, text] of this.#texts) if (text.room === room && (text.seq ?? 0) <= upto) this.#texts.delete(id);
    for (const [id, message] of this.#ended) if (message.room_id === room && message.seq <= upto) this.#ended.delete(id);
  }

  reset() {
    this.#texts.clear();
    this.#ended.clear();
  }

  /**
   * @param {string} id
   * @param {Text} text
   */
  #put(id, text) {
    this.#texts.set(id, text);
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > TEXTS_MAX) this.#texts.delete(oldest);
  }

  /** @param {Message} message */
  #end(message) {
    this.#ended.set(message.message_id, message);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > ENDED_MAX) this.#ended.delete(oldest);
  }
}
