// What openapi-typescript has made fits what the server says, and keeps what is
// somebody's own. Called with the server's URL and a token of a service.
import { strict as assert } from "node:assert";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Message = components["schemas"]["Message"];

const [baseUrl, token] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const own = { card: 7, deep: { list: [1, "two", null, true, 2.5], empty: {} } };

/** What was granted. */
function granted<T>({ data, error }: { data?: T; error?: components["schemas"]["ErrorBody"] }): T {
  assert(data !== undefined, error?.error.message);
  return data;
}

const room = granted(await client.POST("/api/v1/rooms", { body: { room_id: "typescript", custom: own } }));
assert.deepEqual(room.custom, own);
const kind: "public" | "private" | "announcement" | "direct" = room.kind;
assert.equal(kind, "private");

const inRoom = { params: { path: { room: "typescript" } } };
const sent = granted(
  await client.POST("/api/v1/rooms/{room}/messages", { ...inRoom, body: { content: "hi", metadata: own } }),
);
const path = { message: sent.message_id };
const message: Message = granted(await client.GET("/api/v1/messages/{message}", { params: { path } }));
assert.deepEqual(message.metadata, own);

for (const data of [own, [1, [null]], "text", 5, false]) {
  granted(await client.POST("/api/v1/rooms/{room}/events", { ...inRoom, body: { type: "task.updated", data } }));
  const { events } = granted(await client.GET("/api/v1/rooms/{room}/events", inRoom));
  assert.deepEqual(events.at(-1)?.data, data);
}

const { error } = await client.GET("/api/v1/rooms/{room}", { params: { path: { room: "nowhere" } } });
assert.equal(error?.error.code, "not_found");
console.log("ok");
