// What of a text that grows is told next.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Appended } from "../client/appended.js";

test("a piece is what waits, never half of a character, and never too long", () => {
  const appended = new Appended();
  assert.equal(appended.next, null);
  appended.add("a\ud83c");
  appended.add("");
  assert.deepEqual(appended.next, { offset: 0, text: "a" });
  assert.equal(appended.has(appended.next, 1), true);
  assert.equal(appended.next, null);
  appended.add("\udf89b", { step: 1 });
  assert.deepEqual(appended.next, { offset: 1, text: "🎉b", metadata: { step: 1 } });
  const piece = appended.next;
  appended.add("c", { step: 2 });
  assert.equal(appended.has(piece, 3), true);
  assert.deepEqual(appended.next, { offset: 3, text: "c", metadata: { step: 2 } });
  assert.equal(appended.has(appended.next, 5), false, "somebody else has appended, too");
  appended.add("x".repeat(10_000));
  assert.equal(appended.next.text.length, 4_096);
  appended.add("");
  assert.equal(appended.bytesWith("é"), 1 + 6 + 1 + 1 + 10_000 + 2);
});
