export function webhook(secret: Secret, handler: (webhook: import("./webhooks.js").Webhook) => void | Promise<void>): Handler;
export function access(secret: Secret, handler: (asked: import("./callbacks.js").Access) => Answer | Promise<Answer>): Handler;
export function beforeSend(secret: Secret, handler: (message: import("./callbacks.js").BeforeSend) => Answer | Promise<Answer>): Handler;
export function command(secret: Secret, handler: (command: import("./callbacks.js").Command) => Answer | Promise<Answer>): Handler;
export type Answer = import("./callbacks.js").Answer;
export type Secret = import("./webhooks.js").Secret;
export type Request = import("node:http").IncomingMessage & {
    body?: unknown;
    rawBody?: unknown;
};
export type Response = import("node:http").ServerResponse;
export type Handler = (request: Request, response: Response, next: (error?: unknown) => void) => void;
