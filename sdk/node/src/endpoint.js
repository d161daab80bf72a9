// What the adapters have in common: a signed body in, a status and JSON out.
import { BODY_BYTES, InvalidSignature, keysOf } from "./webhooks.js";

/** @typedef {{status: number, json?: unknown}} Outcome */

/**
 * @param {(body: Uint8Array, headers: any, secret: any) => any} verify
 * @param {import("./webhooks.js").Secret} secret
 * @param {(said: any) => any} handler
 * @returns {(body: Uint8Array | undefined, headers: import("./webhooks.js").HeadersLike) => Promise<Outcome>}
 */
export function endpoint(verify, secret, handler) {
  // What is wrong with it is seen at the start, and not when the first one comes.
  keysOf(secret);
  return async (body, headers) => {
    if (body === undefined) return { status: 413, json: { error: "too large" } };
    let said;
    try {
      said = verify(body, headers, secret);
    } catch (error) {
      if (error instanceof InvalidSignature) return { status: 401, json: { error: error.message } };
      throw error;
    }
    const json = await handler(said);
    return json === undefined ? { status: 204 } : { status: 200, json };
  };
}

/**
 * All of a body; undefined if it is too large.
 *
 * @param {AsyncIterable<Uint8Array>} parts
 * @returns {Promise<Uint8Array | undefined>}
 */
export async function collect(parts) {
  const all = [];
  let size = 0;
  for await (const part of parts) {
    size += part.length;
    if (size > BODY_BYTES) return undefined;
    all.push(part);
  }
  return Buffer.concat(all);
}
