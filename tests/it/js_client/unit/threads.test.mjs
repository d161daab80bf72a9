// The threads one follows: what is unread in them, whoever tells it first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatState } from "../client/state.js";
import { answering, client, message, saidBy, turn } from "../online.mjs";

const me = { mentions: { user_ids: ["ann"] } };
const at = (second) => `2026-11-30T12:00:${String(second).padStart(2, "0")}.000Z`;
const said = (seq, more = {}) => message(seq, more).data;
const reply = (seq, more = {}) => said(seq, { thread_id: "m1", ...more });
const state = (more = {}) => ({ room_id: "r", thread_id: "m1", following: true, read_seq: 4, unread: 0, mentions: 0, ...more });
/** A first message whose newest reply has that number. */
const root = (seq, last, more = {}) => said(seq, {
  changed_seq: last + 1, thread: { count: 1, last_reply: { created_at: at(last) } }, created_at: at(0), ...more,
});
const entry = (more = {}) => ({ ...state(), root: root(1, 4), ...more });

/** Ann's room with five positions, and a thread in it that she has read. */
function known(first = entry()) {
  const chat = new ChatState();
  chat.me = "ann";
  chat.putRoom({ room_id: "r", kind: "public", last_seq: 5, read_seq: 5, unread: 0, mentions: 0 });
  const { threads } = chat;
  threads.learn(first, threads.moment);
  const counts = (id = "m1") => {
    const { read_seq: read, unread, mentions } = threads.get(id);
    return [unread, mentions, read];
  };
  const comes = (each) => chat.messageCreated(each, each.seq);
  const changes = (each, position) => chat.messageChanged({ ...each, changed_seq: position }, position);
  return { chat, threads, counts, comes, changes };
}

test("the threads one follows are listed, that with the newest reply first", () => {
  const { threads, chat, changes, comes } = known();
  threads.learn(entry({ thread_id: "m2", root: root(2, 3), unread: 1 }), threads.moment);
  threads.learn(entry({ thread_id: "m3", root: root(3, 9), following: false, unread: 1 }), threads.moment);
  const listed = () => threads.followed.map(({ thread_id: id }) => id);
  assert.deepEqual([listed(), threads.unread], [["m1", "m2"], 1]);
  comes(said(10, { thread_id: "m2" }));
  changes(root(2, 10), 11);
  assert.deepEqual(listed(), ["m2", "m1"]);
  assert.equal(threads.followed[0].root.thread.last_reply.created_at, at(10));
  assert.deepEqual([threads.get("m3").following, threads.get("m9")], [false, null]);
  // One without a first message is listed when that is known.
  threads.heard(state({ thread_id: "m7", unread: 2 }));
  assert.deepEqual([listed(), threads.unread, threads.hasRoot("m7")], [["m2", "m1"], 1, false]);
  changes(root(7, 20), 21);
  assert.deepEqual([listed(), threads.unread, threads.hasRoot("m7")], [["m7", "m2", "m1"], 2, true]);
  threads.heard(state({ thread_id: "m7", following: false }));
  assert.deepEqual([listed(), threads.unread], [["m2", "m1"], 1]);
  chat.removeRoom("r");
  assert.deepEqual([listed(), threads.get("m1")], [[], null]);
});

test("a reply of somebody else's is unread, and reading and replying end that", () => {
  const { threads, counts, comes } = known();
  comes(reply(6, me));
  comes(reply(7, { silent: true }));
  comes(reply(8));
  comes(reply(9, { thread_id: "m2" }));
  assert.deepEqual(counts(), [2, 1, 4]);
  threads.readHere("m1", 6);
  assert.deepEqual(counts(), [2, 1, 6], "how many are left, the server says");
  threads.heard(state({ read_seq: 6, unread: 1 }));
  assert.deepEqual(counts(), [1, 0, 6]);
  threads.readHere("m1", 8);
  assert.deepEqual(counts(), [0, 0, 8]);
  comes(reply(10, me));
  comes(reply(11, { sender: { id: "ann" } }));
  assert.deepEqual(counts(), [0, 0, 11]);
  comes(reply(12, me));
  threads.readHere("m1");
  assert.deepEqual(counts(), [0, 0, 12]);
  threads.readHere("elsewhere", 5);
});

test("a reply that is deleted is unread no longer, and one that is being written is so at its end", () => {
  const { counts, comes, changes } = known();
  comes(reply(6, me));
  comes(reply(7));
  changes(reply(6, { deleted_at: "2026" }), 8);
  changes(reply(3, { deleted_at: "2026" }), 9);
  assert.deepEqual(counts(), [1, 1, 4], "whether it mentioned her is not told any more");
  changes(reply(7, { deleted_at: "2026" }), 10);
  assert.deepEqual(counts(), [0, 0, 4]);
  comes(reply(11, { state: "streaming" }));
  assert.deepEqual(counts(), [0, 0, 4]);
  changes(reply(11, me), 12);
  assert.deepEqual(counts(), [1, 1, 4]);
  comes(reply(13, { state: "streaming" }));
  changes(reply(13, { deleted_at: "2026" }), 14);
  assert.deepEqual(counts(), [1, 1, 4]);
  // One's own is read from where it begins, and not to where it has ended.
  comes(reply(15, { state: "streaming", sender: { id: "ann" } }));
  comes(reply(16));
  changes(reply(15, { sender: { id: "ann" } }), 17);
  assert.deepEqual(counts(), [1, 0, 15]);
});

test("what is in the server's numbers is not counted twice", () => {
  const { chat, threads, counts, comes } = known();
  // Read by REST, while the events of it are still to come.
  threads.learn(entry({ unread: 2, root: root(1, 7) }), threads.moment);
  comes(reply(6));
  comes(reply(7));
  assert.deepEqual(counts(), [2, 0, 4]);
  comes(reply(9));
  assert.deepEqual(counts(), [3, 0, 4]);
  // Replayed after a cut, when the room's head was told already.
  chat.putRoom({ ...chat.room("r"), last_seq: 12 });
  comes(reply(11));
  assert.deepEqual(counts(), [3, 0, 4]);
});

test("an answer that is older than what was told changes nothing", () => {
  const { threads, counts, comes } = known();
  const before = threads.moment;
  threads.heard(state({ read_seq: 5, unread: 3, mentions: 1 }));
  threads.learn(entry({ read_seq: 5, unread: 9, root: root(1, 5) }), before);
  assert.deepEqual(counts(), [3, 1, 5]);
  threads.learn(entry({ read_seq: 5, unread: 2, root: root(1, 5) }), threads.moment);
  assert.deepEqual(counts(), [2, 0, 5]);
  comes(reply(8));
  threads.learn(entry({ read_seq: 5, unread: 2, root: root(1, 6) }), threads.moment);
  assert.deepEqual(counts(), [3, 0, 5], "it does not know the reply yet");
  // Read here, which is told in a while; but whether it is followed is so at once.
  threads.readHere("m1", 8);
  threads.heard(state({ read_seq: 6, unread: 1, following: false }));
  assert.deepEqual([counts(), threads.get("m1").following], [[0, 0, 8], false]);
});

test("what a whole list does not have is gone, unless it was told of since", () => {
  const { threads } = known();
  threads.learn(entry({ thread_id: "m2", root: root(2, 3) }), threads.moment);
  const before = threads.moment;
  threads.heard(state({ thread_id: "m3" }));
  threads.learn(entry({ thread_id: "m3", root: root(3, 3) }), before);
  threads.keepOnly(new Set(["m2"]), before);
  assert.deepEqual(["m1", "m2", "m3"].map((id) => threads.get(id) !== null), [false, true, true]);
  threads.reset();
  threads.learn(entry(), before);
  assert.equal(threads.get("m1"), null, "that is somebody else's");
  threads.learn(entry(), threads.moment);
  threads.keepOnly(new Set(), before);
  assert(threads.get("m1"));
});

test("a thread that is followed from a reply on has the first message that was told with it", () => {
  const { chat, threads, changes } = known();
  const listed = () => threads.followed.map(({ thread_id: id, root: { content } }) => [id, content]);
  const follow = (id) => threads.heard(state({ thread_id: id, unread: 1 }));
  changes(root(3, 6, { content: "older" }), 7);
  changes(root(3, 8, { content: "as it is" }), 9);
  follow("m3");
  assert.deepEqual(listed(), [["m3", "as it is"], ["m1", "x"]]);
  const has = (...ids) => ids.map((id) => {
    follow(id);
    return threads.hasRoot(id);
  });
  // Not what is gone, nor what was told long ago.
  changes(root(4, 10), 11);
  changes(root(6, 12), 13);
  chat.cleared("r", 5, 14);
  assert.deepEqual(has("m4", "m6"), [false, true]);
  for (let number = 20; number < 85; number += 1) {
    changes(root(number, number), number + 100);
    if (number === 60) changes(root(20, 61), 200);
  }
  assert.deepEqual(has("m20", "m21", "m22", "m84"), [true, false, true, true]);
  threads.forget("r");
  assert.deepEqual(has("m23"), [false]);
});

test("a room that is cleared takes its threads along, as far as it goes", () => {
  const { chat, threads } = known();
  threads.learn(entry({ thread_id: "m8", root: root(8, 9) }), threads.moment);
  chat.cleared("r", 7, 20);
  assert.deepEqual(threads.followed.map(({ thread_id: id }) => id), ["m8"]);
});

test("threads are bounded, and those that one does not follow go first", () => {
  const { threads } = known();
  threads.heard(state({ thread_id: "looked at", following: false }));
  for (let number = 0; number < 1_199; number += 1) threads.heard(state({ thread_id: `${number}` }));
  assert.deepEqual([threads.get("m1") !== null, threads.get("looked at")], [true, null]);
  threads.heard(state({ thread_id: "one more" }));
  assert.deepEqual([threads.get("m1"), threads.get("0") !== null], [null, true]);
});

test("all threads are read page by page, and one that comes later with its first message", async (t) => {
  const { parlor, sockets: [socket] } = await client();
  const second = entry({ thread_id: "m2", root: root(2, 3), unread: 1 });
  const asked = answering(t, {
    "/threads?limit=200": { threads: [entry()], unread_threads: 1, cursor: "c", has_more: true },
    "/threads?cursor=c&limit=200": { threads: [second], unread_threads: 1, has_more: false },
    "/messages/m3": root(3, 9),
    "/threads?unread=true&limit=50": { threads: [second], unread_threads: 1, has_more: false },
  });
  const told = [];
  parlor.on("thread-state", (each) => told.push(each));
  // Nobody lists them yet.
  socket.hear({ type: "thread.state", room_id: "r", data: state({ thread_id: "m4" }) });
  await Promise.all([parlor.loadThreads(), parlor.loadThreads()]);
  const listed = () => parlor.chat.threads.followed.map(({ thread_id: id }) => id);
  assert.deepEqual([listed(), parlor.chat.threads.unread], [["m1", "m2"], 1]);
  assert.equal(parlor.chat.threads.get("m4"), null, "it was followed only before");
  socket.hear({ type: "thread.state", room_id: "r", data: state({ thread_id: "m3" }) });
  socket.hear({ type: "thread.state", room_id: "r", data: state({ thread_id: "m3", unread: 2 }) });
  await turn();
  assert.deepEqual([listed(), parlor.chat.threads.unread], [["m3", "m1", "m2"], 2]);
  assert.deepEqual(asked, ["/threads?limit=200", "/threads?cursor=c&limit=200", "/messages/m3"]);
  assert.deepEqual(told.map(({ thread_id: id, unread }) => [id, unread]), [["m4", 0], ["m3", 0], ["m3", 2]]);
  assert.deepEqual((await parlor.threads({ unread: true })).threads, [second]);
  parlor.close();
});

test("a thread that is opened says how one stands to it", async (t) => {
  const { parlor } = await client();
  answering(t, { "/messages/m1/thread?limit=200": { root: root(1, 4), replies: [], has_more: false, state: state({ following: false }) } });
  const page = await parlor.thread("m1");
  assert.deepEqual(page.state, state({ following: false }));
  assert.equal(parlor.chat.threads.get("m1").following, false);
  parlor.close();
});

test("threads are followed and read by command, and what was read is merged", async () => {
  const { parlor, sockets } = await client();
  const [socket] = sockets;
  const done = [
    parlor.followThread("m1"), parlor.unfollowThread("m1"), parlor.markThreadRead("m1"), parlor.markThreadRead("m1", { message_id: "m7" }),
  ];
  await turn();
  const asked = saidBy(socket);
  assert.deepEqual(asked, [
    ["thread.follow", { thread_id: "m1" }], ["thread.unfollow", { thread_id: "m1" }],
    ["thread.read", { thread_id: "m1", all: true }], ["thread.read", { thread_id: "m1", message_id: "m7" }],
  ]);
  for (const { id } of socket.sent.slice(-4)) socket.hear({ type: "ack", id, data: state() });
  assert.deepEqual(await Promise.all(done), Array(4).fill(state()));
  socket.hear({ type: "thread.state", data: state({ unread: 3 }) });
  const read = parlor.markThreadRead("m1", { seq: 6 });
  assert.equal(parlor.chat.threads.get("m1").unread, 0);
  parlor.markThreadRead("m1", { seq: 8 });
  assert.deepEqual(saidBy(socket).slice(4), [["thread.read", { thread_id: "m1", seq: 6 }]]);
  socket.hear({ type: "ack", id: socket.sent.at(-1).id, data: state({ read_seq: 6 }) });
  assert.equal((await read).read_seq, 6);
  // The next one waits; what was read without a connection is told on the next one.
  assert.equal(saidBy(socket).length, 5);
  socket.onclose({ code: 1006 });
  parlor.markThreadRead("m2", { seq: 9 });
  parlor.retryNow();
  await turn();
  assert.deepEqual(saidBy(sockets[1]).filter(([type]) => type === "thread.read"), [["thread.read", { thread_id: "m2", seq: 9 }]]);
  parlor.close();
});

test("a sum of what is unread has the replies in threads of rooms of which one wants to be told", () => {
  const { chat, threads } = known(entry({ unread: 3, mentions: 1 }));
  threads.learn(entry({ thread_id: "m2", room_id: "elsewhere", root: root(2, 3), unread: 2 }), threads.moment);
  assert.deepEqual(chat.totals, { unread: 0, mentions: 0, threads: 5 });
  for (const [preferences, wanted] of [[{ notifications: "mentions" }, 3], [{ notifications: "nothing" }, 2], [{ archived: true }, 2]]) {
    chat.changeRoom("r", { preferences });
    assert.equal(chat.totals.threads, wanted);
  }
});
