// What one reports, and what those who moderate decide.
import assert from "node:assert/strict";
import { test } from "node:test";
import { mayReport } from "../client/rules.js";
import { client, message, saidBy, turn } from "../online.mjs";

test("a message and a user are reported by command", async () => {
  const { parlor, sockets: [socket] } = await client();
  const told = [parlor.report("m1", "spam", "again"), parlor.reportUser("bob", "other")];
  await turn();
  assert.deepEqual(saidBy(socket), [
    ["message.report", { message_id: "m1", reason: "spam", note: "again" }], ["user.report", { user_id: "bob", reason: "other" }],
  ]);
  for (const { id } of socket.sent.slice(-2)) socket.hear({ type: "ack", id, data: { report_id: "7" } });
  assert.deepEqual(await Promise.all(told), [{ report_id: "7" }, { report_id: "7" }]);
  parlor.close();
});

test("who moderates reads and decides them over REST", async (t) => {
  const { parlor } = await client();
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url, { method, body }) => {
    asked.push([method, url.replace("http://server/api/v1", ""), body && JSON.parse(body)]);
    return method === "POST" ? new Response(null, { status: 204 }) : Response.json({});
  });
  await parlor.reports({ room: "r", decided: false, cursor: "c" });
  await parlor.reports();
  await parlor.readReport("7");
  assert.equal(await parlor.decideReport("7", { decision: "mute", seconds: 60, delete_message: true }), null);
  assert.deepEqual(asked, [
    ["GET", "/reports?room_id=r&decided=false&cursor=c&limit=50", undefined], ["GET", "/reports?limit=50", undefined],
    ["GET", "/reports/7", undefined], ["POST", "/reports/7/decide", { decision: "mute", seconds: 60, delete_message: true }],
  ]);
  parlor.close();
});

test("one reports what others say, while it is there", () => {
  const may = (more) => mayReport(message(1, more).data, "ann");
  assert.deepEqual([may(), may({ sender: { id: "ann" } }), may({ deleted_at: "2026" }), may({ kind: "system" })], [true, false, false, false]);
});

test("lists of words are a room's, or of all rooms", async (t) => {
  const { parlor } = await client();
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url, { method, body }) => {
    asked.push([method, url.replace("http://server/api/v1", ""), ...(body ? [JSON.parse(body)] : [])]);
    return method === "GET" || method === "POST" ? Response.json({ lists: ["a"] }) : new Response(null, { status: 204 });
  });
  const list = { action: "mask", words: ["bad"], patterns: [] };
  for (const room of [undefined, "a/b"]) {
    assert.deepEqual(await parlor.blocklists(room), ["a"]);
    await parlor.blocklist("l", room);
    await parlor.setBlocklist("l", list, room);
    await parlor.removeBlocklist("l", room);
    await parlor.tryBlocklists("bad", room);
  }
  const all = (of) => [
    ["GET", `${of}/blocklists`], ["GET", `${of}/blocklists/l`], ["PUT", `${of}/blocklists/l`, list], ["DELETE", `${of}/blocklists/l`],
    ["POST", `${of}/content-check`, { content: "bad" }],
  ];
  assert.deepEqual(asked, [...all(""), ...all("/rooms/a%2Fb")]);
  parlor.close();
});
