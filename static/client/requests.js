/** What was asked on a connection and is not answered yet. */

import { ParlorError, noAnswer } from "./error.js";
import { bytesOf } from "./frame.js";

/** Requests that may wait for an answer. */
const REQUESTS_MAX = 1_000;
/** What the server says of a frame that it cannot read. */
const UNREADABLE = new Set(["invalid_message", "too_large"]);

export class Requests {
  /** id → {resolve, reject, onAck, bytes, heardSince}; `bytes` is null until it was said. */
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
   */
  add(onAck, patienceMs, onLate, isLong = false) {
    const id = `r${this.#next++}`;
    const request = { onAck, bytes: null, heardSince: false };
    let late = null;
    const answer = new Promise((resolve, reject) => {
      const settle = (how) => (value) => {
        clearTimeout(late);
        if (request.bytes !== null) this.unanswered -= 1;
        this.#requests.delete(id);
        how(value);
      };
      Object.assign(request, { resolve: settle(resolve), reject: settle(reject) });
    });
    this.#requests.set(id, request);
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

  resolve(id, data) {
    const request = this.#requests.get(id);
    request?.onAck(data);
    request?.resolve(data);
  }

  /**
   * An answer without an `id` that says a frame could not be read is about
   * the one that waits, if there is but one. Says whether anybody had asked.
   */
  reject(id, error) {
    const request = this.#requests.get(id) ?? (UNREADABLE.has(error.code) ? this.#only : undefined);
    request?.reject(error);
    return request !== undefined;
  }

  get #only() { return this.unanswered === 1 ? this.#said[0] : undefined; }

  /**
   * The server closed because of what it was sent. If a frame is too big, then
   * the biggest one is; what is not text was the first that it did not answer.
   * Says whether there was one to blame.
   */
  blame(code) {
    if (code !== 1009 && code !== 1007) return false;
    const said = this.#said;
    const biggest = said.reduce((big, each) => (each.bytes > (big?.bytes ?? 0) ? each : big), undefined);
    const [blamed, told] = code === 1009
      ? [biggest, { code: "too_large", message: "The server takes no message of this size." }]
      : [said[0], { code: "invalid_message", message: "The server cannot read this message." }];
    blamed?.reject(new ParlorError(told));
    return blamed !== undefined;
  }

  rejectAll(error) {
    for (const request of [...this.#requests.values()]) request.reject(error);
  }
}
