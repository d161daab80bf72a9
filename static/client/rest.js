/** One call over HTTP: what it says, and what comes back. */

import { ParlorError, offline } from "./error.js";

/** How long an answer may take. */
const ANSWER_MS = 15_000;
/** A file may take longer. */
const FILE_MS = 300_000;

/**
 * Gives what the call answers: JSON, a `Blob`, or null.
 *
 * @typedef {{json?: unknown, file?: Blob, type?: string, token?: string | null, wantsFile?: boolean}} Content
 *
 * @param {string} base the server's address
 * @param {string} method
 * @param {string} path below `/api/v1`
 * @param {Content} [what]
 * @returns {Promise<any>}
 */
export async function call(base, method, path, { json, file, type, token, wantsFile = false } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (json !== undefined) headers["Content-Type"] = "application/json";
  if (file) headers["Content-Type"] = type || "application/octet-stream";
  if (token) headers.Authorization = `Bearer ${token}`;
  const body = json === undefined ? file : JSON.stringify(json);
  const patience = file || wantsFile ? FILE_MS : ANSWER_MS;
  try {
    const signal = AbortSignal.timeout(patience);
    const response = await fetch(`${base}/api/v1${path}`, { method, headers, body, signal });
    if (response.status === 204) return null;
    if (response.ok) return await (wantsFile ? response.blob() : response.json());
    throw await refusal(response);
  } catch (error) {
    if (error instanceof ParlorError) throw error;
    if (error instanceof SyntaxError) throw notParlor(error);
    throw offline("The server cannot be reached.", error);
  }
}

/**
 * What stands between may answer too, in words of its own.
 * @param {Response} response
 */
async function refusal(response) {
  const answer = await response.json().catch(() => null);
  const told = answer?.error;
  if (typeof told?.code === "string") return new ParlorError(told, response.status);
  const isAway = response.status >= 502 && response.status <= 504;
  const code = response.status === 413 ? "too_large" : isAway ? "offline" : "processing_error";
  return new ParlorError({ code, message: `The server answered ${response.status}.` }, response.status);
}

/** @type {(cause: unknown) => ParlorError} */
const notParlor = (cause) => new ParlorError({
  code: "bad_frame", cause,
  message: "What answers at this address does not speak Parlor's protocol.",
  advice: "See that `base` is the address of the Parlor server.",
});
