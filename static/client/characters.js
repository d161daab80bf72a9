/**
 * Characters as the server counts them: Unicode code points. JavaScript counts
 * units of 16 bits, of which some characters have two. Pure.
 */

const PAIRS = /[\uD800-\uDBFF][\uDC00-\uDFFF]/g;
const FIRST_HALF = /[\uD800-\uDBFF]$/;

/**
 * How many characters a text has.
 * @param {string} text
 */
export const lengthOf = (text) => text.length - (text.match(PAIRS)?.length ?? 0);

/**
 * The first so many characters of a text.
 * @param {string} text
 * @param {number} count
 */
export function firstOf(text, count) {
  let units = 0;
  for (let left = count; left > 0 && units < text.length; left -= 1) {
    units += (text.codePointAt(units) ?? 0) > 0xFFFF ? 2 : 1;
  }
  return text.slice(0, units);
}

/**
 * A text without the half of a character at its end, of which the rest may follow.
 * @param {string} text
 */
export const wholeOf = (text) => (FIRST_HALF.test(text) ? text.slice(0, -1) : text);
