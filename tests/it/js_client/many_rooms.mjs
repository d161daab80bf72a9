// A person in very many rooms: told of them in pieces, and back after a cut.
import assert from "node:assert/strict";
import { listOf, nextOf, user, watched } from "./kit.mjs";

const [base, secret, count] = process.argv.slice(2);
const ROOMS = Number(count);
const roomOf = (number) => `room-${String(number).padStart(5, "0")}`;

const socket = watched();
const alice = user("alice", { base, secret, WebSocket: socket.WebSocket });
const heard = listOf(alice, "message", ({ room_id: room, seq }) => `${room} ${seq}`);
const errors = listOf(alice, "error", ({ code }) => code);
await alice.connect();
assert.equal(alice.chat.rooms.length, ROOMS);
assert.equal(alice.chat.room(roomOf(7)).title, "Room 7");
const kinds = () => socket.heard.map(({ type }) => type);
assert.ok(kinds().filter((type) => type === "session.rooms").length > 2, "in pieces");

// Live in the first and in the last one.
for (const number of [0, ROOMS - 1]) {
  const told = nextOf(alice, "message", ({ room_id: room }) => room === roomOf(number));
  await alice.send(roomOf(number), "hello").stored;
  await told;
}

// What is said while it is away is heard once when it is back.
alice.close();
for (const number of [0, 1, ROOMS - 1]) {
  await alice.rest("POST", `/rooms/${roomOf(number)}/messages`, { content: "meanwhile" });
}
await alice.connect();
const resumed = socket.said.filter(({ type }) => type === "session.resume");
assert.ok(resumed.length > 1, "in several commands");
assert.deepEqual(resumed.map(({ data }) => Boolean(data.more)), resumed.map((_, at) => at < resumed.length - 1));
const named = resumed.flatMap(({ data }) => Object.keys(data.rooms));
assert.equal(new Set(named).size, ROOMS);
const told = nextOf(alice, "message", ({ room_id: room, seq }) => room === roomOf(1) && seq === 2);
await alice.send(roomOf(1), "live again").stored;
await told;
assert.deepEqual([...heard].sort(), [
  `${roomOf(0)} 1`, `${roomOf(0)} 2`, `${roomOf(1)} 1`, `${roomOf(1)} 2`,
  `${roomOf(ROOMS - 1)} 1`, `${roomOf(ROOMS - 1)} 2`,
].sort());

// All there is about them comes in pages.
let pages = 0;
const rooms = await alice.rooms(() => { pages += 1; });
assert.equal(rooms.length, ROOMS);
assert.ok(pages > 5);
for (const room of rooms) alice.chat.fillRoom(room);
assert.equal(alice.chat.rooms[0].room_id, roomOf(1), "the newest talk first");
assert.equal(alice.chat.room(roomOf(5)).member_count, 1);
assert.deepEqual(errors, []);
alice.close();
console.log("ok");
process.exit(0);
