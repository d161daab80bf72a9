/**
 * A listener's mistake must not stop the protocol; it surfaces as an uncaught
 * error of its own.
 */
export function told(listener, detail) {
  try {
    listener(detail);
  } catch (error) {
    queueMicrotask(() => { throw error; });
  }
}

/** Who listens to what. */
export class Emitter {
  #listeners = new Map();

  /** Gives a function that takes the listener off again. */
  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    return () => this.#listeners.get(event).delete(listener);
  }

  /** Says whether anybody listened. */
  emit(event, detail) {
    const listeners = [...(this.#listeners.get(event) ?? [])];
    for (const listener of listeners) told(listener, detail);
    return listeners.length > 0;
  }
}
