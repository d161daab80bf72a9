// Messages that are being written, as who reads them knows them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstOf, lengthOf, wholeOf } from "../client/characters.js";
import { Growing } from "../client/growing.js";
import { MessageLog } from "../client/log.js";
import { mayEdit, mayStop } from "../client/rules.js";
import { ChatState } from "../client/state.js";

const message = (seq, more = {}) => ({
  room_id: "a", message_id: `m${seq}`, seq, changed_seq: seq, sender: { id: "bot", name: "Bot" }, content: "", created_at: "2026", ...more,
});
const growing = (seq, more = {}) => message(seq, { state: "streaming", ...more });
const delta = (seq, offset, text, more = {}) => ({ message_id: `m${seq}`, offset, text, ...more });

test("characters are counted as the server counts them", () => {
  assert.deepEqual(["", "abc", "a🎉é", "👩‍👩‍👧", "\ud83c"].map(lengthOf), [0, 3, 3, 5, 1]);
  assert.deepEqual([0, 1, 2, 3, 9].map((count) => firstOf("a🎉é", count)), ["", "a", "a🎉", "a🎉é", "a🎉é"]);
  assert.deepEqual(["a🎉", "a\ud83c", "\ud83c"].map(wholeOf), ["a🎉", "a", ""]);
});

test("what is before the offset is kept, and the text comes behind it", () => {
  const texts = new Growing();
  texts.told(growing(1));
  const grow = (...more) => texts.grew("a", delta(1, ...more))?.content;
  assert.equal(grow(0, "a🎉"), "a🎉");
  assert.equal(grow(2, "bc"), "a🎉bc");
  assert.equal(grow(2, "bcd"), "a🎉bcd", "some of it again");
  assert.equal(grow(0, "a🎉bcde"), "a🎉bcde", "all of it again");
  assert.equal(grow(1, "x"), "ax");
  assert.equal(grow(9, "z"), undefined, "something before is missing");
  assert.equal(grow(2, "y"), "axy");
});

test("who comes in the middle is told from the beginning", () => {
  const texts = new Growing();
  assert.equal(texts.grew("a", delta(1, 3, "lo")), null);
  assert.equal(texts.grew("a", delta(1, 0, "hello")).content, "hello");
  assert.equal(texts.has("m1"), true);
});

test("told again while it is being written a text is never shorter", () => {
  const texts = new Growing();
  texts.told(growing(1));
  texts.grew("a", delta(1, 0, "hello", { metadata: { step: 2 } }));
  const again = texts.told(growing(1, { content: "hel", changed_seq: 2, reactions: [] }));
  assert.deepEqual([again.content, again.metadata, again.reactions], ["hello", { step: 2 }, []]);
  assert.equal(texts.latest(growing(1, { content: "hell" })).content, "hello");
  assert.equal(texts.latest(growing(1, { content: "hello you" })).content, "hello you");
  assert.equal(texts.grew("a", delta(1, 9, "!")).content, "hello you!");
});

test("an answer that is older than the end does not begin it anew", () => {
  const texts = new Growing();
  texts.told(growing(1));
  const end = message(1, { content: "done", changed_seq: 2 });
  assert.equal(texts.told(end), end);
  assert.equal(texts.latest(growing(1, { content: "do" })), end);
  assert.equal(texts.grew("a", delta(1, 0, "do")), null);
  const edited = message(1, { content: "edited", changed_seq: 3 });
  texts.told(edited);
  assert.equal(texts.latest(growing(1)), edited);
});

test("an answer that is newer than what was told does not end it", () => {
  const texts = new Growing();
  texts.told(growing(1));
  texts.latest(message(1, { content: "done", changed_seq: 2 }));
  assert.equal(texts.has("m1"), true);
});

test("what is kept has a bound, and goes with its room", () => {
  const texts = new Growing();
  for (let seq = 1; seq <= 300; seq += 1) texts.told(growing(seq));
  assert.deepEqual([texts.has("m44"), texts.has("m45"), texts.has("m300")], [false, true, true]);
  texts.forget("a", 200);
  assert.deepEqual([texts.has("m200"), texts.has("m201")], [false, true]);
  texts.forget("b");
  assert.equal(texts.has("m201"), true);
  texts.forget("a");
  assert.equal(texts.has("m201"), false);
});

/** Ann's, in one room of which nothing is unread. */
function chatOfAnn() {
  const chat = new ChatState();
  chat.me = "ann";
  chat.putRoom({ room_id: "a", title: "A", last_seq: 0, read_seq: 0, unread: 0, mentions: 0 });
  return { chat, counts: () => [chat.room("a").unread, chat.room("a").mentions] };
}

test("it is unread when it has ended, and not before", () => {
  for (const state of [undefined, "failed", "interrupted"]) {
    const { chat, counts } = chatOfAnn();
    chat.messageCreated(growing(1, { silent: true }), 1);
    chat.messageGrew("a", delta(1, 0, "hi @ann"));
    const reacted = chat.messageChanged(growing(1, { changed_seq: 2 }), 2);
    assert.deepEqual([reacted.message.content, reacted.hasEnded, counts()], ["hi @ann", false, [0, 0]]);
    const end = message(1, { state, content: "hi @ann", changed_seq: 3, mentions: { user_ids: ["ann"] } });
    assert.equal(chat.messageChanged(end, 3).hasEnded, true);
    assert.deepEqual(counts(), [1, 1], state);
    // It is one like any other now.
    assert.equal(chat.messageChanged({ ...end, changed_seq: 4 }, 4).hasEnded, false);
    assert.deepEqual(counts(), [1, 1]);
    chat.messageChanged({ ...end, state: undefined, deleted_at: "2026", changed_seq: 5 }, 5);
    assert.equal(chat.room("a").unread, 0);
  }
});

test("it is never unread if it is one's own, read, silent, deleted, or counted by the server", () => {
  const cases = [
    [{ sender: { id: "ann" } }], [{ silent: true }], [{ deleted_at: "2026" }],
    [{}, (chat) => chat.readHere("a", 1)], [{}, (chat) => chat.moved("a", 2)],
  ];
  for (const [more, before = () => {}] of cases) {
    const { chat, counts } = chatOfAnn();
    chat.messageCreated(growing(1, more.sender && more), 1);
    before(chat);
    chat.messageChanged(message(1, { changed_seq: 2, ...more }), 2);
    assert.deepEqual(counts(), [0, 0], JSON.stringify(more));
  }
});

test("deleting one that is being written takes nothing from what is unread", () => {
  const { chat, counts } = chatOfAnn();
  chat.messageCreated(message(1, { content: "said" }), 1);
  chat.messageCreated(growing(2), 2);
  chat.messageChanged(growing(2, { deleted_at: "2026", changed_seq: 3 }), 3);
  assert.deepEqual(counts(), [1, 0]);
});

test("one that began before one came counts too, if more of it was told", () => {
  const { chat, counts } = chatOfAnn();
  chat.moved("a", 1);
  chat.messageGrew("a", delta(1, 0, "hello"));
  chat.messageChanged(message(1, { content: "hello", changed_seq: 2 }), 2);
  assert.deepEqual(counts(), [1, 0]);
  // A message that was never told to be written is only changed.
  chat.messageChanged(message(9, { content: "edited", changed_seq: 10 }), 10);
  assert.deepEqual(counts(), [1, 0]);
});

test("a log grows what it has, and keeps the longer text", () => {
  const log = new MessageLog();
  log.put(growing(1));
  log.put(message(2, { content: "said" }));
  assert.equal(log.grow({ message_id: "m1", content: "hello" }).content, "hello");
  assert.equal(log.grow({ message_id: "m2", content: "other" }), null);
  assert.equal(log.grow({ message_id: "m3", content: "other" }), null);
  assert.equal(log.put(growing(1, { content: "he", changed_seq: 3, pinned: { at: "2026", by: "ann" } })), "changed");
  assert.deepEqual([log.get("m1").content, log.get("m1").pinned.by], ["hello", "ann"]);
  log.put(message(1, { content: "hi", changed_seq: 4 }));
  assert.deepEqual([log.get("m1").content, log.grow({ message_id: "m1", content: "hello" })], ["hi", null]);
});

test("who may ask to stop: whom it answers, moderators, either one of two", () => {
  const room = { room_id: "a", kind: "public", role: "member" };
  const answer = growing(1, { reply_to: { message_id: "m0", sender: { id: "ann" } } });
  assert.equal(mayStop(room, answer, "ann"), true);
  assert.equal(mayStop(room, answer, "ben"), false);
  assert.equal(mayStop(room, growing(1), "ann"), false);
  assert.equal(mayStop({ ...room, role: "moderator" }, growing(1), "ann"), true);
  assert.equal(mayStop({ ...room, kind: "direct" }, growing(1), "ann"), true);
  assert.equal(mayStop({ ...room, role: "owner" }, message(1), "ann"), false);
  assert.deepEqual([mayEdit(room, growing(1), "bot"), mayEdit(room, message(1), "bot")], [false, true]);
});
