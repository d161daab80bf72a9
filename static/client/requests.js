/** What was asked on a connection and is not answered yet. */

import { deferred } from "./deferred.js";
import { ParlorError, noAnswer } from "./error.js";
import { bytesOf } from "./frame.js";

/** Requests that may wait for an answer. */
const REQUESTS_MAX = 1_000;
/** What the server says of a frame that it cannot read. */
const UNREADABLE = new Set(["invalid_message", "too_large"]);

/**
 * @typedef {object} Request
 * @property {(data: any) => void} onAck
 * @property {number | null} bytes null until it was said
 * @property {boolean} heardSince whether anything came since it was said
 * @property {(data: any) => void} resolve
 * @property {(error: ParlorError) => void} reject
 */

export class Requests {
  /** @type {Map<string, Request>} by id */
  #requests = new Map();
  #next = 1;

  get isFull() { return this.#requests.size >= REQUESTS_MAX; }
  get #said() { return [...this.#requests.values()].filter(({ bytes }) => bytes !== null); }
  /** How many were said and wait for their answer. */
  unanswered = 0;

  /**
   * Gives its `id`, its `answer`, and what is to be called when it is `said`:
   * from then on it waits for so long, and then calls `onLate`. One that is
   * long goes on waiting while something comes.
   *
   * @param {(data: any) => void} onAck
   * @param {number} patienceMs
   * @param {() => void} onLate
   * @param {boolean} [isLong]
   * @returns {{id: string, answer: Promise<any>, said: (text: string) => void}}
   */
  add(onAck, patienceMs, onLate, isLong = false) {
    const id = `r${this.#next++}`;
    const { promise: answer, resolve, reject } = deferred();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let late;
    /** @type {(how: (value: any) => void) => (value: any) => void} */
    const settle = (how) => (value) => {
      clearTimeout(late);
      if (request.bytes !== null) this.unanswered -= 1;
      this.#requests.delete(id);
      how(value);
    };
    /** @type {Request} */
    const request = { onAck, bytes: null, heardSince: false, resolve: settle(resolve), reject: settle(reject) };
    this.#requests.set(id, request);
    /** @type {(text: string) => void} */
    const said = (text) => {
      if (this.#requests.get(id) !== request) return;
      request.bytes = bytesOf(text);
      this.unanswered += 1;
      const wait = () => {
        late = setTimeout(() => {
          if (isLong && request.heardSince) {
            request.heardSince = false;
            return wait();
          }
          // On a network that is dead, nothing is wrong with the request.
          if (request.heardSince) request.reject(noAnswer());
          return onLate();
        }, patienceMs);
      };
      wait();
    };
    return { id, answer, said };
  }

  /** Something came, whatever it was. */
  heard() {
    for (const request of this.#requests.values()) request.heardSince = request.bytes !== null;
  }

  /**
   * @param {string} id
   * @param {any} data
   */
  resolve(id, data) {
    const request = this.#requests.get(id);
    request?.onAck(data);
    request?.resolve(data);
  }

  /**
   * An answer without an `id` that says a frame could not be read is about
   * the one that waits, if there is but one. Says whether anybody had asked.
   *
   * @param {string | undefined} id
   * @param {ParlorError} error
   */
  reject(id, error) {
    const request = this.#requests.get(id ?? "") ?? (UNREADABLE.has(error.code) ? this.#only : undefined);
    request?.reject(error);
    return request !== undefined;
  }

  get #only() { return this.unanswered === 1 ? this.#said[0] : undefined; }

  /**
   * The server closed because of what it was sent. If a frame is too big, then
   * the biggest one is; what is not text was the first that it did not answer.
   * Says whether there was one to blame.
   *
   * @param {number} code
   */
  blame(code) {
    if (code !== 1009 && code !== 1007) return false;
    const said = this.#said;
    /** @type {Request | undefined} */
    let biggest;
    for (const each of said) if ((each.bytes ?? 0) > (biggest?.bytes ?? 0)) biggest = each;
    const blamed = code === 1009 ? biggest : said[0];
    blamed?.reject(new ParlorError(code === 1009
      ? { code: "too_large", message: "The server takes no message of this size." }
      : { code: "invalid_message", message: "The server cannot read this message." }));
    return blamed !== undefined;
  }

  /** @param {ParlorError} error */
  rejectAll(error) {
    for (const request of [...this.#requests.values()]) request.reject(error);
  }
}
