// What becomes of a message that is written piece by piece, also over cuts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ParlorError, noAnswer, offline } from "../client/error.js";
import { Writings } from "../client/writings.js";

const refused = (code) => new ParlorError({ code, message: code, retry_after_ms: 1 });
const turn = () => new Promise((resolve) => { setImmediate(resolve); });

/** A server that keeps one message, or answers with what a test gives first. */
function server({ answers = [], limits = {} } = {}) {
  const said = [];
  const stored = { text: "", metadata: undefined, state: undefined };
  const act = {
    "message.start": () => { stored.state = "streaming"; return { message_id: "m1", seq: 1, duplicate: false }; },
    "message.append": ({ offset, text = "", metadata = stored.metadata }) => {
      const [has, more] = [[...stored.text], [...text]];
      if (stored.state !== "streaming" || offset > has.length) throw refused("conflict");
      stored.text = [...has, ...more.slice(has.length - offset)].join("");
      stored.metadata = metadata;
      return { message_id: "m1", length: [...stored.text].length };
    },
    "message.finish": (data) => end("finished", data, data.content !== undefined),
    "message.fail": (data) => end("failed", data, data.content !== undefined),
  };
  const end = (state, { content = stored.text, metadata = stored.metadata }, isWhole) => {
    const goesOn = stored.state === "interrupted" && isWhole;
    if (stored.state !== "streaming" && !goesOn) throw refused("conflict");
    if (content === "") throw refused("invalid_message");
    Object.assign(stored, { state, text: content, metadata });
    return { message_id: "m1", seq: 2 };
  };
  const connection = {
    isOnline: true, limits,
    request: async (type, data) => {
      said.push([type.replace("message.", ""), data]);
      const answer = await answers.shift();
      // A lost answer: it was done all the same.
      if (answer?.isLost) {
        act[type](data);
        connection.isOnline = false;
      }
      if (answer instanceof Error) throw answer;
      if (answer) return answer;
      return act[type](data);
    },
    renew: async () => { said.push(["(a new token)"]); },
  };
  const writings = new Writings(connection);
  const begin = (more = {}) => writings.begin({ room: "den", clientId: "c1", ...more });
  const types = () => said.map(([type]) => type).join(" ");
  return { connection, writings, begin, said, stored, types };
}
const lost = () => Object.assign(offline("cut"), { isLost: true });

test("what is appended while one waits for an answer goes in one, and then it ends", async () => {
  const { begin, said, stored } = server();
  const writing = begin({ replyTo: "m0", metadata: { model: "x" } });
  for (const word of ["one ", "two ", "three"]) writing.append(word);
  assert.equal((await writing.started).message_id, "m1");
  writing.append(" four", { metadata: { step: 1 } });
  assert.deepEqual(await writing.finish(), { message_id: "m1", seq: 2 });
  assert.deepEqual(said, [
    ["start", { room_id: "den", client_id: "c1", reply_to: "m0", metadata: { model: "x" } }],
    ["append", { message_id: "m1", offset: 0, text: "one two three" }],
    ["append", { message_id: "m1", offset: 13, text: " four", metadata: { step: 1 } }],
    ["finish", { message_id: "m1" }],
  ]);
  assert.deepEqual(stored, { text: "one two three four", metadata: { step: 1 }, state: "finished" });
  assert.throws(() => writing.append("more"), { code: "conflict" });
  await assert.rejects(writing.finish(), { code: "conflict" });
});

test("one that is a reply begins in its thread, and in the room if that is wanted", async () => {
  const { begin, said } = server();
  await begin({ threadId: "m0", inRoom: true }).started;
  await begin({ threadId: "m0" }).started;
  assert.deepEqual(said.map(([, data]) => data), [
    { room_id: "den", client_id: "c1", thread_id: "m0", in_room: true }, { room_id: "den", client_id: "c1", thread_id: "m0" },
  ]);
});

test("over cuts nothing is lost, and nothing is there twice", async () => {
  const { begin, connection, writings, stored, types, said } = server({ answers: [lost(), undefined, lost(), undefined, undefined, lost()] });
  /** The answer is lost with the connection, and there is another one. */
  const back = async () => {
    while (connection.isOnline) await turn();
    connection.isOnline = true;
    writings.goOn();
  };
  const writing = begin();
  await back();
  writing.append("a🎉");
  await writing.started;
  await back();
  while (types().split("append").length < 3) await turn();
  writing.append("b");
  const end = writing.finish();
  while (connection.isOnline) await turn();
  writings.heard({ message_id: "m1", changed_seq: 2, sender: {}, content: "a🎉b" });
  await back();
  assert.deepEqual(await end, { message_id: "m1", seq: 2 });
  assert.equal(types(), "start start append append append finish finish");
  assert.deepEqual(said.slice(2, 5).map(([, { offset, text }]) => [offset, text]), [[0, "a🎉"], [0, "a🎉"], [2, "b"]]);
  assert.deepEqual([stored.text, stored.state], ["a🎉b", "finished"]);
});

test("what waits for a connection waits", async () => {
  const { begin, connection, writings, types } = server();
  connection.isOnline = false;
  const writing = begin();
  writing.append("hello");
  const end = writing.finish();
  await turn();
  assert.equal(types(), "");
  connection.isOnline = true;
  writings.goOn();
  await end;
  assert.equal(types(), "start append finish");
});

test("where no pieces are taken the whole text goes with the end", async () => {
  const { begin, said, stored } = server({ answers: [undefined, undefined, refused("conflict")] });
  const writing = begin();
  writing.append("one");
  await writing.started;
  while (said.length < 2) await turn();
  writing.append(" two", { metadata: { step: 2 } });
  while (said.length < 3) await turn();
  writing.append(" three");
  await writing.finish();
  assert.deepEqual(said.at(-1), ["finish", { message_id: "m1", content: "one two three", metadata: { step: 2 } }]);
  assert.equal(stored.text, "one two three");
});

test("where the server has another text than what was appended, too", async () => {
  const { begin, said, stored } = server({ answers: [undefined, { message_id: "m1", length: 9 }] });
  const writing = begin();
  writing.append("one");
  await writing.started;
  while (said.length < 2) await turn();
  writing.append(" two");
  await writing.finish();
  assert.deepEqual(said.map(([type]) => type), ["start", "append", "finish"]);
  assert.equal(stored.text, "one two");
});

test("what is appended is told a few times a second, however fast it comes", async () => {
  const { begin, types } = server();
  const writing = begin();
  await writing.started;
  const began = performance.now();
  for (let number = 0; number < 500; number += 1) {
    writing.append(`${number} `);
    await turn();
  }
  await writing.finish();
  const appends = types().split("append").length - 1;
  assert(appends <= 2 + (performance.now() - began) / 45, `${appends} appends`);
});

test("a writer that is back says so", async () => {
  const { begin, writings, said } = server();
  const writing = begin();
  await writing.started;
  writings.goOn();
  while (said.length < 2) await turn();
  assert.deepEqual(said.at(-1), ["append", { message_id: "m1", offset: 0, text: "" }]);
  await writing.finish({ content: "done" });
});

test("one that was interrupted is ended with all of its text", async () => {
  const { begin, writings, stored, types } = server();
  const writing = begin();
  writing.append("one");
  await writing.started;
  await turn();
  stored.state = "interrupted";
  writings.heard({ message_id: "m1", changed_seq: 2, sender: {}, content: "one", state: "interrupted" });
  writing.append(" two");
  assert.equal(writing.signal.aborted, false);
  assert.deepEqual(await writing.finish(), { message_id: "m1", seq: 2 });
  assert.equal(types(), "start append finish");
  assert.equal(stored.text, "one two");
});

test("an end that another server cannot know goes once more, with all of the text", async () => {
  const { begin, said, stored } = server({ answers: [undefined, undefined, refused("conflict")] });
  const writing = begin();
  writing.append("one");
  await writing.started;
  await turn();
  await writing.finish();
  assert.deepEqual(said.slice(2), [
    ["finish", { message_id: "m1" }], ["finish", { message_id: "m1", content: "one" }],
  ]);
  assert.equal(stored.state, "finished");
});

test("one that is begun again over another connection is gone on with at once", async () => {
  const again = { message_id: "m1", seq: 1, duplicate: true };
  const { begin, said, stored } = server({ answers: [again] });
  stored.state = "streaming";
  await begin().started;
  await turn();
  assert.deepEqual(said[1]?.[0], "append");
});

test("one that was ended elsewhere or deleted is over", async () => {
  for (const more of [{}, { state: "failed" }, { state: "interrupted", deleted_at: "2026" }]) {
    const { begin, writings } = server();
    const writing = begin();
    await writing.started;
    writings.heard({ message_id: "m1", changed_seq: 2, sender: {}, content: "", ...more });
    assert.equal(writing.signal.reason.code, "conflict");
    assert.throws(() => writing.append("more"), { code: "conflict" });
    await assert.rejects(writing.finish(), { code: "conflict" });
  }
});

test("what is refused for now goes again, for good ends it", async () => {
  const answers = [refused("rate_limited"), refused("token_expired"), undefined, refused("unavailable"), Object.assign(noAnswer(), { retryAfterMs: 1 })];
  const { begin, types } = server({ answers });
  const writing = begin();
  writing.append("hello");
  await writing.finish();
  assert.equal(types(), "start start (a new token) start append append append finish");

  const closed = server({ answers: [refused("forbidden")] });
  const never = closed.begin();
  const end = never.finish();
  await assert.rejects(never.started, { code: "forbidden" });
  await assert.rejects(end, { code: "forbidden" });
  assert.equal(never.signal.reason.code, "forbidden");
});

test("a mistake of the server's is not tried for ever", async () => {
  const { begin } = server({ answers: [1, 2, 3].map(() => refused("processing_error")) });
  await assert.rejects(begin().started, { code: "processing_error" });
});

test("an end that cannot be stored may be another one", async () => {
  const { begin, types } = server();
  const writing = begin();
  await assert.rejects(writing.finish(), { code: "invalid_message" });
  await writing.finish({ content: "something" });
  assert.equal(types(), "start finish finish");
});

test("it has no more text than the server takes", async () => {
  const { begin } = server({ limits: { content_bytes: 10, metadata_bytes: 20 } });
  const writing = begin();
  writing.append("12345678");
  assert.throws(() => writing.append("ää"), { code: "too_large", field: "content" });
  assert.throws(() => writing.append("", { metadata: { text: "x".repeat(20) } }), { code: "too_large", field: "metadata" });
  await assert.rejects(writing.finish({ content: "x".repeat(11) }), { code: "too_large" });
  writing.append("90");
  await writing.finish();
});

test("what comes piece by piece is written until somebody asks to stop", async () => {
  const { begin, writings, stored, types } = server();
  const writing = begin();
  let hasReturned = false;
  async function* words() {
    try {
      yield "one ";
      yield "two ";
      await new Promise((resolve) => { writing.signal.addEventListener("abort", resolve); });
      yield "three";
    } finally {
      hasReturned = true;
    }
  }
  const ended = writing.pipe(words());
  await writing.started;
  while (stored.text === "") await turn();
  writings.stop({ message_id: "m0", user_id: "ann" });
  assert.equal(writing.stoppedBy, null);
  writings.stop({ message_id: "m1", user_id: "ann" });
  assert.deepEqual([writing.stoppedBy, writing.signal.reason.code], ["ann", "stopped"]);
  assert.equal((await ended).seq, 2);
  assert.deepEqual([stored.text, stored.state, hasReturned], ["one two ", "finished", true]);
  assert.equal(types().endsWith("finish"), true);
});

test("what never comes does not hold up who is asked to stop", async () => {
  const { begin, writings, stored } = server();
  const writing = begin();
  const ended = writing.pipe({ [Symbol.asyncIterator]: () => ({
    next: (first = stored.text === "") => (first ? Promise.resolve({ value: "one" }) : new Promise(() => {})),
  }) });
  while (stored.text === "") await turn();
  writings.stop({ message_id: "m1", user_id: "ann" });
  await ended;
  assert.equal(stored.state, "finished");
});

test("a source that fails, fails it", async () => {
  const { begin, stored } = server();
  async function* words() {
    yield "one";
    throw new Error("no more");
  }
  await assert.rejects(begin().pipe(words()), { message: "no more" });
  assert.deepEqual([stored.text, stored.state], ["one", "failed"]);
  // One that goes by the signal too ends with it.
  const other = server();
  const writing = other.begin();
  async function* aborted() {
    yield "one";
    await new Promise((_, reject) => { writing.signal.addEventListener("abort", () => reject(new Error("aborted"))); });
  }
  const ended = writing.pipe(aborted());
  while (other.stored.text === "") await turn();
  other.writings.stop({ message_id: "m1", user_id: "ann" });
  await ended;
  assert.equal(other.stored.state, "finished");
});

test("with the session all that is being written is over, and there are not too many", async () => {
  const { begin, writings, connection } = server();
  connection.isOnline = false;
  const all = Array.from({ length: 100 }, () => begin());
  assert.throws(() => begin(), { code: "offline" });
  writings.reset();
  for (const writing of all) await assert.rejects(writing.started, { code: "unauthorized" });
  begin();
});
