/**
 * Making, joining and changing rooms.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Kind, Room, User } from "../../client/types.js"
 * @import { Blocks } from "./blocks.js"
 * @import { Fields } from "./dom.js"
 * @import { Choice } from "./popups.js"
 *
 * @typedef {object} Parts
 * @property {Parlor} parlor
 * @property {Blocks} blocks
 * @property {(id: string) => void} openRoom
 * @property {(user: string) => Promise<void>} openDirect
 * @property {() => void} closeRoom
 * @property {() => void} openReports of the open room
 */

import { rules } from "../../client/parlor.js";
import { byId, fieldsOf } from "./dom.js";
import { attempt, confirmed, copied, openMenu } from "./popups.js";
import { preferenceChoices } from "./preferences.js";
import { reportUser } from "./report.js";

/** What the menu offers. */
const SLOW_MODE_SECONDS = 30;

/**
 * Runs a form's submit, and closes its dialog if that works.
 * @param {string} formId
 * @param {string} errorId
 * @param {(fields: Fields) => unknown} run
 */
function onSubmit(formId, errorId, run) {
  /** @type {HTMLFormElement} */
  const form = byId(formId);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      await run(fieldsOf(form));
      form.reset();
      form.closest("dialog")?.close();
    }, byId(errorId));
  });
}

/**
 * Closes a dialog by its button, or by a click beside it.
 * @param {HTMLDialogElement} dialog
 */
function closable(dialog) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || (event.target instanceof Element && event.target.closest("[data-close]"))) dialog.close();
  });
}

/** @param {Parts} parts */
export function setUpDialogs({ parlor, blocks, openRoom, openDirect, closeRoom, openReports }) {
  /** @type {HTMLDialogElement} */
  const newDialog = byId("new-dialog");
  /** @type {HTMLDialogElement} */
  const roomDialog = byId("room-dialog");
  [newDialog, roomDialog].forEach(closable);
  /** the id of the room that is being changed */
  let changing = "";

  byId("new").onclick = () => {
    byId("rooms-error").textContent = "";
    newDialog.querySelectorAll("form").forEach((form) => form.reset());
    newDialog.showModal();
  };
  onSubmit("direct-form", "rooms-error", ({ user }) => openDirect(user.value.trim()));
  onSubmit("join-form", "rooms-error", async ({ room }) => {
    const joined = await parlor.join(room.value.trim());
    parlor.chat.putRoom(joined.room);
    openRoom(joined.room.room_id);
  });
  onSubmit("create-form", "rooms-error", async ({ room, title, topic, kind }) => {
    const made = await parlor.createRoom({
      room_id: room.value.trim() || undefined, title: title.value, topic: topic.value, kind: /** @type {Kind} */ (kind.value),
    });
    parlor.chat.putRoom(made);
    openRoom(made.room_id);
  });
  onSubmit("room-form", "room-form-error", ({ title, topic }) =>
    parlor.updateRoom(changing, { title: title.value, topic: topic.value }));

  /** @type {(room: Room) => void} */
  const change = (room) => {
    changing = room.room_id;
    const { title, topic } = fieldsOf(byId("room-form"));
    [title.value, topic.value] = [room.title ?? "", room.topic ?? ""];
    byId("room-form-error").textContent = "";
    roomDialog.showModal();
  };
  /** @type {(room: Room) => Promise<void>} */
  const leave = async (room) => {
    if (await confirmed(`Leave ${parlor.chat.titleOf(room)}?`, "Leave")) {
      await attempt(() => parlor.leave(room.room_id));
    }
  };
  /** @type {(room: Room) => Promise<void>} */
  const remove = async (room) => {
    if (await confirmed(`Delete ${parlor.chat.titleOf(room)} and all its messages for everyone?`, "Delete")) {
      await attempt(() => parlor.deleteRoom(room.room_id));
    }
  };

  /** @type {(room: Room) => Choice | null} */
  const blocking = ({ kind, peer }) => {
    if (kind !== "direct" || !peer || peer.deleted) return null;
    const isBlocked = blocks.has(peer.id);
    return {
      testid: isBlocked ? "unblock" : "block", label: `${isBlocked ? "Unblock" : "Block"} ${peer.name}`, isDangerous: !isBlocked,
      run: () => attempt(() => blocks.set(peer.id, !isBlocked)),
    };
  };

  /** @type {(peer: User) => Choice} */
  const reporting = (peer) => ({ testid: "report-user", label: `Report ${peer.name}…`, run: () => reportUser(parlor, peer) });

  /** @type {(room: Room) => Choice | null} */
  const freezing = (room) => {
    if (!rules.moderates(room) || room.kind === "direct") return null;
    return room.rules?.frozen
      ? { testid: "unfreeze", label: "Unfreeze room", run: () => attempt(() => parlor.unfreeze(room.room_id)) }
      : { testid: "freeze", label: "Freeze room", run: () => attempt(() => parlor.freeze(room.room_id)) };
  };

  /** @type {(room: Room) => Choice | null} */
  const slowing = (room) => {
    if (!rules.moderates(room) || room.kind === "direct") return null;
    return room.rules?.slow_mode_seconds
      ? { testid: "end-slow-mode", label: "End slow mode", run: () => attempt(() => parlor.slowMode(room.room_id, 0)) }
      : {
        testid: "slow-mode", label: `Slow mode: one message in ${SLOW_MODE_SECONDS} s`,
        run: () => attempt(() => parlor.slowMode(room.room_id, SLOW_MODE_SECONDS)),
      };
  };

  /**
   * What one may do with the open room.
   * @type {(anchor: HTMLElement, room: Room) => void}
   */
  return (anchor, room) => openMenu(anchor, "Room", [
    ...preferenceChoices(parlor, room),
    rules.moderates(room) && room.kind !== "direct" ? { testid: "edit-room", label: "Title and topic…", run: () => change(room) } : null,
    freezing(room),
    slowing(room),
    rules.moderates(room) && room.kind !== "direct" ? { testid: "open-reports", label: "Reports", run: openReports } : null,
    { label: "Copy room id", run: () => copied(room.room_id) },
    { label: "Close room", run: closeRoom },
    room.kind === "direct" && room.peer && !room.peer.deleted ? reporting(room.peer) : null,
    blocking(room),
    room.kind === "direct" ? null
      : { testid: "leave", label: "Leave room…", run: () => leave(room), isDangerous: true },
    rules.owns(room)
      ? { testid: "delete-room", label: "Delete room…", run: () => remove(room), isDangerous: true } : null,
  ]);
}
