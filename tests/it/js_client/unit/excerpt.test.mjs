// The part of a text that a search has found.

import assert from "node:assert/strict";
import { test } from "node:test";

import { excerptOf, namesOne, wordsOf } from "../page/view/excerpt.js";

const shown = (pieces) => pieces.map(({ text, isFound }) => (isFound ? `[${text}]` : text)).join("");

test("what was found is marked where the server says, in characters", () => {
  assert.equal(shown(excerptOf("🙂 the Café is open", [[6, 10]])), "🙂 the [Café] is open");
  assert.equal(shown(excerptOf("one two", [[0, 3], [4, 7]])), "[one] [two]");
  assert.equal(shown(excerptOf("nothing of it")), "nothing of it");
  assert.equal(shown(excerptOf("", [])), "");
});

test("what was found far behind the beginning is in sight", () => {
  const content = `${"small talk ".repeat(500)}treasure ${"and more ".repeat(500)}`;
  const at = content.indexOf("treasure");
  const text = shown(excerptOf(content, [[at, at + 8]]));
  assert.match(text, /^…(small|talk) .{0,60}\[treasure\] and more/);
  assert.ok(text.length < 410, text);
  assert.ok(text.endsWith("…"), text);
  // Also without a blank to begin at.
  assert.match(shown(excerptOf(`${"x".repeat(500)}abc`, [[500, 503]])), /^…x{60}\[abc\]$/);
});

test("a file is found by its name", () => {
  assert.ok(namesOne("Résumé 2026.pdf", wordsOf("resume -draft")));
  assert.ok(!namesOne("draft.pdf", wordsOf("resume -draft")));
  assert.deepEqual(wordsOf("\"two words\" begin* -not"), ["two", "words", "begin"]);
});
