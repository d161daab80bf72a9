// How a call is made: the one place that speaks HTTP.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { errorOf, ParlorError, unexpected } from "./errors.js";
import { isDone, waitAfter } from "./retry.js";

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
  constructor(baseUrl, settings) {
    /** @protected */
    this.base = `${baseUrl.replace(/\/+$/, "")}/api/v1`;
    /** @protected */
    this.settings = settings;
  }

  /**
   * Makes a call, again if it may be; what comes of it, or a `ParlorError`.
   *
   * @protected
   * @param {What} what
   * @param {Options} [options]
   * @returns {Promise<any>}
   */
  async call(what, options = {}) {
    const request = requestOf(this.base, what, options);
    const retries = options.retries ?? this.settings.retries;
    for (let made = 1; ; made += 1) {
      let failure;
      try {
        return await this.attempt(what, request, options);
      } catch (error) {
        if (!(error instanceof ParlorError)) throw error;
        failure = error;
      }
      if (isDone(what, failure, made)) return undefined;
      const wait = waitAfter(what, failure, made, retries);
      if (wait === undefined) throw failure;
      await sleep(wait, undefined, { signal: options.signal });
    }
  }

  /**
   * @private
   * @param {What} what
   * @param {{url: string, init: {headers: Record<string, string>}}} request
   * @param {Options} options
   */
  async attempt(what, { url, init }, { signal, timeout = this.settings.timeout }) {
    const headers = { ...init.headers, Authorization: `Bearer ${await this.settings.token()}` };
    signal?.throwIfAborted();
    // Both the caller and the clock may end it (Node 18 has no AbortSignal.any).
    const ending = new AbortController();
    const end = () => ending.abort(signal?.reason);
    const timer = setTimeout(() => ending.abort(new Error(`no answer within ${timeout} ms`)), timeout);
    signal?.addEventListener("abort", end, { once: true });
    try {
      const response = await this.settings.fetch(url, { ...init, headers, signal: ending.signal, redirect: "manual" });
      return await answerOf(what, response);
    } catch (error) {
      if (error instanceof ParlorError) throw error;
      signal?.throwIfAborted();
      const cause = ending.signal.aborted ? ending.signal.reason : error;
      throw new ParlorError(`no answer: ${reasonOf(cause)}`, { code: "unreachable", cause });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
    }
  }

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
  async *pages(read, query = {}, items, parameter, place) {
    // History goes to what is older, unless it is asked for what comes after.
    const backwards = parameter === "before" && items === "messages" && query.after === undefined;
    const by = parameter === "before" && query.after !== undefined ? "after" : parameter;
    // Only a list of all goes on by id; the best of what was looked for are one page.
    const isAll = by === "after" && query.query !== undefined;
    for (let next = query; ; ) {
      const page = await read(next);
      const entries = backwards ? page[items].reverse() : page[items];
      yield* entries;
      const last = place.length === 0 ? page.cursor : entries.at(-1);
      if (isAll || !page.has_more || last === undefined) return;
      next = { ...next, [by]: place.reduce((within, name) => within[name], last) };
    }
  }
}

/**
 * Each attempt has the same key.
 *
 * @param {string} base
 * @param {What} what
 * @param {Options} options
 */
function requestOf(base, { method, path, places = {}, query = {}, body, hasKey, answer }, options) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => placed(String(places[name])));
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, parameterOf(value));
  }
  /** @type {Record<string, string>} */
  const headers = { Accept: answer === "bytes" ? "*/*" : "application/json" };
  const isFile = body instanceof Uint8Array;
  if (body) headers["Content-Type"] = isFile ? "application/octet-stream" : "application/json";
  if (hasKey && !(body && "client_id" in body)) {
    headers["Idempotency-Key"] = options.idempotencyKey ?? randomUUID();
  }
  const sent = body === undefined || isFile ? body : JSON.stringify(body);
  const search = parameters.size > 0 || parameters.toString() ? `?${parameters}` : "";
  return { url: base + filled + search, init: { method, headers, body: sent } };
}

/** @param {string} text */
function placed(text) {
  // `fetch` takes these for steps through folders.
  if (["", ".", "..", "undefined", "null"].includes(text)) throw new TypeError(`"${text}" is no id`);
  return encodeURIComponent(text);
}

/** @param {unknown} value */
function parameterOf(value) {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * @param {What} what
 * @param {Response} response
 */
async function answerOf({ answer }, response) {
  if (response.ok && answer === "bytes") return new Uint8Array(await response.arrayBuffer());
  const text = await response.text();
  if (!response.ok) throw errorOf(response, text);
  if (answer === "nothing") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw unexpected(response.status, response.headers.get("x-request-id") ?? undefined);
  }
}

/** @param {any} error `fetch` hides the reason in its cause */
function reasonOf(error) {
  return error?.cause?.message ?? error?.message ?? String(error);
}
