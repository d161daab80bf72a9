// What becomes of a message: stored, sent again, or failed with its reason.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ParlorError, noAnswer, offline } from "../client/error.js";
import { Outbox } from "../client/outbox.js";
import { noOutbox } from "../client/stores.js";

const settled = () => new Promise((resolve) => { setImmediate(resolve); });
const refused = (code) => new ParlorError({ code, message: code, retry_after_ms: 1 });

/** A server whose answers a test gives, one after the other. */
function outboxWith({ limits = {}, store = noOutbox, answers = [] } = {}) {
  const sent = [];
  const frames = [];
  const events = [];
  const connection = {
    isOnline: true, limits,
    request: async (type, data) => {
      sent.push(data.content);
      frames.push(data);
      const answer = answers.length > 0 ? answers.shift() : { seq: sent.length };
      if (answer instanceof Error) throw answer;
      return answer;
    },
    renew: async () => { sent.push("(a new token)"); },
  };
  const emit = (event, detail) => events.push(`${event} ${(detail.message ?? detail).content}`);
  const outbox = new Outbox({ store, connection, emit, user: () => ({ id: "ann" }) });
  const write = (content, more = {}) => outbox.send({ room: "den", content, clientId: content, at: new Date(0), ...more });
  return { outbox, connection, sent, frames, events, write };
}

/** A store as `guardedOutbox` makes one. */
function keeping() {
  const kept = new Map();
  return {
    kept,
    load: () => [...kept.values()],
    put: (user, message) => kept.set(message.clientId, JSON.parse(JSON.stringify(message))),
    remove: (user, clientId) => kept.delete(clientId),
  };
}

test("what is too long by the told limits fails, is not sent, and the others go on", async () => {
  const { outbox, sent, events, write } = outboxWith({ limits: { content_bytes: 10, frame_bytes: 400, metadata_bytes: 20 } });
  const long = write("ääääää");
  write("short");
  write("second", { metadata: { text: "0123456789".repeat(3) } });
  write("third");
  await assert.rejects(long.stored, { code: "too_large", field: "content" });
  await settled();
  assert.deepEqual(sent, ["short", "third"]);
  assert.deepEqual(outbox.failed.map(({ content, error }) => [content, error.field]), [["ääääää", "content"], ["second", "metadata"]]);
  assert.deepEqual(outbox.pending, []);
  assert(events.includes("failed ääääää") && events.includes("sent third"));
});

test("a frame is measured as JSON writes it", async () => {
  const { write, sent } = outboxWith({ limits: { content_bytes: 16_384, frame_bytes: 65_536 } });
  await assert.rejects(write("\u0001".repeat(12_000)).stored, { code: "too_large" });
  await write("x".repeat(12_000)).stored;
  assert.equal(sent.length, 1);
});

test("what the server refuses fails with its reason, and the next one goes", async () => {
  for (const code of ["forbidden", "not_found", "conflict", "invalid_message", "too_large", "unauthorized"]) {
    const { write, sent } = outboxWith({ answers: [refused(code)] });
    const [first, second] = [write("first"), write("second")];
    await assert.rejects(first.stored, { code });
    assert.deepEqual(await second.stored, { seq: 2 });
    assert.deepEqual(sent, ["first", "second"], code);
  }
});

test("what the server cannot take for the moment is sent again, in order", async () => {
  const answers = [refused("unavailable"), refused("rate_limited"), refused("processing_error"), refused("token_expired")];
  const { write, sent } = outboxWith({ answers });
  write("first");
  await write("second").stored;
  assert.deepEqual(sent, ["first", "first", "first", "first", "(a new token)", "first", "second"]);
});

test("a mistake of the server's, or silence, is not tried for ever", async () => {
  for (const error of [refused("processing_error"), Object.assign(noAnswer(), { retryAfterMs: 1 })]) {
    const { write, sent } = outboxWith({ answers: [error, error, error] });
    const first = write("first");
    await write("second").stored;
    await assert.rejects(first.stored, { code: error.code });
    assert.deepEqual(sent, ["first", "first", "first", "second"]);
  }
});

test("a cut sends once what was under way, also where it was to be tried again", async () => {
  const { outbox, connection, write, sent } = outboxWith({ answers: [refused("unavailable"), offline("cut")] });
  const first = write("first");
  await settled();
  connection.isOnline = false;
  outbox.cut();
  connection.isOnline = true;
  outbox.pushAll();
  connection.isOnline = false;
  await settled();
  outbox.cut();
  connection.isOnline = true;
  outbox.pushAll();
  await first.stored;
  await settled();
  assert.deepEqual(sent, ["first", "first", "first"]);
});

test("one for which there is no place on the connection yet is sent a little later", async () => {
  const full = Object.assign(offline("full"), { retryAfterMs: 1 });
  const { write, sent } = outboxWith({ answers: [full, full, full, full] });
  await write("first").stored;
  assert.equal(sent.length, 5);
});

test("a room that is stuck holds up no other", async () => {
  const { write, sent } = outboxWith({ answers: [new Promise(() => {})] });
  write("stuck");
  await write("elsewhere", { room: "garden" }).stored;
  assert.deepEqual(sent, ["stuck", "elsewhere"]);
});

test("what has failed is there again after a reload, with its reason, and is not sent", async () => {
  const store = keeping();
  const before = outboxWith({ store, answers: [refused("forbidden")] });
  await assert.rejects(before.write("no").stored, { code: "forbidden" });
  const after = outboxWith({ store });
  after.outbox.recall();
  after.outbox.pushAll();
  await settled();
  assert.deepEqual(after.sent, []);
  assert.deepEqual(after.outbox.failed.map(({ content, error }) => [content, error.code]), [["no", "forbidden"]]);
  // Then it is sent again, and forgotten.
  assert(after.outbox.resend("no"));
  await settled();
  assert.deepEqual([after.sent, after.outbox.failed, store.kept.size], [["no"], [], 0]);
});

test("what waits is there again after a reload, and is sent", async () => {
  const store = keeping();
  const before = outboxWith({ store });
  before.connection.isOnline = false;
  before.write("waits", { metadata: { a: 1 }, replyTo: "7" });
  const { outbox, sent } = outboxWith({ store });
  outbox.recall();
  outbox.recall();
  outbox.pushAll();
  await settled();
  assert.deepEqual([sent, store.kept.size], [["waits"], 0]);
});

test("a reply that is shown in the room, too, is so after a reload and when it is sent again", async () => {
  const store = keeping();
  const before = outboxWith({ store, answers: [refused("forbidden")] });
  const reply = { threadId: "7", inRoom: true };
  await assert.rejects(before.write("no", reply).stored, { code: "forbidden" });
  before.connection.isOnline = false;
  before.write("waits", reply);
  before.write("only in the thread", { threadId: "7", inRoom: false });
  const { outbox, frames } = outboxWith({ store });
  outbox.recall();
  outbox.pushAll();
  await settled();
  outbox.resend("no");
  await settled();
  assert.deepEqual(frames.map(({ content, thread_id: thread, in_room: inRoom }) => [content, thread, inRoom]),
    [["waits", "7", true], ["only in the thread", "7", undefined], ["no", "7", true]]);
});

test("what has failed or waits is dropped, and what is under way is not", async () => {
  const store = keeping();
  const { outbox, connection, events, write } = outboxWith({ store, answers: [refused("forbidden"), new Promise(() => {})] });
  write("failed");
  await settled();
  write("under way");
  const waits = write("waits");
  connection.isOnline = false;
  assert(outbox.discard("failed"));
  assert(!outbox.discard("under way"));
  assert(outbox.discard("waits"));
  assert(!outbox.discard("unknown"));
  await assert.rejects(waits.stored, { code: "discarded" });
  assert.deepEqual(outbox.pending.map(({ content }) => content), ["under way"]);
  assert.deepEqual([...store.kept.keys()], ["under way"]);
  assert(events.includes("discarded waits"));
});

test("what is to come a while later can be dropped, and the next one goes", async () => {
  const later = new ParlorError({ code: "rate_limited", message: "", field: "room_id", retry_after_ms: 60_000 });
  const { outbox, write, sent } = outboxWith({ answers: [later] });
  const first = write("first");
  const second = write("second");
  await settled();
  outbox.push("den");
  await settled();
  assert.deepEqual(sent, ["first"], "it waits, and so does what is behind it");
  assert(outbox.discard("first"));
  await assert.rejects(first.stored, { code: "discarded" });
  await second.stored;
  assert.deepEqual(sent, ["first", "second"]);
});

test("one that was stored after all is not shown as failed", async () => {
  const { outbox, write } = outboxWith({ answers: [refused("invalid_message")] });
  await write("stored").stored.catch(() => {});
  assert.equal(outbox.failed.length, 1);
  outbox.heard("stored");
  assert.equal(outbox.failed.length, 0);
});

test("failed messages are bounded, and so are those that wait", async () => {
  const { outbox, connection, write } = outboxWith({ limits: { content_bytes: 1 } });
  for (let number = 100; number < 250; number += 1) write(`${number}`);
  await settled();
  assert.equal(outbox.failed.length, 100);
  assert.equal(outbox.failed[0].content, "150");
  connection.isOnline = false;
  for (let number = 0; number < 1_000; number += 1) write(`waits ${number}`);
  assert.throws(() => write("one more"), { code: "offline" });
});
