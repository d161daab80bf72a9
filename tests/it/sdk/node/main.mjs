// Drives the SDK for Node against a server. It is called with the framework (`express`
// or `hono`), the secrets of tokens, webhooks and questions, and the file of test
// vectors. It says where its application is, is told where the server is, and says `ok`
// in the end.
import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { InvalidSignature, mintToken, Parlor, verifyWebhook } from "parlor-chat-server";
import { Application } from "./apps.mjs";
import { allCalls } from "./calls.mjs";
import { allFaults } from "./faults.mjs";

const [framework, secret, webhookSecret, callbackSecret, file] = process.argv.slice(2);

function vectors() {
  for (const { id, timestamp, signature, body, secret, now, fits, why } of JSON.parse(readFileSync(file, "utf8"))) {
    const headers = { "Webhook-Id": id, "Webhook-Timestamp": String(timestamp), "Webhook-Signature": signature };
    const check = () => verifyWebhook(Buffer.from(body), new Headers(headers), secret, { now });
    if (fits) check();
    else assert.throws(check, InvalidSignature, why);
    if (fits) verifyWebhook(body, headers, secret, { now });
  }
  assert.throws(() => verifyWebhook("{}", {}, "x".repeat(24)), InvalidSignature);
  assert.throws(() => verifyWebhook("{}", {}, "short"), RangeError);
  assert.throws(() => verifyWebhook(/** @type {any} */ ({}), {}, "x".repeat(24)), /as it came/);
  assert.throws(() => mintToken("short", "ann"), RangeError);
  assert.throws(() => mintToken("x".repeat(32), "ann", { expiresIn: 401 * 24 * 3600 }), RangeError);
}

/** What the application answers is what happens. */
async function questions(boss, application) {
  await boss.createRoom({ room_id: "asked", kind: "public" });
  const ann = boss.asUser("ann", { name: "Ann" });
  await ann.addMember("asked", "ann");
  const sent = await ann.sendMessage("asked", { content: "make it softer", metadata: { card: 7 } });
  const stored = await ann.getMessage(sent.message_id);
  assert.deepEqual([stored.content, stored.metadata], ["make it SOFT", { card: 7, seen: true }]);
  const refusal = { code: "refused", message: "no links, please", status: 422 };
  await assert.rejects(ann.sendMessage("asked", { content: "http://spam" }), refusal);
  const asked = application.asked.filter((question) => question.room_id === "asked");
  assert.deepEqual(asked.map((question) => question.user.name), ["Ann", "Ann"]);
  await ann.editMessage(sent.message_id, { content: "fine" });
  assert.equal(application.asked.at(-1).message_id, sent.message_id);
  const told = await application.told(({ type, data }) => type === "message.updated" && data.room_id === "asked");
  assert.equal(told.data.message.content, "fine");
}

/** The first program that it shows does what it says. */
async function readme(url) {
  const text = readFileSync(new URL("../README.md", import.meta.resolve("parlor-chat-server")), "utf8");
  const program = text.split("```js\n")[1].split("```")[0];
  writeFileSync("readme.mjs", program);
  Object.assign(process.env, { PARLOR_URL: url, JWT_SECRET: secret });
  const said = [];
  const { log } = console;
  console.log = (...words) => said.push(words.join(" "));
  await import(`${process.cwd()}/readme.mjs`);
  console.log = log;
  assert.deepEqual(said, ["Alice: hello"]);
}

vectors();
const application = await Application.start(framework, webhookSecret, callbackSecret);
await application.refusesWhatIsForged();
console.log(application.url);
const input = createInterface({ input: process.stdin });
const lines = input[Symbol.asyncIterator]();
const url = (await lines.next()).value.trim();
const boss = new Parlor(url, { secret, user: "boss", roles: ["service", "admin"] });
await allCalls(boss, url, application);
await questions(boss, application);
const stranger = new Parlor(url, { secret: "another secret of thirty-two bytes" });
const denied = await stranger.getMe().catch((error) => error);
assert.deepEqual([denied.code, denied.status], ["unauthorized", 401]);
assert(denied.requestId);
await readme(url);
await allFaults();
console.log("ok");
// The application goes on answering until nobody needs it.
await lines.next();
process.exit(0);
