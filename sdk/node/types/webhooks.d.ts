/**
 * As in `PARLOR_WEBHOOK_SECRET`: one, or several while they are changed over.
 * @typedef {string | readonly string[]} Secret
 */
/** @typedef {Headers | Record<string, string | string[] | undefined>} HeadersLike */
/**
 * @typedef {object} Checks
 * @property {number} [tolerance] seconds that it may be old or ahead; 300 by default
 * @property {number} [now] seconds
 */
/**
 * @typedef {object} WebhookData
 * @property {string} [room_id]
 * @property {string} [user_id]
 * @property {string} [message_id]
 * @property {number} [seq]
 * @property {"left" | "removed" | "banned"} [reason]
 * @property {import("../types/api.js").Message} [message] as it is when it is told; not
 *   there once it is gone with its room
 * @property {number} [unread] in `user.unread`: how much the user has not read, and wants
 *   to be told of
 * @property {number} [mentions]
 * @property {number} [rooms_total]
 * @property {import("../types/api.js").Room[]} [rooms] the newest of them, each with its
 *   newest message
 */
/**
 * @typedef {object} Webhook
 * @property {"message.created" | "message.updated" | "message.deleted" | "member.joined" | "member.updated" | "member.left" | "room.created" | "room.deleted" | "user.online" | "user.offline" | "user.deleted" | "user.unread"} type
 * @property {string} timestamp
 * @property {WebhookData} data
 */
/**
 * What Parlor tells, if it is from Parlor; otherwise it throws `InvalidSignature`. The
 * same webhook may come again, under the same `webhook-id`.
 *
 * @param {Uint8Array | string} body as it came, before anything has parsed it
 * @param {HeadersLike} headers
 * @param {Secret} secret `PARLOR_WEBHOOK_SECRET`
 * @param {Checks} [checks]
 * @returns {Webhook}
 */
export function verifyWebhook(body: Uint8Array | string, headers: HeadersLike, secret: Secret, checks?: Checks): Webhook;
/**
 * The JSON object of a body that is signed.
 *
 * @param {Uint8Array | string} body
 * @param {HeadersLike} headers
 * @param {Secret} secret
 * @param {Checks} [checks]
 * @returns {any}
 */
export function verified(body: Uint8Array | string, headers: HeadersLike, secret: Secret, { tolerance, now }?: Checks): any;
/**
 * The bytes of secrets; it throws for what the server would not take.
 *
 * @param {Secret} secret
 */
export function keysOf(secret: Secret): Buffer<ArrayBuffer>[];
/** More than Parlor ever sends: what is longer is not read. */
export const BODY_BYTES: number;
/** It is not from Parlor, or too old. */
export class InvalidSignature extends Error {
}
/**
 * As in `PARLOR_WEBHOOK_SECRET`: one, or several while they are changed over.
 */
export type Secret = string | readonly string[];
export type HeadersLike = Headers | Record<string, string | string[] | undefined>;
export type Checks = {
    /**
     * seconds that it may be old or ahead; 300 by default
     */
    tolerance?: number | undefined;
    /**
     * seconds
     */
    now?: number | undefined;
};
export type WebhookData = {
    room_id?: string | undefined;
    user_id?: string | undefined;
    message_id?: string | undefined;
    seq?: number | undefined;
    reason?: "removed" | "left" | "banned" | undefined;
    /**
     * as it is when it is told; not
     * there once it is gone with its room
     */
    message?: import("../types/api.js").Message | undefined;
    /**
     * in `user.unread`: how much the user has not read, and wants
     * to be told of
     */
    unread?: number | undefined;
    mentions?: number | undefined;
    rooms_total?: number | undefined;
    /**
     * the newest of them, each with its
     * newest message
     */
    rooms?: import("../types/api.js").Room[] | undefined;
};
export type Webhook = {
    type: "message.created" | "message.updated" | "message.deleted" | "member.joined" | "member.updated" | "member.left" | "room.created" | "room.deleted" | "user.online" | "user.offline" | "user.deleted" | "user.unread";
    timestamp: string;
    data: WebhookData;
};
