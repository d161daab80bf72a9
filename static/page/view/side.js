/**
 * What stands beside the room, one thing at a time: a thread, the threads that
 * one follows, what one has saved or scheduled, the members, pinned messages, what was
 * reported, the inbox, what was found, one's settings.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Actions } from "./actions.js"
 * @import { Blocks } from "./blocks.js"
 * @import { Composer } from "./composer.js"
 * @import { Show } from "./lists.js"
 * @import { Tools } from "./message.js"
 * @import { Notifications } from "./notifications.js"
 * @import { What } from "./panel.js"
 * @import { RoomView } from "./room.js"
 *
 * @typedef {object} Parts
 * @property {Parlor} parlor
 * @property {Blocks} blocks
 * @property {Notifications} notifications
 * @property {Tools} tools
 * @property {Actions} actions
 * @property {RoomView | null} open the room that is open
 * @property {Composer} composer where one writes in a thread
 * @property {(id: string) => void} openRoom
 * @property {Show} showMessage
 * @property {(user: string) => Promise<void>} openDirect
 */

import { rules } from "../../client/parlor.js";
import { byId, fieldsOf } from "./dom.js";
import { Inbox } from "./inbox.js";
import { Pins, Search } from "./lists.js";
import { MembersPanel } from "./members.js";
import { Panel } from "./panel.js";
import { attempt } from "./popups.js";
import { Reports } from "./reports.js";
import { SavedList } from "./saved.js";
import { ScheduledList } from "./scheduled.js";
import { SettingsPanel } from "./settings.js";
import { Thread } from "./thread.js";
import { ThreadList } from "./threads.js";

/** What belongs to the room that is open. */
const OF_ROOM = new Set(["thread", "members", "pins", "reports"]);

export class Side {
  #parts; #panel = new Panel();
  /** @type {Thread | null} */
  thread = null;
  /** @type {MembersPanel | Pins | Reports | Inbox | Search | ThreadList | SavedList | ScheduledList | SettingsPanel | null} what is shown besides a thread, if it is to be kept true */
  shown = null;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    byId("open-members").onclick = () => this.#panel.toggle("members", () => this.#openMembers());
    byId("open-pins").onclick = () => this.#panel.toggle("pins", () => this.#openPins());
    byId("open-threads").onclick = () => this.#panel.toggle("threads", () => this.#openThreads());
    byId("open-saved").onclick = () => this.#panel.toggle("saved", () => this.#openSaved());
    byId("open-scheduled").onclick = () => this.#panel.toggle("scheduled", () => this.#openScheduled());
    byId("bell").onclick = () => this.#panel.toggle("inbox", () => this.#openInbox());
    byId("open-settings").onclick = () => this.#panel.toggle("settings", () => this.#openSettings());
    byId("search-form").onsubmit = (event) => {
      event.preventDefault();
      const wanted = fieldsOf(byId("search-form")).q.value.trim();
      if (wanted) this.#search(wanted);
    };
  }

  /** What is shown, such as "thread"; null if nothing is. */
  get what() { return this.#panel.what; }
  close() { this.#panel.close(); }
  /** The room is not open any more, nor what belongs to it. */
  leaveRoom() { if (this.what && OF_ROOM.has(this.what)) this.close(); }

  paint() {
    this.thread?.paintState();
    if (this.shown && "paint" in this.shown) this.shown.paint();
  }

  /**
   * @param {string} rootId
   * @param {string} [of] its room, if that may be another one than the open one
   */
  openThread(rootId, of = this.#parts.open?.id) {
    if (of && of !== this.#parts.open?.id) this.#parts.openRoom(of);
    const { parlor, tools, actions, open, composer } = this.#parts;
    const room = parlor.chat.room(open?.id);
    if (!open || !room || of !== open.id) return;
    const body = this.#panel.open("thread", "Thread", () => { this.thread?.end(); this.thread = null; });
    const thread = new Thread({ parlor, tools, actions, room: open.id, rootId, body });
    this.thread = thread;
    composer.open({ room: open.id, thread: rootId });
    const why = rules.whyNotWrite(room);
    composer.lock(why === null ? null : "You cannot reply here.");
    thread.start();
    if (globalThis.matchMedia("(hover: hover)").matches) composer.focus();
  }

  /**
   * Opens something that is kept true while it is shown.
   * @template {NonNullable<Side["shown"]>} T
   * @param {What} what
   * @param {string} title
   * @param {(body: HTMLElement) => T} build
   * @returns {T}
   */
  #show(what, title, build) {
    const body = this.#panel.open(what, title, () => { this.shown = null; });
    const built = build(body);
    this.shown = built;
    return built;
  }

  #openMembers() {
    const { parlor, blocks, open, openDirect } = this.#parts;
    if (!open) return;
    const { people } = open;
    this.#show("members", "Members", (body) =>
      new MembersPanel({ parlor, body, people, blocks, openDirect: (user) => attempt(() => openDirect(user)) }));
  }

  #openPins() {
    const { parlor, open, showMessage: show } = this.#parts;
    if (!open) return;
    const { id } = open;
    const mayPin = () => { const room = parlor.chat.room(id); return room !== null && rules.mayPin(room); };
    this.#show("pins", "Pinned", (body) => new Pins({ parlor, body, room: id, mayPin, show })).start();
  }

  /** What was reported in the open room, for who moderates it. */
  openReports() {
    const { parlor, open, showMessage: show } = this.#parts;
    if (!open) return;
    const { id } = open;
    this.#show("reports", "Reports", (body) => new Reports({ parlor, body, room: id, show })).start();
  }

  #openThreads() {
    const { parlor } = this.#parts;
    this.#show("threads", "Threads", (body) =>
      new ThreadList({ parlor, body, open: (rootId, room) => this.openThread(rootId, room) })).paint();
  }

  #openSaved() {
    const { parlor, showMessage: show } = this.#parts;
    this.#show("saved", "Saved", (body) => new SavedList({ parlor, body, show })).paint();
  }

  #openScheduled() {
    const { parlor } = this.#parts;
    this.#show("scheduled", "Scheduled", (body) => new ScheduledList({ parlor, body })).paint();
  }

  #openInbox() {
    const { parlor, tools } = this.#parts;
    this.#show("inbox", "Inbox", (body) => new Inbox({ parlor, body, jump: tools.jump })).paint();
    parlor.seenInbox().catch(() => {});
  }

  #openSettings() {
    const { parlor, notifications } = this.#parts;
    this.#show("settings", "Settings", (body) => new SettingsPanel({ parlor, body, notifications })).start();
  }

  /** @param {string} wanted */
  #search(wanted) {
    const { parlor, showMessage: show } = this.#parts;
    this.#show("search", "Search", (body) => new Search({ parlor, body, show })).start(wanted);
  }
}
