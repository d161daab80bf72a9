/**
 * How one wants to have a room, for oneself alone, as choices of its menu.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { PreferencesChange, Room } from "../../client/types.js"
 * @import { Choice } from "./popups.js"
 */

import { preferences } from "../../client/parlor.js";
import { attempt } from "./popups.js";

const HOUR_SECONDS = 3_600;

/**
 * What is as it is already is left out.
 *
 * @param {Parlor} parlor
 * @param {Room} room
 * @returns {(Choice | null)[]}
 */
export function preferenceChoices(parlor, room) {
  const { room_id: id, preferences: { pinned = false, archived = false } = {}, last_seq: last } = room;
  const level = preferences.notifications(room);
  const isAside = preferences.isAside(room);
  const isUnread = room.unread > 0 || room.unread_from !== undefined;
  /** @type {(testid: string, label: string, change: PreferencesChange) => Choice} */
  const set = (testid, label, change) => ({ testid, label, run: () => attempt(() => parlor.setPreferences(id, change)) });
  return [
    pinned ? set("unpin-room", "Unpin", { pinned: false }) : set("pin-room", "Pin", { pinned: true }),
    level === "all" ? null : set("unmute-room", "Unmute", { notifications: "all" }),
    level === "mentions" ? null : set("only-mentions", "Only mentions", { notifications: "mentions" }),
    ...(level === "nothing" ? [] : [
      set("mute-hour", "Mute for an hour", { notifications: "nothing", notifications_seconds: HOUR_SECONDS }),
      set("mute-room", "Mute until I turn it on again", { notifications: "nothing" }),
    ]),
    isUnread || last === 0 ? null
      : { testid: "mark-unread", label: "Mark as unread", run: () => attempt(() => parlor.markUnread(id)) },
    isAside ? set("bring-back", "Bring back", { hidden: false, archived: false })
      : set("hide-room", "Hide until the next message", { hidden: true }),
    archived ? null : set("archive-room", "Archive", { archived: true }),
  ];
}
