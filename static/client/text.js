/**
 * What is in a text: mentions and links.
 *
 * @import { Mentions, Message } from "./types.js"
 * @typedef {{text: string, mention?: string, link?: string}} Piece
 */

const ID = "A-Za-z0-9._:@+~=|\\-";
/**
 * What stands before an `@` that mentions somebody: no letter of any script,
 * nor what an id has, or it is a mail address.
 */
const BEGINS = `(?<![\\p{Alphabetic}\\p{M}\\p{N}${ID}])`;
/** Where an address ends for certain: blanks, quotes, and what CJK text has between its words. */
const NO_ADDRESS = "\\s<>\"`。、，；：！？（）「」『』【】〈〉《》";
const FOUND = new RegExp(`(?<![A-Za-z0-9_])https?://[^${NO_ADDRESS}]+|${BEGINS}@[${ID}]+`, "giu");
const ENDS_ADDRESS = new RegExp(`[${NO_ADDRESS}]`);
/** What ends a sentence, or a word in it, is no part of an address. */
const TAIL = /[\p{P}|^]/u;
/** Signs that end an address as well as anything. */
const ENDS = new Set("/#&%_-@=~+$");
/** @type {Record<string, string>} */
const OPENED_BY = { ")": "(", "]": "[", "}": "{" };

/**
 * A text in pieces, in order: `{text}`, `{text, mention}` (a user id, or
 * "room") and `{text, link}`. `mentions` is what the message says of them;
 * an `@name` that it does not name is only text.
 *
 * @param {string} text
 * @param {Mentions} [mentions]
 * @returns {Piece[]}
 */
export function pieces(text, mentions) {
  /** @type {Piece[]} */
  const found = [];
  const run = new Run();
  let [end, read] = [0, 0];
  for (const match of text.matchAll(FOUND)) {
    run.take(text.slice(read, match.index));
    read = match.index;
    const isMention = match[0].startsWith("@");
    if (isMention && run.isAddress) continue;
    const piece = isMention ? mention(match[0], mentions) : link(match[0]);
    if (!piece) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push(piece);
    end = match.index + piece.text.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

/**
 * What stands before an `@`, up to a blank, read once from left to right: it
 * may be the beginning of an address, which mentions nobody. The server goes
 * by the same rule; tests/vectors/mentions.json holds both to it.
 */
class Run {
  #scheme = 0; #hasDot = false; #hasAt = false; #isPastHost = false;
  isAddress = false;

  /** @param {string} text */
  take(text) {
    for (const sign of text) {
      if (ENDS_ADDRESS.test(sign)) {
        this.isAddress = false;
        [this.#scheme, this.#hasDot, this.#hasAt, this.#isPastHost] = [0, false, false, false];
      } else {
        this.#one(sign);
      }
    }
  }

  /** @param {string} sign */
  #one(sign) {
    if (sign === ":") this.#scheme = 1;
    else this.#scheme = sign === "/" && (this.#scheme === 1 || this.#scheme === 2) ? this.#scheme + 1 : 0;
    if (this.#scheme === 3) this.isAddress = true;
    if (sign === "/") {
      if (!this.#isPastHost && this.#hasDot && !this.#hasAt) this.isAddress = true;
      this.#isPastHost = true;
    }
    if (sign === ".") this.#hasDot = true;
    if (sign === "@") this.#hasAt = true;
  }
}

/** @type {(word: string, mentions?: Mentions) => Piece | null} */
function mention(word, mentions) {
  let name = word.slice(1);
  while (name) {
    if (mentions?.user_ids?.includes(name) || (name === "room" && mentions?.room)) {
      return { text: `@${name}`, mention: name };
    }
    const last = name.slice(-1);
    if (/[A-Za-z0-9]/.test(last)) return null;
    name = name.slice(0, -1);
  }
  return null;
}

/** @type {(word: string) => Piece | null} */
function link(word) {
  const address = withoutTail(word);
  try {
    return { text: address, link: new URL(address).href };
  } catch {
    return null;
  }
}

/**
 * Without what belongs to the sentence; a bracket that was opened within belongs to the address.
 * @param {string} word
 */
function withoutTail(word) {
  const counts = new Map();
  for (const sign of word) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  const signs = [...word];
  for (let last = signs.at(-1); last; last = signs.at(-1)) {
    const opening = OPENED_BY[last];
    const isPart = opening ? (counts.get(last) ?? 0) <= (counts.get(opening) ?? 0) : ENDS.has(last) || !TAIL.test(last);
    if (isPart) break;
    counts.set(last, (counts.get(last) ?? 0) - 1);
    signs.pop();
  }
  return signs.join("");
}

/**
 * The `@word` that is being written where the caret is, or null.
 * @param {string} text
 * @param {number} caret
 */
export function wordAtCaret(text, caret) {
  const match = new RegExp(`${BEGINS}@([${ID}]*)$`, "u").exec(text.slice(0, caret));
  return match ? { start: match.index, word: match[1] } : null;
}

/**
 * Whether a message mentions this user.
 * @param {Pick<Message, "mentions" | "sender">} message
 * @param {string | null} me
 */
export function isMentioned(message, me) {
  const { mentions, sender } = message;
  if (!mentions || sender.id === me) return false;
  return Boolean(mentions.room) || (me !== null && mentions.user_ids.includes(me));
}
