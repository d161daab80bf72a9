// What is unread in a room, also where one has marked it so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatState } from "../client/state.js";
import { unreadAfter } from "../client/unread.js";

const message = (seq, more = {}) => ({
  message_id: `m${seq}`, room_id: "a", seq, changed_seq: seq, sender: { id: "bob" }, content: "x", created_at: "2026", ...more,
});

/** Ann's room with ten messages, as she has it. */
function roomOf(more = {}) {
  const chat = new ChatState();
  chat.me = "ann";
  chat.putRoom({ room_id: "a", kind: "public", last_seq: 10, read_seq: 10, unread: 0, mentions: 0, ...more });
  const counts = () => {
    const { unread, mentions, read_seq: read, unread_from: from } = chat.room("a");
    return [unread, mentions, read, from];
  };
  return { chat, counts };
}

test("from where a room is marked as unread it is unread, wherever it was read to", () => {
  assert.equal(unreadAfter({ read_seq: 10 }), 10);
  assert.equal(unreadAfter({}), 0);
  assert.equal(unreadAfter({ read_seq: 10, unread_from: 8 }), 7);
  assert.equal(unreadAfter({ read_seq: 4, unread_from: 8 }), 7);
});

test("what comes is counted to it, and what is deleted behind the mark is not", () => {
  const { chat, counts } = roomOf({ unread: 3, unread_from: 8 });
  chat.messageCreated(message(11, { mentions: { user_ids: ["ann"] } }), 11);
  chat.messageCreated(message(12, { sender: { id: "ann" } }), 12);
  chat.messageCreated(message(13, { silent: true }), 13);
  assert.deepEqual(counts(), [4, 1, 10, 8]);
  chat.messageChanged(message(9, { deleted_at: "2026", changed_seq: 14 }), 14);
  assert.deepEqual(counts(), [3, 1, 10, 8]);
  chat.messageChanged(message(7, { deleted_at: "2026", changed_seq: 15 }), 15);
  assert.deepEqual(counts(), [3, 1, 10, 8]);
});

test("a reply counts in its room only if it was sent to the room, too", () => {
  const { chat, counts } = roomOf();
  const me = { user_ids: ["ann"] };
  chat.messageCreated(message(11, { thread_id: "m1", mentions: me }), 11);
  assert.deepEqual(counts(), [0, 0, 10, undefined]);
  chat.messageCreated(message(12, { thread_id: "m1", in_room: true, mentions: me }), 12);
  chat.messageCreated(message(13), 13);
  assert.deepEqual(counts(), [2, 1, 10, undefined]);
  assert.equal(chat.room("a").last_seq, 13);
  chat.messageChanged(message(11, { thread_id: "m1", deleted_at: "2026", changed_seq: 14 }), 14);
  assert.deepEqual(counts(), [2, 1, 10, undefined]);
  chat.messageChanged(message(12, { thread_id: "m1", in_room: true, deleted_at: "2026", changed_seq: 15 }), 15);
  assert.deepEqual(counts(), [1, 1, 10, undefined]);
  // One that is written while others read it counts when it has ended.
  chat.messageCreated(message(16, { thread_id: "m1", state: "streaming" }), 16);
  chat.messageChanged(message(16, { thread_id: "m1", changed_seq: 17 }), 17);
  assert.deepEqual(counts(), [1, 1, 10, undefined]);
  chat.messageCreated(message(18, { thread_id: "m1", in_room: true, state: "streaming" }), 18);
  chat.messageChanged(message(18, { thread_id: "m1", in_room: true, changed_seq: 19 }), 19);
  assert.deepEqual(counts(), [2, 1, 10, undefined]);
});

test("the mark is over when the room is read to its head, and no sooner", () => {
  const { chat, counts } = roomOf({ unread: 3, unread_from: 8 });
  chat.readHere("a", 9);
  assert.deepEqual(counts(), [3, 0, 10, 8]);
  chat.readHere("a", 10);
  assert.deepEqual(counts(), [0, 0, 10, undefined]);
});

test("the server says whether a room is marked, and what is older than a reading here is not taken", () => {
  const { chat, counts } = roomOf();
  chat.setUnread("a", { unread: 3, mentions: 1, read_seq: 10, unread_from: 8 });
  assert.deepEqual(counts(), [3, 1, 10, 8]);
  chat.setUnread("a", { unread: 5, mentions: 1, read_seq: 9, unread_from: 4 });
  assert.deepEqual(counts(), [3, 1, 10, 8]);
  chat.setUnread("a", { unread: 0, mentions: 0, read_seq: 10 });
  assert.deepEqual(counts(), [0, 0, 10, undefined]);
  chat.setUnread("elsewhere", { unread: 1 });
});
