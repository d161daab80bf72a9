// How the page says why something could not be done.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isOfContent, whyNoFile, whyNot } from "../page/view/words.js";

const MOST = 25 * 1024 ** 2;

test("what the server says is said in the words of the page", () => {
  const said = [
    [{ message: "user_id is reserved", field: "user_id" }, "This user id is reserved."],
    [{ message: "this user id is already taken" }, "This user id is already taken."],
    [{ message: "room_id may only have the characters A-Z a-z 0-9 . _ : @ + ~ = | -", field: "room_id" },
      "Use only letters, digits and . _ : @ + ~ = | -"],
    [{ message: "the last owner of a room must first make another member its owner" }, "Make someone else an owner before you leave."],
    [{ message: "q must have a word to search for", field: "q" }, "Enter a word to search for."],
    [{ message: "there is no such room, or you may not see it" }, "There is no such room, or you have no access to it."],
    [{ message: "room_id must not be empty", field: "room_id" }, "The room id is empty."],
    [{ message: "There is no connection." }, "You are offline. Try again once you are connected."],
  ];
  for (const [error, words] of said) assert.equal(whyNot(error), words);
});

test("anything else is a sentence, without the name of a field", () => {
  assert.equal(whyNot({ message: "you are muted in this room" }), "You are muted in this room.");
  assert.equal(whyNot({ message: "topic must have at most 1000 characters", field: "topic" }),
    "The topic must have at most 1000 characters.");
  assert.equal(whyNot({ message: "$1 costs too much" }), "$1 costs too much.");
});

test("a file that is refused says what it may be", () => {
  const tooLarge = "The file is too large (25 MB at most).";
  assert.equal(whyNoFile({ code: "too_large" }, MOST), tooLarge);
  assert.equal(whyNoFile({ code: "too_large", message: "The server answered 413.", status: 413 }, MOST), tooLarge);
  assert.equal(whyNoFile({ code: "too_large", message: "The server answered 413.", status: 413 }), "The file is too large.");
  assert.equal(whyNoFile({
    code: "invalid_message", field: "file", message: "file is of a type that is not allowed (application/x-executable)",
  }, MOST), "Files of this type cannot be sent.");
  assert.equal(whyNoFile({ code: "invalid_message", field: "file", message: "file must not be empty" }, MOST), "The file is empty.");
  assert.match(whyNoFile({
    code: "too_large", message: "your files would have more than the 100 bytes that one user may store; delete some",
  }, MOST), /^You have used up your space/);
});

test("what moderation refuses is said by its code", () => {
  assert.match(whyNot({ code: "content_blocked", message: "x", field: "content" }), /words that are not allowed/);
  assert.deepEqual([{ code: "content_blocked" }, { code: "forbidden" }, null].map(isOfContent), [true, false, false]);
});
