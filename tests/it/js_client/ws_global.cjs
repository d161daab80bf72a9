// Node before 22 has no WebSocket of its own.
globalThis.WebSocket ??= require("ws").WebSocket;
