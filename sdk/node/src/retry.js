// Which calls are made again, and when.

/** Milliseconds before the second attempt; each further wait is twice as long. */
const WAIT_FIRST = 200;
const WAIT_MAX = 5000;

/** The longest that the server may tell to wait; beyond it the error is thrown. */
const PATIENCE = 30_000;

/** Statuses of what passes: of the server, or of a proxy in front of it. */
const PASSING = [502, 503, 504];

/** @typedef {import("./errors.js").ParlorError} ParlorError */
/** @typedef {import("./core.js").What} What */

/**
 * Milliseconds until the next attempt; undefined: there is none.
 *
 * @param {What} what
 * @param {ParlorError} failure
 * @param {number} made how many attempts there were
 * @param {number} retries how many more there may be in all
 * @returns {number | undefined}
 */
export function waitAfter(what, failure, made, retries) {
  if (made > retries || !mayBeRepeated(what, failure)) return undefined;
  const wait = Math.min(WAIT_FIRST * 2 ** (made - 1), WAIT_MAX) * (0.5 + Math.random() / 2);
  if (failure.retryAfter === undefined) return wait;
  // Who is told to wait for long does so somewhere else.
  return failure.retryAfter > PATIENCE ? undefined : failure.retryAfter + wait;
}

/**
 * @param {What} what
 * @param {ParlorError} failure
 */
function mayBeRepeated(what, { code, status }) {
  if (code === "rate_limited") return true;
  return what.repeatable === true && (code === "unreachable" || PASSING.includes(status ?? 0));
}

/**
 * Whether an attempt before this one has done it, and its answer was lost: what was to
 * be deleted is gone.
 *
 * @param {What} what
 * @param {ParlorError} failure
 * @param {number} made
 */
export function isDone({ method, answer }, { code }, made) {
  return method === "DELETE" && answer === "nothing" && code === "not_found" && made > 1;
}
