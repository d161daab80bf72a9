// Somebody who connects too often.
import assert from "node:assert/strict";
import { listOf, user } from "./kit.mjs";

const [base, secret] = process.argv.slice(2);
const alice = user("alice", { base, secret });
const pauses = listOf(alice, "state", ({ retryInMs }) => retryInMs);
await alice.connect();
alice.close();
await alice.connect();
const waited = pauses.filter((pause) => pause > 0);
assert.ok(waited.length > 0 && waited.every((pause) => pause <= 2_000), waited.join());
alice.close();
console.log("ok");
process.exit(0);
