// Socket.IO with its own room: what one emits as "m" goes to the room.
"use strict";
const http = require("http");
const { Server } = require("socket.io");

const server = http.createServer();
const io = new Server(server, { transports: ["websocket"], serveClient: false });

io.on("connection", (socket) => {
  if (socket.handshake.query.role === "reader") socket.join("lobby");
  socket.on("m", (message) => io.to("lobby").emit("m", message));
});
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
