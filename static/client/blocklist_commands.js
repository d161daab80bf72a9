/**
 * Lists of words and patterns that messages are looked through for: a room's, which its
 * moderators may set, or those of all rooms, for administrators. Each gives a promise, and
 * fails with a `ParlorError`.
 *
 * @import { Blocklist, BlocklistSummary, Screened, SettingBlocklist } from "./types.js"
 */

import { segment } from "./calls.js";
import { RoomCommands } from "./room_commands.js";

/**
 * A path of a room's, or of all rooms.
 * @type {(room: string | undefined, path: string) => string}
 */
const pathOf = (room, path) => (room === undefined ? path : `/rooms/${segment(room)}${path}`);
/** @type {(list: string, room?: string) => string} */
const listOf = (list, room) => pathOf(room, `/blocklists/${segment(list)}`);

/** Extended by `ReportCommands`. */
export class BlocklistCommands extends RoomCommands {
  /**
   * Without what is in them.
   *
   * @type {(room?: string) => Promise<BlocklistSummary[]>}
   */
  blocklists(room) { return this.rest("GET", pathOf(room, "/blocklists")).then(({ lists }) => lists); }
  /** @type {(list: string, room?: string) => Promise<Blocklist>} */
  blocklist(list, room) { return this.rest("GET", listOf(list, room)); }
  /**
   * Sets a list as a whole, also one that is new.
   *
   * @type {(list: string, how: SettingBlocklist, room?: string) => Promise<void>}
   */
  setBlocklist(list, how, room) { return this.rest("PUT", listOf(list, room), how); }
  /** @type {(list: string, room?: string) => Promise<void>} */
  removeBlocklist(list, room) { return this.rest("DELETE", listOf(list, room)); }
  /**
   * What the lists would make of a text, which nobody says.
   *
   * @type {(content: string, room?: string) => Promise<Screened>}
   */
  tryBlocklists(content, room) { return this.rest("POST", pathOf(room, "/content-check"), { content }); }
}
