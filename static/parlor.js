/**
 * The client library, at the address under which the server has always had it;
 * it lies in client/.
 */
export * from "./client/parlor.js";
