// What the menu of a room on the page offers, and what it asks for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { preferenceChoices } from "../page/view/preferences.js";

const room = (preferences, more = {}) => ({
  room_id: "a", kind: "public", last_seq: 5, read_seq: 5, unread: 0, mentions: 0, ...(preferences && { preferences }), ...more,
});

test("a room's menu offers what is not so yet", () => {
  const said = [];
  const parlor = {
    setPreferences: async (id, change) => said.push([id, change]), markUnread: async (id) => said.push([id, "unread"]),
  };
  const choices = (preferences, more) => preferenceChoices(parlor, room(preferences, more)).filter(Boolean);
  const ids = (...of) => choices(...of).map(({ testid }) => testid);
  assert.deepEqual(ids(), ["pin-room", "only-mentions", "mute-hour", "mute-room", "mark-unread", "hide-room", "archive-room"]);
  assert.deepEqual(ids({ pinned: true, notifications: "mentions" }),
    ["unpin-room", "unmute-room", "mute-hour", "mute-room", "mark-unread", "hide-room", "archive-room"]);
  assert.deepEqual(ids({ notifications: "nothing", hidden: true }),
    ["pin-room", "unmute-room", "only-mentions", "mark-unread", "bring-back", "archive-room"]);
  assert.deepEqual(ids({ archived: true, notifications: "nothing", notifications_until: "2020-01-01T00:00:00Z" }),
    ["pin-room", "only-mentions", "mute-hour", "mute-room", "mark-unread", "bring-back"]);
  for (const more of [{ last_seq: 0 }, { unread: 1 }, { unread_from: 5 }]) {
    assert.equal(ids(undefined, more).includes("mark-unread"), false);
  }
  for (const choice of [...choices(), ...choices({ pinned: true, notifications: "nothing", archived: true })]) choice.run();
  assert.deepEqual(said.map(([, change]) => change), [
    { pinned: true }, { notifications: "mentions" }, { notifications: "nothing", notifications_seconds: 3600 },
    { notifications: "nothing" }, "unread", { hidden: true }, { archived: true },
    { pinned: false }, { notifications: "all" }, { notifications: "mentions" }, "unread", { hidden: false, archived: false },
  ]);
});
