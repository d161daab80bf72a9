// Handlers for Hono, one line each:
//
//   app.post("/parlor/webhooks", webhook(WEBHOOK_SECRET, told));
//   app.post("/parlor/access", access(CALLBACK_SECRET, may));
//   app.post("/parlor/before-send", beforeSend(CALLBACK_SECRET, check));
//   app.post("/parlor/commands", command(CALLBACK_SECRET, run));
//
// The signature is over the bytes as they came: nothing before them may have read the
// body as JSON.
import { verifyAccess, verifyBeforeSend, verifyCommand } from "./callbacks.js";
import { collect, endpoint } from "./endpoint.js";
import { verifyWebhook } from "./webhooks.js";

/** @typedef {import("./webhooks.js").Secret} Secret */
/** @typedef {import("./callbacks.js").Answer} Answer */
/** @typedef {{req: {raw: Request}}} Context */

/**
 * `handler` is told what has happened. If it throws, Parlor tells it again.
 *
 * @param {Secret} secret
 * @param {(webhook: import("./webhooks.js").Webhook) => void | Promise<void>} handler
 */
export const webhook = (secret, handler) => adapted(endpoint(verifyWebhook, secret, handler));

/**
 * `handler` says whether a user may come into a room. If it throws, what is set for
 * failures holds.
 *
 * @param {Secret} secret
 * @param {(asked: import("./callbacks.js").Access) => Answer | Promise<Answer>} handler
 */
export const access = (secret, handler) => adapted(endpoint(verifyAccess, secret, handler));

/**
 * `handler` says whether a message is stored. If it throws, what is set for failures
 * holds.
 *
 * @param {Secret} secret
 * @param {(message: import("./callbacks.js").BeforeSend) => Answer | Promise<Answer>} handler
 */
export const beforeSend = (secret, handler) => adapted(endpoint(verifyBeforeSend, secret, handler));

/**
 * `handler` answers a command of a client.
 *
 * @param {Secret} secret
 * @param {(command: import("./callbacks.js").Command) => Answer | Promise<Answer>} handler
 */
export const command = (secret, handler) => adapted(endpoint(verifyCommand, secret, handler));

/**
 * @param {ReturnType<typeof endpoint>} answer
 * @returns {(context: Context) => Promise<Response>}
 */
function adapted(answer) {
  return async ({ req: { raw } }) => {
    if (raw.bodyUsed) throw new TypeError("the body has been read: nothing before this route may parse it");
    const body = raw.body ? await collect(/** @type {any} */ (raw.body)) : new Uint8Array();
    const { status, json } = await answer(body, raw.headers);
    return json === undefined ? new Response(null, { status }) : Response.json(json, { status });
  };
}
