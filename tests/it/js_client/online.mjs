// A client that is online, over a socket that a test holds.
import { Parlor } from "./client/parlor.js";

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
export const token = `${part({ alg: "HS256" })}.${part({ sub: "ann", exp: Date.now() / 1000 + 3600 })}.x`;
const room = { room_id: "r", kind: "public", title: "", last_seq: 5, epoch: "e", read_seq: 5, delivered_seq: 5, unread: 0, mentions: 0 };
export const ready = (over = {}) => ({
  type: "session.ready",
  data: { user: { id: "ann", name: "Ann" }, limits: {}, rooms: [room], complete: true, inbox_seq: 0, inbox_epoch: "x", ...over },
});
export const message = (seq, over = {}) => ({
  type: "message.created", room_id: "r", seq,
  data: { message_id: `m${seq}`, room_id: "r", seq, changed_seq: seq, sender: { id: "bob" }, content: "x", created_at: "2026", ...over },
});
export const turn = () => new Promise((resolve) => { setTimeout(resolve, 5); });

/** A client that is online, where the server has said this first. */
export async function client(first = ready()) {
  const sockets = [];
  class Socket {
    readyState = 0; sent = [];
    constructor() {
      sockets.push(this);
      queueMicrotask(() => { this.readyState = 1; this.onopen(); });
    }
    send(text) {
      const frame = JSON.parse(text);
      this.sent.push(frame);
      if (frame.type === "auth") queueMicrotask(() => this.hear(first));
      if (frame.type === "session.resume") {
        queueMicrotask(() => this.hear({ type: "ack", id: frame.id, data: { rooms: { r: { last_seq: 5, epoch: "e", resync: false } } } }));
      }
    }
    hear(frame) { this.onmessage({ data: JSON.stringify(frame) }); }
    close() { this.readyState = 3; }
  }
  const parlor = new Parlor({ base: "http://server", fetchToken: async () => token, WebSocket: Socket });
  const told = { errors: [], messages: [], states: [] };
  parlor.on("error", ({ code }) => told.errors.push(code));
  parlor.on("message", ({ seq }) => told.messages.push(seq));
  parlor.on("state", (state) => told.states.push(state));
  parlor.connect().catch(() => {});
  await turn();
  return { parlor, told, sockets };
}

/** What that client has said since, besides its token. */
export const saidBy = ({ sent }) => sent.filter(({ type }) => type !== "auth").map(({ type, data }) => [type, data]);

/** REST that gives these answers, by what is asked. */
export function answering(t, answers) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url) => {
    const path = url.replace("http://server/api/v1", "");
    asked.push(path);
    return Response.json(answers[path]);
  });
  return asked;
}
