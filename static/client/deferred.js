/**
 * A promise that is settled from outside.
 *
 * @template [T=any]
 * @typedef {{promise: Promise<T>, resolve: (value: T) => void, reject: (error: Error) => void}} Deferred
 */

/**
 * @template [T=any]
 * @returns {Deferred<T>}
 */
export function deferred() {
  /** @type {Deferred<T>["resolve"]} */
  let resolve = () => {};
  /** @type {Deferred<T>["reject"]} */
  let reject = () => {};
  const promise = /** @type {Promise<T>} */ (new Promise((settle, fail) => {
    resolve = settle;
    reject = fail;
  }));
  return { promise, resolve, reject };
}
