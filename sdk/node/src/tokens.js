// Tokens that the application signs for its users (docs/PROTOCOL.md, "Tokens").
import { createHmac } from "node:crypto";

/** The least that the server takes, in bytes. */
const SECRET_BYTES = 32;
/** The longest that the server lets a token live, in seconds. */
const EXPIRES_IN_MAX = 400 * 24 * 3600;
/** Seconds that a client's own tokens last; so a leaked one is of use for a short time. */
const OWN_LASTS = 600;

/**
 * @typedef {object} Claims
 * @property {string} [name] what the user is called; left out, the name that is known stays
 * @property {readonly string[]} [roles] `service`, `admin`, or scopes such as `scope:rooms`; none for people
 * @property {number} [expiresIn] seconds; an hour by default, at most 400 days
 * @property {string} [roleContext] of `publishToRole`
 * @property {string} [tokenId] needed only to revoke this token alone (`revokeToken`)
 * @property {Record<string, unknown>} [claims] others, and those under names of your own (`PARLOR_CLAIM_USER`)
 */

/**
 * A token with which `user` signs in.
 *
 * @param {string} secret the server's `JWT_SECRET`
 * @param {string} user
 * @param {Claims} [claims]
 */
export function mintToken(secret, user, { name, roles, expiresIn = 3600, roleContext, tokenId, claims } = {}) {
  if (Buffer.byteLength(secret) < SECRET_BYTES) {
    throw new RangeError(`the secret needs at least ${SECRET_BYTES} bytes`);
  }
  if (!(expiresIn > 0 && expiresIn <= EXPIRES_IN_MAX)) {
    throw new RangeError("expiresIn is more than 0 seconds and at most 400 days");
  }
  // With milliseconds, so that a token made right after a revocation is newer.
  const now = Date.now() / 1000;
  const all = { sub: user, iat: now, exp: now + expiresIn, name, jti: tokenId, role_context_id: roleContext };
  const given = roles && roles.length > 0 ? { roles } : {};
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ ...all, ...given, ...claims })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** @param {object} value what is undefined is left out */
function part(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/**
 * Gives a token that is made anew before it expires.
 *
 * @param {string} secret
 * @param {string} user
 * @param {Claims} claims
 */
export function minted(secret, user, claims) {
  let token = "";
  let renewAt = 0;
  return () => {
    const now = performance.now();
    if (token === "" || now >= renewAt) {
      token = mintToken(secret, user, { ...claims, expiresIn: OWN_LASTS });
      renewAt = now + (OWN_LASTS / 2) * 1000;
    }
    return token;
  };
}
