import assert from "node:assert/strict";
import { test } from "node:test";
import { Positions } from "../client/positions.js";
import { Requests } from "../client/requests.js";
import { ChatState } from "../client/state.js";

/** A connection that keeps what is asked, and acks when it is told to. */
function connection(limits = {}) {
  const asked = [];
  return {
    limits, asked, current: {},
    request(type, data, { onAck }) {
      return new Promise((resolve) => {
        asked.push({ type, data, ack: (answer) => { onAck(answer); resolve(answer); } });
      });
    },
    giveUp() { throw new Error("given up"); },
  };
}

const turn = () => new Promise((resolve) => { setImmediate(resolve); });
const entry = (id, last) => ({ room_id: id, last_seq: last });
const event = (room, seq) => ({ room_id: room, seq });

function positions(over = connection()) {
  const heard = [];
  const on = { event: (frame) => heard.push(`${frame.room_id} ${frame.seq}`), resync: (room) => heard.push(`resync ${room}`) };
  return { positions: new Positions(over, on), heard, over };
}

test("rooms told of in pieces are live from their piece on", () => {
  const { positions: at, heard } = positions();
  at.begin();
  at.listed([entry("a", 3)]);
  at.heard(event("a", 4));
  at.heard(event("b", 1));
  at.listed([entry("b", 1)]);
  assert.equal(at.complete(), null, "the first connection has nothing to resume");
  at.heard(event("b", 2));
  assert.deepEqual(heard, ["a 4", "b 2"]);
});

test("a cut between two pieces forgets no position", () => {
  const { positions: at } = positions();
  at.begin();
  at.listed([entry("a", 3), entry("b", 7)]);
  at.complete();
  at.begin();
  at.listed([entry("a", 9)]);
  at.cut();
  at.begin();
  at.listed([entry("a", 9), entry("b", 9), entry("c", 9)]);
  assert.deepEqual(at.complete(), [["a", 3], ["b", 7]]);
});

test("a room that is watched goes on where it was, and one that is not is forgotten", async () => {
  const { positions: at, heard, over } = positions();
  const following = at.follow("watched", () => heard.push("acked"));
  over.asked[0].ack({ room: { room_id: "watched" }, last_seq: 5, epoch: "e" });
  assert.deepEqual(await following, { room_id: "watched" });
  at.moveTo("left", 1);
  at.heard(event("watched", 6));
  at.begin();
  at.listed([entry("mine", 1)]);
  at.complete(new Set(["watched", "mine"]));
  // Another cut, before it is followed again.
  at.begin();
  at.listed([entry("mine", 1)]);
  at.complete(new Set(["watched", "mine"]));
  assert.deepEqual(at.left, ["watched"]);
  const again = at.follow("watched", () => {});
  assert.deepEqual(over.asked[1].data, { room_id: "watched", since: 6, epoch: "e" });
  at.heard(event("watched", 8));
  at.heard(event("watched", 6));
  over.asked[1].ack({ room: {}, last_seq: 8, epoch: "e", resync: false });
  await again;
  at.heard(event("watched", 9));
  assert.deepEqual(heard, ["acked", "watched 6", "watched 8", "watched 9"]);
  assert.deepEqual(at.left, []);
});

test("who left a room while being told of rooms does not resume it", () => {
  const { positions: at } = positions();
  at.moveTo("a", 1);
  at.moveTo("b", 1);
  at.begin();
  at.forget("b");
  at.listed([entry("a", 1)]);
  assert.deepEqual(at.complete(), [["a", 1]]);
});

test("what does not fit one frame is named in the next one", async () => {
  const over = connection({ frame_bytes: 400 });
  const { positions: at } = positions(over);
  const seen = [...Array(30).keys()].map((number) => [`room-${number}`, number]);
  at.inboxHeard(5);
  const done = at.resume(seen);
  for (let count = 0; count < 10 && over.asked.length > count; count += 1) {
    over.asked[count].ack({ rooms: {} });
    await turn();
  }
  await done;
  assert.ok(over.asked.length > 1);
  const named = over.asked.flatMap(({ data }) => Object.entries(data.rooms));
  assert.deepEqual(named, seen);
  const last = over.asked.at(-1).data;
  assert.deepEqual([last.more, last.inbox], [undefined, 5]);
  for (const { data } of over.asked.slice(0, -1)) assert.deepEqual([data.more, data.inbox], [true, undefined]);
});

test("an inbox of which something was dropped goes on from where it stands", () => {
  const over = connection();
  let lost = 0;
  const at = new Positions(over, { event() {}, resync() {}, inboxLost: () => { lost += 1; } });
  at.inboxIs("e");
  at.inboxHeard(5);
  at.resume([]);
  assert.deepEqual(over.asked[0].data.inbox, { since: 5, epoch: "e" });
  over.asked[0].ack({ rooms: {}, inbox: { replayed: 0, last_seq: 1500, epoch: "e", resync: true } });
  assert.equal(lost, 1);
  at.resume([]);
  assert.deepEqual(over.asked[1].data.inbox, { since: 1500, epoch: "e" });
});

test("what came of a room is told before the ack, and what is live goes on", () => {
  const { positions: at, heard } = positions();
  at.moveTo("far", 5);
  at.moveTo("ahead", 90);
  at.begin();
  at.listed([entry("far", 2000), entry("ahead", 4)]);
  at.complete();
  // It starts anew at 2000, and is live before that is told.
  at.heard(event("far", 2001));
  at.resumed({ far: { last_seq: 2000, resync: true }, ahead: { last_seq: 4, resync: true } });
  at.heard(event("far", 2002));
  at.heard(event("ahead", 5));
  assert.deepEqual(heard, ["far 2001", "resync far", "resync ahead", "far 2002", "ahead 5"]);
});

test("a long request waits as long as something comes", async () => {
  const requests = new Requests();
  let late = 0;
  const { said } = requests.add(() => {}, 20, () => { late += 1; }, true);
  said("text");
  const beats = setInterval(() => requests.heard(), 5);
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  assert.equal(late, 0);
  clearInterval(beats);
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  assert.equal(late, 1);
});

test("the list of rooms keeps what was asked for, and drops what it does not mention", () => {
  const chat = new ChatState();
  chat.beginRooms();
  chat.putListed({ room_id: "a", title: "A", muted_until: "soon", unread: 1 });
  chat.putListed({ room_id: "b", title: "B", unread: 0 });
  chat.completeRooms();
  chat.fillRoom({ room_id: "a", topic: "All", member_count: 3, created_at: "2026", last_message: { changed_seq: 4 } });
  chat.beginRooms();
  chat.putListed({ room_id: "a", title: "A", unread: 2 });
  chat.putRoom({ room_id: "c", title: "C" });
  chat.completeRooms();
  assert.equal(chat.room("b"), null);
  assert.equal(chat.room("c").title, "C", "it was added meanwhile");
  const { topic, member_count: members, muted_until: muted, unread, last_message: last } = chat.room("a");
  assert.deepEqual([topic, members, muted, unread, last.changed_seq], ["All", 3, undefined, 2, 4]);
  chat.fillRoom({ room_id: "a", topic: "New", last_message: { changed_seq: 3 } });
  assert.deepEqual([chat.room("a").topic, chat.room("a").last_message.changed_seq], ["New", 4]);
});

test("what was posted silently is unread to nobody, also when it is deleted", () => {
  const chat = new ChatState();
  chat.me = "ann";
  chat.putRoom({ room_id: "a", title: "A", last_seq: 0, read_seq: 0, unread: 0, mentions: 0 });
  const sender = { id: "ben", name: "Ben" };
  const message = (seq, more) => ({ room_id: "a", message_id: String(seq), seq, sender, content: "x", ...more });
  chat.messageCreated(message(1), 1);
  chat.messageCreated(message(2, { silent: true, mentions: { user_ids: ["ann"] } }), 2);
  assert.deepEqual([chat.room("a").unread, chat.room("a").mentions, chat.room("a").last_seq], [1, 0, 2]);
  chat.messageChanged(message(2, { silent: true, deleted_at: "2026" }), 3);
  assert.equal(chat.room("a").unread, 1);
});

test("a room that was made again under its id is told to be another one", () => {
  const lives = [];
  const on = { event: () => {}, resync: (room, isAnother) => lives.push(`${room} ${isAnother}`) };
  const at = new Positions(connection(), on);
  at.begin();
  at.listed([{ ...entry("again", 9), epoch: "a" }, { ...entry("far", 9), epoch: "b" }]);
  at.complete();
  at.begin();
  at.listed([{ ...entry("again", 2), epoch: "c" }, { ...entry("far", 2_000), epoch: "b" }]);
  at.complete();
  at.resumed({ again: { last_seq: 2, epoch: "c", resync: true }, far: { last_seq: 2_000, epoch: "b", resync: true } });
  assert.deepEqual(lives, ["again true", "far false"]);
});
