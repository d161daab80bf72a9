export function webhook(secret: Secret, handler: (webhook: import("./webhooks.js").Webhook) => void | Promise<void>): (context: Context) => Promise<Response>;
export function access(secret: Secret, handler: (asked: import("./callbacks.js").Access) => Answer | Promise<Answer>): (context: Context) => Promise<Response>;
export function beforeSend(secret: Secret, handler: (message: import("./callbacks.js").BeforeSend) => Answer | Promise<Answer>): (context: Context) => Promise<Response>;
export function command(secret: Secret, handler: (command: import("./callbacks.js").Command) => Answer | Promise<Answer>): (context: Context) => Promise<Response>;
export type Secret = import("./webhooks.js").Secret;
export type Answer = import("./callbacks.js").Answer;
export type Context = {
    req: {
        raw: Request;
    };
};
