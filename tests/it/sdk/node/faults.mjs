// What the client does when a server, or what is in front of it, fails: a small one that
// answers what it is told to.
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { createServer } from "node:http";
import { Parlor, ParlorError } from "parlor-chat-server";

const SENT = { message_id: "7", seq: 1, created_at: "2026-11-20T21:00:00.123Z", duplicate: false };

const refusal = (code, more = {}) => ({ error: { code, message: "not now", ...more } });

/**
 * What comes of a call, an error included, and what the server has seen. Of each answer
 * status, headers and body; 0: none, 1: none before the time is up.
 */
async function meets(script, ask, options = {}) {
  const answers = [...script];
  const seen = [];
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const { method, url, headers } = request;
      seen.push({ line: `${method} ${url}`, key: headers["idempotency-key"], at: performance.now() });
      const [status, more, body] = answers.shift();
      if (status === 0) request.socket.destroy();
      if (status <= 1) return;
      response.writeHead(status, more);
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const parlor = new Parlor(`http://127.0.0.1:${server.address().port}/`, { token: "prl_x", ...options });
  const came = await ask(parlor).catch((error) => error);
  server.closeAllConnections();
  server.close();
  assert(answers.length === 0 || came instanceof Error, `${answers.length} were not asked for`);
  return { came, seen };
}

export async function allFaults() {
  const send = (parlor) => parlor.sendMessage("a b/c", { content: "hi" });
  const make = (parlor) => parlor.createRoom({ room_id: "x" });
  const remove = (parlor) => parlor.deleteRoom("x");
  const busy = [503, { "retry-after": "1" }, refusal("unavailable")];
  const missing = [404, {}, refusal("not_found")];
  const code = ({ came }) => (came instanceof ParlorError ? came.code : came);

  // No answer, a proxy's page, and a server that is told to be asked later.
  const first = await meets([[0], [502, {}, "<html>"], busy, [201, {}, SENT]], send);
  assert.deepEqual(first.came, SENT);
  assert.deepEqual([...new Set(first.seen.map(({ line }) => line))], ["POST /api/v1/rooms/a%20b%2Fc/messages"]);
  const keys = new Set(first.seen.map(({ key }) => key));
  assert(keys.size === 1 && !keys.has(undefined), "it is one message, however often it is sent");
  assert(first.seen[3].at - first.seen[2].at >= 1000, "as long as the server has said");

  const own = await meets([[201, {}, SENT]], (parlor) => parlor.sendMessage("x", { content: "hi", client_id: "own" }));
  assert.equal(own.seen[0].key, undefined, "a name of its own is enough");
  const chosen = await meets([[201, {}, SENT]], (parlor) =>
    parlor.sendMessage("x", { content: "hi" }, { idempotencyKey: "k" }),
  );
  assert.equal(chosen.seen[0].key, "k");

  // What could be done twice is asked once, unless it was not even begun.
  for (const [failure, expected] of [[[0], "unreachable"], [busy, "unavailable"]]) {
    const once_ = await meets([failure, [201, {}, {}]], make);
    assert.deepEqual([code(once_), once_.seen.length], [expected, 1]);
  }
  const limited = await meets([[429, {}, refusal("rate_limited", { retry_after_ms: 300 })], [201, {}, { room_id: "x" }]], make);
  assert.deepEqual(limited.came, { room_id: "x" });
  assert(limited.seen[1].at - limited.seen[0].at >= 300);

  // What an earlier attempt has deleted is gone; what was never there is not found.
  assert.equal((await meets([[0], missing], remove)).came, undefined);
  assert.equal(code(await meets([missing], remove)), "not_found");

  // It neither waits for ever nor tries for ever.
  const long = await meets([[429, { "retry-after": "3600" }, refusal("rate_limited")]], send);
  assert.deepEqual([code(long), long.came.retryAfter], ["rate_limited", 3_600_000]);
  const twice = await meets([busy, busy, busy], (parlor) => parlor.getMe(), { retries: 1 });
  assert.deepEqual([code(twice), twice.seen.length], ["unavailable", 2]);
  const late = await meets([[1]], make, { timeout: 200 });
  assert.deepEqual([code(late), late.came.status], ["unreachable", undefined]);
  assert.match(late.came.message, /no answer within 200 ms/);

  // Who no longer wants it waits for nothing.
  const reason = new Error("gone");
  const ended = await meets([[1]], (parlor) => parlor.getMe({ signal: abortedBy(reason) }));
  assert.equal(ended.came, reason);
  const waiting = await meets([busy, busy], (parlor) => parlor.getMe({ signal: abortedBy(reason, 300) }));
  assert.equal(waiting.came.cause ?? waiting.came, reason);
  assert.equal(waiting.seen.length, 1);

  // What a newer server says, and what is not from Parlor.
  const newer = await meets([[418, { "x-request-id": "r-1" }, refusal("newer", { field: "rooms.x" })]], send);
  assert.deepEqual([code(newer), newer.came.field, newer.came.requestId], ["newer", "rooms.x", "r-1"]);
  assert(!JSON.stringify(newer.came).includes("prl_x"));
  for (const body of ["<html>", [], { error: 7 }, null]) {
    const foreign = await meets([[403, {}, body]], send);
    assert.deepEqual([code(foreign), foreign.came.status], ["unexpected_answer", 403]);
  }
  assert.equal(code(await meets([[200, {}, "<html>"]], send)), "unexpected_answer");
  assert.equal(code(await meets([[307, { location: "http://127.0.0.1:1/" }, ""]], send)), "unexpected_answer");
  await assert.rejects(new Parlor("http://127.0.0.1:1", { token: "x" }).getRoom(".."), TypeError);
}

function abortedBy(reason, after = 50) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), after);
  return controller.signal;
}
