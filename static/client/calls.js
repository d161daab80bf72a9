/**
 * What all calls go through.
 */

const isGiven = (/** @type {[string, unknown]} */ [, value]) => value !== undefined && value !== null;

/** A part of a path. */
export const segment = encodeURIComponent;

/** @type {(given: Record<string, unknown>) => string} */
export const query = (given) => {
  const named = Object.entries(given).filter(isGiven).map(([name, value]) => [name, String(value)]);
  return named.length > 0 ? `?${new URLSearchParams(named)}` : "";
};

/** Entries of one page of a list that is read to its end. */
const PAGE = 200;

/**
 * All pages of a list, one after the other, until there are so many as `most`.
 *
 * @template T
 * @param {Calls} calls
 * @param {string} path
 * @param {(page: any) => T[]} items
 * @param {number} [most]
 */
export async function allOf(calls, path, items, most = Infinity) {
  /** @type {T[]} */
  const all = [];
  /** @type {string | undefined} */
  let cursor;
  for (;;) {
    const page = await calls.rest("GET", `${path}${query({ cursor, limit: PAGE })}`);
    all.push(...items(page));
    if (!page.has_more || all.length >= most) return all;
    ({ cursor } = page);
  }
}

const missing = () => new TypeError("This is for Parlor to do.");

/** Extended step by step: by what one can ask of the server, and by `Parlor`, which does what is missing here. */
export class Calls {
  /**
   * One command and its answer, again if it came too soon or the token was over.
   *
   * @abstract
   * @type {(type: string, data: object) => Promise<any>}
   */
  command() { throw missing(); }
  /**
   * One REST call as the session's user; `path` is below `/api/v1`.
   *
   * @abstract
   * @type {(method: string, path: string, body?: unknown) => Promise<any>}
   */
  rest() { throw missing(); }
  /**
   * Sends a file as it is.
   *
   * @abstract
   * @type {(path: string, file: Blob, type: string) => Promise<any>}
   */
  upload() { throw missing(); }
  /**
   * Gets a file.
   *
   * @abstract
   * @type {(path: string) => Promise<Blob>}
   */
  download() { throw missing(); }
  /**
   * Where a path is that the server has given; what is a whole address stays one.
   *
   * @abstract
   * @type {(path: string) => string}
   */
  address() { throw missing(); }
}
