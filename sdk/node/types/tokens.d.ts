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
export function mintToken(secret: string, user: string, { name, roles, expiresIn, roleContext, tokenId, claims }?: Claims): string;
/**
 * Gives a token that is made anew before it expires.
 *
 * @param {string} secret
 * @param {string} user
 * @param {Claims} claims
 */
export function minted(secret: string, user: string, claims: Claims): () => string;
export type Claims = {
    /**
     * what the user is called; left out, the name that is known stays
     */
    name?: string | undefined;
    /**
     * `service`, `admin`, or scopes such as `scope:rooms`; none for people
     */
    roles?: readonly string[] | undefined;
    /**
     * seconds; an hour by default, at most 400 days
     */
    expiresIn?: number | undefined;
    /**
     * of `publishToRole`
     */
    roleContext?: string | undefined;
    /**
     * needed only to revoke this token alone (`revokeToken`)
     */
    tokenId?: string | undefined;
    /**
     * others, and those under names of your own (`PARLOR_CLAIM_USER`)
     */
    claims?: Record<string, unknown> | undefined;
};
