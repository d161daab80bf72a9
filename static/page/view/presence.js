/**
 * Whether one is there: away while the page has been in the background.
 *
 * @import { Parlor } from "../../client/parlor.js"
 */

/** After this long in the background one counts as away. */
const AWAY_MS = 60_000;

/**
 * @param {Parlor} parlor
 * @param {() => void} back is called when the page is looked at again
 */
export function watchPresence(parlor, back) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let away;
  /** @type {(status: "online" | "away") => void} */
  const say = (status) => { parlor.setPresence(status).catch(() => {}); };
  document.addEventListener("visibilitychange", () => {
    clearTimeout(away);
    if (document.visibilityState !== "visible") {
      away = setTimeout(() => say("away"), AWAY_MS);
      return;
    }
    parlor.retryNow();
    if (parlor.state === "online") say("online");
    back();
  });
  parlor.on("state", ({ state }) => {
    if (state === "online" && document.visibilityState !== "visible") say("away");
  });
}
