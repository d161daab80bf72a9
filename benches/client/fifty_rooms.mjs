// How long a person's own messages take, through the JavaScript client, in many
// rooms in which others talk: with the server's default limits.
//
//   node benches/client/fifty_rooms.mjs                       # with target/release/parlor
//   node benches/client/fifty_rooms.mjs --rooms 50 --rate 2 --seconds 60
//
// It starts the server on a directory of its own. The others write over sockets
// of their own at `rate` messages a second in each room. The person has the
// client of `static/client/`, is told of everything, has one room open and reads what
// comes there, and writes into that and other rooms twice a second. Printed is
// the time from `send` to `stored`, what the client said in all, and what was
// refused. The exit code is 1 if the 99th percentile is a second or more, a
// message is missing or there twice, or anything was refused.
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Parlor } from "../../static/client/parlor.js";

// Node before 22 has no WebSocket; Debian keeps its packages there.
globalThis.WebSocket ??= createRequire(import.meta.url)("/usr/share/nodejs/ws").WebSocket;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const { values } = parseArgs({ options: {
  rooms: { type: "string", default: "50" }, rate: { type: "string", default: "2" },
  seconds: { type: "string", default: "60" }, every: { type: "string", default: "500" },
  server: { type: "string", default: join(ROOT, "target/release/parlor") },
} });
const [ROOMS, RATE, SECONDS, EVERY_MS] = [values.rooms, values.rate, values.seconds, values.every].map(Number);
/** What one connection of the others says in a second: below its limit of 10. */
const SAID_BY_ONE = 8;
const WARM_UP_MS = 5_000;
const SECRET = "a secret for this bench only, long enough for HS256 to be safe";

const base64 = (text) => Buffer.from(text).toString("base64url");
function token(id) {
  const now = Math.floor(Date.now() / 1000);
  const head = `${base64('{"alg":"HS256"}')}.${base64(JSON.stringify({ sub: id, iat: now, exp: now + 86_400 }))}`;
  return `${head}.${createHmac("sha256", SECRET).update(head).digest("base64url")}`;
}

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** The server as it is, but for its port and secret. */
async function startServer() {
  const home = mkdtempSync(join(tmpdir(), "parlor-client-bench-"));
  const env = { PATH: process.env.PATH, JWT_SECRET: SECRET, PARLOR_BIND: "127.0.0.1:0" };
  const server = spawn(resolve(values.server), [], { cwd: home, env, stdio: ["ignore", "pipe", "ignore"] });
  const base = await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", () => reject(new Error("the server ended before it listened")));
    server.stdout.on("data", (data) => {
      const port = /:(\d+)\/?\s*$/m.exec(String(data))?.[1];
      if (port) resolve(`http://127.0.0.1:${port}`);
    });
  });
  return { base, end() { server.kill("SIGKILL"); rmSync(home, { recursive: true, force: true }); } };
}

async function rest(base, as, method, path, body) {
  for (;;) {
    const answer = await fetch(`${base}/api/v1${path}`, {
      method, headers: { Authorization: `Bearer ${token(as)}`, "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    if (answer.ok) return answer.status === 204 ? null : answer.json();
    if (answer.status !== 429) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    await sleep(200);
  }
}

/** One of the others: a plain socket that says something in its rooms, in turn. */
function talker(base, id, rooms, refused) {
  const socket = new WebSocket(`${base.replace(/^http/, "ws")}/ws?token=${token(id)}`);
  let said = 0;
  let timer = null;
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.type === "error") refused.push(`${id}: ${frame.data.code}`);
    if (frame.type !== "session.ready") return;
    timer = setInterval(() => {
      const data_ = { room_id: rooms[said % rooms.length], client_id: `${id}-${said}`, content: `word ${said} of a conversation` };
      socket.send(JSON.stringify({ type: "message.send", id: `${said}`, data: data_ }));
      said += 1;
    }, 1_000 / (rooms.length * RATE));
  };
  socket.onerror = () => {};
  return { end() { clearInterval(timer); socket.close(); }, get said() { return said; } };
}

const percentile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)];

const server = await startServer();
let failed = false;
try {
  const { base } = server;
  const rooms = Array.from({ length: ROOMS }, (_, number) => `room-${number}`);
  const perTalker = Math.max(1, Math.floor(SAID_BY_ONE / RATE));
  const groups = [];
  for (let from = 0; from < rooms.length; from += perTalker) groups.push(rooms.slice(from, from + perTalker));
  for (const [number, group] of groups.entries()) {
    for (const room of group) {
      await rest(base, `talker-${number}`, "POST", "/rooms", { room_id: room, kind: "public" });
      await rest(base, "person", "PUT", `/rooms/${room}/members/person`, {});
    }
  }

  const said = new Map();
  const refused = [];
  class Counted extends globalThis.WebSocket {
    send(text) {
      const { type } = JSON.parse(text);
      said.set(type, (said.get(type) ?? 0) + 1);
      super.send(text);
    }
  }
  const person = new Parlor({ base, fetchToken: async () => token("person"), WebSocket: Counted });
  person.on("error", (error) => refused.push(error.code));
  person.on("failed", ({ error }) => refused.push(error.code));
  const heard = new Map();
  const outages = [];
  person.on("message", (message) => {
    heard.set(message.message_id, (heard.get(message.message_id) ?? 0) + 1);
    if (message.room_id === rooms[0]) person.markRead(rooms[0], message.seq).catch((error) => refused.push(error.code));
  });
  await person.connect();
  person.on("state", ({ state }) => outages.push(state));
  const talkers = groups.map((group, number) => talker(base, `talker-${number}`, group, refused));
  await sleep(WARM_UP_MS);

  said.clear();
  const times = [];
  const ids = [];
  const sends = [];
  const start = performance.now();
  for (let number = 0; performance.now() - start < SECONDS * 1_000; number += 1) {
    const at = performance.now();
    const room = rooms[number % 2 === 0 ? 0 : number % ROOMS];
    sends.push(person.send(room, `mine ${number}`).stored.then(({ message_id: id }) => {
      times.push(performance.now() - at);
      ids.push(id);
    }));
    await sleep(start + (number + 1) * EVERY_MS - performance.now());
  }
  await Promise.all(sends);
  const seconds = (performance.now() - start) / 1_000;
  for (const each of talkers) each.end();
  await sleep(500);
  person.close();

  times.sort((a, b) => a - b);
  const [p50, p99, worst] = [percentile(times, 0.5), percentile(times, 0.99), times.at(-1)];
  const twice = [...heard.values()].filter((count) => count > 1).length;
  const missing = ids.filter((id) => !heard.has(id)).length;
  const told = [...said].map(([type, count]) => `${type} ${(count / seconds).toFixed(2)}/s`).join(", ");
  console.log(`${ROOMS} rooms with ${RATE} messages a second each, ${seconds.toFixed(0)} s, ${times.length} own messages`);
  console.log(`send to stored: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`);
  console.log(`heard ${(heard.size / (seconds + WARM_UP_MS / 1_000)).toFixed(0)} messages a second; said: ${told}`);
  console.log(`twice ${twice}, missing ${missing}, cuts ${outages.filter((state) => state === "offline").length - 1}, refused ${refused.length} ${[...new Set(refused)].join(" ")}`);
  failed = p99 >= 1_000 || twice > 0 || missing > 0 || refused.length > 0;
} finally {
  server.end();
}
process.exit(failed ? 1 : 0);
