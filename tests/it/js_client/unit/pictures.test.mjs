// The place that is kept for a picture.

import assert from "node:assert/strict";
import { test } from "node:test";

import { pictureSize } from "../page/view/attachments.js";

test("a picture has its place before it is there, and is not blown up", () => {
  assert.deepEqual(pictureSize({ width: 900, height: 600 }), { width: 320, height: 213 });
  assert.deepEqual(pictureSize({ width: 600, height: 1200 }), { width: 120, height: 240 });
  assert.deepEqual(pictureSize({ width: 100, height: 80 }), { width: 100, height: 80 });
  // Small or narrow ones can still be pressed.
  assert.deepEqual(pictureSize({ width: 1, height: 1 }), { width: 48, height: 48 });
  assert.deepEqual(pictureSize({ width: 10, height: 3000 }), { width: 48, height: 240 });
  assert.deepEqual(pictureSize({ width: 6000, height: 10 }), { width: 320, height: 48 });
});
