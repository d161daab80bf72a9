/**
 * Signing in, up and out.
 *
 * @import { Parlor } from "../../client/parlor.js"
 */

import { byId, fieldsOf } from "./dom.js";
import { attempt } from "./popups.js";

/**
 * @param {Parlor} parlor
 * @param {() => void} start is called when one is signed in
 */
export function setUpSignIn(parlor, start) {
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
  byId("sign-out").onclick = () => parlor.logout();
  // Another tab has signed out, or in as somebody else.
  globalThis.addEventListener("storage", () => {
    if (parlor.storedUserId !== (parlor.user?.id ?? null)) location.reload();
  });
}
