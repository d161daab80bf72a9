/**
 * How fast one may say something: a bucket a little smaller than the server's,
 * so that a client with much to say is slow instead of refused.
 */

/** The part of the server's rate and burst that is used. */
const SHARE = 0.8;
/** What holds until the server has told its limits: its defaults. */
const DEFAULTS = { commands_per_second: 10, command_burst: 20 };

export class Pace {
  #burst; #perSecond; #left; #at = 0; #blockedUntil = 0;

  constructor({ burst = 16, perSecond = 8 } = {}) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
  }

  /** What may be said at once. */
  get burst() { return this.#burst; }

  /**
   * Takes over the limits that the server told; a rate of 0 is none.
   * @param {import("./types.js").Limits} [limits]
   */
  follow({ commands_per_second: rate, command_burst: burst } = DEFAULTS) {
    const used = Number.isFinite(this.#burst) ? this.#burst - this.#left : 0;
    this.#perSecond = rate === 0 ? Infinity : Math.max(0.1, (rate ?? DEFAULTS.commands_per_second) * SHARE);
    this.#burst = rate === 0 ? Infinity : Math.max(1, Math.floor((burst ?? DEFAULTS.command_burst) * SHARE));
    this.#left = this.#burst - used;
  }

  /** A new connection: nothing has been said on it. */
  restart() {
    this.#left = this.#burst;
    this.#blockedUntil = 0;
  }

  /**
   * The server found it too fast.
   * @param {number} now
   * @param {number} retryAfterMs
   */
  refused(now, retryAfterMs) {
    this.#refill(now);
    if (this.#burst !== Infinity) this.#left = Math.min(this.#left, 0);
    this.#blockedUntil = now + retryAfterMs;
  }

  /**
   * Takes leave to say one thing now: 0, or the ms after which to ask again.
   * So many as `reserve` are left to what is more urgent.
   *
   * @param {number} now
   * @param {number} [reserve]
   */
  take(now, reserve = 0) {
    this.#refill(now);
    if (now < this.#blockedUntil) return this.#blockedUntil - now;
    const needed = 1 + Math.min(reserve, this.#burst - 1);
    if (this.#left >= needed || this.#burst === Infinity) {
      this.#left -= 1;
      return 0;
    }
    return Math.ceil(((needed - this.#left) / this.#perSecond) * 1000);
  }

  /** @param {number} now */
  #refill(now) {
    if (this.#burst === Infinity) {
      this.#left = Infinity;
    } else {
      const gained = (Math.max(0, now - this.#at) / 1000) * this.#perSecond;
      this.#left = Math.min(this.#burst, this.#left + gained);
    }
    this.#at = now;
  }
}
