/**
 * What an answer that is no success says.
 *
 * @param {Response} response
 * @param {string} body
 */
export function errorOf(response: Response, body: string): ParlorError;
/**
 * @param {number} status
 * @param {string} [requestId]
 */
export function unexpected(status: number, requestId?: string): ParlorError;
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
    constructor(message: string, { code, status, field, retryAfter, requestId, cause }: Details);
    /** Stable, and what to go by. */
    code: Code;
    /** Of HTTP; left out if there was no answer. */
    status: number | undefined;
    /** Which field of the request is wrong. */
    field: string | undefined;
    /** Milliseconds after which it may be tried again. */
    retryAfter: number | undefined;
    /** By which the server's log names this request. */
    requestId: string | undefined;
}
/**
 * A code of the server; or `unreachable`: there was no answer, and whether it was done
 * is not known; or `unexpected_answer`: not from Parlor, such as a proxy's page.
 */
export type Code = import("../types/api.js").ErrorCode | "unreachable" | "unexpected_answer";
export type Details = {
    code: Code;
    status?: number | undefined;
    field?: string | undefined;
    retryAfter?: number | undefined;
    requestId?: string | undefined;
    cause?: unknown;
};
