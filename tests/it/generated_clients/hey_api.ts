// What @hey-api/openapi-ts has made keeps what is somebody's own. Called with the
// server's URL and a token of a service.
import { strict as assert } from "node:assert";
import * as parlor from "./client";
import { client } from "./client/client.gen";

const [baseUrl, token] = process.argv.slice(2);
client.setConfig({ baseUrl, auth: token });
const own = { card: 7, deep: { list: [1, "two", null, true, 2.5], empty: {} } };

async function main() {
  const room = await parlor.createRoom({ body: { room_id: "hey-api", custom: own }, throwOnError: true });
  assert.deepEqual(room.data.custom, own);
  const path = { room: "hey-api" };
  const body = { content: "hi", metadata: own };
  const sent = await parlor.sendMessage({ path, body, throwOnError: true });
  const message = await parlor.getMessage({ path: { message: sent.data.message_id }, throwOnError: true });
  assert.deepEqual(message.data.metadata, own);
  for (const data of [own, [1, [null]], "text", 5, false]) {
    await parlor.publishToRoom({ path, body: { type: "task.updated", data }, throwOnError: true });
    const events = await parlor.listRoomEvents({ path, throwOnError: true });
    assert.deepEqual(events.data.events.at(-1)?.data, data);
  }
  const { error } = await parlor.getRoom({ path: { room: "nowhere" } });
  assert.equal(error?.error.code, "not_found");
  console.log("ok");
}

void main();
