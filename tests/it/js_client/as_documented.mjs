// Uses the client as docs/CLIENT.md tells, and holds that file against it.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { BlocklistCommands } from "./client/blocklist_commands.js";
import { Calls } from "./client/calls.js";
import { ChatCommands } from "./client/chat_commands.js";
import { ChatLater } from "./client/chat_later.js";
import { Commands } from "./client/commands.js";
import { LaterCommands } from "./client/later_commands.js";
import { Parlor, ParlorError, isReminder, memoryStore } from "./client/parlor.js";
import { PushCommands } from "./client/push_commands.js";
import { ReportCommands } from "./client/report_commands.js";
import { RoomCommands } from "./client/room_commands.js";

const [base, token, docs] = process.argv.slice(2);

const nextOf = (parlor, event, fits = () => true) => new Promise((resolve) => {
  const off = parlor.on(event, (detail) => { if (fits(detail)) { off(); resolve(detail); } });
});

async function onlineAs(parlor) {
  const ready = nextOf(parlor, "ready");
  parlor.connect();
  await ready;
  return parlor;
}

// Nobody is signed in.
const nobody = new Parlor({ base });
assert.equal(nobody.signedIn, false);
assert.throws(() => nobody.send("den", "hello"), { code: "unauthorized" });
const stopped = nextOf(nobody, "state", ({ stoppedBy }) => stoppedBy !== null);
nobody.connect();
assert.equal((await stopped).stoppedBy, 4501);

// Tokens of the application's, asked for again when a supply failed.
let asked = 0;
const alice = await onlineAs(new Parlor({
  base,
  fetchToken: async () => {
    asked += 1;
    if (asked === 1) throw new Error("not now");
    return token;
  },
}));
assert.equal(asked, 2);
assert.equal(alice.user.id, "alice");

// An account, and one message between them.
const ben = new Parlor({ base, store: memoryStore() });
await ben.register("ben", "a good password", "Ben");
await onlineAs(ben);
await assert.rejects(ben.changePassword("a bad password", "another password"), { code: "forbidden" });
await ben.changePassword("a good password", "another password");
await alice.createRoom({ room_id: "den", kind: "public" });
await ben.join("den");
const heard = nextOf(ben, "message");
const sent = alice.send("den", "hello @ben", { metadata: { board: 42 } });
const { message_id: id, seq } = await sent.stored;
assert.equal((await heard).message_id, id);
assert.equal(ben.chat.room("den").mentions, 1);

// Every kind of change is heard.
for (const [change, holds] of [
  [() => alice.edit(id, "hello Ben"), (message) => message.content === "hello Ben"],
  [() => ben.react(id, "👍"), (message) => message.reactions?.[0].count === 1],
  [() => alice.pin(id), (message) => message.pinned],
  [() => ben.send("den", "hi", { threadId: id }).stored, (message) => message.thread?.count === 1],
]) {
  const told = nextOf(alice, "message-changed", (message) => message.message_id === id && holds(message));
  await change();
  await told;
}
assert.equal((await alice.pins("den"))[0].message_id, id);
assert.equal((await ben.thread(id)).replies[0].content, "hi");

// A thread that one began is followed from its first reply on, and what is said there counts there.
await alice.loadThreads();
const unreadIn = () => alice.chat.threads.followed.map(({ thread_id: thread, unread }) => [thread, unread]);
assert.deepEqual([unreadIn(), alice.chat.room("den").unread], [[[id, 1]], 0]);
for (const [text, inRoom, counts] of [["again", false, [2, 0]], ["for all", true, [3, 1]]]) {
  const comes = nextOf(alice, "message", ({ content }) => content === text);
  await ben.send("den", text, { threadId: id, inRoom }).stored;
  await comes;
  assert.deepEqual([unreadIn()[0][1], alice.chat.room("den").unread], counts);
}
const { threads, unread_threads: unread } = await alice.threads({ unread: true });
assert.deepEqual([threads[0].unread, unread, (await alice.room("den")).unread], [3, 1, 1]);
assert.equal((await alice.markThreadRead(id)).unread, 0);
const told = nextOf(alice, "thread-state", ({ following }) => !following);
assert.equal((await alice.unfollowThread(id)).following, false);
await told;
assert.deepEqual(unreadIn(), []);
assert.equal((await alice.followThread(id)).following, true);
const read = nextOf(alice, "receipts", ({ receipts }) => receipts.some(({ read_seq: upto }) => upto >= seq));
assert.equal((await ben.markRead("den", seq)).mentions, 0);
await read;
assert.deepEqual(await alice.reachedBy(id), [{ user_id: "ben", read: true }]);
assert.deepEqual(await alice.reachedBy(id, { after: "ben" }), []);

// What one saves for oneself, and is reminded of.
await ben.loadSaved();
const reminded = nextOf(ben, "inbox", isReminder);
const isSaved = nextOf(ben, "saved", ({ saved }) => saved);
assert.equal((await ben.save(id, { note: "answer her", remind_in_seconds: 1 })).note, "answer her");
await isSaved;
while (ben.chat.saved.list.length === 0) await nextOf(ben, "change");
assert.equal(ben.chat.saved.list[0].message.content, "hello Ben");
assert.equal((await ben.saved({ limit: 1 })).saved[0].message_id, id);
const reminder = await reminded;
assert.deepEqual([reminder.data.message_id, reminder.data.note], [id, "answer her"]);
assert.equal(ben.chat.saved.get(id).reminded_at, reminder.timestamp);
const isGone = nextOf(ben, "saved", ({ saved }) => !saved);
await ben.unsave(id);
await isGone;
assert.deepEqual([ben.chat.saved.list, ben.chat.saved.get(id)], [[], null]);

// What is sent later, or not at all.
await ben.loadScheduled();
const cameLater = nextOf(alice, "message", ({ content }) => content === "good morning");
const wasSent = nextOf(ben, "scheduled", ({ state }) => state === "sent");
const late = await ben.schedule("den", "good mornign", { send_in_seconds: 3_000 }, { clientId: "morning" });
assert.equal((await ben.changeScheduled(late.scheduled_id, { content: "good morning" })).content, "good morning");
assert.deepEqual(ben.chat.scheduled.list.map(({ content }) => content), ["good morning"]);
assert.equal((await ben.scheduled({ room: "den" })).scheduled[0].scheduled_id, late.scheduled_id);
await ben.sendScheduled(late.scheduled_id);
assert.equal((await cameLater).client_id, "morning");
assert.equal((await wasSent).message_id, (await cameLater).message_id);
const never = await ben.schedule("den", "never", { send_at: "2099-01-01T09:00:00Z" }).catch((error) => error);
assert.equal(never.field, "send_at", "it is too far ahead");
const dropped = await ben.schedule("den", "never", { send_in_seconds: 3_000 });
await ben.cancelScheduled(dropped.scheduled_id);
assert.deepEqual(ben.chat.scheduled.list, []);

// What one reports, and what the owner of the room decides: not what was reported of herself.
const { message_id: bad } = await wasSent;
const { report_id: report } = await alice.report(bad, "spam", "again");
assert.notEqual((await ben.report(id, "other")).report_id, report);
assert.notEqual((await ben.reportUser("alice", "other")).report_id, report);
const { reports } = await alice.reports({ room: "den", decided: false });
assert.deepEqual(reports.map(({ message_id: one, reasons }) => [one, reasons]), [[bad, { spam: 1 }]]);
const details = await alice.readReport(report);
assert.deepEqual(details.reported_by.map(({ user, reason, note }) => [user.id, reason, note]), [["alice", "spam", "again"]]);
assert(details.messages.some(({ message_id: one }) => one === bad));
await alice.decideReport(report, { decision: "dismiss", note: "it is not" });
assert.equal((await alice.readReport(report)).decided.decision, "dismiss");

// What may not be said in a room, as its owner has it.
await alice.setBlocklist("rude", { action: "refuse", words: ["blockhead"] }, "den");
assert.deepEqual((await alice.blocklists("den")).map(({ list_id: list, action, words }) => [list, action, words]), [["rude", "refuse", 1]]);
assert.deepEqual((await alice.blocklist("rude", "den")).words, ["blockhead"]);
assert.equal((await alice.tryBlocklists("you Blockhead", "den")).refused, true);
await assert.rejects(ben.send("den", "you Blockhead").stored, { code: "content_blocked", field: "content" });
ben.discard(ben.failed[0].clientId);
await assert.rejects(ben.blocklists(), { code: "forbidden" });
await alice.removeBlocklist("rude", "den");
assert.deepEqual(await alice.blocklists("den"), []);

// Where nothing is pushed, devices are refused; when one wants it quiet is kept.
assert.deepEqual(await ben.pushSettings(), { web: null, fcm: false, apns: false });
await ben.setQuietTime({ from: "22:00", until: "07:00", utc_offset_minutes: 60 });
assert.deepEqual((await ben.pushSettings()).quiet, { from: "22:00", until: "07:00", utc_offset_minutes: 60 });
await ben.clearQuietTime();
assert.equal((await ben.pushSettings()).quiet, undefined);
await assert.rejects(ben.registerDevice({ device_id: "phone", fcm: { token: "t" } }), { code: "push_off" });
await assert.rejects(ben.subscribeToPush({}, { deviceId: "browser" }), { code: "push_off" });
assert.deepEqual(await ben.devices(), []);

// A file, back as it went.
const file = await alice.attach(new Blob(["some notes"], { type: "text/plain" }), "notes.txt");
await alice.send("den", "", { attachments: [file] }).stored;
assert.equal(await (await ben.attachment(file.attachment_id)).text(), "some notes");
const link = await ben.fileLink(file.attachment_id, { seconds: 60 });
assert.equal(await (await fetch(link.url)).text(), "some notes");
assert.deepEqual(await alice.fileLink(file.attachment_id, { seconds: 60 }), link);

// What is written offline goes out, and what was missed comes in, once.
const atBen = [];
ben.on("message", ({ content }) => atBen.push(content));
ben.close();
const waits = ben.send("den", "written offline");
await alice.send("den", "missed").stored;
await assert.rejects(ben.edit(id, "x"), { code: "offline" });
await onlineAs(ben);
await waits.stored;
while (atBen.length < 2) await nextOf(ben, "message");
assert.deepEqual(atBen, ["missed", "written offline"]);
assert.deepEqual((await ben.history("den", { limit: 2 })).messages.map(({ content }) => content), atBen);

// A room that is made again while one is away is another one, and said to be.
await alice.createRoom({ room_id: "again", kind: "public" });
await ben.join("again");
for (const text of ["one", "two", "three"]) await alice.send("again", text).stored;
while (ben.chat.room("again").last_seq < 3) await nextOf(ben, "message");
ben.close();
await alice.deleteRoom("again");
await alice.createRoom({ room_id: "again", kind: "public" });
await alice.addMember("again", "ben");
for (const text of ["four", "five", "six", "seven"]) await alice.send("again", text).stored;
const anew = nextOf(ben, "resync", ({ room }) => room === "again");
await onlineAs(ben);
await anew;
assert.equal((await ben.history("again")).messages.length, 4);
const eighth = nextOf(ben, "message", ({ content }) => content === "eight");
await alice.send("again", "eight").stored;
await eighth;

// Refusals.
const refused = await ben.updateRoom("den", { title: "mine" }).catch((error) => error);
assert(refused instanceof ParlorError);
assert.deepEqual([refused.code, refused.status, refused.isTemporary], ["forbidden", 403, false]);

// All that there is, is told.
const text = readFileSync(docs, "utf8");
const modules = readdirSync(new URL("client/", import.meta.url)).map((name) => `client/${name}`);
const source = modules.map((name) => readFileSync(new URL(name, import.meta.url), "utf8")).join("");
const named = (words) => words.filter((word) => !text.includes(`\`${word}\``) && !text.includes(`\`${word}(`)
  && !text.includes(`, ${word}(`));
const own = (type) => Object.getOwnPropertyNames(type.prototype).filter((name) => name !== "constructor");
assert.deepEqual(named([Calls, RoomCommands, BlocklistCommands, ReportCommands, PushCommands, LaterCommands, Commands, ChatCommands, ChatLater, Parlor].flatMap(own)), [], "methods that docs/CLIENT.md does not tell");
const events = [...source.matchAll(/emit\("([a-z-]+)"/g)].map(([, event]) => event);
assert(events.length > 20);
const codes = [...source.matchAll(/code: "([a-z_]+)"|^  \d+: \["([a-z_]+)"/gm)].map(([, code, other]) => code ?? other);
assert(codes.length > 15);
assert.deepEqual(named(codes), [], "error codes that docs/CLIENT.md does not tell");
assert.deepEqual(named(events), [], "events that docs/CLIENT.md does not tell");

const over = nextOf(ben, "signed-out");
await ben.logout();
await over;
alice.close();
console.log("ok");
