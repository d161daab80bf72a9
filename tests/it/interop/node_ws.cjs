// Node's `ws`, compressing: node node_ws.cjs URL TOKEN. Says "ok" if a long
// message and short ones, whole and in fragments, came back as they were sent.
"use strict";
const assert = require("node:assert");
const WebSocket = require("ws");

const [url, token] = process.argv.slice(2);
const long = "a long message, smørrebrød 🍞 ".repeat(600);
const contents = ["short", long, "short again", long + "!"];
const socket = new WebSocket(url, {
  headers: { authorization: `Bearer ${token}` },
  perMessageDeflate: { threshold: 0 },
});

const send = (content, index) => {
  const data = { room_id: "lobby", client_id: `node-${index}`, content };
  const text = JSON.stringify({ type: "message.send", id: `${index}`, data });
  // In fragments, the first of which says that it is compressed.
  const bytes = Buffer.from(text);
  const half = Math.floor(bytes.length / 2);
  socket.send(bytes.subarray(0, half), { fin: false, binary: false, compress: true });
  socket.send(bytes.subarray(half), { fin: true, binary: false, compress: true });
};

const seen = [];
socket.on("message", (text) => {
  const frame = JSON.parse(text);
  assert.notStrictEqual(frame.type, "error", String(text));
  if (frame.type === "session.ready") contents.forEach(send);
  if (frame.type !== "message.created") return;
  seen.push(frame.data.content);
  if (seen.length < contents.length) return;
  assert.deepStrictEqual(seen, contents);
  assert.match(socket.extensions, /permessage-deflate/);
  socket.close(1000);
});
socket.on("close", (code) => {
  assert.strictEqual(code, 1000);
  console.log("ok");
});
