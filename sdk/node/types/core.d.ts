/**
 * What one call may have that others have not.
 * @typedef {object} Options
 * @property {AbortSignal} [signal] ends it, and all waiting
 * @property {number} [timeout] milliseconds for each attempt, its answer included
 * @property {number} [retries] how often it is made again at most
 * @property {string} [idempotencyKey] of what is sent or published; by default a new one
 */
/**
 * What is asked, and how the answer is read.
 * @typedef {object} What
 * @property {string} method
 * @property {string} path with `{names}`
 * @property {Record<string, string | number>} [places] what stands there
 * @property {object} [query]
 * @property {object | Uint8Array} [body]
 * @property {boolean} [hasKey] whether it takes an `Idempotency-Key`
 * @property {boolean} [repeatable] whether it does nothing twice if it is made again
 * @property {"json" | "bytes" | "nothing"} answer
 */
/**
 * @typedef {object} Settings
 * @property {() => string | Promise<string>} token
 * @property {number} timeout
 * @property {number} retries
 * @property {typeof globalThis.fetch} fetch
 */
export class Core {
    /**
     * @param {string} baseUrl
     * @param {Settings} settings
     */
    constructor(baseUrl: string, settings: Settings);
    /** @protected */
    protected base: string;
    /** @protected */
    protected settings: Settings;
    /**
     * Makes a call, again if it may be; what comes of it, or a `ParlorError`.
     *
     * @protected
     * @param {What} what
     * @param {Options} [options]
     * @returns {Promise<any>}
     */
    protected call(what: What, options?: Options): Promise<any>;
    /**
     * @private
     * @param {What} what
     * @param {{url: string, init: {headers: Record<string, string>}}} request
     * @param {Options} options
     */
    private attempt;
    /**
     * All entries of a list, read page by page. `place` is where the last entry says how
     * to go on; empty: the page does.
     *
     * @protected
     * @param {(query: any) => Promise<any>} read
     * @param {Record<string, any>} query
     * @param {string} items
     * @param {string} parameter
     * @param {string[]} place
     * @returns {AsyncGenerator<any, void, undefined>}
     */
    protected pages(read: (query: any) => Promise<any>, query: Record<string, any> | undefined, items: string, parameter: string, place: string[]): AsyncGenerator<any, void, undefined>;
}
/**
 * What one call may have that others have not.
 */
export type Options = {
    /**
     * ends it, and all waiting
     */
    signal?: AbortSignal | undefined;
    /**
     * milliseconds for each attempt, its answer included
     */
    timeout?: number | undefined;
    /**
     * how often it is made again at most
     */
    retries?: number | undefined;
    /**
     * of what is sent or published; by default a new one
     */
    idempotencyKey?: string | undefined;
};
/**
 * What is asked, and how the answer is read.
 */
export type What = {
    method: string;
    /**
     * with `{names}`
     */
    path: string;
    /**
     * what stands there
     */
    places?: Record<string, string | number> | undefined;
    query?: object | undefined;
    body?: object | Uint8Array<ArrayBufferLike> | undefined;
    /**
     * whether it takes an `Idempotency-Key`
     */
    hasKey?: boolean | undefined;
    /**
     * whether it does nothing twice if it is made again
     */
    repeatable?: boolean | undefined;
    answer: "json" | "bytes" | "nothing";
};
export type Settings = {
    token: () => string | Promise<string>;
    timeout: number;
    retries: number;
    fetch: typeof globalThis.fetch;
};
