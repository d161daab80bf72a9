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
export function waitAfter(what: What, failure: ParlorError, made: number, retries: number): number | undefined;
/**
 * Whether an attempt before this one has done it, and its answer was lost: what was to
 * be deleted is gone.
 *
 * @param {What} what
 * @param {ParlorError} failure
 * @param {number} made
 */
export function isDone({ method, answer }: What, { code }: ParlorError, made: number): boolean;
export type ParlorError = import("./errors.js").ParlorError;
export type What = import("./core.js").What;
