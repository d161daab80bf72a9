// How a connection comes, goes, and comes again: with a socket that a test holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../client/connection.js";
import { ParlorError } from "../client/error.js";

const settled = () => new Promise((resolve) => { setImmediate(resolve); });

/** A connection, its sockets, and what it told. */
function connection({ isSupplied = true, token = async () => "token" } = {}) {
  const sockets = [];
  class Socket {
    readyState = 0; sent = [];
    constructor() { sockets.push(this); }
    open() { this.readyState = 1; this.onopen(); }
    send(text) { this.sent.push(JSON.parse(text)); }
    hear(frame) { this.onmessage({ data: typeof frame === "string" ? frame : JSON.stringify(frame) }); }
    end(code) { this.readyState = 3; this.onclose({ code, reason: "" }); }
    close() { this.readyState = 3; }
  }
  const told = { states: [], errors: [], stopped: [], refused: 0, asked: [] };
  const account = {
    isSupplied, renewableFor: null,
    token: (how) => { told.asked.push(how); return token(how); },
  };
  const made = new Connection({
    account, url: () => "ws://server/ws", webSocket: Socket,
    on: {
      state: (state) => told.states.push(state), frame: () => {}, error: ({ code }) => told.errors.push(code),
      stopped: ({ code }) => told.stopped.push(code), refused: () => { told.refused += 1; made.close(); },
    },
  });
  const begin = async () => {
    await settled();
    sockets.at(-1).open();
    return sockets.at(-1);
  };
  return { connection: made, told, begin, sockets };
}

test("a token goes first, and who waits hears when all is there", async () => {
  const { connection: made, begin } = connection();
  let isThere = false;
  const waiting = made.connect().then(() => { isThere = true; });
  const socket = await begin();
  assert.deepEqual(socket.sent[0], { type: "auth", data: { token: "token" } });
  await settled();
  assert.equal(isThere, false);
  made.live();
  await waiting;
  await made.connect();
  made.close();
});

test("who connects too often comes back when the server says", async () => {
  const { connection: made, told, begin } = connection();
  made.connect();
  const socket = await begin();
  socket.hear({ type: "auth.failed", data: { code: "rate_limited", message: "too often", retry_after_ms: 30_000 } });
  socket.end(4429);
  const { retryInMs } = told.states.at(-1);
  assert(retryInMs >= 30_000 && retryInMs <= 45_000, `${retryInMs} ms`);
  made.close();
});

test("a server that goes away says when to come back, once", async () => {
  const { connection: made, told, begin } = connection();
  made.connect();
  const socket = await begin();
  made.goingAway(7_000);
  socket.end(1001);
  assert.equal(told.states.at(-1).retryInMs, 7_000);
  made.retryNow();
  (await begin()).end(1006);
  assert(told.states.at(-1).retryInMs <= 2_000);
  made.close();
});

test("an account's token that is refused again and again ends the session, an application's does not", async () => {
  for (const isSupplied of [true, false]) {
    const { connection: made, told, begin } = connection({ isSupplied });
    const waiting = made.connect();
    for (let time = 0; time < 4; time += 1) {
      (await begin()).end(4501);
      made.retryNow();
    }
    assert.equal(told.refused, isSupplied ? 0 : 1);
    assert.deepEqual(told.asked.slice(0, 4).map(({ force }) => force), [false, true, true, true]);
    assert(told.errors.every((code) => code === "unauthorized") && told.errors.length === 3);
    made.close();
    await assert.rejects(waiting, { code: isSupplied ? "offline" : "unauthorized" });
  }
});

test("an end that says stop is told, and one can come again", async () => {
  for (const [code, name] of [[4503, "disconnected"], [1002, "closed"], [1009, "closed"]]) {
    const { connection: made, told, begin, sockets } = connection();
    const waiting = made.connect();
    const socket = await begin();
    // What has been answered is not to blame.
    socket.sent.length = 0;
    socket.end(code);
    await assert.rejects(waiting, { code: name });
    assert.deepEqual([told.stopped, told.states.at(-1).stoppedBy], [[name], code]);
    made.connect();
    await begin();
    assert.equal(sockets.length, 2);
    made.close();
  }
});

test("one that fails for a frame goes on without it", async () => {
  const { connection: made, told, begin } = connection();
  made.connect();
  const socket = await begin();
  made.live();
  const big = made.request("message.send", { content: "x".repeat(100) });
  const small = made.request("message.read", {});
  socket.end(1009);
  await assert.rejects(big, { code: "too_large" });
  await assert.rejects(small, { code: "offline" });
  assert(told.states.at(-1).retryInMs !== null);
  made.close();
});

test("what is not Parlor is told, and tried again", async () => {
  for (const said of ["null", "5", "{}", '{"type":7}']) {
    const { connection: other, told: heard, begin: start } = connection();
    other.connect();
    (await start()).hear(said);
    assert.deepEqual(heard.errors, ["bad_frame"], said);
    other.close();
  }
  const { connection: made, told, begin } = connection();
  made.connect();
  (await begin()).hear("<!doctype html>");
  assert.deepEqual(told.errors, ["bad_frame"]);
  assert(told.states.at(-1).retryInMs !== null);
  made.close();
});

test("an application without a token is asked again, and one without a user is not", async () => {
  const failing = connection({ token: async () => { throw new ParlorError({ code: "token_failed", message: "away" }); } });
  failing.connection.connect();
  await settled();
  assert.deepEqual([failing.told.errors, failing.told.stopped], [["token_failed"], []]);
  assert(failing.told.states.at(-1).retryInMs !== null);
  failing.connection.close();
  const nobody = connection({ token: async () => { throw new ParlorError({ code: "token_failed", message: "nobody" }, 401); } });
  await assert.rejects(nobody.connection.connect(), { status: 401 });
  assert.deepEqual([nobody.told.stopped, nobody.told.states.at(-1).stoppedBy], [["token_failed"], 4501]);
});

test("a token that comes too late for a connection that was closed changes nothing", async () => {
  for (const fails of [true, false]) {
    const tokens = [];
    const token = () => new Promise((resolve, reject) => { tokens.push({ resolve, reject }); });
    const { connection: made, told, begin, sockets } = connection({ token });
    made.connect();
    made.close();
    made.connect();
    tokens[1].resolve("second");
    const socket = await begin();
    made.live();
    if (fails) tokens[0].reject(new ParlorError({ code: "token_failed", message: "late" }));
    else tokens[0].resolve("first");
    await settled();
    assert.equal(made.state, "online");
    assert.deepEqual(told.errors, []);
    assert.deepEqual([sockets.length, made.current], [1, socket]);
    made.close();
  }
});
