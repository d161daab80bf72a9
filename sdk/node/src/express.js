// Handlers for Express, one line each:
//
//   app.post("/parlor/webhooks", webhook(WEBHOOK_SECRET, told));
//   app.post("/parlor/access", access(CALLBACK_SECRET, may));
//   app.post("/parlor/before-send", beforeSend(CALLBACK_SECRET, check));
//   app.post("/parlor/commands", command(CALLBACK_SECRET, run));
//
// The signature is over the bytes as they came, so these lines stand before
// `app.use(express.json())`; or the route has `express.raw({ type: "*/*" })`.
import { verifyAccess, verifyBeforeSend, verifyCommand } from "./callbacks.js";
import { collect, endpoint } from "./endpoint.js";
import { verifyWebhook } from "./webhooks.js";

/** @typedef {import("./webhooks.js").Secret} Secret */
/** @typedef {import("node:http").IncomingMessage & {body?: unknown, rawBody?: unknown}} Request */
/** @typedef {import("node:http").ServerResponse} Response */
/** @typedef {(request: Request, response: Response, next: (error?: unknown) => void) => void} Handler */

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

/** @typedef {import("./callbacks.js").Answer} Answer */

/**
 * @param {ReturnType<typeof endpoint>} answer
 * @returns {Handler}
 */
function adapted(answer) {
  return (request, response, next) => {
    rawBody(request)
      .then((body) => answer(body, request.headers))
      .then(({ status, json }) => {
        // What is left of a body that is too large is not waited for.
        if (status === 413) response.setHeader("Connection", "close");
        response.statusCode = status;
        if (json === undefined) return response.end();
        response.setHeader("Content-Type", "application/json");
        return response.end(JSON.stringify(json));
      })
      .catch(next);
  };
}

/** @param {Request} request */
async function rawBody(request) {
  const kept = [request.rawBody, request.body].find((body) => body instanceof Uint8Array);
  if (kept instanceof Uint8Array) return kept;
  if (request.readableEnded || request.readableDidRead) {
    throw new TypeError(
      "the body has been parsed: put this route before app.use(express.json()), or give it express.raw({ type: '*/*' })",
    );
  }
  // Otherwise leaving it would take the connection along, and nothing could be answered.
  return collect(request.iterator({ destroyOnReturn: false }));
}
