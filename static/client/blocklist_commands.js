/**
 * Lists of words and patterns that messages are looked through for: a room's, which its
 * moderators may set, or those of all rooms, for administrators. Each gives a promise, and
 * fails with a `ParlorError`.
 *
 * @import { Blocklist, BlocklistSummary, Screened, SettingBlocklist } from "./types.js"
 */

import { segment } from "./calls.js";
import { RoomCommands } from "./room_commands.js";

/** @type {(room: string | undefined, below?: string) => string} */
const pathOf = (room, below) => {
  const lists = room === undefined ? "/blocklists" : `/rooms/${segment(room)}/blocklists`;
  return below === undefined ? lists : `${lists}/${segment(below)}`;
};

/** Extended by `ReportCommands`. */
export class BlocklistCommands extends RoomCommands {
  /**
   * Without what is in them.
   *
   * @type {(room?: string) => Promise<BlocklistSummary[]>}
   */
  blocklists(room) { return this.rest("GET", pathOf(room)).then(({ lists }) => lists); }
  /** @type {(list: string, room?: string) => Promise<Blocklist>} */
  blocklist(list, room) { return this.rest("GET", pathOf(room, list)); }
  /**
   * Sets a list as a whole, also one that is new.
   *
   * @type {(list: string, how: SettingBlocklist, room?: string) => Promise<void>}
   */
  setBlocklist(list, how, room) { return this.rest("PUT", pathOf(room, list), how); }
  /** @type {(list: string, room?: string) => Promise<void>} */
  removeBlocklist(list, room) { return this.rest("DELETE", pathOf(room, list)); }
  /**
   * What the lists would make of a text, which nobody says.
   *
   * @type {(content: string, room?: string) => Promise<Screened>}
   */
  tryBlocklists(content, room) { return this.rest("POST", pathOf(room, "check"), { content }); }
}
