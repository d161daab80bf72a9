/**
 * The events of a `Parlor` and what comes with each: docs/CLIENT.md, "Events".
 * Types only; there is nothing to run here.
 *
 * @typedef {import("./error.js").ParlorError} ParlorError
 * @typedef {import("./outbox.js").Draft} Draft
 *
 * @typedef {object} State how the connection is
 * @property {"online" | "connecting" | "offline"} state
 * @property {number | null} retryInMs when it is tried again
 * @property {number | null} stoppedBy the close code after which it is not
 * @property {string} reason
 *
 * @typedef {object} ParlorEvents
 * @property {State} state
 * @property {ParlorError} error
 * @property {object[]} ready
 * @property {{reason: string, reconnect_after_ms: number}} goaway
 * @property {undefined} signed-out
 * @property {undefined} change
 * @property {object} message
 * @property {object} message-changed
 * @property {Draft} pending
 * @property {{message: Draft, ack: {message_id: string, seq: number, created_at: string, duplicate: boolean}}} sent
 * @property {{message: Draft, error: ParlorError}} failed
 * @property {Draft} discarded
 * @property {{type: string, room_id: string, seq: number, timestamp: string, data: unknown}} room-event
 * @property {{room: string, upto: number}} room-cleared
 * @property {{room: string}} resync
 * @property {object} room-added
 * @property {{room: string, title?: string, topic?: string, custom?: object}} room-updated
 * @property {{room: string, reason: "left" | "removed" | "banned" | "deleted"}} room-removed
 * @property {{type: string, room: string, user: object, role?: string, reason?: string}} member
 * @property {{room: string, member_count: number}} room-members
 * @property {{room: string, receipts: object[]}} receipts
 * @property {{room: string, read_seq: number, unread: number, mentions: number, last_seq: number}} unread
 * @property {{room: string, user: string, isTyping: boolean}} typing
 * @property {{user: string, status: "online" | "away" | "offline", last_seen?: string}} presence
 * @property {{type: string, inbox_seq: number, timestamp: string, data: unknown}} inbox
 * @property {{type: string, room_id?: string, timestamp: string, data: unknown}} event
 */

export {};
