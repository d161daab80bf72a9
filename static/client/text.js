/** What is in a text: mentions and links. */

const ID = "A-Za-z0-9._:@+~=|\\-";
const FOUND = new RegExp(`(?<![${ID}])@[${ID}]+|https?://[^\\s<>"']+`, "g");
/** What ends a sentence is more often no part of an address. */
const TAIL = /[^A-Za-z0-9/#=&_~+-]+$/;

/**
 * A text in pieces, in order: `{text}`, `{text, mention}` (a user id, or
 * "room") and `{text, link}`. `mentions` is what the message says of them;
 * an `@name` that it does not name is only text.
 */
export function pieces(text, mentions) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(FOUND)) {
    const piece = match[0].startsWith("@") ? mention(match[0], mentions) : link(match[0]);
    if (!piece) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push(piece);
    end = match.index + piece.text.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

function mention(word, mentions) {
  let name = word.slice(1);
  while (name) {
    if (mentions?.user_ids?.includes(name) || (name === "room" && mentions?.room)) {
      return { text: `@${name}`, mention: name };
    }
    const last = name.at(-1);
    if (/[A-Za-z0-9]/.test(last)) return null;
    name = name.slice(0, -1);
  }
  return null;
}

function link(word) {
  const address = word.replace(TAIL, "");
  try {
    return { text: address, link: new URL(address).href };
  } catch {
    return null;
  }
}

/** The `@word` that is being written where the caret is, or null. */
export function wordAtCaret(text, caret) {
  const match = new RegExp(`(?<![${ID}])@([${ID}]*)$`).exec(text.slice(0, caret));
  return match ? { start: match.index, word: match[1] } : null;
}

/** Whether a message mentions this user. */
export function isMentioned(message, me) {
  const { mentions, sender } = message;
  if (!mentions || sender.id === me) return false;
  return Boolean(mentions.room) || mentions.user_ids.includes(me);
}
