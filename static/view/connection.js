/** The line that says when there is no connection. */

import { byId, make } from "./dom.js";

const STOPPED_BY = {
  4503: "An administrator has ended this connection.",
  4509: "You have too many windows open: close one of them.",
};

export function showConnection(parlor) {
  const line = byId("connection");
  let countdown = null;
  let goaway = "";

  parlor.on("goaway", ({ reason }) => { goaway = reason ? `The server says: ${reason}. ` : ""; });
  parlor.on("state", ({ state, retryInMs, stoppedBy, reason }) => {
    clearInterval(countdown);
    line.dataset.state = state;
    if (state === "online") {
      goaway = "";
      return line.replaceChildren();
    }
    if (state === "connecting") return void (line.textContent = "Connecting…");
    if (stoppedBy !== null) {
      const text = STOPPED_BY[stoppedBy] ?? "The server has ended this connection.";
      const said = stoppedBy === 4503 && reason ? ` (${reason})` : "";
      const again = make("button", { type: "button", onclick: () => parlor.connect() }, "Reconnect");
      return line.replaceChildren(`Offline. ${text}${said} `, again);
    }
    if (retryInMs === null) return void (line.textContent = "Offline.");
    // Read out once, and not every second.
    const shown = make("span", { aria: { hidden: "true" } });
    line.replaceChildren(make("span", { className: "aside" }, "Offline. Reconnecting."), shown);
    const until = Date.now() + retryInMs;
    const tell = () => {
      const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      shown.textContent = `Offline. ${goaway}Reconnecting in ${seconds} s…`;
    };
    tell();
    countdown = setInterval(tell, 1000);
    return undefined;
  });
}
