// The messages one has saved, and what reminds one of them, whoever tells it first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatState } from "../client/state.js";
import { answering, client, message, saidBy, turn } from "../online.mjs";

const at = (second) => `2026-11-30T12:00:${String(second).padStart(2, "0")}.000Z`;
const said = (seq, more = {}) => message(seq, more).data;
const state = (seq, second, more = {}) => ({
  message_id: `m${seq}`, room_id: "r", saved: true, saved_at: at(second), updated_at: at(second), ...more,
});
const gone = (seq, second) => ({ message_id: `m${seq}`, room_id: "r", saved: false, updated_at: at(second) });
const entry = (seq, second, more = {}) => ({ ...state(seq, second, more), message: said(seq) });

function known(...entries) {
  const chat = new ChatState();
  chat.putRoom({ room_id: "r", kind: "public", last_seq: 5, read_seq: 5, unread: 0, mentions: 0 });
  const { saved } = chat;
  for (const each of entries) saved.learn(each, saved.moment);
  return { chat, saved, listed: () => saved.list.map(({ message_id: id }) => id) };
}

test("what is saved is listed once its message is known, what was saved last first", () => {
  const { chat, saved, listed } = known(entry(1, 1), entry(2, 2, { note: "read" }));
  assert.deepEqual([listed(), saved.get("m2").note, saved.get("m9")], [["m2", "m1"], "read", null]);
  saved.heard(state(3, 3));
  assert.deepEqual([listed(), saved.message("m3")], [["m2", "m1"], null]);
  saved.changed(said(3));
  assert.deepEqual(listed(), ["m3", "m2", "m1"]);
  // Saved otherwise it stays where it is.
  saved.heard(state(1, 4, { saved_at: at(1), note: "soon" }));
  assert.deepEqual([listed(), saved.get("m1").note], [["m3", "m2", "m1"], "soon"]);
  chat.messageChanged(said(2, { content: "y", changed_seq: 6 }), 6);
  assert.equal(saved.list[1].message.content, "y");
  saved.changed(said(2));
  assert.equal(saved.list[1].message.content, "y", "what is older is passed over");
  saved.changed(said(8));
  assert.equal(saved.message("m8"), null);
});

test("of two the later one counts, also where it is gone", () => {
  const { saved, listed } = known(entry(1, 1));
  saved.heard(gone(1, 5));
  assert.deepEqual([listed(), saved.get("m1")], [[], null]);
  const { moment } = saved;
  saved.learn(entry(1, 4), moment);
  saved.heard(state(1, 4));
  assert.deepEqual(listed(), []);
  saved.learn(entry(1, 6), moment);
  saved.heard(gone(1, 5));
  assert.deepEqual(listed(), ["m1"]);
});

test("what a whole list does not have is gone, unless it was told of since", () => {
  const { saved, listed } = known(entry(1, 1), entry(2, 2));
  const { moment } = saved;
  saved.heard(state(3, 3));
  saved.changed(said(3));
  saved.keepOnly(new Set(["m2"]), moment);
  assert.deepEqual(listed(), ["m3", "m2"]);
  // What was asked for before is somebody else's.
  const before = saved.moment;
  saved.reset();
  saved.learn(entry(1, 9), before);
  saved.keepOnly(new Set(), before);
  assert.deepEqual(listed(), []);
});

test("it goes with its message, and with the room", () => {
  const { chat, saved, listed } = known(entry(1, 1), entry(6, 2), { ...entry(3, 3), room_id: "other", message: said(3, { room_id: "other" }) });
  chat.cleared("r", 5, 7);
  assert.deepEqual([listed(), saved.message("m1")], [["m3", "m6"], null]);
  chat.removeRoom("r");
  assert.deepEqual(listed(), ["m3"]);
});

test("only so many are known, and what is gone goes first", () => {
  const { saved } = known();
  saved.heard(state(0, 0));
  saved.heard(gone(1, 0));
  for (let number = 2; number < 2_001; number += 1) saved.heard(state(number, 0));
  assert(saved.get("m0"));
  saved.heard(state(2_001, 0));
  assert.equal(saved.get("m0"), null);
});

test("all of them are read page by page, and one that is saved elsewhere with its message", async (t) => {
  const { parlor, sockets: [socket] } = await client();
  const asked = answering(t, {
    "/saved?limit=200": { saved: [entry(2, 2)], cursor: "c", has_more: true },
    "/saved?cursor=c&limit=200": { saved: [entry(1, 1)], has_more: false },
    "/saved?reminders=true&limit=50": { saved: [entry(1, 1)], has_more: false },
    "/messages/m3": said(3),
  });
  const told = [];
  parlor.on("saved", (each) => told.push(each));
  // Nobody lists them yet.
  socket.hear({ type: "message.saved", room_id: "r", data: state(4, 1) });
  await turn();
  await Promise.all([parlor.loadSaved(), parlor.loadSaved()]);
  const listed = () => parlor.chat.saved.list.map(({ message_id: id }) => id);
  assert.deepEqual([listed(), parlor.chat.saved.get("m4")], [["m2", "m1"], null]);
  socket.hear({ type: "message.saved", room_id: "r", data: state(3, 3) });
  socket.hear({ type: "message.saved", room_id: "r", data: state(3, 4) });
  await turn();
  assert.deepEqual(listed(), ["m3", "m2", "m1"]);
  assert.deepEqual(asked, ["/saved?limit=200", "/saved?cursor=c&limit=200", "/messages/m3"]);
  assert.deepEqual(told.map(({ message_id: id }) => id), ["m4", "m3", "m3"]);
  assert.deepEqual(await parlor.saved({ reminders: true }), { saved: [entry(1, 1)], has_more: false });
  parlor.close();
});

test("a message is saved by command, and known at once", async () => {
  const { parlor, sockets: [socket] } = await client();
  const saving = parlor.save("m1", { note: "read", remind_in_seconds: 60 });
  const unsaving = parlor.unsave("m2");
  await turn();
  assert.deepEqual(saidBy(socket), [
    ["message.save", { message_id: "m1", note: "read", remind_in_seconds: 60 }], ["message.unsave", { message_id: "m2" }],
  ]);
  const [{ id }, { id: other }] = socket.sent.slice(-2);
  socket.hear({ type: "ack", id, data: state(1, 1, { note: "read" }) });
  socket.hear({ type: "ack", id: other, data: {} });
  assert.equal((await saving).note, "read");
  await unsaving;
  assert.equal(parlor.chat.saved.get("m1").note, "read");
  parlor.close();
});

test("a reminder is in the inbox, and told to who listens", async () => {
  const { parlor, sockets: [socket] } = await client();
  socket.hear({ type: "message.saved", room_id: "r", data: state(1, 1, { remind_at: at(9) }) });
  socket.hear({ type: "message.saved", room_id: "r", data: state(2, 2, { remind_at: at(30) }) });
  const told = [];
  parlor.on("inbox", (event) => told.push(event));
  const remind = (seq, inboxSeq) => ({
    type: "message.reminder", inbox_seq: inboxSeq, timestamp: at(10), data: { room_id: "r", message_id: `m${seq}`, remind_at: at(9) },
  });
  for (const frame of [remind(1, 1), remind(1, 1), remind(2, 2)]) socket.hear(frame);
  assert.deepEqual(told, [remind(1, 1), remind(2, 2)]);
  assert.deepEqual(parlor.chat.inbox.map(({ inbox_seq: seq }) => seq), [2, 1]);
  const { saved } = parlor.chat;
  assert.deepEqual([saved.get("m1").reminded_at, saved.get("m2").reminded_at], [at(10), undefined], "it wants to be at another time");
  parlor.close();
});
