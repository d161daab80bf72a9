// What a broken server, or something in between, may say; and what Parlor says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAnswer, frameOf } from "../client/shape.js";

const read = (frame) => frameOf(JSON.stringify(frame));
const sender = { id: "bob", name: "Bob" };
const message = {
  message_id: "1", room_id: "r", seq: 6, changed_seq: 6, sender, content: "x", created_at: "2026-11-28T00:00:00.000Z",
};
const room = { room_id: "r", kind: "public", title: "", last_seq: 5, epoch: "e", read_seq: 5, unread: 0, mentions: 0 };
const scheduled = {
  scheduled_id: "1", room_id: "r", client_id: "c", content: "", attachments: [{ attachment_id: "2", name: "a.png" }],
  send_at: "2026", created_at: "2026", updated_at: "2026", failed: { code: "forbidden", message: "no" },
};
const ready = { user: sender, limits: { command_burst: 20 }, rooms: [room], complete: true, inbox_seq: 0, inbox_epoch: "x" };

test("what Parlor says is taken, also with more in it than is known", () => {
  const said = [
    { type: "auth.required" }, { type: "pong", id: "r1" },
    { type: "session.ready", data: { ...ready, limits: { ...ready.limits, of_tomorrow: [1] }, more: null } },
    { type: "session.rooms", data: { rooms: [], complete: false } },
    { type: "session.resumed", id: "r1", data: { rooms: { a: { error: { code: "not_found", message: "" } }, b: { last_seq: 1, epoch: "e", resync: false } } } },
    { type: "ack", id: "r1", data: {} }, { type: "error", data: { code: "invalid_message", message: "no" } },
    { type: "message.created", room_id: "r", seq: 6, data: { ...message, mentions: { user_ids: ["ann"], room: false } } },
    { type: "message.created", room_id: "r", seq: 6, data: { ...message, thread_id: "1", in_room: true } },
    { type: "room.cleared", room_id: "r", seq: 7, data: { upto: 6 } },
    { type: "session.rooms", data: { rooms: [{ ...room, unread_from: 3, preferences: { pinned: true, rank: -2 } }], complete: true } },
    { type: "room.preferences", room_id: "r", data: { preferences: {} } },
    { type: "room.preferences", room_id: "r", data: { preferences: { notifications: "nothing", notifications_until: "2026", hidden: true, of_tomorrow: 1 } } },
    { type: "room.draft", room_id: "r", data: { room_id: "r", thread_id: "1", content: "", metadata: {}, updated_at: "2026" } },
    { type: "thread.state", data: { room_id: "r", thread_id: "1", following: true, read_seq: 0, unread: 0, mentions: 0 } },
    { type: "message.saved", data: { message_id: "1", room_id: "r", saved: false, updated_at: "2026" } },
    { type: "message.scheduled", room_id: "r", data: { scheduled_id: "1", state: "sent", message_id: "2" } },
    { type: "message.scheduled", room_id: "r", data: { scheduled_id: "1", state: "failed", scheduled } },
    { type: "message.reminder", inbox_seq: 1, timestamp: "2026", data: { room_id: "r", message_id: "1", remind_at: "2026" } },
    { type: "room.deleted", room_id: "r" }, { type: "room.of_tomorrow", room_id: "r", data: 5 },
    { type: "presence", data: { user_id: "bob", status: "offline", last_seen: null } },
    { type: "order.paid", room_id: "r", seq: 8, data: null }, { type: "order.paid", inbox_seq: 8 }, { type: "order.paid", data: [1] },
  ];
  for (const frame of said) assert.deepEqual(read(frame), frame);
});

test("what is no frame, or lacks what its type needs, is refused with the place", () => {
  for (const text of ["", "<html>", "null", "5", '"x"', "[]", "{}", '{"type":5}', "[object ArrayBuffer]"]) {
    assert.throws(() => frameOf(text), SyntaxError, text);
  }
  const lacking = [
    [{ type: "error" }, "data"], [{ type: "error", data: null }, "data"],
    [{ type: "error", data: { code: "rate_limited", message: "", retry_after_ms: "soon" } }, "data.retry_after_ms"],
    [{ type: "ack", id: "r1" }, "data"], [{ type: "auth.failed" }, "data"],
    [{ type: "session.ready" }, "data"], [{ type: "session.ready", data: { ...ready, user: undefined } }, "data.user"],
    [{ type: "session.ready", data: { ...ready, rooms: undefined } }, "data.rooms"],
    [{ type: "session.ready", data: { ...ready, rooms: [room, null] } }, "data.rooms.1"],
    [{ type: "session.ready", data: { ...ready, limits: { command_burst: "x" } } }, "data.limits.command_burst"],
    [{ type: "session.rooms", data: { rooms: [{ ...room, last_seq: "5" }], complete: true } }, "data.rooms.0.last_seq"],
    [{ type: "thread.state", data: { room_id: "r", thread_id: "1", read_seq: 0, unread: 0, mentions: 0 } }, "data.following"],
    [{ type: "message.saved", data: { message_id: "1", room_id: "r", updated_at: "2026" } }, "data.saved"],
    [{ type: "message.scheduled", data: { scheduled_id: "1", state: "waiting", scheduled: { ...scheduled, send_at: 5 } } }, "data.scheduled.send_at"],
    [{ type: "message.reminder", timestamp: "2026", data: { room_id: "r", message_id: "1", remind_at: "2026" } }, "inbox_seq"],
    [{ type: "session.resumed" }, "data"], [{ type: "session.resumed", data: { rooms: { a: {} } } }, "data.rooms.a.last_seq"],
    [{ type: "message.created", room_id: "r", seq: 6 }, "data"],
    [{ type: "message.created", room_id: "r", seq: 6, data: { ...message, in_room: "yes" } }, "data.in_room"],
    [{ type: "message.created", room_id: "r", seq: "6", data: message }, "seq"],
    [{ type: "message.created", seq: 6, data: message }, "room_id"],
    [{ type: "message.updated", room_id: "r", seq: 6, data: { ...message, sender: null } }, "data.sender"],
    [{ type: "receipts", room_id: "r" }, "data"], [{ type: "typing", room_id: "r" }, "data"], [{ type: "presence" }, "data"],
    [{ type: "room.presence", room_id: "r", data: {} }, "data.users"], [{ type: "room.added" }, "data"],
    [{ type: "room.preferences", room_id: "r", data: {} }, "data.preferences"],
    [{ type: "room.preferences", room_id: "r", data: { preferences: { rank: "first" } } }, "data.preferences.rank"],
    [{ type: "room.draft", room_id: "r", data: { room_id: "r", content: "x" } }, "data.updated_at"],
    [{ type: "room.unread", room_id: "r", data: { unread: 1, unread_from: "8" } }, "data.unread_from"],
    [{ type: "room.unread", room_id: "r" }, "data"], [{ type: "server.goaway" }, "data"],
    [{ type: "member.joined", room_id: "r", data: {} }, "data.user"],
    [{ type: "order.paid", inbox_seq: "abc" }, "inbox_seq"], [{ type: "order.paid", room_id: "r", seq: -1 }, "seq"],
  ];
  for (const [frame, place] of lacking) {
    const why = (error) => error instanceof SyntaxError && error.message.startsWith(`\`${place}\``);
    assert.throws(() => read(frame), why, JSON.stringify(frame));
  }
});

test("an answer has what its command goes by", () => {
  checkAnswer("message.send", {});
  checkAnswer("room.subscribe", { last_seq: 4, epoch: "e", resync: false });
  checkAnswer("session.resume", { rooms: {}, inbox: { last_seq: 1, epoch: "x", resync: true } });
  for (const [type, data] of [["message.send", undefined], ["room.subscribe", {}], ["session.resume", {}], ["session.resume", { rooms: {}, inbox: {} }]]) {
    assert.throws(() => checkAnswer(type, data), SyntaxError, type);
  }
});
