// Which request an answer, a close or a silence is about.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { comesBack, endOf, pauseBefore } from "../client/closing.js";
import { ParlorError } from "../client/error.js";
import { encode, tooLargeFor } from "../client/frame.js";
import { Requests } from "../client/requests.js";

const settled = () => new Promise((resolve) => { setImmediate(resolve); });
const error = (code) => new ParlorError({ code, message: code });

/** What still waits would keep Node from ending. */
const waiting = [];
after(() => waiting.forEach((requests) => requests.rejectAll(error("offline"))));

/** Requests that were said with these texts, and what became of them. */
function said(...texts) {
  const requests = new Requests();
  waiting.push(requests);
  const outcomes = texts.map(() => "waits");
  const ids = texts.map((text, index) => {
    const { id, answer, said: say } = requests.add(() => {}, 60_000, () => {});
    answer.then(() => { outcomes[index] = "acked"; }, ({ code }) => { outcomes[index] = code; });
    if (text !== null) say(text);
    return id;
  });
  return { requests, outcomes, ids };
}

test("an answer is for who asked", async () => {
  const { requests, outcomes, ids } = said("a", "b");
  requests.resolve(ids[1], {});
  assert(requests.reject(ids[0], error("forbidden")));
  assert(!requests.reject("nobody", error("forbidden")));
  await settled();
  assert.deepEqual([outcomes, requests.unanswered], [["forbidden", "acked"], 0]);
});

test("a close for size blames the biggest that was said, in bytes", async () => {
  const { requests, outcomes } = said("x".repeat(50), "\u65e5".repeat(20), "short", null);
  assert(requests.blame(1009));
  requests.rejectAll(error("offline"));
  await settled();
  assert.deepEqual(outcomes, ["offline", "too_large", "offline", "offline"]);
});

test("a close for what is no text blames the first that has no answer", async () => {
  const { requests, outcomes, ids } = said("a", "b", "c");
  requests.resolve(ids[0], {});
  assert(requests.blame(1007));
  await settled();
  assert.deepEqual(outcomes, ["acked", "invalid_message", "waits"]);
});

test("another close blames nobody, nor does one with nothing said", () => {
  assert(!said("a").requests.blame(1006));
  assert(!said(null).requests.blame(1009));
});

test("an error without an id is about the only request there is, or about none", async () => {
  const one = said("a");
  assert(one.requests.reject(undefined, error("invalid_message")));
  const two = said("a", "b");
  assert(!two.requests.reject(undefined, error("invalid_message")));
  assert(!said("a").requests.reject(undefined, error("token_expired")));
  await settled();
  assert.deepEqual([one.outcomes, two.outcomes], [["invalid_message"], ["waits", "waits"]]);
});

test("silence is the request's fault only where something else was heard", async () => {
  for (const [hears, outcome] of [[true, "no_answer"], [false, "offline"]]) {
    const requests = new Requests();
    let code = null;
    await new Promise((late) => {
      const { answer, said: say } = requests.add(() => {}, 5, late);
      answer.catch((thrown) => { code = thrown.code; });
      say("a");
      if (hears) requests.heard();
    });
    requests.rejectAll(error("offline"));
    await settled();
    assert.equal(code, outcome);
  }
});

test("how many wait is bounded", () => {
  const { requests } = said(...Array.from({ length: 1_000 }, () => "a"));
  assert(requests.isFull);
});

test("the close codes of the protocol say whether to come back", () => {
  for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4000, 4401, 4408, 4409, 4413, 4429]) assert(comesBack(code), code);
  for (const code of [1002, 1003, 1007, 1009, 4500, 4501, 4503]) assert(!comesBack(code), code);
  for (const code of [1002, 4409, 4501, 4503]) assert(endOf(code).message && endOf(code).advice, code);
});

test("the pauses grow, are bounded, and leave the server time to find a place", () => {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    assert(pauseBefore(attempt) <= Math.min(20_000, 500 * 2 ** attempt));
    assert(pauseBefore(attempt, 4409) >= 2_000);
  }
});

test("what is sent is Unicode, and its size is that of its bytes", () => {
  assert.equal(encode({ data: { content: "a\ud83c b\udf5e \ud83c\udf5e \\ud83c" } }), '{"data":{"content":"a\ufffd b\ufffd \ud83c\udf5e \\\\ud83c"}}');
  const limits = { content_bytes: 6, frame_bytes: 1_000, metadata_bytes: 10 };
  assert.equal(tooLargeFor(limits, { content: "\u65e5\u672c" }), null);
  assert.equal(tooLargeFor(limits, { content: "\u65e5\u672c!" }).field, "content");
  assert.equal(tooLargeFor(limits, { content: "a", metadata: { a: "0123456789" } }).field, "metadata");
  assert.equal(tooLargeFor({}, { content: "x".repeat(100_000) }), null);
});
