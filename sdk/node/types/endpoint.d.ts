/** @typedef {{status: number, json?: unknown}} Outcome */
/**
 * @param {(body: Uint8Array, headers: any, secret: any) => any} verify
 * @param {import("./webhooks.js").Secret} secret
 * @param {(said: any) => any} handler
 * @returns {(body: Uint8Array | undefined, headers: import("./webhooks.js").HeadersLike) => Promise<Outcome>}
 */
export function endpoint(verify: (body: Uint8Array, headers: any, secret: any) => any, secret: import("./webhooks.js").Secret, handler: (said: any) => any): (body: Uint8Array | undefined, headers: import("./webhooks.js").HeadersLike) => Promise<Outcome>;
/**
 * All of a body; undefined if it is too large.
 *
 * @param {AsyncIterable<Uint8Array>} parts
 * @returns {Promise<Uint8Array | undefined>}
 */
export function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined>;
export type Outcome = {
    status: number;
    json?: unknown;
};
