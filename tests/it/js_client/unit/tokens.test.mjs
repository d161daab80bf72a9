// Tokens, whatever the device's clock says and the application gives.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Lifetime, claimsOf, lifeOf, ownerOf, supplied } from "../client/tokens.js";

const HOUR = 3_600_000;
const MADE = 1_800_000_000;
const claims = { sub: "ann", iat: MADE, exp: MADE + 900 };
const at = MADE * 1_000;

const jwt = (body) => `e30.${Buffer.from(JSON.stringify(body)).toString("base64url")}.c2ln`;

test("a token lives as long as it says, by a clock that is right", () => {
  assert.equal(lifeOf(claims, at), 900_000);
  // It was made a while ago: what is left counts.
  assert.equal(lifeOf(claims, at + 600_000), 300_000);
});

test("a clock that is an hour off changes nothing", () => {
  for (const off of [HOUR, -HOUR, 24 * HOUR]) assert.equal(lifeOf(claims, at + off), 900_000, `${off} ms`);
});

test("a token that says nothing, or not when it was made, and is over by our clock, is for the server to judge", () => {
  assert.equal(lifeOf({}, at), null);
  assert.equal(lifeOf({ exp: MADE }, at + HOUR), null);
  assert.equal(lifeOf({ exp: MADE + 60 }, at), 60_000);
  assert.equal(lifeOf({ exp: "soon", iat: MADE }, at), null);
});

test("a clock that is set ahead costs one token, and one that is set back none", () => {
  const life = new Lifetime(900_000, 0, at);
  assert.equal(life.isOver(1_000, at + 1_000), false);
  assert.equal(life.isOver(1_000, at - HOUR), false);
  assert.equal(life.isOver(896_000, at - HOUR), true);
  assert.equal(life.isOver(1_000, at + HOUR), true);
  assert.equal(new Lifetime(900_000, 1_000, at + HOUR).isOver(2_000, at + HOUR + 1_000), false);
});

test("a device that slept has a token that is over", () => {
  assert.equal(new Lifetime(900_000, 0, at).isOver(0, at + 900_000), true);
});

test("a token of a few seconds is used, too", () => {
  const life = new Lifetime(4_000, 0, at);
  assert.equal(life.isOver(0, at), false);
  assert.equal(life.isOver(3_000, at + 3_000), true);
});

test("whose token it is, is read from it in any script", () => {
  assert.deepEqual(ownerOf(jwt({ sub: "ann", name: "Änne 日本" })), { id: "ann", name: "Änne 日本" });
  assert.deepEqual(ownerOf(jwt({ sub: "ann" })), { id: "ann", name: "ann" });
  assert.equal(ownerOf("prl_secret"), null);
  for (const rubbish of ["", "a.b.c", "..", jwt(null), jwt(7)]) assert.equal(claimsOf(rubbish).sub, undefined, rubbish);
});

test("an application that gives no token in time is asked again", async () => {
  await assert.rejects(supplied(() => new Promise(() => {}), 10), { code: "token_timeout", status: 0 });
});

test("what the application threw is told", async () => {
  const cause = new Error("the backend is away");
  for (const fails of [async () => { throw cause; }, () => { throw cause; }]) {
    const error = await supplied(fails).catch((thrown) => thrown);
    assert.equal(error.code, "token_failed");
    assert.equal(error.cause, cause);
    assert.match(error.message, /the backend is away/);
  }
  const gone = Object.assign(new Error("signed out"), { status: 401 });
  await assert.rejects(supplied(async () => { throw gone; }), { code: "token_failed", status: 401 });
  await assert.rejects(supplied(async () => { throw undefined; }), { code: "token_failed" });
});

test("what is no token is not sent", async () => {
  const page = "<!doctype html><title>Sign in</title>";
  for (const rubbish of [undefined, null, "", 7, {}, page, `"${jwt(claims)}"`, `${jwt(claims)}\n`, "a.b.c"]) {
    await assert.rejects(supplied(async () => rubbish), { code: "token_invalid" }, String(rubbish));
  }
  for (const good of [jwt(claims), "prl_secret"]) assert.equal(await supplied(async () => good), good);
});
