/**
 * How fast one may say something: a bucket a little smaller than the server's,
 * so that a client with much to say is slow instead of refused.
 */
export class Pace {
  #burst; #perSecond; #left; #at = 0; #blockedUntil = 0;

  constructor({ burst = 15, perSecond = 8 } = {}) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
  }

  /** A new connection: nothing has been said on it. */
  restart() {
    this.#left = this.#burst;
    this.#blockedUntil = 0;
  }

  /** The server found it too fast. */
  refused(now, retryAfterMs) {
    this.#refill(now);
    this.#left = Math.min(this.#left, 0);
    this.#blockedUntil = now + retryAfterMs;
  }

  /** Takes leave to say one thing now: 0, or the ms after which to ask again. */
  take(now) {
    this.#refill(now);
    if (now < this.#blockedUntil) return this.#blockedUntil - now;
    if (this.#left >= 1) {
      this.#left -= 1;
      return 0;
    }
    return Math.ceil(((1 - this.#left) / this.#perSecond) * 1000);
  }

  #refill(now) {
    const gained = (Math.max(0, now - this.#at) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#burst, this.#left + gained);
    this.#at = now;
  }
}
