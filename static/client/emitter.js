/**
 * A listener's mistake must not stop the protocol; it surfaces as an uncaught
 * error of its own.
 *
 * @template T
 * @param {(detail: T) => void} listener
 * @param {T} detail
 */
export function told(listener, detail) {
  try {
    listener(detail);
  } catch (error) {
    queueMicrotask(() => { throw error; });
  }
}

/**
 * Who listens to what.
 *
 * @import { Emit, ParlorEvents } from "./events.js"
 */
export class Emitter {
  /** @type {Map<string, Set<(detail: any) => void>>} */
  #listeners = new Map();

  /**
   * Gives a function that takes the listener off again.
   * @template {keyof ParlorEvents} E
   * @param {E} event
   * @param {(detail: ParlorEvents[E]) => void} listener
   * @returns {() => void}
   */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => { listeners.delete(listener); };
  }

  /**
   * Says whether anybody listened.
   * @type {Emit}
   */
  emit(event, ...[detail]) {
    const listeners = [...(this.#listeners.get(event) ?? [])];
    for (const listener of listeners) told(listener, detail);
    return listeners.length > 0;
  }
}
