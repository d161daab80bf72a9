// Messages that are read while they are written: node writing.mjs BASE SECRET
import assert from "node:assert/strict";
import { codesOf, listOf, nextOf, user, watched } from "./kit.mjs";
import { MessageLog } from "./client/parlor.js";

const [base, secret] = process.argv.slice(2);
const socket = watched();
const ann = user("ann", { base, secret });
const bot = user("bot", { base, secret, WebSocket: socket.WebSocket });
const errors = [ann, bot].map(codesOf);
await ann.connect();
await ann.createRoom({ room_id: "den", kind: "public" });
await bot.connect();
await bot.join("den");

/** What Ann sees, as a page keeps it. */
const log = new MessageLog();
ann.on("message", (message) => log.put(message, true));
ann.on("message-changed", (message) => log.change(message));
ann.on("message-delta", (grown) => log.grow(grown));
const written = listOf(ann, "message-written", ({ message_id: id }) => id);
const unread = () => ann.chat.room("den").unread;
const saw = (fits) => nextOf(ann, "message-delta", (grown) => fits(grown.content));
const changed = (id) => nextOf(ann, "message-changed", (message) => message.message_id === id);

// Word by word, faster than it can be told: what was said together is told together.
const asked = await ann.send("den", "@bot count").stored;
const counted = Array.from({ length: 300 }, (_, number) => `${number} 🎉 `);
const first = bot.stream("den", { replyTo: asked.message_id, metadata: { step: 1 } });
let ended = changed((await first.started).message_id);
const half = saw((content) => content.includes("149 🎉"));
for (const word of counted.slice(0, 150)) first.append(word);
await half;
assert.deepEqual([log.get(first.messageId).state, unread(), written], ["streaming", 0, []]);
assert.equal(log.get(first.messageId).content, counted.slice(0, 150).join(""));
assert.equal((await ann.message(first.messageId)).content, counted.slice(0, 150).join(""), "an answer is not behind");
for (const word of counted.slice(150)) first.append(word, { metadata: { step: 2 } });
await first.finish();
const { state, content, reply_to: quote, metadata } = await ended;
assert.deepEqual([state, content, quote.message_id, metadata], [undefined, counted.join(""), asked.message_id, { step: 2 }]);
assert.equal((await ann.message(first.messageId)).content, counted.join(""));
assert.deepEqual([unread(), written], [1, [first.messageId]]);
const appends = socket.said.filter(({ type }) => type === "message.append").length;
assert(appends < 30, `${appends} appends of 300 words`);

// Whoever comes in the middle sees all of it, and hears on.
const second = bot.stream("den");
second.append("one ");
await saw((text) => text === "one ");
const eve = user("eve", { base, secret });
await eve.connect();
const grows = nextOf(eve, "message-delta", (grown) => grown.content === "one two ");
await eve.join("den");
second.append("two ");
await grows;

// The writer is cut off, and so is a reader: nothing is lost, and nothing is there twice.
const cuts = listOf(bot, "state", ({ state: is }) => is);
bot.close();
ann.close();
second.append("three ");
await Promise.all([bot.connect(), ann.connect()]);
assert(cuts.includes("offline"));
second.append("four");
if (log.get(second.messageId).content !== "one two three four") await saw((text) => text === "one two three four");
ended = changed(second.messageId);
await second.fail();
assert.deepEqual([(await ended).state, (await ended).content], ["failed", "one two three four"]);
assert.equal((await ann.history("den", { limit: 1 })).messages[0].state, "failed");

// Somebody asks to stop: only whom it answers, and who moderates.
async function* endless() { for (let number = 0; ; number += 1) yield `${number} `; }
async function* slowly(words) {
  for await (const word of words) {
    yield word;
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}
const third = bot.stream("den", { replyTo: asked.message_id });
const stopped = third.pipe(slowly(endless()));
await saw((text) => text.includes("3 "));
await assert.rejects(eve.stop(third.messageId), { code: "forbidden" });
const stop = nextOf(bot, "stop-asked");
await ann.stop(third.messageId);
assert.deepEqual(await stop, { message_id: third.messageId, user_id: "ann" });
await stopped;
assert.deepEqual([third.stoppedBy, third.signal.reason.code], ["ann", "stopped"]);
assert.equal((await ann.message(third.messageId)).content, third.text);

// One that is deleted cannot go on; one that was begun twice is one message.
const fourth = bot.stream("den");
await fourth.started;
const over = new Promise((resolve) => { fourth.signal.addEventListener("abort", resolve); });
await ann.delete(fourth.messageId);
await over;
assert.equal(fourth.signal.reason.code, "conflict");
assert.throws(() => fourth.append("more"), { code: "conflict" });
const fifth = bot.stream("den", { clientId: "the same" });
const sixth = bot.stream("den", { clientId: "the same" });
assert.equal((await fifth.started).message_id, (await sixth.started).message_id);
await fifth.finish({ content: "another text" });
assert.equal((await ann.message(fifth.messageId)).content, "another text");

// While it is written, eight at a time.
const eight = Array.from({ length: 8 }, () => bot.stream("den"));
await Promise.all(eight.map(({ started }) => started));
await assert.rejects(bot.stream("den").started, { code: "conflict" });
await Promise.all(eight.map((writing) => writing.finish({ content: "done" })));

assert.deepEqual(errors, [[], []]);
for (const each of [ann, bot, eve]) each.close();
console.log("ok");
