// What is said on a connection and answered, on a socket that a test holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../client/closing.js";
import { offline } from "../client/error.js";
import { Talk } from "../client/talk.js";

function talk() {
  const sent = [];
  const made = new Talk(() => {});
  made.begin({ readyState: 1, send: (text) => sent.push(JSON.parse(text)) });
  return { made, sent };
}

test("an answer goes to who asked, and what nobody asked for is given back", async () => {
  const { made, sent } = talk();
  const asked = made.request("ping", {});
  const refused = made.request("room.leave", { room_id: "r" });
  assert.deepEqual(sent.map(({ type }) => type), ["ping", "room.leave"]);
  assert.equal(made.answered({ type: "ack", id: sent[0].id, data: { x: 1 } }), null);
  assert.deepEqual(await asked, { x: 1 });
  assert.equal(made.answered({ type: "error", id: sent[1].id, data: { code: "not_found", message: "" } }), null);
  await assert.rejects(refused, { code: "not_found" });
  assert.equal(made.answered({ type: "error", data: { code: "token_expired", message: "" } })?.code, "token_expired");
  made.end(offline("It is over."));
});

test("at the end of a connection nobody waits on, and nothing more is said", async () => {
  const { made, sent } = talk();
  const asked = made.request("ping", {});
  made.end(offline("It is over."));
  await assert.rejects(asked, { code: "offline", message: "It is over." });
  await assert.rejects(made.request("ping", {}), { code: "offline" });
  assert.equal(sent.length, 1);
});

test("a room in slow mode holds up nothing else, and a connection that says too much does", async () => {
  for (const [field, types] of [["room_id", ["message.send", "ping"]], [undefined, ["message.send"]]]) {
    const { made, sent } = talk();
    const slow = made.request("message.send", { room_id: "den" });
    const data = { code: "rate_limited", message: "", retry_after_ms: 60_000, field };
    made.answered({ type: "error", id: sent[0].id, data });
    await assert.rejects(slow, { code: "rate_limited" });
    made.request("ping", {}).catch(() => {});
    assert.deepEqual(sent.map(({ type }) => type), types);
    made.end(offline("It is over."));
  }
});

test("what the server says of the next try goes before the backoff, once", () => {
  const backoff = new Backoff();
  backoff.nextIs(12_345);
  assert.equal(backoff.next(null), 12_345);
  for (let tries = 0; tries < 20; tries += 1) assert.ok(backoff.next(null) <= 20_000);
  backoff.restart();
  assert.ok(backoff.next(null) <= 500);
});
