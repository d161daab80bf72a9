/**
 * What comes piece by piece, until it ends or a signal says to stop: also while
 * it is waited for.
 *
 * @template T
 * @param {AsyncIterable<T> | Iterable<T>} pieces
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<T, void>}
 */
export async function* until(pieces, signal) {
  const iterator = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  try {
    while (!signal.aborted) {
      const { done, value } = await nextOf(iterator, signal);
      if (done) return;
      yield value;
    }
  } finally {
    // Not waited for: it may be in the middle of what does not come.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/**
 * @template T
 * @param {AsyncIterator<T> | Iterator<T>} iterator
 * @param {AbortSignal} signal
 * @returns {Promise<IteratorResult<T>>}
 */
function nextOf(iterator, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => resolve({ done: true, value: undefined });
    signal.addEventListener("abort", stop, { once: true });
    Promise.resolve(iterator.next()).then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", stop));
  });
}
