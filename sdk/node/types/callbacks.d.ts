/**
 * Who wants to come into a room, if Parlor asks; otherwise it throws `InvalidSignature`.
 *
 * @param {Uint8Array | string} body as it came
 * @param {HeadersLike} headers
 * @param {Secret} secret `PARLOR_CALLBACK_SECRET`
 * @param {Checks} [checks]
 * @returns {Access}
 */
export function verifyAccess(body: Uint8Array | string, headers: HeadersLike, secret: Secret, checks?: Checks): Access;
/**
 * What is asked about, if Parlor asks; otherwise it throws `InvalidSignature`.
 *
 * @param {Uint8Array | string} body as it came
 * @param {HeadersLike} headers
 * @param {Secret} secret `PARLOR_CALLBACK_SECRET`
 * @param {Checks} [checks]
 * @returns {BeforeSend}
 */
export function verifyBeforeSend(body: Uint8Array | string, headers: HeadersLike, secret: Secret, checks?: Checks): BeforeSend;
/**
 * The same of a command.
 *
 * @param {Uint8Array | string} body
 * @param {HeadersLike} headers
 * @param {Secret} secret
 * @param {Checks} [checks]
 * @returns {Command}
 */
export function verifyCommand(body: Uint8Array | string, headers: HeadersLike, secret: Secret, checks?: Checks): Command;
export function accept(): Answer;
export function refuse(reason: string): Answer;
export function rewrite({ content, metadata }: {
    content?: string;
    metadata?: Record<string, any>;
}): Answer;
export function answer(value?: unknown): Answer;
export function allow(what?: "join" | "read", { seconds }?: {
    seconds?: number;
}): Answer;
export function deny(reason?: string, { seconds }?: {
    seconds?: number;
}): Answer;
export type HeadersLike = import("./webhooks.js").HeadersLike;
export type Secret = import("./webhooks.js").Secret;
export type Checks = import("./webhooks.js").Checks;
/**
 * A message that is to be stored, or changed.
 */
export type BeforeSend = {
    kind: "send" | "edit";
    room_id: string;
    user: import("../types/api.js").User;
    content: string;
    client_id?: string | undefined;
    metadata?: Record<string, any> | undefined;
    attachments?: string[] | undefined;
    reply_to?: string | undefined;
    thread_id?: string | undefined;
    /**
     * of an edit
     */
    message_id?: string | undefined;
};
/**
 * A command `app.…` of a client.
 */
export type Command = {
    user: import("../types/api.js").User;
    command: string;
    data: any;
};
/**
 * Somebody who is no member of a room, and would read or join there.
 */
export type Access = {
    user: import("../types/api.js").User;
    room_id: string;
};
/**
 * Made by `accept`, `refuse`, `rewrite`, `answer`, `allow` or `deny`.
 */
export type Answer = {
    action: string;
    [more: string]: unknown;
};
