// What goes wrong around the client is told, and it goes on:
// node faults.mjs BASE SECRET. A user may have one connection here.
import assert from "node:assert/strict";
import { codesOf, listOf, nextOf, sign, user } from "./kit.mjs";
import { Parlor, ParlorError, browserOutbox, browserStore } from "./client/parlor.js";

const [base, secret] = process.argv.slice(2);
const clock = Date.now;
const HOUR = 3_600_000;
const claims = (id, more = {}) => {
  const now = Math.floor(clock() / 1000);
  return { sub: id, iat: now, exp: now + 900, ...more };
};

// A device whose clock is an hour off: a token is asked for once, whoever makes it.
for (const off of [HOUR, -HOUR]) {
  let refreshes = 0;
  const ask = globalThis.fetch;
  globalThis.fetch = (url, options) => { refreshes += String(url).endsWith("/auth/refresh"); return ask(url, options); };
  Date.now = () => clock() + off;
  const account = new Parlor({ base });
  await account.register(`clock-${off > 0 ? "ahead" : "behind"}`, "a good password");
  for (let calls = 0; calls < 10; calls += 1) await account.rooms();
  Date.now = clock;
  for (let calls = 0; calls < 10; calls += 1) await account.rooms();
  assert(refreshes <= 1, `${refreshes} refreshes`);
  globalThis.fetch = ask;

  let asked = 0;
  Date.now = () => clock() + off;
  const supplied = new Parlor({ base, fetchToken: async () => { asked += 1; return sign(claims("supplied"), secret); } });
  await supplied.connect();
  for (let calls = 0; calls < 10; calls += 1) await supplied.rooms();
  assert.equal(asked, 1);
  supplied.close();
  Date.now = clock;
}

// A fetchToken that fails in every way, and is right at last. What the server
// refuses is one of them, and no reason to sign out.
const supplies = [
  () => { throw new Error("the backend is away"); },
  async () => "<!doctype html>",
  async () => undefined,
  ...Array.from({ length: 5 }, () => async () => sign(claims("carol"), "another secret")),
];
const carol = new Parlor({ base, fetchToken: () => (supplies.shift() ?? (async () => sign(claims("carol"), secret)))() });
const codes = codesOf(carol);
const over = listOf(carol, "signed-out");
// Without the pauses, which grow.
carol.on("state", ({ retryInMs }) => { if (retryInMs !== null) queueMicrotask(() => carol.retryNow()); });
await carol.connect();
assert.deepEqual(codes.slice(0, 3), ["token_failed", "token_invalid", "token_invalid"]);
assert(codes.slice(3).length >= 4 && codes.slice(3).every((code) => code === "unauthorized"), codes.join());
assert.deepEqual([carol.state, over], ["online", []]);

// One who says that nobody is signed in stops it, and says so.
const nobody = new Parlor({ base, fetchToken: async () => { throw Object.assign(new Error("signed out"), { status: 401 }); } });
const stops = listOf(nobody, "state", ({ stoppedBy }) => stoppedBy);
await assert.rejects(nobody.connect(), { code: "token_failed", status: 401 });
assert.equal(stops.at(-1), 4501);
await assert.rejects(nobody.rooms(), { code: "token_failed" });

// One connection too many: it is told once, tried again, and there is a way in.
const second = user("carol", { base, secret });
const told = codesOf(second);
const waiting = second.connect();
await nextOf(second, "state", ({ retryInMs }) => retryInMs !== null);
await nextOf(second, "state", ({ retryInMs }) => retryInMs !== null);
assert.deepEqual([told, second.state, carol.state], [["too_many_connections"], "offline", "online"]);
carol.close();
await waiting;
assert.equal(second.state, "online");
second.close();

// Where there is no WebSocket it is said what to pass, and it works with that.
const WebSocket = globalThis.WebSocket;
delete globalThis.WebSocket;
const without = user("dave", { base, secret });
const advice = listOf(without, "error", (error) => error.advice);
await assert.rejects(without.connect(), (error) => error instanceof ParlorError && error.code === "no_websocket");
assert.match(advice[0], /new Parlor\(\{ base, WebSocket \}\)/);
const having = user("dave", { base, secret, WebSocket });
await having.connect();
having.close();
globalThis.WebSocket = WebSocket;
await without.connect();
without.close();

// No storage: it is told, and everything works until the page goes.
Object.defineProperty(globalThis, "localStorage", {
  configurable: true, get() { throw new Error("SecurityError: Access is denied for this document."); },
});
const private_ = new Parlor({ base, store: browserStore(), outbox: browserOutbox() });
const denied = codesOf(private_);
await private_.register("private", "a good password");
await private_.connect();
await private_.createRoom({ room_id: "den", kind: "private" });
await private_.send("den", "hello").stored;
assert.deepEqual([...new Set(denied)], ["storage_denied"]);
assert.equal(private_.storedUserId, "private");
private_.close();

// What answers is not Parlor.
const { createServer } = await import("node:http");
const other = createServer((_, answer) => answer.end("<!doctype html>"));
await new Promise((resolve) => { other.listen(0, "127.0.0.1", resolve); });
const lost = user("dave", { base: `http://127.0.0.1:${other.address().port}`, secret });
await assert.rejects(lost.rooms(), { code: "bad_frame" });
other.close();
assert.throws(() => new Parlor({ base: "example.org" }), TypeError);

// Who does not listen hears of it on the console.
const lines = [];
const warn = console.warn;
console.warn = (line) => lines.push(line);
await new Parlor({ base }).connect().catch(() => {});
console.warn = warn;
assert.match(lines[0], /not signed in.*unauthorized/);
console.log("ok");
