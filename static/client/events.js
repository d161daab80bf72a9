/**
 * The events of a `Parlor` and what comes with each: docs/CLIENT.md, "Events".
 * Types only; there is nothing to run here.
 *
 * @import { ParlorError } from "./error.js"
 * @import { Unsent } from "./outbox.js"
 * @import * as Wire from "./types.js"
 *
 * @typedef {object} State how the connection is
 * @property {"online" | "connecting" | "offline"} state
 * @property {number | null} retryInMs when it is tried again
 * @property {number | null} stoppedBy the close code after which it is not
 * @property {string} reason
 *
 * @typedef {Wire.MemberChange & {type: "member.joined" | "member.left" | "member.updated", room: string}} MemberEvent
 * @typedef {{type: string, room_id?: string, timestamp: string, data: unknown}} PassingEvent
 * @typedef {Wire.Delta & {room_id: string, content: string}} Grown with all of the text, and of the metadata
 *
 * @typedef {{
 *   "state": State,
 *   "error": ParlorError,
 *   "ready": Wire.Room[],
 *   "goaway": {reason: string, reconnect_after_ms: number},
 *   "signed-out": undefined,
 *   "change": undefined,
 *   "message": Wire.Message,
 *   "message-changed": Wire.Message,
 *   "message-delta": Grown,
 *   "message-written": Wire.Message,
 *   "stop-asked": Wire.StopAsked,
 *   "pending": Unsent,
 *   "sent": {message: Unsent, ack: Wire.Stored},
 *   "failed": {message: Unsent, error: ParlorError},
 *   "discarded": Unsent,
 *   "room-event": Wire.RoomEvent,
 *   "room-cleared": {room: string, upto: number},
 *   "resync": {room: string, inbox?: undefined} | {inbox: true, room?: undefined},
 *   "room-added": Wire.Room,
 *   "room-updated": Wire.RoomUpdate & {room: string, preferences?: Wire.Preferences},
 *   "room-removed": {room: string, reason: Wire.Leaving},
 *   "member": MemberEvent,
 *   "room-members": {room: string, member_count: number},
 *   "receipts": {room: string, receipts: Wire.Receipt[]},
 *   "unread": Wire.Unread & {room: string},
 *   "thread-state": Wire.ThreadState,
 *   "saved": Wire.SavedState,
 *   "scheduled": Wire.ScheduledChange,
 *   "draft": {room: string, thread?: string, draft: Wire.Draft | null},
 *   "typing": {room: string, user: string, isTyping: boolean},
 *   "presence": Wire.Presence & {user: string},
 *   "user": Wire.Profile,
 *   "inbox": Wire.InboxEvent,
 *   "event": PassingEvent,
 * }} ParlorEvents
 *
 * @typedef {<E extends keyof ParlorEvents>(event: E, ...detail:
 *   ParlorEvents[E] extends undefined ? [] : [ParlorEvents[E]]) => boolean} Emit says whether anybody listened
 */

export {};
