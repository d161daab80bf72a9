/** The part of a text that was found, short enough for a list. */

/** What is shown before the first word that was found, and in all; in characters. */
const BEFORE = 60;
const MOST = 400;

/**
 * `ranges` are what the search gives as `highlights`: of characters (code
 * points), the end not included. Gives `[{text, isFound}]`.
 *
 * @param {string} content
 * @param {[start: number, end: number][]} [ranges]
 */
export function excerptOf(content, ranges = []) {
  const signs = [...content];
  const [first] = ranges[0] ?? [0];
  const start = startOf(signs, first);
  const end = Math.min(signs.length, start + MOST);
  const pieces = [{ text: start > 0 ? "…" : "", isFound: false }];
  let at = start;
  for (const [from, to] of ranges) {
    if (from < at || from >= end) continue;
    pieces.push({ text: signs.slice(at, from).join(""), isFound: false });
    pieces.push({ text: signs.slice(from, Math.min(to, end)).join(""), isFound: true });
    at = Math.min(to, end);
  }
  pieces.push({ text: signs.slice(at, end).join("") + (end < signs.length ? "…" : ""), isFound: false });
  return pieces.filter(({ text }) => text !== "");
}

/**
 * The beginning, or some words before what was found far behind it.
 * @param {string[]} signs
 * @param {number} first
 */
function startOf(signs, first) {
  if (first <= BEFORE) return 0;
  const earliest = first - BEFORE;
  const blank = signs.slice(earliest, first).findIndex((sign) => /\s/.test(sign));
  return blank < 0 ? earliest : earliest + blank + 1;
}

/**
 * Whether a name has one of the words that were looked for, as far as can be told here.
 * @param {string} name
 * @param {string[]} words
 */
export function namesOne(name, words) {
  /** @type {(text: string) => string} */
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return words.some((word) => plain(name).includes(plain(word)));
}

/**
 * The words of a query, without what is no word of a text.
 * @param {string} query
 */
export function wordsOf(query) {
  const words = query.replaceAll(/["*]/g, " ").split(/\s+/);
  return words.filter((word) => word && !word.startsWith("-"));
}
