// Own messages go first, and what can never be sent holds up nothing:
// node sending.mjs BASE SECRET
import assert from "node:assert/strict";
import { codesOf, listOf, nextOf, user, watched } from "./kit.mjs";
import { browserOutbox } from "./client/parlor.js";

const [base, secret] = process.argv.slice(2);
const ROOMS = 40;

// Ann is in many rooms in which others speak.
const rooms = Array.from({ length: ROOMS }, (_, number) => `room-${number}`);
const others = user("ben", { base, secret });
for (const room of rooms) await others.createRoom({ room_id: room, kind: "public" });
const socket = watched();
const ann = user("ann", { base, secret, WebSocket: socket.WebSocket });
const errors = codesOf(ann);
await ann.connect();
await Promise.all(rooms.map((room) => ann.join(room)));
const isMark = ({ type }) => type === "message.delivered" || type === "message.read";
for (let round = 0; round < 3; round += 1) {
  await Promise.all(rooms.map((room) => others.rest("POST", `/rooms/${room}/messages`, { content: `word ${round}` })));
}
await socket.until((said) => said.filter(isMark).length >= 5);

// Her own message is the next thing that is said.
const before = socket.said.length;
assert(socket.said.filter(isMark).length < ROOMS, "marks wait");
await ann.send(rooms[0], "mine").stored;
const types = socket.said.slice(before).map(({ type }) => type);
assert.equal(types.indexOf("message.send"), 0, types.join());

// All rooms are marked, each seldom, and nothing came too fast.
const last = (room) => ann.chat.room(room).last_seq;
await socket.until((said) => rooms.slice(1).every((room) => said.some((frame) => isMark(frame)
  && frame.data.room_id === room && frame.data.seq === last(room))));
for (const room of rooms) {
  const count = socket.said.filter((frame) => isMark(frame) && frame.data.room_id === room).length;
  assert(count <= 2, `${count} marks of ${room} for 3 messages`);
}
assert.deepEqual(socket.heard.filter(({ type }) => type === "error"), []);

// Reading says that it came, too, and counts at once.
const read = ann.markRead(rooms[1], last(rooms[1]));
assert.equal(ann.chat.room(rooms[1]).unread, 0);
assert.equal((await read).unread, 0);

// What is too long fails, is not sent, and the connection stays.
const outages = listOf(ann, "state");
const failed = listOf(ann, "failed", ({ message, error }) => `${message.content.length} ${error.code}`);
const long = ann.send(rooms[0], "x".repeat(70_000));
const fine = ann.send(rooms[0], "and on");
await assert.rejects(long.stored, { code: "too_large", field: "content" });
await fine.stored;
assert.equal(ann.refusalOf("x".repeat(70_000)).code, "too_large");
assert.equal(ann.refusalOf("short"), null);

// What the server refuses fails with its reason.
const closed = ann.send("no-such-room", "hello?");
await assert.rejects(closed.stored, { code: "not_found" });
assert.deepEqual(failed, ["70000 too_large", "6 not_found"]);
assert.deepEqual(ann.failed.map(({ error }) => error.code), ["too_large", "not_found"]);
assert(ann.discard(long.clientId) && ann.discard(closed.clientId));
assert.deepEqual([outages, ann.failed], [[], []]);

// Half of a character is no Unicode: it is sent as far as it is text.
await ann.send(rooms[0], "cut \ud83c").stored;
assert.equal((await ann.history(rooms[0], { limit: 1 })).messages[0].content, "cut \ufffd");
ann.close();

// Where the limit is another than the server told, it closes with 1009. The
// message that is too big fails, now and after a reload; the others are stored.
const kept = new Map();
const storage = {
  get length() { return kept.size; }, key: (index) => [...kept.keys()][index],
  getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key),
};
const outbox = browserOutbox("unsent", storage);
const bigger = (frame) => (frame.type === "session.ready"
  ? { ...frame, data: { ...frame.data, limits: { ...frame.data.limits, content_bytes: 10 ** 6, frame_bytes: 10 ** 6 } } } : frame);
const eve = user("eve", { base, secret, outbox, WebSocket: watched({ hear: bigger }).WebSocket });
await eve.connect();
await eve.join(rooms[0]);
await eve.join(rooms[1]);
const codes = listOf(eve, "state", ({ stoppedBy }) => stoppedBy).filter((code) => code !== null);
const big = eve.send(rooms[0], "y".repeat(80_000));
const [behind, beside] = [eve.send(rooms[0], "behind"), eve.send(rooms[1], "beside")];
await assert.rejects(big.stored, { code: "too_large" });
await behind.stored;
await beside.stored;
assert.deepEqual(codes, []);
const contents = (await eve.history(rooms[0], { limit: 5 })).messages.map(({ content }) => content);
assert.equal(contents.at(-1), "behind");
eve.close();

const again = user("eve", { base, secret, outbox });
assert.deepEqual(again.failed, [], "whose they are is known with the first token");
await again.connect();
assert.deepEqual(again.failed.map(({ clientId, error }) => [clientId, error.code]), [[big.clientId, "too_large"]]);
assert.deepEqual(again.pending, []);
again.close();
assert.deepEqual(errors, []);
console.log("ok");
