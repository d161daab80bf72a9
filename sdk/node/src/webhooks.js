// Webhooks, and the signature that they and the questions carry (Standard Webhooks).
import { createHmac, timingSafeEqual } from "node:crypto";

/** Seconds that a signature may be old, or ahead. */
const TOLERANCE = 300;
/** The least that the server takes, in bytes. */
const SECRET_BYTES = 24;
/** More than Parlor ever sends: what is longer is not read. */
export const BODY_BYTES = 1024 * 1024;

/** It is not from Parlor, or too old. */
export class InvalidSignature extends Error {
  name = "InvalidSignature";
}

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
export function verifyWebhook(body, headers, secret, checks) {
  return verified(body, headers, secret, checks);
}

/**
 * The JSON object of a body that is signed.
 *
 * @param {Uint8Array | string} body
 * @param {HeadersLike} headers
 * @param {Secret} secret
 * @param {Checks} [checks]
 * @returns {any}
 */
export function verified(body, headers, secret, { tolerance = TOLERANCE, now = Date.now() / 1000 } = {}) {
  if (!(typeof body === "string" || body instanceof Uint8Array)) {
    throw new TypeError("the body has to be as it came: bytes or text, and not parsed");
  }
  const keys = keysOf(secret);
  const [id, at, signatures] = ["id", "timestamp", "signature"].map((name) => header(headers, `webhook-${name}`));
  if (!id || !/^\d{1,12}$/.test(at) || !signatures) {
    throw new InvalidSignature("the headers of a signature are missing");
  }
  if (Math.abs(now - Number(at)) > tolerance) {
    throw new InvalidSignature("the signature is too old, or a clock is wrong");
  }
  const given = signatures.split(" ");
  // All are compared, whichever fits.
  const fitting = keys.flatMap((key) => {
    const digest = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64");
    return given.filter((signature) => same(`v1,${digest}`, signature));
  });
  if (fitting.length === 0) throw new InvalidSignature("the signature does not fit");
  const said = parsed(typeof body === "string" ? body : Buffer.from(body).toString());
  if (typeof said !== "object" || said === null || Array.isArray(said)) {
    throw new InvalidSignature("what is signed is no JSON object");
  }
  return said;
}

/**
 * @param {HeadersLike} headers
 * @param {string} name
 */
function header(headers, name) {
  if (headers instanceof Headers) return headers.get(name) ?? "";
  const found = Object.entries(headers).find(([own]) => own.toLowerCase() === name);
  return String(found?.[1] ?? "");
}

/**
 * In a time that says nothing of where they differ.
 *
 * @param {string} expected
 * @param {string} given
 */
function same(expected, given) {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The bytes of secrets; it throws for what the server would not take.
 *
 * @param {Secret} secret
 */
export function keysOf(secret) {
  // With commas between them, as the server's setting has them.
  const several = typeof secret === "string" ? secret.split(",") : secret;
  return several.map((each) => {
    const text = each.trim();
    const key = text.startsWith("whsec_") ? Buffer.from(text.slice(6), "base64") : Buffer.from(text);
    if (key.length < SECRET_BYTES) throw new RangeError(`a secret needs at least ${SECRET_BYTES} bytes`);
    return key;
  });
}
