/**
 * Signing in, up and out.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Notifications } from "./notifications.js"
 */

import { byId, fieldsOf } from "./dom.js";
import { attempt } from "./popups.js";

/** How long signing out waits for what else is to be ended. */
const ENDING_MS = 2_000;

/**
 * @param {Parlor} parlor
 * @param {Notifications} notifications which end with the session
 * @param {() => void} start is called when one is signed in
 */
export function setUpSignIn(parlor, notifications, start) {
  /** @type {HTMLFormElement} */
  const form = byId("sign-in-form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { user, password } = fieldsOf(form);
    const isNew = event.submitter instanceof HTMLButtonElement && event.submitter.value === "up";
    attempt(async () => {
      await (isNew ? parlor.register(user.value, password.value) : parlor.login(user.value, password.value));
      form.reset();
      start();
    }, byId("sign-in-error"));
  });
  byId("sign-out").onclick = async () => {
    await Promise.race([
      notifications.turnOff().catch(() => {}), new Promise((resolve) => { setTimeout(resolve, ENDING_MS); }),
    ]);
    parlor.logout();
  };
  // Another tab has signed out, or in as somebody else.
  globalThis.addEventListener("storage", () => {
    if (parlor.storedUserId !== (parlor.user?.id ?? null)) location.reload();
  });
}
