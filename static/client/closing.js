/** What follows from the end of a connection: docs/PROTOCOL.md, "Close codes". */

import { ParlorError } from "./error.js";

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 20_000;
/** The server takes some seconds to find out who of many is still there. */
const PLACE_MS = 2_000;
/** After these the server does not want one back; see `comesBack`. */
const STOP_CODES = new Set([1002, 1003, 1007, 1009]);

/**
 * Whether a client comes back after a close. The codes that docs/PROTOCOL.md
 * does not name (1000 by a proxy, 1005 and 1006 without a close frame) carry
 * no judgement of the server, so they mean yes.
 *
 * @param {number} code
 */
export function comesBack(code) {
  return !STOP_CODES.has(code) && !(code >= 4500 && code < 5000);
}

/**
 * Backs off with full jitter, so that clients do not all come at once.
 * @param {number} attempt
 * @param {number | null} [code] with which the connection was closed
 */
export function pauseBefore(attempt, code = null) {
  const least = code === 4409 ? PLACE_MS : 0;
  return least + Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** attempt);
}

/** How long to wait before each try. */
export class Backoff {
  #attempt = 0;
  /** @type {number | null} what the server has said */
  #said = null;

  /** @param {number} ms */
  nextIs(ms) { this.#said = ms; }
  /** The last connection was a good one. */
  restart() { this.#attempt = 0; }

  /** @param {number | null} code with which the connection was closed */
  next(code) {
    const pause = this.#said ?? pauseBefore(this.#attempt, code);
    this.#said = null;
    this.#attempt = Math.min(this.#attempt + 1, 10);
    return pause;
  }
}

/** @type {Record<number, [code: string, message: string, advice: string]>} */
const ENDS = {
  4409: ["too_many_connections", "This user has too many connections.",
    "Close some of them, or raise PARLOR_CONNECTIONS_PER_USER. The client keeps trying: connections that have died are freed soon."],
  4501: ["unauthorized", "The server does not take the token.",
    "See that the token is signed with the server's secret or by its issuer, that it is not over, and that it was not revoked; the server's log says why."],
  4503: ["disconnected", "An administrator has ended this connection.", "Call connect() when the user wants to come back."],
};

/**
 * The error that tells why a connection has ended.
 * @param {number} code
 * @param {string} [reason]
 */
export function endOf(code, reason = "") {
  const [name, text, advice] = ENDS[code] ?? ["closed", `The server has ended this connection (${code}).`, "Call connect() to try again."];
  return new ParlorError({ code: name, message: reason ? `${text} (${reason})` : text, advice });
}
