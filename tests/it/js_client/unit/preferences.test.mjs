// How one wants to have a room: what is told of it, and where it stands.
import assert from "node:assert/strict";
import { test } from "node:test";
import { countsOf, isAside, notifications, preferred } from "../client/preferences.js";
import { ChatState } from "../client/state.js";

const room = (id, preferences, more = {}) => ({
  room_id: id, kind: "public", last_seq: 5, read_seq: 5, unread: 0, mentions: 0, ...(preferences && { preferences }), ...more,
});
const message = (seq, more = {}) => ({
  message_id: `m${seq}`, room_id: "a", seq, changed_seq: seq, sender: { id: "bob" }, content: "x", created_at: "2026", ...more,
});
/** What is known of one room. */
const chatWith = (told) => {
  const chat = new ChatState();
  chat.me = "ann";
  chat.putRoom(told);
  return chat;
};

test("notifications are as one wants them, and by themselves all again", () => {
  const now = Date.parse("2026-11-30T12:00:00Z");
  const is = (preferences) => notifications(room("a", preferences), now);
  assert.deepEqual([undefined, {}, { notifications: "mentions" }, { notifications: "nothing" }].map(is), ["all", "all", "mentions", "nothing"]);
  const until = (time) => is({ notifications: "nothing", notifications_until: `2026-11-30T${time}Z` });
  assert.deepEqual(["11:59:59", "12:00:00", "12:00:01"].map(until), ["all", "all", "nothing"]);
});

test("pinned rooms come first, then those with a rank, and the others as they came", () => {
  const rooms = [
    room("new"), room("third", { rank: 7 }), room("second", { rank: -1 }), room("pinned late", { pinned: true }),
    room("old", { hidden: true }), room("pinned", { pinned: true, rank: 9 }),
  ];
  const order = preferred(rooms).map(({ room_id: id }) => id);
  assert.deepEqual(order, ["pinned", "pinned late", "second", "third", "new", "old"]);
  assert.equal(rooms[0].room_id, "new", "what was given is as it was");
});

test("a sum of what is unread has only what one wants to be told of", () => {
  const counts = { unread: 3, mentions: 1 };
  const of = (preferences) => countsOf(room("a", preferences, counts));
  assert.deepEqual(of(undefined), { unread: 3, mentions: 1 });
  assert.deepEqual(of({ notifications: "mentions" }), { unread: 1, mentions: 1 });
  for (const nothing of [{ notifications: "nothing" }, { archived: true }, { hidden: true }]) {
    assert.deepEqual(of(nothing), { unread: 0, mentions: 0 });
  }
  const chat = chatWith(room("a", { notifications: "mentions" }, counts));
  chat.putRoom(room("b", undefined, { unread: 5 }));
  chat.putRoom(room("c", { notifications: "nothing" }, counts));
  assert.deepEqual(chat.totals, { unread: 6, mentions: 1, threads: 0 });
});

test("a hidden room is back with its next message, and an archived one is not", () => {
  const chat = chatWith(room("a", { hidden: true, pinned: true }));
  chat.messageCreated(message(5), 5);
  assert.equal(isAside(chat.room("a")), true, "what a resume replays was there before");
  chat.messageChanged(message(4, { changed_seq: 6 }), 6);
  assert.equal(isAside(chat.room("a")), true, "it is no new message");
  chat.messageCreated(message(7), 7);
  assert.deepEqual(chat.room("a").preferences, { pinned: true });
  chat.changeRoom("a", { preferences: { archived: true } });
  chat.messageCreated(message(8), 8);
  assert.deepEqual(chat.room("a").preferences, { archived: true });
});

test("the next list of the rooms says anew how one wants to have them", () => {
  const chat = chatWith(room("a", { pinned: true }, { unread_from: 3, topic: "kept" }));
  chat.beginRooms();
  chat.putListed(room("a"));
  chat.completeRooms();
  const { preferences, unread_from: from, topic } = chat.room("a");
  assert.deepEqual([preferences, from, topic], [undefined, undefined, "kept"]);
});
