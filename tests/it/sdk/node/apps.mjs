// A real application with the adapters of the SDK.
import { strict as assert } from "node:assert";
import { createHmac } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { serve } from "@hono/node-server";
import express from "express";
import { Hono } from "hono";
import { accept, allow, answer, deny, refuse, rewrite } from "parlor-chat-server";
import * as forExpress from "parlor-chat-server/express";
import * as forHono from "parlor-chat-server/hono";

/** Milliseconds until what has to come is missed. */
export const WAIT = 30_000;

export class Application {
  asked = [];
  heard = [];
  /** Contents of messages that it cannot bear. */
  failsAt = new Set();
  url = "";
  #came = new EventEmitter();
  #secrets;

  static async start(framework, webhookSecret, callbackSecret) {
    const application = new Application();
    application.#secrets = {
      "/webhooks": webhookSecret,
      "/before-send": callbackSecret,
      "/commands": callbackSecret,
      "/access": callbackSecret,
    };
    const serving = framework === "express" ? serveExpress : serveHono;
    application.url = await serving(application, webhookSecret, callbackSecret);
    return application;
  }

  hear(webhook) {
    if (this.failsAt.has(webhook.data.message?.content)) throw new Error("the application cannot bear it");
    this.heard.push(webhook);
    this.#came.emit("came");
  }

  /** Waits until it was told of something. */
  async told(isIt) {
    const signal = AbortSignal.timeout(WAIT);
    while (!this.heard.some(isIt)) await once(this.#came, "came", { signal });
    return this.heard.find(isIt);
  }

  async check(message) {
    this.asked.push(message);
    if (message.content.includes("http")) return refuse("no links, please");
    if (message.content.includes("softer")) {
      const content = message.content.replace("softer", "SOFT");
      return rewrite({ content, metadata: { ...message.metadata, seen: true } });
    }
    return accept();
  }

  may({ room_id: room }) {
    if (room === "closed") return deny("not on your plan", { seconds: 5 });
    return room === "watched" ? allow("read") : allow("join", { seconds: 5 });
  }

  run({ command, user, data }) {
    return command === "app.order.place" ? answer({ for: user.id, item: data.item }) : refuse("what is that?");
  }

  async refusesWhatIsForged() {
    const told = { type: "room.created", timestamp: "2026-11-20T21:00:00.123Z", data: {} };
    const body = JSON.stringify(told);
    const now = Math.floor(Date.now() / 1000);
    for (const [path, secret] of Object.entries(this.#secrets)) {
      for (const [at, key] of [[now, "f".repeat(32)], [now - 301, secret], [now + 400, secret]]) {
        const refused = await this.#post(path, body, at, key);
        assert.equal(refused.status, 401);
        assert((await refused.json()).error);
      }
      assert.equal((await fetch(this.url + path, { method: "POST", body })).status, 401);
      const large = await this.#post(path, " ".repeat(1024 * 1024 + 1), now, secret);
      assert.equal(large.status, 413);
      // Signed, and another question: what it accepts is not that.
      if (path !== "/webhooks") assert.equal((await this.#post(path, body, now, secret)).status, 401);
    }
    assert.deepEqual([this.heard, this.asked], [[], []]);
    assert.equal((await this.#post("/webhooks", body, now, this.#secrets["/webhooks"])).status, 204);
    assert.equal((await this.#post("/kept/webhooks", body, now, this.#secrets["/webhooks"])).status, 204);
    assert.deepEqual(this.heard, [told, told]);
    const late = await this.#post("/late/webhooks", body, now, this.#secrets["/webhooks"]);
    assert.equal(late.status, 500);
    assert.match(await late.text(), /the body has been (parsed|read)/);
  }

  #post(path, body, at, secret) {
    const digest = createHmac("sha256", secret).update(`one.${at}.${body}`).digest("base64");
    const headers = {
      "content-type": "application/json",
      "webhook-id": "one",
      "webhook-timestamp": String(at),
      "webhook-signature": `v1,${digest}`,
    };
    return fetch(this.url + path, { method: "POST", body, headers });
  }
}

async function serveExpress(application, webhookSecret, callbackSecret) {
  const { webhook, access, beforeSend, command } = forExpress;
  const hear = webhook(["an older one that is still in use", webhookSecret], (told) => application.hear(told));
  const app = express();
  app.post("/webhooks", hear);
  app.post("/before-send", beforeSend(callbackSecret, (message) => application.check(message)));
  app.post("/commands", command(callbackSecret, (asked) => application.run(asked)));
  app.post("/access", access(callbackSecret, (asked) => application.may(asked)));
  app.post("/kept/webhooks", express.raw({ type: "*/*" }), hear);
  app.use(express.json());
  app.post("/late/webhooks", hear);
  app.use((error, _request, response, _next) => response.status(500).send(error.message));
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

async function serveHono(application, webhookSecret, callbackSecret) {
  const { webhook, access, beforeSend, command } = forHono;
  const hear = webhook(`an older one that is still in use, ${webhookSecret}`, async (told) => application.hear(told));
  const app = new Hono();
  app.post("/webhooks", hear);
  app.post("/kept/webhooks", hear);
  app.post("/before-send", beforeSend(callbackSecret, (message) => application.check(message)));
  app.post("/commands", command(callbackSecret, (asked) => application.run(asked)));
  app.post("/access", access(callbackSecret, async (asked) => application.may(asked)));
  app.use("/late/*", async (context, next) => {
    await context.req.json();
    await next();
  });
  app.post("/late/webhooks", hear);
  app.onError((error, context) => context.text(error.message, 500));
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => resolve(`http://127.0.0.1:${port}`));
  });
}
