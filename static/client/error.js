/** An error of the server, or of the way to it (`code` "offline"). */
export class ParlorError extends Error {
  constructor({ code, message, field, retry_after_ms: retryAfter }, status = 0) {
    super(message);
    this.name = "ParlorError";
    this.code = code;
    this.field = field;
    this.status = status;
    this.retryAfterMs = retryAfter ?? null;
  }

  /** Nothing was done, and the same may be asked again a little later. */
  get isTemporary() {
    return this.code === "rate_limited" || this.code === "unavailable";
  }
}

export const offline = (message) => new ParlorError({ code: "offline", message });

export const signedOut = () =>
  new ParlorError({ code: "unauthorized", message: "You are not signed in." }, 401);

/**
 * How long to wait after a temporary error: the server's word is the least,
 * more spreads those who ask.
 */
export function pauseAfter(error) {
  return (error.retryAfterMs ?? 1_000) * (1 + Math.random() / 2);
}

export const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
