/**
 * The line that says when there is no connection, and why.
 *
 * @import { State } from "../../client/events.js"
 * @import { Parlor, ParlorError } from "../../client/parlor.js"
 */

import { byId, make } from "./dom.js";
import { sentence } from "./words.js";

/**
 * What is told here: errors after which the connection is not there.
 * @type {Record<string, string>}
 */
const TOLD = {
  unauthorized: "You are no longer signed in.",
  disconnected: "An administrator has disconnected you.",
  closed: "The server has closed the connection.",
  too_many_connections: "You have too many windows open: close one of them.",
  bad_frame: "There is no Parlor server at this address.",
  no_websocket: "This browser does not support WebSockets.",
};

/**
 * Why the server goes away.
 * @type {Record<string, string>}
 */
const GOES = { shutdown: "The server is restarting." };

/** @type {(error: ParlorError) => boolean} */
export const tellsOf = ({ code }) => code in TOLD;

/** @param {Parlor} parlor */
export function showConnection(parlor) {
  const line = byId("connection");
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let countdown;
  let goaway = "";
  /** @type {ParlorError | null} the error that the next states are about */
  let error = null;

  /** @type {(state: State) => void} */
  const paint = ({ state, retryInMs, stoppedBy, reason }) => {
    clearInterval(countdown);
    line.dataset.state = state;
    if (state === "online") {
      goaway = "";
      error = null;
      return line.replaceChildren();
    }
    if (state === "connecting") return void (line.textContent = "Connecting…");
    const why = error ? `${TOLD[error.code]} ` : "";
    if (stoppedBy !== null || retryInMs === null) {
      const said = stoppedBy === 4503 && reason ? `(${reason}) ` : "";
      const again = make("button", { type: "button", onclick: () => parlor.connect() }, "Reconnect");
      return line.replaceChildren(`Offline. ${why}${said}`, ...(parlor.signedIn ? [again] : []));
    }
    // Read out once, and not every second.
    const shown = make("span", { aria: { hidden: "true" } });
    line.replaceChildren(make("span", { className: "aside" }, `Offline. ${why}Reconnecting.`), shown);
    const until = performance.now() + retryInMs;
    const tell = () => {
      const seconds = Math.max(0, Math.ceil((until - performance.now()) / 1000));
      shown.textContent = `Offline. ${goaway}${why}Reconnecting in ${seconds} s…`;
    };
    tell();
    countdown = setInterval(tell, 1000);
    return undefined;
  };

  /** @type {State} */
  let last = { state: "offline", retryInMs: null, stoppedBy: null, reason: "" };
  parlor.on("goaway", ({ reason }) => { goaway = reason ? `${GOES[reason] ?? sentence(reason)} ` : ""; });
  parlor.on("state", (state) => {
    last = state;
    paint(state);
  });
  parlor.on("error", (told) => {
    if (!tellsOf(told)) return;
    error = told;
    // It may be about the state that was told just before.
    if (last.state === "offline" && last.retryInMs === null) paint(last);
  });
}
