// Parlor from an application's backend: tokens, users, rooms, messages, events,
// webhooks and questions. The adapters are in `express.js` and `hono.js`.
export {
  accept, allow, answer, deny, refuse, rewrite, verifyAccess, verifyBeforeSend, verifyCommand,
} from "./callbacks.js";
export { Parlor } from "./client.js";
export { ParlorError } from "./errors.js";
export { mintToken } from "./tokens.js";
export { InvalidSignature, verifyWebhook } from "./webhooks.js";

/** @typedef {import("./callbacks.js").Access} Access */
/** @typedef {import("./callbacks.js").Answer} Answer */
/** @typedef {import("./callbacks.js").BeforeSend} BeforeSend */
/** @typedef {import("./callbacks.js").Command} Command */
/** @typedef {import("./client.js").ClientOptions} ClientOptions */
/** @typedef {import("./core.js").Options} Options */
/** @typedef {import("./errors.js").Code} Code */
/** @typedef {import("./webhooks.js").Webhook} Webhook */
/** @typedef {import("./webhooks.js").WebhookData} WebhookData */
