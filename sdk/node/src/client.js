// The client of an application's backend.
import { Calls } from "./calls.js";
import { minted } from "./tokens.js";

/**
 * Either `secret` or `token`.
 * @typedef {object} ClientOptions
 * @property {string} [secret] the server's `JWT_SECRET`: the client makes its own tokens
 * @property {string | (() => string | Promise<string>)} [token] an API key, a token, or what gives one
 * @property {string} [user] who the client is with a secret; `backend` by default
 * @property {readonly string[]} [roles] and what it may; `["service"]` by default
 * @property {number} [timeout] milliseconds for each attempt, its answer included; 10 s by default
 * @property {number} [retries] how often a call that may be made again is, if it fails in passing; 3 by default
 * @property {typeof globalThis.fetch} [fetch] in place of Node's own
 */

/**
 * Each method is a call of REST by its name there.
 *
 * @example
 * const parlor = new Parlor("http://127.0.0.1:8080", { secret });
 * await parlor.sendMessage("board:42", { content: "hi" });
 */
export class Parlor extends Calls {
  /**
   * @param {string} baseUrl where Parlor is, such as `https://chat.example.org`
   * @param {ClientOptions} options
   */
  constructor(baseUrl, options) {
    const { secret, token, user = "backend", roles = ["service"] } = options;
    if ((secret === undefined) === (token === undefined)) throw new TypeError("either a secret or a token");
    const source = typeof token === "function" ? token : () => /** @type {string} */ (token);
    super(baseUrl, {
      token: secret === undefined ? source : minted(secret, user, { roles }),
      timeout: options.timeout ?? 10_000,
      retries: options.retries ?? 3,
      fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
    });
    /** @private */
    this.baseUrl = baseUrl;
    /** @private */
    this.options = options;
  }

  /**
   * The same client for what a user does: it sends, reads and marks as that user. For
   * clients with a secret.
   *
   * @param {string} user
   * @param {{name?: string}} [options]
   */
  asUser(user, { name } = {}) {
    const { secret, ...others } = this.options;
    if (secret === undefined) throw new TypeError("only with the secret can tokens of users be made");
    return new Parlor(this.baseUrl, { ...others, token: minted(secret, user, { name }) });
  }
}
