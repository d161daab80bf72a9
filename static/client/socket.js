/**
 * A socket, made of whatever class there is for it.
 *
 * @typedef {new (url: string, protocols: string[]) => WebSocket} SocketClass what `WebSocket` is, wherever it comes from
 *
 * @typedef {object} Heard what a socket tells
 * @property {() => void} open
 * @property {(text: string) => void} text
 * @property {(code: number, reason: string) => void} closed
 */

import { ParlorError } from "./error.js";

/**
 * The class to connect with; throws a `ParlorError` if there is none.
 * @param {SocketClass | null} given
 */
export function socketClass(given) {
  const Socket = given ?? globalThis.WebSocket;
  if (typeof Socket === "function") return Socket;
  throw new ParlorError({
    code: "no_websocket",
    message: "There is no WebSocket here.",
    advice: "Node has one from version 22 on. Before that, install the package `ws` and pass its class: import { WebSocket } from \"ws\"; new Parlor({ base, WebSocket }).",
  });
}

/**
 * A socket to that address; throws a `ParlorError` if there can be none.
 * @param {SocketClass | null} webSocket
 * @param {string} url
 */
export function supplyOf(webSocket, url) {
  const Socket = socketClass(webSocket);
  try {
    return new Socket(url, ["parlor.v1"]);
  } catch (cause) {
    const message = `No connection can be made to ${url}: ${/** @type {Error} */ (cause).message}`;
    throw new ParlorError({ code: "bad_address", message, cause, advice: "See that `base` is the server's http or https address." });
  }
}

/**
 * Hears a socket as long as it is the one that counts.
 *
 * @param {WebSocket} socket
 * @param {() => boolean} counts
 * @param {Heard} on
 */
export function hear(socket, counts, on) {
  socket.onopen = () => { if (counts()) on.open(); };
  socket.onmessage = ({ data }) => { if (counts()) on.text(data); };
  socket.onclose = ({ code, reason }) => { if (counts()) on.closed(code, reason); };
  // What follows is the close; Node's would throw what nobody hears.
  socket.onerror = () => {};
}
