// The whole client against a server that is broken, over a socket that a test holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Parlor } from "../client/parlor.js";
import { client, message, ready, saidBy, token, turn } from "../online.mjs";

test("what cannot be understood is told, and the next connection takes it from there", async () => {
  const broken = [
    { type: "error" }, { type: "message.created", room_id: "r", seq: 6 }, message(6, { sender: null }),
    { type: "receipts", room_id: "r" }, { type: "session.resumed" }, { type: "server.goaway" },
    // Whole, and where it means nothing.
    { type: "session.rooms", data: { rooms: [], complete: true } },
  ];
  for (const frame of broken) {
    const { parlor, told, sockets } = await client();
    sockets[0].hear(frame);
    assert.deepEqual([told.errors, parlor.state], [["bad_frame"], "offline"], JSON.stringify(frame));
    parlor.retryNow();
    await turn();
    const resume = sockets[1].sent.find(({ type }) => type === "session.resume");
    assert.deepEqual(resume.data.rooms, { r: { since: 5, epoch: "e" } }, "no position has moved");
    assert.equal(parlor.state, "online");
    sockets[1].hear(message(6));
    assert.deepEqual(told.messages, [6]);
    parlor.close();
  }
});

test("a server that begins wrongly is told, and tried again", async () => {
  for (const first of [{ type: "session.ready" }, ready({ rooms: undefined }), ready({ rooms: [null] }), ready({ user: undefined })]) {
    const { parlor, told } = await client(first);
    assert.equal(told.errors[0], "bad_frame");
    assert(told.states.some(({ retryInMs }) => retryInMs !== null));
    parlor.close();
  }
});

test("no pause is longer than ten minutes, whatever the server names", async () => {
  const { parlor, told, sockets } = await client();
  sockets[0].hear({ type: "server.goaway", data: { reason: "restart", reconnect_after_ms: 1e12 } });
  sockets[0].onclose({ code: 1001, reason: "" });
  assert.equal(told.states.at(-1).retryInMs, 600_000);
  parlor.close();
});

test("a listener that throws stops nothing", async () => {
  const { parlor, told, sockets } = await client();
  const surfaced = [];
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => surfaced.push(error.message));
  parlor.on("message", () => { throw new Error("a listener's mistake"); });
  parlor.request("typing", { room_id: "r", is_typing: true }, () => { throw new Error("another one"); });
  sockets[0].hear({ type: "ack", id: sockets[0].sent.at(-1).id, data: {} });
  sockets[0].hear(message(6));
  sockets[0].hear(message(7));
  await turn();
  assert.deepEqual([told.messages, told.errors, parlor.state], [[6, 7], [], "online"]);
  assert.deepEqual(surfaced, ["another one", "a listener's mistake", "a listener's mistake"]);
  process.removeAllListeners("uncaughtException");
  for (const each of others) process.on("uncaughtException", each);
  parlor.close();
});

test("how one wants to have a room is asked for, and told as a change of the room", async () => {
  const { parlor, sockets: [socket] } = await client();
  const changes = [];
  parlor.on("room-updated", (change) => changes.push(change));
  const asked = parlor.setPreferences("r", { pinned: true, rank: null });
  await turn();
  assert.deepEqual(saidBy(socket), [["room.preferences", { room_id: "r", pinned: true, rank: null }]]);
  socket.hear({ type: "room.preferences", room_id: "r", data: { preferences: { pinned: true } } });
  socket.hear({ type: "ack", id: socket.sent.at(-1).id, data: { room_id: "r", preferences: { pinned: true } } });
  assert.deepEqual(await asked, { pinned: true });
  assert.deepEqual(changes, [{ room: "r", preferences: { pinned: true } }]);
  assert.deepEqual(parlor.chat.room("r").preferences, { pinned: true });
  parlor.close();
});

test("a room is marked as unread behind what was read before, and read again where it was read already", async () => {
  const { parlor, sockets: [socket] } = await client();
  const told = [];
  parlor.on("unread", (counted) => told.push(counted));
  const ack = (more) => socket.hear({ type: "ack", id: socket.sent.at(-1).id, data: { room_id: "r", read_seq: 6, unread: 0, mentions: 0, last_seq: 6, ...more } });
  const unread = (more) => socket.hear({ type: "room.unread", room_id: "r", data: { read_seq: 6, unread: 0, mentions: 0, last_seq: 6, ...more } });
  parlor.markRead("r", 5);
  await turn();
  ack({ read_seq: 5, last_seq: 5 });
  await turn();
  // Soon after another one it waits; but not when its room is marked.
  socket.hear(message(6));
  parlor.markRead("r", 6);
  await turn();
  const marked = parlor.markUnread("r", { message_id: "m4" });
  await turn();
  ack();
  await turn();
  assert.deepEqual(saidBy(socket), [
    ["message.read", { room_id: "r", seq: 5 }], ["message.read", { room_id: "r", seq: 6 }],
    ["message.unread", { room_id: "r", message_id: "m4" }],
  ]);
  unread({ unread: 3, unread_from: 4 });
  ack({ unread: 3, unread_from: 4 });
  assert.equal((await marked).unread_from, 4);
  assert.deepEqual(told.map(({ room: id, unread_from: from }) => [id, from]), [["r", 4]]);
  assert.equal(parlor.chat.room("r").unread_from, 4);
  const read = parlor.markRead("r", 6);
  assert.deepEqual([parlor.chat.room("r").unread, parlor.chat.room("r").unread_from], [0, undefined]);
  const again = parlor.markUnread("r");
  await turn();
  assert.deepEqual(saidBy(socket).at(-1), ["message.read", { room_id: "r", seq: 6 }]);
  ack();
  await read;
  await turn();
  assert.deepEqual(saidBy(socket).at(-1), ["message.unread", { room_id: "r" }]);
  ack({ unread: 1, unread_from: 6 });
  await again;
  parlor.close();
  parlor.markRead("r", 6);
  await assert.rejects(parlor.markUnread("r"), { code: "offline" });
});

test("a draft is told late, and taken away when its message is stored", async () => {
  const { parlor, sockets: [socket] } = await client();
  const told = [];
  parlor.on("draft", (change) => told.push(change));
  const ack = async (data) => {
    socket.hear({ type: "ack", id: socket.sent.at(-1).id, data });
    await turn();
  };
  const draft = (content, at) => ({ room_id: "r", content, updated_at: `2026-11-30T12:00:0${at}.000Z` });
  const set = parlor.setDraft("r", "hel");
  parlor.setDraft("r", "hello");
  assert.deepEqual([saidBy(socket), parlor.chat.draft("r").content], [[], "hello"]);
  parlor.flushDrafts();
  assert.deepEqual(saidBy(socket), [["draft.set", { room_id: "r", content: "hello" }]]);
  await ack(draft("hello", 1));
  assert.deepEqual(await set, draft("hello", 1));

  parlor.send("r", "hello");
  await turn();
  assert.equal(parlor.chat.draft("r"), null);
  assert.deepEqual(saidBy(socket).map(([type]) => type), ["draft.set", "message.send"]);
  await ack({ message_id: "m6", seq: 6, created_at: "2026", duplicate: false });
  assert.deepEqual(saidBy(socket).at(-1), ["draft.set", { room_id: "r", content: "" }]);
  await ack(draft("", 2));
  // What another device has begun, in a thread.
  socket.hear({ type: "room.draft", room_id: "r", data: { ...draft("from the phone", 3), thread_id: "m1" } });
  assert.deepEqual(told, [{ room: "r", thread: "m1", draft: { ...draft("from the phone", 3), thread_id: "m1" } }]);
  assert.equal(parlor.chat.draft("r", "m1").content, "from the phone");

  parlor.close();
});

test("what was begun without a connection is told on the next one, if it is not too long", async () => {
  const { parlor, sockets } = await client(ready({ limits: { content_bytes: 10 } }));
  sockets[0].onclose({ code: 1006 });
  const set = parlor.setDraft("r", "hello", { thread: "m1", metadata: { reply_to: "m2" } });
  const long = assert.rejects(parlor.setDraft("r", "hello everybody"), { code: "too_large" });
  parlor.flushDrafts();
  parlor.retryNow();
  await turn();
  const said = saidBy(sockets[1]).filter(([type]) => type === "draft.set");
  assert.deepEqual(said, [["draft.set", { room_id: "r", thread_id: "m1", content: "hello", metadata: { reply_to: "m2" } }]]);
  await long;
  assert.equal(parlor.chat.draft("r").content, "hello everybody");
  sockets[1].hear({ type: "room.removed", room_id: "r", data: { reason: "left" } });
  await assert.rejects(set, { code: "offline" });
  assert.equal(parlor.chat.draft("r"), null);
  parlor.close();
});

test("all drafts are read page by page, by one who asks for all who do", async (t) => {
  const { parlor } = await client();
  const asked = [];
  const draft = (room) => ({ room_id: room, content: "hello", updated_at: "2026-11-30T12:00:00.000Z" });
  t.mock.method(globalThis, "fetch", async (url) => {
    asked.push(url.replace("http://server/api/v1", ""));
    const isFirst = asked.length === 1;
    return Response.json({ drafts: [draft(isFirst ? "r" : "s")], ...(isFirst && { cursor: "c" }), has_more: isFirst });
  });
  const [drafts] = await Promise.all([parlor.drafts(), parlor.drafts()]);
  assert.deepEqual(asked, ["/drafts?limit=200", "/drafts?cursor=c&limit=200"]);
  assert.deepEqual(drafts, [draft("r"), draft("s")]);
  assert.deepEqual(parlor.chat.draft("r"), draft("r"));
  parlor.close();
});

test("where there is no WebSocket it is told once", async () => {
  const { WebSocket } = globalThis;
  delete globalThis.WebSocket;
  const warned = [];
  const { warn } = console;
  console.warn = (text) => warned.push(text);
  const parlor = new Parlor({ base: "http://server", fetchToken: async () => token });
  await assert.rejects(parlor.connect(), { code: "no_websocket" });
  assert.deepEqual(warned, []);
  console.warn = warn;
  if (WebSocket) globalThis.WebSocket = WebSocket;
});
