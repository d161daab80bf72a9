// What the scripts here share.
import { createHmac } from "node:crypto";
import { Parlor } from "./client/parlor.js";

/** The next event that fits. */
export const nextOf = (parlor, event, fits = () => true) => new Promise((resolve) => {
  const off = parlor.on(event, (detail) => { if (fits(detail)) { off(); resolve(detail); } });
});

/** All events of a kind, as they come. */
export function listOf(parlor, event, tell = (detail) => detail) {
  const list = [];
  parlor.on(event, (detail) => list.push(tell(detail)));
  return list;
}

export const codesOf = (parlor) => listOf(parlor, "error", ({ code }) => code);

const base64 = (text) => Buffer.from(text).toString("base64url");

/** A token as an application's backend makes it. */
export function sign(claims, secret) {
  const head = `${base64('{"alg":"HS256"}')}.${base64(JSON.stringify(claims))}`;
  return `${head}.${createHmac("sha256", secret).update(head).digest("base64url")}`;
}

/**
 * A WebSocket that is looked at: `said` are the frames that went out. `hear`
 * may give another frame than came.
 */
export function watched({ hear = (frame) => frame } = {}) {
  const said = [];
  const heard = [];
  let waiting = [];
  class Watched extends globalThis.WebSocket {
    send(text) {
      said.push(JSON.parse(text));
      super.send(text);
      waiting = waiting.filter(({ holds, resolve }) => !(holds(said) && (resolve(), true)));
    }

    set onmessage(listener) {
      super.onmessage = (event) => {
        heard.push(JSON.parse(event.data));
        listener({ data: JSON.stringify(hear(JSON.parse(event.data))) });
      };
    }
  }
  const until = (holds) => (holds(said) ? Promise.resolve() : new Promise((resolve) => { waiting.push({ holds, resolve }); }));
  return { WebSocket: Watched, said, heard, until };
}

/** Somebody of the application's, with a good token. */
export function user(id, { base, secret, ...options }) {
  const now = Math.floor(Date.now() / 1000);
  const token = sign({ sub: id, iat: now, exp: now + 3_600 }, secret);
  return new Parlor({ base, fetchToken: async () => token, ...options });
}
