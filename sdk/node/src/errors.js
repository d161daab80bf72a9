// What can go wrong, by Parlor's stable codes (docs/PROTOCOL.md, "Errors").

/**
 * A code of the server; or `unreachable`: there was no answer, and whether it was done
 * is not known; or `unexpected_answer`: not from Parlor, such as a proxy's page.
 * @typedef {import("../types/api.js").ErrorCode | "unreachable" | "unexpected_answer"} Code
 */

/**
 * @typedef {object} Details
 * @property {Code} code
 * @property {number} [status]
 * @property {string} [field]
 * @property {number} [retryAfter]
 * @property {string} [requestId]
 * @property {unknown} [cause]
 */

/** The server has refused, or could not be asked. */
export class ParlorError extends Error {
  /**
   * @param {string} message
   * @param {Details} details
   */
  constructor(message, { code, status, field, retryAfter, requestId, cause }) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ParlorError";
    /** Stable, and what to go by. */
    this.code = code;
    /** Of HTTP; left out if there was no answer. */
    this.status = status;
    /** Which field of the request is wrong. */
    this.field = field;
    /** Milliseconds after which it may be tried again. */
    this.retryAfter = retryAfter;
    /** By which the server's log names this request. */
    this.requestId = requestId;
  }
}

/**
 * What an answer that is no success says.
 *
 * @param {Response} response
 * @param {string} body
 */
export function errorOf(response, body) {
  const { status, headers } = response;
  const requestId = headers.get("x-request-id") ?? undefined;
  const { code, message, field, retry_after_ms: wait } = detailOf(body);
  if (typeof code !== "string") return unexpected(status, requestId);
  const seconds = Number(headers.get("retry-after") ?? NaN);
  const retryAfter = typeof wait === "number" ? wait : Number.isNaN(seconds) ? undefined : seconds * 1000;
  const details = { code: /** @type {Code} */ (code), status, field, retryAfter, requestId };
  return new ParlorError(String(message), details);
}

/**
 * @param {number} status
 * @param {string} [requestId]
 */
export function unexpected(status, requestId) {
  const code = "unexpected_answer";
  return new ParlorError(`status ${status}, and not from Parlor`, { code, status, requestId });
}

/**
 * @param {string} body
 * @returns {Record<string, any>}
 */
function detailOf(body) {
  try {
    return JSON.parse(body).error ?? {};
  } catch {
    return {};
  }
}
