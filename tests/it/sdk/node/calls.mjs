// Every call of the SDK once, on a real server.
import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { Parlor } from "parlor-chat-server";
import { WAIT } from "./apps.mjs";

const EVERY = Object.getOwnPropertyNames(Object.getPrototypeOf(Parlor.prototype)).filter((name) => name !== "constructor");

const PNG = Buffer.from(
  "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489" +
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082",
  "hex",
);

/** A client that remembers which of its methods were called; of a list it gives all. */
function recorded(parlor, called) {
  return new Proxy(parlor, {
    get(target, name) {
      if (name === "asUser") return (...args) => recorded(target.asUser(...args), called);
      if (!EVERY.includes(name)) return Reflect.get(target, name);
      return (...args) => {
        called.add(name);
        const value = target[name](...args);
        return Symbol.asyncIterator in value ? all(value) : value;
      };
    },
  });
}

async function all(entries) {
  const found = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

/** Asks until it is so. */
async function until(what, ask) {
  const deadline = performance.now() + WAIT;
  while (performance.now() < deadline) {
    const found = await ask();
    if (found) return found;
    await sleep(50);
  }
  throw new Error(`waited in vain for ${what}`);
}

const ids = (users) => users.map(({ id }) => id);
const contents = (messages) => messages.map(({ content }) => content);

export async function allCalls(parlor, url, application) {
  const called = new Set();
  const boss = recorded(parlor, called);
  for (const part of [users, rooms, members, messages, files, marks, events, moderation]) await part(boss);
  await keys(boss, url);
  await webhooks(boss, application);
  assert.deepEqual(EVERY.filter((name) => !called.has(name)), [], "not called");
}

async function users(boss) {
  const ann = await boss.describeUser("ann", { name: "Ann", custom: { team: "x" }, roles: ["chat"] });
  assert.deepEqual([ann.name, ann.custom, ann.roles], ["Ann", { team: "x" }, ["chat"]]);
  const changed = await boss.updateUser("ann", { avatar_url: "/a.png", custom: null });
  assert.equal(changed.avatar_url, "/a.png");
  assert(!("custom" in changed), "null takes away");
  const many = { users: [0, 1, 2, 3, 4].map((n) => ({ user_id: `user${n}`, name: `User ${n}` })) };
  assert.equal((await boss.upsertUsers(many)).created, 5);
  assert.equal((await boss.upsertUsers(many)).unchanged, 5);
  assert.equal((await boss.getUser("ann")).name, "Ann");
  assert.deepEqual(ids((await boss.listUsers({ query: "ann" })).users), ["ann"]);
  const everybody = ids(await boss.iterUsers({ limit: 2 }));
  assert(["ann", "user0", "user4"].every((id) => everybody.includes(id)), everybody.join());
  assert.deepEqual(ids(await boss.iterUsers({ query: "user", limit: 2 })), ["user0", "user1"]);
  await boss.deactivateUser("user0");
  await assert.rejects(boss.asUser("user0").getMe(), { code: "forbidden" });
  await boss.reactivateUser("user0");
  assert.equal((await boss.asUser("user0").getMe()).id, "user0");
  const wrong = { code: "invalid_message", field: "name", status: 400 };
  await assert.rejects(boss.describeUser("ann", { name: "x".repeat(101) }), wrong);
  assert.equal((await boss.getUserBan("ann")).banned, false);
  const until = new Date(Date.now() + 3_600_000);
  await boss.banUser("ann", { until, reason: "noise" });
  const ban = await boss.getUserBan("ann");
  assert.deepEqual([ban.reason, ban.until], ["noise", until.toISOString()]);
  await boss.unbanUser("ann");
  assert.equal((await boss.getMe()).id, "boss");
  assert.equal((await boss.getUserPresence("ann")).status, "offline");
  const ben = boss.asUser("ben");
  await ben.blockUser("ann");
  assert.deepEqual(ids((await ben.listBlocks()).users), ["ann"]);
  assert.equal((await ben.iterBlocks()).length, 1);
  await ben.unblockUser("ann");
}

async function rooms(boss) {
  const room = await boss.createRoom({ room_id: "board:1", title: "Board", kind: "public", custom: { p: "x" } });
  assert.deepEqual([room.room_id, room.kind, room.custom], ["board:1", "public", { p: "x" }]);
  await assert.rejects(boss.createRoom({ room_id: "board:1" }), { code: "conflict" });
  await boss.createRoom({ room_id: "other", custom: { p: "y" } });
  assert.equal((await boss.getRoom("board:1")).title, "Board");
  const changed = await boss.updateRoom("board:1", { topic: "plans", title: "" });
  assert.deepEqual([changed.topic, changed.title, changed.custom], ["plans", "", { p: "x" }]);
  const found = await boss.listRooms({ all: true, custom: { p: "x" } });
  assert.deepEqual(found.rooms.map((room) => room.room_id), ["board:1"]);
  assert((await boss.iterRooms({ limit: 1 })).length >= 2);
  const direct = await boss.openDirectRoomBetween({ user_ids: ["ann", "ben"] });
  const same = await boss.asUser("ann").openDirectRoom("ben");
  assert.deepEqual([same.room_id, same.peer.id], [direct.room_id, "ben"]);
  assert.equal((await boss.freezeRoom("board:1")).rules.frozen, true);
  assert.equal((await boss.unfreezeRoom("board:1")).rules, undefined);
  assert.equal((await boss.setSlowMode("board:1", { seconds: 1 })).rules.slow_mode_seconds, 1);
  await boss.setSlowMode("board:1", { seconds: 0 });
  await boss.setRetention("board:1", { age_days: 30 });
  assert.equal((await boss.getRetention("board:1")).age_days, 30);
  await boss.deleteRoom("other");
  await assert.rejects(boss.getRoom("other"), { code: "not_found" });
}

async function members(boss) {
  const added = await boss.addMember("board:1", "ann");
  assert.deepEqual([added.user.id, added.role], ["ann", "member"]);
  const add = [{ user_id: "user1" }, { user_id: "user2", role: "read_only" }];
  const outcome = await boss.changeMembers("board:1", { add, remove: ["nobody-here"] });
  assert.deepEqual(outcome.results.map(({ result }) => result), ["added", "added", "refused"]);
  const roles = (await boss.iterMembers("board:1", { limit: 2 })).map(({ user, role }) => [user.id, role]);
  assert.deepEqual(Object.fromEntries(roles), { boss: "owner", ann: "member", user1: "member", user2: "read_only" });
  const exactly = [{ user_id: "boss", role: "owner" }, { user_id: "ann" }, { user_id: "ben" }];
  assert.equal((await boss.setMembers("board:1", { members: exactly })).member_count, 3);
  const muted = await boss.updateMember("board:1", "ben", { role: "moderator", mute_seconds: 60 });
  assert(muted.role === "moderator" && muted.muted_until);
  assert.equal((await boss.updateMember("board:1", "ben", { muted_until: null })).muted_until, undefined);
  const listed = await boss.listMembers("board:1", { limit: 1 });
  assert.equal((await boss.getMember("board:1", "ben")).role, "moderator");
  assert(listed.members.length === 1 && listed.has_more);
  await boss.addMember("board:1", "user3");
  await boss.removeMember("board:1", "user3");
  await boss.transferRoom("board:1", { user_id: "ann" });
  await boss.updateMember("board:1", "boss", { role: "owner" });
}

async function messages(boss) {
  const metadata = { card: 7, deep: [1, null, "two"] };
  const sent = await boss.sendMessage("board:1", { content: "shall we meet?", metadata });
  assert.equal(sent.duplicate, false);
  const message = await boss.getMessage(sent.message_id);
  assert.deepEqual([message.content, message.metadata], ["shall we meet?", metadata]);
  const first = await boss.sendMessage("board:1", { content: "once", client_id: "c-1" });
  const again = await boss.sendMessage("board:1", { content: "once", client_id: "c-1" });
  assert.deepEqual([again.duplicate, again.message_id], [true, first.message_id]);
  const ann = boss.asUser("ann", { name: "Ann" });
  const reply = await ann.sendMessage("board:1", { content: "yes", reply_to: sent.message_id });
  await ann.sendMessage("board:1", { content: "at ten", thread_id: sent.message_id });
  assert.deepEqual(contents((await boss.listThread(sent.message_id)).replies), ["at ten"]);
  assert.equal((await boss.iterThread(sent.message_id, { limit: 1 })).length, 1);
  const followed = await ann.listFollowedThreads({ unread: false });
  assert.deepEqual(followed.threads.map((thread) => thread.thread_id), [sent.message_id]);
  assert.equal((await ann.iterFollowedThreads({ limit: 1 })).length, 1);
  assert.equal((await ann.markThreadRead(sent.message_id, { all: true })).unread, 0);
  assert.equal((await ann.unfollowThread(sent.message_id)).following, false);
  assert.equal((await ann.followThread(sent.message_id)).following, true);
  await ann.editMessage(reply.message_id, { content: "yes!" });
  assert.equal((await boss.getMessage(reply.message_id)).content, "yes!");
  await ann.deleteMessage(reply.message_id);
  for (let n = 0; n < 7; n += 1) await boss.sendMessage("board:1", { content: `number ${n}` });
  const page = await boss.listMessages("board:1", { limit: 2 });
  assert.deepEqual(contents(page.messages), ["number 5", "number 6"]);
  const backwards = contents(await boss.iterMessages("board:1", { limit: 3 }));
  const forwards = contents(await boss.iterMessages("board:1", { after: 0, limit: 3 }));
  assert.deepEqual(backwards, forwards.reverse());
  assert.equal(backwards[0], "number 6");
  assert.equal((await boss.countMessages("board:1")).count, backwards.length - 1, "without the deleted one");
  await boss.addReaction(sent.message_id, "👍");
  await ann.addReaction(sent.message_id, "👍");
  assert.equal((await boss.listReactions(sent.message_id)).reactions.length, 2);
  assert.equal((await boss.iterReactions(sent.message_id, { limit: 1 })).length, 2);
  await ann.removeReaction(sent.message_id, "👍");
  await boss.pinMessage(sent.message_id);
  await boss.pinMessage(first.message_id);
  assert.equal((await boss.listPins("board:1")).messages.length, 2);
  assert.equal((await boss.iterPins("board:1", { limit: 1 })).length, 2);
  await boss.unpinMessage(first.message_id);
  const written = await boss.streamMessage("board:1", Buffer.from("word by word"));
  assert.equal(written.state, "finished");
  assert.equal((await boss.getMessage(written.message_id)).content, "word by word");
  await boss.finishMessage(written.message_id, { content: "word by word" });
  await assert.rejects(boss.failMessage(written.message_id), { code: "conflict" });
  await assert.rejects(boss.stopMessage(written.message_id), { code: "conflict" });
  await until("the index", async () => (await boss.iterSearchMessages({ q: "number", limit: 2 })).length === 7);
  const { results } = await boss.searchMessages({ q: "meet", from: new Date("2020-01-01") });
  assert.equal(results[0].message.message_id, sent.message_id);
}

async function files(boss) {
  const file = await boss.uploadAttachment(PNG, { name: "dot.png" });
  assert.deepEqual([file.name, file.content_type, file.size], ["dot.png", "image/png", PNG.length]);
  const id = file.attachment_id;
  await boss.sendMessage("board:1", { attachments: [id] });
  assert.equal((await boss.getAttachment(id)).name, "dot.png");
  assert.deepEqual(Buffer.from(await boss.downloadAttachment(id)), PNG);
  assert.equal((await boss.downloadThumbnail(id))[1], 0x50);
  for (const thumbnail of [false, true]) {
    const link = new URL((await boss.linkAttachment(id, { thumbnail })).url, "http://parlor");
    const { expires, signature } = Object.fromEntries(link.searchParams);
    const signed = { expires: Number(expires), signature };
    const get = thumbnail ? boss.downloadLinkedThumbnail : boss.downloadLinkedFile;
    assert.equal((await get.call(boss, id, signed))[1], 0x50);
  }
  const sound = await boss.uploadAttachment(Buffer.from("ID3"), { duration_ms: 4_200, waveform: "0,40,100" });
  assert.deepEqual([sound.duration_ms, sound.waveform], [4_200, [0, 40, 100]]);
  const unsent = await boss.uploadAttachment(Buffer.from("notes"));
  await boss.deleteAttachment(unsent.attachment_id);
}

async function marks(boss) {
  const ann = boss.asUser("ann");
  const mark = await ann.getReadMark("board:1");
  assert(mark.unread > 0);
  assert.deepEqual((await ann.getUnread()).rooms.map((room) => room.room_id), ["board:1"]);
  assert.equal((await ann.iterUnread({ limit: 1 })).length, 1);
  await ann.markDelivered("board:1", { seq: mark.last_seq });
  assert.equal((await ann.markRead("board:1", { all: true })).unread, 0);
  assert.equal((await ann.markUnread("board:1", { seq: mark.last_seq })).unread_from, mark.last_seq);
  assert.equal((await ann.markRead("board:1", { all: true })).unread_from, undefined);
  assert.equal((await ann.setDraft("board:1", { content: "I th" })).content, "I th");
  assert.deepEqual((await ann.listDrafts()).drafts.map((draft) => draft.content), ["I th"]);
  assert.equal((await ann.iterDrafts({ limit: 1 })).length, 1);
  const [{ message_id: last }] = (await ann.listMessages("board:1", { limit: 1 })).messages;
  assert.equal((await ann.saveMessage(last, { note: "read", remind_in_seconds: 600 })).note, "read");
  assert.equal((await ann.listSaved({ reminders: true })).saved[0].message_id, last);
  assert.equal((await ann.iterSaved({ limit: 1 })).length, 1);
  await ann.unsaveMessage(last);
  const planned = await ann.scheduleMessage("board:1", { content: "at last", send_in_seconds: 600 });
  assert.equal((await ann.listScheduled({ room_id: "board:1" })).scheduled.length, 1);
  assert.equal((await ann.iterScheduled({ limit: 1 })).length, 1);
  const moved = await ann.changeScheduled(planned.scheduled_id, { send_in_seconds: 900 });
  assert.equal(moved.content, "at last");
  await ann.cancelScheduled(planned.scheduled_id);
  await ann.createRoom({ room_id: "later" });
  const other = await ann.scheduleMessage("later", { content: "now", send_in_seconds: 600 });
  assert.equal((await ann.sendScheduled(other.scheduled_id)).content, "now");
  await ann.deleteRoom("later");
  const set = await ann.setPreferences("board:1", { notifications: "mentions", pinned: true });
  assert.deepEqual(set.preferences, { notifications: "mentions", pinned: true });
  const pinned = await ann.listRooms({ pinned: true, sort: "preferred", member: "ben" });
  assert.deepEqual(pinned.rooms.map((room) => room.room_id), ["board:1"]);
  await boss.asUser("ben").markDelivered("board:1", { seq: 1 });
  const users = (receipts) => receipts.map((receipt) => receipt.user_id);
  assert.deepEqual(users((await boss.listRoomReceipts("board:1")).receipts), ["ann", "ben"]);
  assert.deepEqual(users(await boss.iterRoomReceipts("board:1", { limit: 1 })), ["ann", "ben"]);
  const newest = (await boss.listMessages("board:1", { limit: 1 })).messages[0].message_id;
  assert.deepEqual((await boss.listMessageReceipts(newest)).receipts, [{ user_id: "ann", read: true }]);
  assert.equal((await boss.iterMessageReceipts(newest, { limit: 1 })).length, 1);
  await boss.sendMessage("board:1", { content: "one more" });
  assert.equal((await ann.markAllRead()).moved, 1);
}

async function events(boss) {
  for (const data of [{ card: 7 }, [1, null], "text", 5, false]) {
    await boss.publishToRoom("board:1", { type: "task.updated", data });
    const event = (await boss.listRoomEvents("board:1")).events.at(-1);
    assert.deepEqual([event.type, event.data], ["task.updated", data]);
  }
  assert.equal((await boss.iterRoomEvents("board:1", { limit: 2 })).length, 5);
  const hello = { type: "hello", data: {} };
  const once = await boss.publishToUser("newcomer", hello, { idempotencyKey: "e-1" });
  const again = await boss.publishToUser("newcomer", hello, { idempotencyKey: "e-1" });
  assert.deepEqual([once.duplicate, again.duplicate], [false, true]);
  const newcomer = boss.asUser("newcomer");
  const inbox = await newcomer.listInbox();
  assert.deepEqual(inbox.events.map(({ type }) => type), ["hello"]);
  assert.equal((await newcomer.iterInbox({ limit: 1 })).length, 1);
  await newcomer.ackInbox({ inbox_seq: inbox.inbox_seq });
  assert.equal((await newcomer.listInbox()).acked_seq, inbox.inbox_seq);
  await boss.publishToRole("board:1", { type: "shift.begins" });
  await boss.publishToEveryone({ type: "maintenance", data: { at: "ten" } });
}

async function reports(boss) {
  const said = await boss.sendMessage("board:1", { content: "buy now" });
  const ann = boss.asUser("ann");
  const { report_id } = await ann.reportMessage(said.message_id, { reason: "spam", note: "again" });
  const listed = await boss.listReports({ room_id: "board:1" });
  assert.deepEqual(listed.reports.map((report) => report.reasons), [{ spam: 1 }]);
  assert.equal((await boss.iterReports({ limit: 1 })).length, 1);
  assert.equal((await boss.getReport(report_id)).reported_by[0].note, "again");
  await boss.decideReport(report_id, { decision: "delete" });
  assert.equal((await boss.listReports({ decided: true })).reports[0].decided.by, "boss");
  await boss.reportUser("ann", { reason: "other" });
}

async function blocklists(boss) {
  await boss.setBlocklist("slurs", { action: "mask", words: ["darn"], patterns: [] });
  assert.deepEqual((await boss.listBlocklists()).lists.map((each) => each.list_id), ["slurs"]);
  assert.deepEqual((await boss.getBlocklist("slurs")).words, ["darn"]);
  const tried = await boss.tryBlocklists({ content: "darn it" });
  assert.deepEqual([tried.refused, tried.content], [false, "**** it"]);
  await boss.deleteBlocklist("slurs");
  await boss.setRoomBlocklist("board:1", "own", { action: "flag", words: ["odd"] });
  assert.equal((await boss.listRoomBlocklists("board:1")).lists[0].words, 1);
  assert.equal((await boss.getRoomBlocklist("board:1", "own")).action, "flag");
  assert.equal((await boss.tryRoomBlocklists("board:1", { content: "how odd" })).flagged, true);
  await boss.deleteRoomBlocklist("board:1", "own");
}

async function devices(boss) {
  const ann = boss.asUser("ann");
  assert.equal((await ann.getPush()).web.public_key.length, 87);
  const quiet = await ann.setQuiet({ from: "22:00", until: "07:00", utc_offset_minutes: 60 });
  assert.deepEqual((await ann.getPush()).quiet, quiet);
  await ann.endQuiet();
  const p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
  const web = { endpoint: "https://push.example.org/ann", p256dh, auth: "BTBZMqHH6r4Tts7J_aSIgg" };
  const device = await ann.registerDevice("laptop", { web });
  assert.deepEqual((await ann.listDevices()).devices, [device]);
  await ann.removeDevice("laptop");
}

async function moderation(boss) {
  await devices(boss);
  await reports(boss);
  await blocklists(boss);
  assert("member_count" in (await boss.getRoomPresence("board:1")));
  await boss.banFromRoom("board:1", "ben", { ban_seconds: 60, reason: "noise" });
  const [ban] = (await boss.listRoomBans("board:1")).bans;
  assert.deepEqual([ban.user.id, ban.reason], ["ben", "noise"]);
  assert.equal((await boss.iterRoomBans("board:1")).length, 1);
  await boss.unbanFromRoom("board:1", "ben");
  assert.deepEqual((await boss.listConnections()).connections, []);
  assert.deepEqual(await boss.iterConnections(), []);
  assert.equal((await boss.listRoomConnections("board:1")).has_more, false);
  assert.deepEqual(await boss.iterRoomConnections("board:1"), []);
  assert.deepEqual((await boss.listUserConnections("ann")).connections, []);
  assert.deepEqual(await boss.iterUserConnections("ann"), []);
  assert.equal((await boss.countConnections()).count, 0);
  assert.equal((await boss.countRoomConnections("board:1")).count, 0);
  assert.equal((await boss.countUserConnections("ann")).count, 0);
  assert.equal((await boss.disconnectUser("ann", { reason: "later" })).disconnected, 0);
  assert.equal((await boss.disconnectRoom("board:1")).disconnected, 0);
  const lines = [{ type: "parlor", version: 1 }, { type: "user", user_id: "moved-in" }];
  const report = await boss.importLines({ lines });
  assert.ok(report.stored && report.counts.find((count) => count.type === "user").imported === 1);
  const again = await boss.importLines({ lines, dry_run: true });
  assert.equal(again.counts.find((count) => count.type === "user").present, 1);
  assert.equal((await boss.exportUser("ann")).user.id, "ann");
  await boss.revokeUserTokens("user4");
  await boss.revokeToken({ token_id: "j-1" });
  await boss.deleteUser("user4");
  await assert.rejects(boss.deleteUser("user4"), { code: "not_found" });
  const audit = await boss.listAuditLog({ limit: 2 });
  assert.deepEqual([audit.has_more, audit.entries[0].actor], [true, "boss"]);
  const entries = ids(await boss.iterAuditLog({ limit: 50 }));
  assert(entries.length > 10 && new Set(entries).size === entries.length);
  assert("parlor_connections" in (await boss.getStats()));
  await boss.clearRoom("board:1");
  assert.equal((await boss.countMessages("board:1")).count, 0);
}

async function keys(boss, url) {
  const key = await boss.createApiKey({ name: "mailer", scopes: ["messages", "rooms"] });
  assert.match(key.key, /^prl_/);
  assert.deepEqual((await boss.listApiKeys()).api_keys.map(({ name }) => name), ["mailer"]);
  assert.equal((await boss.iterApiKeys()).length, 1);
  const mailer = new Parlor(url, { token: async () => key.key });
  await mailer.sendMessage("board:1", { content: "by a key" });
  await assert.rejects(mailer.listAuditLog(), { code: "forbidden", status: 403 });
  await boss.revokeApiKey(key.id);
}

/** Each is tried once here: what the application cannot bear becomes a dead letter. */
async function webhooks(boss, application) {
  const dead = async () => (await boss.listDeadLetters()).dead;
  const letters = () => until("a dead letter", async () => ((await dead()).length > 0 ? dead() : undefined));
  assert.equal((await boss.listWebhooks()).webhooks.length, 1);
  application.failsAt.add("unbearable");
  await boss.sendMessage("board:1", { content: "unbearable" });
  const [letter] = await letters();
  assert.equal(letter.type, "message.created");
  assert.equal((await boss.iterDeadLetters()).length, 1);
  application.failsAt.clear();
  await boss.replayDeadLetter(letter.id);
  await application.told((one) => one.data.message?.content === "unbearable");
  await until("no dead letter", async () => (await dead()).length === 0);
  application.failsAt.add("worse");
  await boss.sendMessage("board:1", { content: "worse" });
  const [worse] = await letters();
  await boss.deleteDeadLetter(worse.id);
  assert.equal((await boss.replayDeadLetters()).replayed, 0);
}
