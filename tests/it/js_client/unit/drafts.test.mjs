// What one has begun to write: what is shown of it, and when the server is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Drafts } from "../client/drafts.js";
import { offline } from "../client/error.js";

const at = (second) => `2026-11-30T12:00:${String(second).padStart(2, "0")}.000Z`;
const draft = (content, more = {}) => ({ room_id: "den", content, ...more });
const told = (content, second, more = {}) => draft(content, { updated_at: at(second), ...more });

/** Drafts, and what they say is changed elsewhere. */
function kept() {
  const drafts = new Drafts();
  const changes = [];
  drafts.onChange = (room, thread, now) => changes.push([room, ...(thread ? [thread] : []), now?.content ?? null]);
  const write = (content, now, more) => {
    const promise = drafts.write(draft(content, more), now);
    promise.catch(() => {});
    return promise;
  };
  /** The server takes it, in that second. */
  const tell = (now, second) => {
    const telling = drafts.next(now);
    drafts.told(telling, { ...telling, updated_at: at(second) });
    return telling.content;
  };
  return { drafts, changes, write, tell, shown: (thread) => drafts.get("den", thread)?.content ?? null };
}

test("what is written within a second is told together, and shown at once", async () => {
  const { drafts, changes, write, tell, shown } = kept();
  const first = write("h", 0);
  const last = write("hello", 900);
  assert.equal(shown(), "hello");
  assert.deepEqual([drafts.dueAt, drafts.next(999)], [1_000, null]);
  assert.equal(tell(1_000, 1), "hello");
  assert.deepEqual([await first, await last], [told("hello", 1), told("hello", 1)]);
  assert.deepEqual([drafts.dueAt, shown(), changes], [Infinity, "hello", []]);
});

test("what becomes empty is told at once, but not without its metadata", () => {
  const { drafts, write, shown } = kept();
  write("hello", 0);
  write("", 100, { metadata: { reply_to: "m1" } });
  assert.deepEqual([drafts.next(100), shown()], [null, ""]);
  write("", 200, { metadata: {} });
  assert.deepEqual([drafts.next(200), shown()], [draft(""), null]);
});

test("one is under way for each room and thread, and the next says what was written last", () => {
  const { drafts, write, tell } = kept();
  write("a", 0);
  write("b", 0, { thread_id: "m1" });
  const [one, other] = [drafts.next(1_000), drafts.next(1_000)];
  assert.deepEqual([one, other], [draft("a"), draft("b", { thread_id: "m1" })]);
  write("aa", 1_100);
  write("aaa", 1_200);
  assert.equal(drafts.next(9_000), null);
  drafts.told(one, told("a", 1));
  assert.equal(drafts.get("den").content, "aaa");
  assert.equal(tell(9_000, 9), "aaa");
});

test("what is as it was told is not told again", async () => {
  const { drafts, write, tell } = kept();
  write("hello", 0, { metadata: { b: 1, a: [{ d: 2, c: 3 }] } });
  tell(1_000, 1);
  const same = write("hello", 2_000, { metadata: { a: [{ c: 3, d: 2 }], b: 1 } });
  assert.equal((await same).updated_at, at(1));
  assert.equal(drafts.dueAt, Infinity);
});

test("what another device set is shown and told of once, and what is older is passed over", () => {
  const { drafts, changes, shown } = kept();
  drafts.heard(told("from the phone", 5));
  drafts.heard(told("older", 4));
  drafts.heard(told("from the phone", 5));
  drafts.heard(told("in a thread", 1, { thread_id: "m1" }));
  assert.deepEqual([shown(), shown("m1")], ["from the phone", "in a thread"]);
  drafts.heard(told("", 6));
  drafts.heard(told("from the phone", 5));
  assert.equal(shown(), null);
  assert.deepEqual(changes, [["den", "from the phone"], ["den", "m1", "in a thread"], ["den", null]]);
});

test("what is being written here comes behind what another device set", () => {
  const { drafts, changes, write, tell, shown } = kept();
  write("mine", 0);
  drafts.heard(told("theirs", 1));
  assert.equal(shown(), "mine");
  assert.equal(tell(1_000, 2), "mine");
  // Another node was slower to tell of it.
  write("mine again", 2_000);
  const telling = drafts.next(3_000);
  drafts.heard(told("theirs again", 9));
  drafts.told(telling, told("mine again", 8));
  assert.deepEqual([shown(), changes], ["theirs again", [["den", "theirs again"]]]);
});

test("a message takes its draft away here at once, and on the server when it is stored", () => {
  const { drafts, changes, write, tell, shown } = kept();
  write("hello", 0);
  tell(1_000, 1);
  drafts.hold("den");
  assert.deepEqual([shown(), drafts.dueAt], [null, Infinity]);
  drafts.release({ room: "den", content: "hello" }, 2_000);
  assert.equal(tell(2_000, 2), "");
  assert.deepEqual([shown(), changes, drafts.dueAt], [null, [], Infinity]);
});

test("a message that was sent before its draft was told has nothing to take away", () => {
  const { drafts, write } = kept();
  drafts.hold("den");
  drafts.release({ room: "den", content: "said at once" }, 0);
  assert.equal(drafts.dueAt, Infinity);
  const waits = write("hello", 0);
  drafts.hold("den");
  assert.equal(drafts.dueAt, Infinity);
  drafts.release({ room: "den", content: "hello" }, 100);
  assert.equal(drafts.dueAt, Infinity);
  return waits;
});

test("a draft that was under way when its message was sent is taken away too", () => {
  for (const isCut of [false, true]) {
    const { drafts, changes, write, tell, shown } = kept();
    write("hel", 0);
    const telling = drafts.next(1_000);
    drafts.hold("den");
    if (isCut) drafts.cut(1_100);
    // One's own is told to all of one's devices, or found in the list of all.
    drafts.heard(told("hel", 1));
    if (!isCut) drafts.told(telling, told("hel", 1));
    assert.deepEqual([shown(), drafts.dueAt], [null, Infinity], `${isCut}`);
    drafts.release({ room: "den", content: "hello" }, 2_000);
    assert.equal(tell(2_000, 2), "");
    assert.deepEqual([shown(), changes], [null, []]);
  }
});

test("what is begun before a message is stored stays, here and elsewhere", () => {
  const { drafts, write, tell, shown } = kept();
  for (const isElsewhere of [false, true]) {
    write("hello", 0);
    tell(1_000, 1);
    drafts.hold("den");
    if (isElsewhere) drafts.heard(told("the next", 20));
    else write("the next", 1_100);
    drafts.release({ room: "den", content: "hello" }, 1_200);
    assert.equal(shown(), "the next");
    if (!isElsewhere) assert.equal(tell(2_100, 3), "the next");
    assert.equal(drafts.dueAt, Infinity);
  }
});

test("a message of before the page was left takes its draft away when it is stored", () => {
  const { drafts, changes, tell } = kept();
  drafts.heard(told("hello\n", 1));
  drafts.release({ room: "den", content: "something else" }, 0);
  drafts.release({ room: "den", content: "hello" }, 0);
  assert.equal(tell(0, 2), "");
  assert.deepEqual(changes, [["den", "hello\n"], ["den", null]]);
});

test("what was under way in a cut is told again, and what is refused stays here", async () => {
  const { drafts, write, tell, shown } = kept();
  const waits = write("hello", 0);
  drafts.next(1_000);
  drafts.cut(1_100);
  const again = drafts.next(1_100);
  drafts.refused(again, offline(""), 500, 1_200);
  assert.equal(drafts.dueAt, 1_700);
  drafts.refused(drafts.next(1_700), new Error("too long"), null, 1_700);
  await assert.rejects(waits, { message: "too long" });
  assert.deepEqual([shown(), drafts.dueAt], ["hello", Infinity]);
  drafts.heard(told("from the phone", 5));
  assert.equal(shown(), "from the phone");
  write("hello", 6_000);
  assert.equal(tell(7_000, 7), "hello");
});

test("an answer to what was cut or forgotten changes nothing", () => {
  const { drafts, write, shown } = kept();
  write("old", 0);
  const telling = drafts.next(1_000);
  drafts.forget("den");
  assert.equal(shown(), null);
  write("new", 2_000);
  const next = drafts.next(3_000);
  drafts.told(telling, told("old", 1));
  assert.deepEqual([shown(), drafts.next(9_000)], ["new", null]);
  drafts.told(next, told("new", 3));
  assert.equal(shown(), "new");
});

test("when the page is left, all is due", () => {
  const { drafts, write } = kept();
  write("hello", 0);
  drafts.hurry(10);
  assert.equal(drafts.next(10).content, "hello");
});

test("what a list of all does not have is gone, but not what was told of meanwhile", () => {
  const { drafts, changes, write, tell, shown } = kept();
  for (const thread of ["a", "b", "c"]) drafts.heard(told(`in ${thread}`, 1, { thread_id: thread }));
  write("mine", 0);
  changes.length = 0;
  const begun = drafts.beginList();
  drafts.heard(told("new", 2, { thread_id: "d" }));
  drafts.endList(begun, [told("changed in a", 3, { thread_id: "a" }), told("in c", 1, { thread_id: "c" })], true);
  assert.deepEqual(["a", "b", "c", "d"].map(shown), ["changed in a", null, "in c", "new"]);
  assert.deepEqual(changes, [["den", "d", "new"], ["den", "a", "changed in a"], ["den", "b", null]]);
  assert.equal(tell(1_000, 4), "mine");
  // A part of it says nothing of the others; nor does one that somebody else's session began.
  drafts.endList(drafts.beginList(), [], false);
  assert.equal(shown("a"), "changed in a");
  const over = drafts.beginList();
  drafts.reset();
  drafts.endList(over, [told("not mine", 9)], false);
  assert.equal(shown(), null);
});

test("the oldest that nothing waits for goes when there are too many", async () => {
  const { drafts, write, shown } = kept();
  const waits = Array.from({ length: 998 }, (_, n) => write("x", 0, { thread_id: `t${n}` }));
  drafts.heard(told("there", 1, { thread_id: "there" }));
  drafts.heard(told("", 1, { thread_id: "gone" }));
  waits.push(write("y", 0, { thread_id: "y" }));
  assert.deepEqual([shown("t0"), shown("there"), shown("y")], ["x", "there", "y"]);
  waits.push(write("z", 0, { thread_id: "z" }));
  assert.deepEqual([shown("t0"), shown("there"), shown("z")], ["x", null, "z"]);
  await assert.rejects(write("one more", 0), { code: "offline" });
  drafts.reset();
  for (const each of waits) await assert.rejects(each, { code: "unauthorized" });
});
