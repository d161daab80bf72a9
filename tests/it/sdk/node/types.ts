// What an application in TypeScript sees of the SDK; only its types are looked at.
import express from "express";
import { Hono } from "hono";
import { accept, Parlor, ParlorError, refuse, rewrite, type Webhook } from "parlor-chat-server";
import * as forExpress from "parlor-chat-server/express";
import * as forHono from "parlor-chat-server/hono";
import type { Member, Message } from "parlor-chat-server/types";

const parlor = new Parlor("http://127.0.0.1:8080", { secret: "x".repeat(32), roles: ["service"] });

export async function calls(): Promise<string | undefined> {
  const sent = await parlor.sendMessage("board:42", { content: "hi", metadata: { card: 7 } });
  const id: string = sent.message_id;
  const message: Message = await parlor.getMessage(id);
  const at: string | undefined = message.edited_at;
  for await (const member of parlor.asUser("ann").iterMembers("board:42")) {
    const { role }: Member = member;
    // @ts-expect-error a role that there is not
    if (role === "king") return;
  }
  // @ts-expect-error a field that there is not
  await parlor.sendMessage("board:42", { contents: "hi" });
  // @ts-expect-error a kind that there is not
  await parlor.createRoom({ kind: "secret" });
  await parlor.updateRoom("board:42", { custom: null }, { signal: AbortSignal.timeout(1000) });
  await parlor.banUser("ann", { until: new Date() });
  const nothing: void = await parlor.deleteRoom("board:42");
  return at ?? String(nothing);
}

export function failed(error: unknown): boolean {
  if (!(error instanceof ParlorError)) return false;
  // @ts-expect-error a code that there is not
  if (error.code === "notfound") return true;
  return error.code === "not_found" || error.code === "unreachable";
}

const told = (webhook: Webhook): void => {
  const content: string | undefined = webhook.data.message?.content;
  // @ts-expect-error a type that there is not
  if (webhook.type === "message.sent") console.log(content);
};

const app = express();
app.post("/webhooks", forExpress.webhook("whsec_", told));
app.post("/before-send", forExpress.beforeSend("whsec_", ({ content }) => (content ? accept() : refuse("why?"))));
// @ts-expect-error a handler has to answer
app.post("/commands", forExpress.command("whsec_", ({ command }) => console.log(command)));

const hono = new Hono();
hono.post("/webhooks", forHono.webhook(["whsec_"], told));
hono.post("/before-send", forHono.beforeSend("whsec_", async ({ user }) => rewrite({ content: user.name })));
