/**
 * What the client tells, put where it is shown: in the open room, in the
 * thread beside it, in the panel, or in a notice.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { InboxEvent } from "../../client/types.js"
 * @import { Composer } from "./composer.js"
 * @import { RoomView } from "./room.js"
 * @import { Side } from "./side.js"
 *
 * @typedef {object} Page what is shown now
 * @property {Parlor} parlor
 * @property {() => void} paint
 * @property {(id: string) => void} openRoom
 * @property {() => void} closeRoom
 * @property {(messageId: string) => void} jump shows a message where it was said
 * @property {RoomView | null} open
 * @property {Side} side
 * @property {Composer[]} composers
 */

import { isReminder } from "../../client/parlor.js";
import { tellsOf } from "./connection.js";
import { Pins } from "./lists.js";
import { eventName, eventText } from "./message.js";
import { notify } from "./popups.js";
import { reminderText } from "./saved.js";
import { takeBack } from "./saying.js";
import { capitalised, whyNot } from "./words.js";

/** @param {Page} page */
export function hear(page) {
  const { parlor } = page;
  /** @type {(room: string, run: (timeline: RoomView["timeline"]) => void) => void} */
  const inOpenRoom = (room, run) => { if (page.open?.id === room) run(page.open.timeline); };

  parlor.on("message", (message) => {
    inOpenRoom(message.room_id, (timeline) => timeline.add(message));
    page.side.thread?.add(message);
  });
  parlor.on("message-changed", (message) => {
    const wasPinned = page.open?.timeline.message(message.message_id)?.pinned;
    inOpenRoom(message.room_id, (timeline) => timeline.change(message));
    page.side.thread?.change(message);
    const { shown } = page.side;
    if (shown instanceof Pins && shown.room === message.room_id && (wasPinned || message.pinned)) shown.start();
  });
  parlor.on("message-delta", (grown) => {
    inOpenRoom(grown.room_id, (timeline) => timeline.grow(grown));
    page.side.thread?.grow(grown);
  });
  parlor.on("room-event", (event) => inOpenRoom(event.room_id, (timeline) => timeline.addEvent(event)));
  parlor.on("pending", (message) => {
    inOpenRoom(message.room, (timeline) => timeline.addPending(message));
    if (page.side.thread && message.threadId === page.side.thread.rootId) page.side.thread.addPending(message);
  });
  parlor.on("sent", ({ message, ack }) => {
    inOpenRoom(message.room, (timeline) => timeline.stored(message, ack));
    page.side.thread?.stored(message, ack);
  });
  parlor.on("failed", ({ message, error }) => {
    if (takeBack(parlor, page.composers, message)) return;
    inOpenRoom(message.room, (timeline) => timeline.failed(message));
    page.side.thread?.failed(message);
    // In the room it is shown with the message.
    if (message.room !== page.open?.id) notify(`Not sent: ${whyNot(error)}`, "error");
  });
  parlor.on("scheduled", ({ scheduled }) => {
    if (scheduled?.failed) notify(`Not sent: ${whyNot(scheduled.failed)}`, "error");
  });
  parlor.on("discarded", (message) => {
    inOpenRoom(message.room, (timeline) => timeline.discarded(message));
    page.side.thread?.discarded(message);
  });
  // How the connection is has a line of its own.
  parlor.on("error", (error) => { if (!tellsOf(error)) notify(whyNot(error), "error"); });
  parlor.on("receipts", ({ room, receipts }) => {
    if (!page.open || room !== page.open.id) return;
    page.open.receipts(receipts);
    page.side.thread?.marked();
  });
  parlor.on("member", (event) => {
    if (!page.open || event.room !== page.open.id) return;
    page.open.people.heard(event).then(page.paint, () => {}); // Else they count as away until they are heard of.
    if (event.user.id === parlor.chat.me) page.open.timeline.refresh();
  });
  // In a big room only how many they are; who they are is asked for when the list is opened.
  parlor.on("room-members", ({ room }) => { if (room === page.open?.id) page.paint(); });
  parlor.on("room-removed", ({ room, reason }) => {
    if (room !== page.open?.id) return;
    page.closeRoom();
    /** @type {Partial<Record<typeof reason, string>>} */
    const why = { removed: "You were removed from the room.", banned: "You were banned from the room.", deleted: "The room was deleted." };
    const said = why[reason];
    if (said) notify(said);
  });
  parlor.on("unread", ({ room, unread_from: from }) => {
    if (from !== undefined) inOpenRoom(room, (timeline) => timeline.markUnread(from));
  });
  parlor.on("room-cleared", ({ room, upto }) => inOpenRoom(room, (timeline) => timeline.clear(upto)));
  parlor.on("resync", ({ room, inbox }) => {
    if (inbox) parlor.loadInbox().catch(() => {});
    else for (const load of [parlor.loadThreads(), parlor.loadSaved()]) load.catch(() => {});
    if (room !== undefined && room === page.open?.id) page.openRoom(room);
  });
  /**
   * An event of the application's, in a notice.
   *
   * @type {(event: Pick<InboxEvent, "type" | "data">) => string}
   */
  const told = (event) => [capitalised(eventName(event)), eventText(event)].filter(Boolean).join(": ");
  parlor.on("inbox", (event) => {
    const isShown = page.side.what === "inbox";
    if (isShown) parlor.seenInbox().catch(() => {});
    if (isReminder(event)) {
      const { message_id: id } = event.data;
      notify(`Reminder: ${reminderText(parlor, event.data)}`, "note", { label: "Show", run: () => page.jump(id) });
    } else if (!isShown) {
      notify(told(event));
    }
  });
  // Whoever comes back to a room has again what they had saved there.
  parlor.on("room-added", () => parlor.loadSaved().catch(() => {}));
  // Told to who is there, and not kept.
  parlor.on("event", (event) => notify(told(event)));
}
