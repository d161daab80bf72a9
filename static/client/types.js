/**
 * What the server tells, as docs/PROTOCOL.md describes it. Types only; there
 * is nothing to run here. `shape.js` sees to it that a frame has what its type
 * says; what is optional there may be left out here.
 *
 * @typedef {{id: string, name: string, avatar_url?: string}} User
 * @typedef {User & {custom?: Record<string, unknown>}} Profile
 * @typedef {User & {deleted?: boolean}} Peer the other one of a direct room
 * @typedef {"public" | "private" | "announcement" | "direct"} Kind
 * @typedef {"read_only" | "member" | "moderator" | "owner"} Role
 * @typedef {"online" | "away" | "offline"} Status
 *
 * @typedef {object} Attachment
 * @property {string} attachment_id
 * @property {string} name
 * @property {string} content_type
 * @property {number} size
 * @property {number} [width] of a picture or film
 * @property {number} [height]
 * @property {number} [duration_ms] of sound or film
 * @property {number[]} [waveform] how loud it is over time, from 0 to 100
 * @property {boolean} [has_thumbnail]
 *
 * @typedef {{url: string, expires_at: string}} FileLink
 *
 * @typedef {object} Quote a message as another one, or its thread, shows it
 * @property {string} message_id
 * @property {User} sender
 * @property {string} content
 * @property {string} created_at
 * @property {boolean} [deleted]
 * @property {Attachment[]} [attachments]
 *
 * @typedef {{user_ids: string[], room?: boolean}} Mentions
 * @typedef {{emoji: string, count: number, user_ids: string[]}} Reaction
 *
 * @typedef {object} Message
 * @property {string} message_id
 * @property {string} room_id
 * @property {number} seq
 * @property {number} changed_seq
 * @property {User} sender
 * @property {string} [client_id]
 * @property {string} content
 * @property {string} created_at
 * @property {string} [edited_at]
 * @property {string} [deleted_at]
 * @property {Quote} [reply_to]
 * @property {string} [thread_id]
 * @property {boolean} [in_room] of a reply that is shown in the room, too
 * @property {{count: number, last_reply?: Quote}} [thread]
 * @property {Record<string, unknown>} [metadata]
 * @property {Mentions} [mentions]
 * @property {Attachment[]} [attachments]
 * @property {Reaction[]} [reactions]
 * @property {{at: string, by: string}} [pinned]
 * @property {"system"} [kind] a notice, which nobody says
 * @property {string} [sent_by] who has sent it in the sender's name
 * @property {boolean} [silent] it is not unread to anybody
 * @property {"streaming" | "failed" | "interrupted"} [state] it is being written, or did not come to its end
 *
 * @typedef {object} Delta more of a message that is being written
 * @property {string} message_id
 * @property {number} offset where `text` stands, in characters: code points
 * @property {string} text
 * @property {Message["metadata"]} [metadata] all of it, if it was changed
 *
 * @typedef {{message_id: string, user_id: string}} StopAsked who wants its writer to stop
 *
 * @typedef {{frozen?: boolean, slow_mode_seconds?: number, blocklists?: number}} Rules
 *
 * @typedef {"all" | "mentions" | "nothing"} Notifications what of a room one is told of
 *
 * @typedef {object} Preferences how one wants to have a room; what is as usual is left out
 * @property {Exclude<Notifications, "all">} [notifications]
 * @property {string} [notifications_until] from then on it is all again
 * @property {boolean} [hidden] until its next message
 * @property {boolean} [archived]
 * @property {boolean} [pinned]
 * @property {number} [rank] the lower, the further ahead
 *
 * @typedef {Omit<Preferences, "notifications" | "rank"> & {notifications?: Notifications,
 *   notifications_seconds?: number, rank?: number | null}} PreferencesChange
 *
 * @typedef {object} Draft what this user has begun to write in a room or thread
 * @property {string} room_id
 * @property {string} [thread_id]
 * @property {string} content empty, and without metadata, when it is gone
 * @property {Record<string, unknown>} [metadata]
 * @property {string} [updated_at] as the server has it; none while it is only here
 *
 * @typedef {object} ThreadState how this user stands to a thread
 * @property {string} room_id
 * @property {string} thread_id of its first message, the root
 * @property {boolean} following
 * @property {number} read_seq
 * @property {number} unread replies of others
 * @property {number} mentions how many of these mention this user
 *
 * @typedef {ThreadState & {root: Message}} ThreadEntry a thread in one's list
 *
 * @typedef {object} SavedState what this user has saved of a message
 * @property {string} message_id
 * @property {string} room_id
 * @property {boolean} saved false where it is saved no more
 * @property {string} [note]
 * @property {string} [saved_at]
 * @property {string} [remind_at] when this user wants to be reminded of it, or wanted to
 * @property {string} [reminded_at] when they were
 * @property {string} updated_at of two, the later one counts
 *
 * @typedef {SavedState & {message: Message}} SavedEntry a saved message in one's list
 * @typedef {{note?: string, remind_at?: string, remind_in_seconds?: number}} Saving
 * @typedef {{room_id: string, message_id: string, note?: string, remind_at: string}} Reminder
 *
 * @typedef {object} ScheduledMessage what this user has scheduled to be sent later
 * @property {string} scheduled_id
 * @property {string} room_id
 * @property {string} client_id that of the message that comes of it
 * @property {string} content
 * @property {string} [reply_to] id of the message that is quoted
 * @property {string} [thread_id]
 * @property {boolean} [in_room]
 * @property {Record<string, unknown>} [metadata]
 * @property {Attachment[]} [attachments]
 * @property {string} send_at
 * @property {string} created_at
 * @property {string} updated_at of two, the later one counts
 * @property {Pick<Refusal, "code" | "message">} [failed] why it was not sent
 *
 * @typedef {object} ScheduledChange how it stands now
 * @property {string} scheduled_id
 * @property {"waiting" | "failed" | "sent" | "cancelled"} state
 * @property {ScheduledMessage} [scheduled] where it waits or has failed
 * @property {string} [message_id] of the message that it was sent as
 *
 * @typedef {{send_at?: string, send_in_seconds?: number}} SendingTime one of the two
 * @typedef {SendingTime & {content?: string, metadata?: Record<string, unknown> | null}} Rescheduling
 *
 * @typedef {"spam" | "harassment" | "hate" | "violence" | "sexual" | "self_harm" | "illegal" | "other"} ReportReason
 * @typedef {ReportReason | "blocklist"} FoundReason for which it is reported: also by the server, of what is in a list
 * @typedef {"dismiss" | "delete" | "mute" | "ban"} Decision
 *
 * @typedef {object} Report what was reported of one message or user
 * @property {string} report_id
 * @property {string} [room_id]
 * @property {string} [message_id]
 * @property {User} user who was reported, or whose message
 * @property {string} [content] of the message, as it was reported
 * @property {number} count how many have reported it
 * @property {Partial<Record<FoundReason, number>>} reasons
 * @property {string} reported_at
 * @property {{decision: Decision, by: string, at: string, note?: string}} [decided]
 *
 * @typedef {{user: User, reason: ReportReason, note?: string, at: string}} ReportedBy
 * @typedef {Report & {reported_by: ReportedBy[], messages: Message[]}} ReportDetails with the message and those around it
 *
 * @typedef {object} Deciding
 * @property {Decision} decision
 * @property {boolean} [everywhere] an administrator's, not only in the room
 * @property {boolean} [delete_message] besides a mute or a ban
 * @property {string} [until] when a mute or a ban ends
 * @property {number} [seconds] or after how many seconds
 * @property {string} [note]
 *
 * @typedef {"flag" | "mask" | "refuse"} BlocklistAction what becomes of a message in which something of a list is
 * @typedef {{action: BlocklistAction, words?: string[], patterns?: string[]}} SettingBlocklist
 * @typedef {{list_id: string, action: BlocklistAction, updated_at: string}} AnyBlocklist
 * @typedef {AnyBlocklist & {words: number, patterns: number}} BlocklistSummary with how many there are
 * @typedef {AnyBlocklist & {words: string[], patterns: string[]}} Blocklist
 * @typedef {{list_id: string, room_id?: string, action: BlocklistAction}} FoundBlocklist a list of which something is in a text
 * @typedef {{refused: boolean, content?: string, flagged: boolean, found: FoundBlocklist[]}} Screened
 *   `content` is the text as it would be stored
 *
 * @typedef {{endpoint: string, p256dh: string, auth: string}} WebAddress where a browser's push service finds it
 * @typedef {{device_id: string, web?: WebAddress, fcm?: {token: string}, apns?: {token: string}}} DeviceRegistration
 *   with one of the three
 * @typedef {{device_id: string, service: "web" | "fcm" | "apns", registered_at: string, last_told_at?: string}} Device
 * @typedef {{from: string, until: string, utc_offset_minutes: number}} QuietTime times of day, such as "22:00"
 * @typedef {{web: {public_key: string} | null, fcm: boolean, apns: boolean, quiet?: QuietTime | null}} PushSettings
 *
 * @typedef {object} Room as this user sees it
 * @property {string} room_id
 * @property {Kind} kind
 * @property {string} [title]
 * @property {string} [topic]
 * @property {unknown} [custom]
 * @property {Rules} [rules] what its moderators have laid down
 * @property {string} [created_at]
 * @property {number} last_seq
 * @property {string} [epoch]
 * @property {number} [member_count]
 * @property {Role} [role]
 * @property {string | null} [muted_until]
 * @property {boolean} [blocked]
 * @property {number} [read_seq]
 * @property {number} [delivered_seq]
 * @property {number} unread
 * @property {number} mentions
 * @property {number} [unread_from] from where this user has marked it as unread
 * @property {Preferences} [preferences]
 * @property {Peer} [peer]
 * @property {Message | null} [last_message]
 *
 * @typedef {{user: User, role: Role, muted_until?: string, joined_at?: string}} Member
 * @typedef {{user_id: string, role?: Role}} NamedMember
 * @typedef {{user_id: string, result: "added" | "already" | "changed" | "removed" | "refused",
 *   error?: Refusal}} MemberResult
 * @typedef {{results: MemberResult[], member_count: number}} MembersChanged
 * @typedef {{user_id: string, status: Status, last_seen?: string | null}} Presence
 * @typedef {{user_id: string, read_seq?: number, delivered_seq?: number}} Receipt
 * @typedef {{unread: number, mentions: number, read_seq: number, last_seq: number, unread_from?: number}} Unread
 * @typedef {{type: string, room_id: string, seq: number, timestamp: string, data: unknown}} RoomEvent
 * @typedef {{type: string, inbox_seq: number, timestamp: string, data: unknown}} InboxEvent
 *
 * @typedef {{message_id: string, seq: number, created_at: string, duplicate: boolean}} Stored
 * @typedef {{message_id: string, seq: number}} Changed
 *
 * @typedef {object} Limits told with `session.ready`: those that the client goes by, and others
 * @property {number} [commands_per_second]
 * @property {number} [command_burst]
 * @property {number} [frame_bytes]
 * @property {number} [content_bytes]
 * @property {number} [metadata_bytes]
 * @property {number} [attachment_bytes]
 * @property {number} [big_room_members]
 *
 * @typedef {object} Refusal an error, as the server says it
 * @property {string} code
 * @property {string} message
 * @property {string} [field]
 * @property {number} [retry_after_ms]
 *
 * @typedef {{last_seq: number, epoch?: string, resync?: boolean}} Position how far a room or the inbox is
 * @typedef {Record<string, Position & {error?: Refusal}>} Resumed by room
 * @typedef {{rooms: Room[], complete: boolean}} Listing
 * @typedef {Listing & {user: User, limits?: Limits, inbox_epoch?: string}} Ready
 * @typedef {{user: User, until?: string, reason: string, created_at: string}} Ban
 * @typedef {{user: User, role?: Role, muted_until?: string, joined_at?: string,
 *   reason?: Leaving}} MemberChange with `reason` if one is no member any more, else with `role`
 */

/**
 * The frames that the client knows, by their `type`.
 *
 * @typedef {{type: "ack", id: string, data: any}} Ack its `data` depends on what was asked
 * @typedef {{type: "error", id?: string, data: Refusal}} ErrorFrame
 * @typedef {{type: "message.created" | "message.updated" | "message.deleted",
 *   room_id: string, seq: number, timestamp: string, data: Message}} MessageFrame
 * @typedef {{type: "room.cleared", room_id: string, seq: number, timestamp: string,
 *   data?: {upto?: number}}} ClearedFrame
 * @typedef {{type: "member.joined" | "member.left" | "member.updated",
 *   room_id: string, data: MemberChange}} MemberFrame
 *
 * @typedef {Ack | ErrorFrame | MessageFrame | ClearedFrame | MemberFrame
 *   | {type: "pong" | "auth.required", data?: unknown}
 *   | {type: "auth.failed", data: Refusal}
 *   | {type: "session.ready", data: Ready}
 *   | {type: "session.rooms", data: Listing}
 *   | {type: "session.resumed", data: {rooms: Resumed}}
 *   | {type: "server.goaway", data: {reason: string, reconnect_after_ms: number}}
 *   | {type: "room.unread", room_id: string, data: Unread}
 *   | {type: "room.added", data: {room: Room}}
 *   | {type: "room.updated", room_id: string, data: RoomUpdate}
 *   | {type: "room.preferences", room_id: string, data: {preferences: Preferences}}
 *   | {type: "room.draft", data: Draft}
 *   | {type: "thread.state", data: ThreadState}
 *   | {type: "message.saved", data: SavedState}
 *   | {type: "message.scheduled", data: ScheduledChange}
 *   | {type: "message.reminder", inbox_seq: number, timestamp: string, data: Reminder}
 *   | {type: "room.removed" | "room.deleted", room_id: string, data?: {reason?: Leaving}}
 *   | {type: "room.members", room_id: string, data: {member_count: number}}
 *   | {type: "room.presence", room_id: string, data: {users: Presence[]}}
 *   | {type: "receipts", room_id: string, data: {receipts: Receipt[]}}
 *   | {type: "message.delta", room_id: string, data: Delta}
 *   | {type: "message.stop", data: StopAsked}
 *   | {type: "typing", room_id: string, data: {user_id: string, is_typing: boolean}}
 *   | {type: "user.updated", data: Profile}
 *   | {type: "presence", data: Presence}} Frame
 *
 * @typedef {object} Published what the application tells: its type is the application's own
 * @property {string} type
 * @property {string} [room_id]
 * @property {number} [seq] if it has a place in a room
 * @property {number} [inbox_seq] if it has one in the inbox
 * @property {string} timestamp
 * @property {unknown} data
 *
 * @typedef {MessageFrame | ClearedFrame | RoomEvent} Placed what has a place in a room
 * @typedef {{title?: string, topic?: string, custom?: unknown}} RoomChange
 * @typedef {RoomChange & {rules?: Rules}} RoomUpdate
 * @typedef {"left" | "removed" | "banned" | "deleted"} Leaving
 */

export {};
