// Somebody who hears a room without being a member, as the application lets them:
// node watching.mjs BASE SECRET.
import assert from "node:assert/strict";
import { codesOf, listOf, nextOf, user } from "./kit.mjs";

const [base, secret] = process.argv.slice(2);
const alice = user("alice", { base, secret });
const wes = user("wes", { base, secret });
const heard = listOf(wes, "message", ({ content }) => content);
const removed = listOf(wes, "room-removed");
const errors = codesOf(wes);
const say = (content) => alice.send("den", content).stored;
const hears = (content) => nextOf(wes, "message", (message) => message.content === content);

await alice.connect();
await alice.createRoom({ room_id: "den", kind: "private" });
await say("before");
await wes.connect();
assert.equal((await wes.watch("den")).room_id, "den");
assert.deepEqual(wes.chat.rooms, [], "it is none of theirs");
let next = hears("one");
await say("one");
await next;

// What is said while they are away comes when they are back, twice over.
for (const missed of ["two", "three"]) {
  wes.close();
  await say(missed);
  next = hears(missed);
  await wes.connect();
  await next;
}
assert.equal((await wes.history("den")).messages.length, 4);

// A member hears the room as any other, and is back in it by itself.
next = nextOf(wes, "room-added");
await alice.addMember("den", "wes");
await next;
next = hears("four");
await say("four");
await next;
wes.close();
await say("five");
next = hears("five");
await wes.connect();
await next;
next = nextOf(wes, "room-removed");
await alice.removeMember("den", "wes");
await next;

// Out is out, also for who watches after that and no longer does.
await wes.watch("den");
next = hears("six");
await say("six");
await next;
await wes.unwatch("den");
await say("unheard");
wes.close();
await wes.connect();
await assert.rejects(wes.watch("nowhere"), { code: "not_found" });
await assert.rejects(user("eve", { base, secret }).history("den"), { code: "refused", message: "not you" });

assert.deepEqual(heard, ["one", "two", "three", "four", "five", "six"]);
assert.deepEqual(removed, [{ room: "den", reason: "removed" }]);
assert.deepEqual(errors, []);
console.log("ok");
process.exit(0);
