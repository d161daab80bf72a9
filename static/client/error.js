/**
 * What can go wrong. The codes of the server are in docs/PROTOCOL.md, "Errors";
 * those that the client finds itself are in docs/CLIENT.md, "Errors".
 *
 * @import { Refusal } from "./types.js"
 */

/** An error of the server, or of what the client needs to reach it. */
export class ParlorError extends Error {
  /**
   * @param {Refusal & {cause?: unknown, advice?: string}} told
   * @param {number} status of the HTTP answer, or 0
   */
  constructor({ code, message, field, retry_after_ms: retryAfter, cause, advice }, status = 0) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ParlorError";
    this.code = code;
    this.field = field;
    this.status = status;
    this.retryAfterMs = typeof retryAfter === "number" && Number.isFinite(retryAfter) ? retryAfter : null;
    /** What may be done about it, for who writes the application; or null. */
    this.advice = advice ?? null;
  }

  /** Nothing was done, and the same may be asked again a little later. */
  get isTemporary() {
    return this.code === "rate_limited" || this.code === "unavailable";
  }
}

/**
 * @param {string} message
 * @param {unknown} [cause]
 */
export const offline = (message, cause) => new ParlorError({ code: "offline", message, cause });

export const signedOut = () =>
  new ParlorError({ code: "unauthorized", message: "You are not signed in." }, 401);

/** The connection heard other things, and never the answer to one request. */
export const noAnswer = () =>
  new ParlorError({ code: "no_answer", message: "The server did not answer." });

/** No pause is longer, whatever is said: what waits is tried again in a while. */
const PAUSE_MAX_MS = 10 * 60_000;

/**
 * How long to wait when the server names so many ms.
 * @type {(ms: number) => number}
 */
export const pauseOf = (ms) => Math.min(Math.max(0, ms), PAUSE_MAX_MS);

/**
 * How long to wait after a temporary error: the server's word is the least,
 * more spreads those who ask.
 *
 * @param {{retryAfterMs: number | null}} error
 */
export function pauseAfter(error) {
  return pauseOf(error.retryAfterMs ?? 1_000) * (1 + Math.random() / 2);
}

/** How often a command is given again that came too soon. */
const TRIES_MAX = 3;

/**
 * Runs it, again if it came too soon, or with a new token if the old one was over.
 * @template T
 * @param {() => Promise<T>} run
 * @param {() => Promise<void>} renew
 */
export async function mended(run, renew) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (caught) {
      const error = asError(caught);
      if (tries >= TRIES_MAX) throw error;
      if (error.isTemporary) await sleep(pauseAfter(error));
      else if (error.code === "token_expired") await renew();
      else throw error;
    }
  }
}

/** @type {(ms: number) => Promise<void>} */
export const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/**
 * What was caught, where only a `ParlorError` is thrown.
 *
 * @type {(error: unknown) => ParlorError}
 */
export const asError = (error) => /** @type {ParlorError} */ (error);
