// The messages that are to be sent later, whoever tells of them first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Scheduled } from "../client/scheduled.js";
import { answering, client, saidBy, turn } from "../online.mjs";

const at = (second) => `2026-11-30T12:00:${String(second).padStart(2, "0")}.000Z`;
const message = (id, second, more = {}) => ({
  scheduled_id: id, room_id: "r", client_id: `scheduled-${id}`, content: "x", send_at: at(second), created_at: at(0), updated_at: at(0), ...more,
});
const told = (id, second, more) => ({ scheduled_id: id, state: "waiting", scheduled: message(id, second, more) });
const listed = ({ list }) => list.map(({ scheduled_id: id }) => id);

test("they are listed, the soonest first, and of two the later one counts", () => {
  const scheduled = new Scheduled();
  for (const change of [told("1", 30), told("2", 20), told("3", 40)]) scheduled.heard(change);
  assert.deepEqual(listed(scheduled), ["2", "1", "3"]);
  scheduled.heard(told("1", 10, { updated_at: at(2), failed: { code: "forbidden", message: "no" } }));
  scheduled.heard(told("1", 50, { updated_at: at(1) }));
  assert.deepEqual([listed(scheduled), scheduled.get("1").failed.code], [["1", "2", "3"], "forbidden"]);
  scheduled.forget("r");
  assert.deepEqual(listed(scheduled), []);
});

test("after it was sent or cancelled nothing counts any more", () => {
  const scheduled = new Scheduled();
  for (const state of ["sent", "cancelled"]) {
    const { moment } = scheduled;
    scheduled.heard(told(state, 1));
    scheduled.heard({ scheduled_id: state, state });
    scheduled.heard(told(state, 1, { updated_at: at(9) }));
    scheduled.learn(message(state, 1, { updated_at: at(9) }), moment);
    assert.deepEqual([listed(scheduled), scheduled.get(state)], [[], null]);
  }
  // What this version does not know changes nothing.
  scheduled.heard(told("1", 1));
  scheduled.heard({ scheduled_id: "1", state: "of_tomorrow" });
  assert.deepEqual(listed(scheduled), ["1"]);
});

test("all of them are read, and kept true by what is told", async (t) => {
  const { parlor, sockets: [socket] } = await client();
  const asked = answering(t, {
    "/scheduled?limit=200": { scheduled: [message("1", 1), message("2", 2)], has_more: false },
    "/scheduled?room_id=r&limit=50": { scheduled: [message("4", 4)], has_more: false },
  });
  const heard = [];
  parlor.on("scheduled", ({ scheduled_id: id, state }) => heard.push([id, state]));
  socket.hear({ type: "message.scheduled", room_id: "r", data: told("9", 9) });
  const loading = Promise.all([parlor.loadScheduled(), parlor.loadScheduled()]);
  socket.hear({ type: "message.scheduled", room_id: "r", data: { scheduled_id: "1", state: "sent", message_id: "m6" } });
  socket.hear({ type: "message.scheduled", room_id: "r", data: told("3", 3) });
  await loading;
  assert.deepEqual(listed(parlor.chat.scheduled), ["2", "3"]);
  await parlor.scheduled({ room: "r" });
  assert.deepEqual(listed(parlor.chat.scheduled), ["2", "3", "4"]);
  assert.deepEqual(asked, ["/scheduled?limit=200", "/scheduled?room_id=r&limit=50"]);
  assert.deepEqual(heard, [["9", "waiting"], ["1", "sent"], ["3", "waiting"]]);
  // Who leaves a room may come back in time; with the room they are gone.
  socket.hear({ type: "room.removed", room_id: "r", data: { reason: "left" } });
  assert.deepEqual(listed(parlor.chat.scheduled), ["2", "3", "4"]);
  socket.hear({ type: "room.deleted", room_id: "r" });
  assert.deepEqual(listed(parlor.chat.scheduled), []);
  parlor.close();
});

test("a message is scheduled, changed, sent and cancelled by command, and known at once", async () => {
  const { parlor, sockets: [socket] } = await client();
  const { scheduled } = parlor.chat;
  const answered = async (asking, data) => {
    await turn();
    socket.hear({ type: "ack", id: socket.sent.at(-1).id, data });
    return asking;
  };
  const extras = { replyTo: "m1", threadId: "m1", inRoom: true, metadata: { a: 1 }, attachments: [{ attachment_id: "7" }], clientId: "c" };
  assert.deepEqual(await answered(parlor.schedule("r", "hello", { send_in_seconds: 60 }, extras), message("1", 30)), message("1", 30));
  await answered(parlor.schedule("r", "", { send_at: at(20) }), message("2", 20));
  assert.deepEqual(listed(scheduled), ["2", "1"]);
  await answered(parlor.changeScheduled("1", { content: "y", send_at: at(10) }), message("1", 10, { updated_at: at(1), content: "y" }));
  assert.deepEqual([listed(scheduled), scheduled.get("1").content], [["1", "2"], "y"]);
  await answered(parlor.sendScheduled("1"), message("1", 5, { updated_at: at(2) }));
  await answered(parlor.cancelScheduled("2"), {});
  assert.deepEqual(listed(scheduled), ["1"]);
  assert.deepEqual(saidBy(socket), [
    ["message.schedule", {
      room_id: "r", client_id: "c", reply_to: "m1", thread_id: "m1", in_room: true, metadata: { a: 1 }, content: "hello", attachments: ["7"], send_in_seconds: 60,
    }],
    ["message.schedule", { room_id: "r", send_at: at(20) }],
    ["scheduled.change", { scheduled_id: "1", content: "y", send_at: at(10) }],
    ["scheduled.send", { scheduled_id: "1" }], ["scheduled.cancel", { scheduled_id: "2" }],
  ]);
  parlor.close();
});
