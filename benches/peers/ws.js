// The npm package `ws`: every text frame goes to every client that reads.
"use strict";
const { WebSocketServer, WebSocket } = require("ws");

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  backlog: 4096,
  clientTracking: false,
});
const readers = new Set();

server.on("connection", (socket, request) => {
  if (request.url !== "/send") {
    readers.add(socket);
    socket.on("close", () => readers.delete(socket));
  }
  socket.on("error", () => socket.terminate());
  socket.on("message", (data, isBinary) => {
    for (const reader of readers) {
      if (reader.readyState === WebSocket.OPEN) reader.send(data, { binary: isBinary });
    }
  });
});
