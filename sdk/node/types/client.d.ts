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
    constructor(baseUrl: string, options: ClientOptions);
    /** @private */
    private baseUrl;
    /** @private */
    private options;
    /**
     * The same client for what a user does: it sends, reads and marks as that user. For
     * clients with a secret.
     *
     * @param {string} user
     * @param {{name?: string}} [options]
     */
    asUser(user: string, { name }?: {
        name?: string;
    }): Parlor;
}
/**
 * Either `secret` or `token`.
 */
export type ClientOptions = {
    /**
     * the server's `JWT_SECRET`: the client makes its own tokens
     */
    secret?: string | undefined;
    /**
     * an API key, a token, or what gives one
     */
    token?: string | (() => string | Promise<string>) | undefined;
    /**
     * who the client is with a secret; `backend` by default
     */
    user?: string | undefined;
    /**
     * and what it may; `["service"]` by default
     */
    roles?: readonly string[] | undefined;
    /**
     * milliseconds for each attempt, its answer included; 10 s by default
     */
    timeout?: number | undefined;
    /**
     * how often a call that may be made again is, if it fails in passing; 3 by default
     */
    retries?: number | undefined;
    /**
     * in place of Node's own
     */
    fetch?: typeof fetch | undefined;
};
import { Calls } from "./calls.js";
