// What the server is asked and answers. Made by `sdk/generate` from the description of REST: do not edit.

/** Acknowledges inbox events up to this number. */
export interface AckInboxRequest {
  inbox_seq: number;
}

export interface AllBlocklists {
  lists: BlocklistSummary[];
}

export interface AllMoved {
  /** How many marks moved. */
  moved: number;
  /** The first of them. */
  rooms: Moved[];
}

export interface ApiKey {
  created_at: string;
  id: number;
  /** Only in the answer that creates it. */
  key?: string;
  name: string;
  revoked_at?: string;
  roles: string[];
  user_id: string;
}

export interface ApiKeys {
  api_keys: ApiKey[];
  has_more: boolean;
}

/** An event that the application published. */
export interface AppEvent {
  /** Any JSON value. */
  data: any;
  inbox_seq?: number;
  seq?: number;
  timestamp: string;
  type: string;
}

/**
 * A file that was uploaded, as it is shown; and as it is kept with its message, since it does
 * not change.
 */
export interface Attachment {
  attachment_id: string;
  content_type: string;
  duration_ms?: number;
  has_thumbnail: boolean;
  height?: number;
  name: string;
  size: number;
  waveform?: number[];
  width?: number;
}

export interface AuditPage {
  entries: Audited[];
  has_more: boolean;
}

export interface Audited {
  action: string;
  actor: string;
  at: string;
  /** Any JSON value. */
  detail: any;
  id: number;
  target: string;
}

export interface Ban {
  created_at: string;
  reason: string;
  until?: string;
  user: User;
}

/**
 * Removes the user if they are a member, and keeps them out: until a time, for some seconds,
 * or for good.
 */
export interface BanFromRoomRequest {
  ban_seconds?: number | null;
  reason?: string | null;
  until?: string | Date | null;
}

/** Until a time, for some seconds, or for good. */
export interface BanUserRequest {
  ban_seconds?: number | null;
  reason?: string | null;
  until?: string | Date | null;
}

export interface Bans {
  bans: Ban[];
  has_more: boolean;
}

/** A list with all that is in it. */
export interface Blocklist {
  action: BlocklistAction;
  list_id: string;
  patterns: string[];
  updated_at: string;
  words: string[];
}

/** What becomes of a text in which something of a list is found. */
export type BlocklistAction = string | string | string;

/** A list without it. */
export interface BlocklistSummary {
  action: BlocklistAction;
  list_id: string;
  patterns: number;
  updated_at: string;
  /** How many. */
  words: number;
}

export interface Blocks {
  has_more: boolean;
  users: User[];
}

/** Adds members and removes others; those who are there already stay as they are. */
export interface ChangeMembersRequest {
  add?: NamedMember[];
  remove?: string[];
}

/**
 * Changes what is named and leaves the rest. What was refused is tried again: at its time, or
 * at once where that is over.
 */
export interface ChangeScheduledRequest {
  content?: string | null;
  /** `null` takes it away. */
  metadata?: Record<string, any> | null;
  send_at?: string | Date | null;
  send_in_seconds?: number | null;
}

/** `data` of the ack to a change of a message. */
export interface Changed {
  message_id: string;
  seq: number;
}

export interface Connection {
  address?: string;
  connected_at: string;
  connection_id: string;
  device_id?: string;
  rooms: number;
  status: PresenceStatus;
  user_id: string;
}

export interface ConnectionCount {
  count: number;
}

export interface Connections {
  connections: Connection[];
  has_more: boolean;
}

export interface CreateApiKeyRequest {
  name: string;
  /** By default `service`, or none where there are scopes. */
  role?: "service" | "admin" | null;
  /** What it may do like an administrator. */
  scopes?: ("rooms" | "users" | "messages" | "events" | "moderation")[];
}

/** Without an id it gets one that nobody can guess; without a kind it is private. */
export interface CreateRoomRequest {
  custom?: Record<string, any> | null;
  kind?: "public" | "private" | "announcement" | null;
  room_id?: string | null;
  title?: string | null;
  topic?: string | null;
}

export interface DeadLetter {
  at: string;
  attempts: number;
  error: string;
  id: number;
  lane: string;
  type: string;
  url: string;
}

/** What is decided about a report. */
export interface DecideReportRequest {
  decision: Decision;
  /** With `mute` and `ban`: the message is deleted, too. */
  delete_message?: boolean;
  /** With `ban`: from the whole server, not from the room alone. */
  everywhere?: boolean;
  note?: string | null;
  seconds?: number | null;
  /**
   * With `mute` and `ban`: until when, or for how long; a ban without either is for good.
   */
  until?: string | Date | null;
}

export interface Decided {
  at: string;
  by: string;
  decision: Decision;
  note?: string;
}

/** What who moderates decides about a report. */
export type Decision = "dismiss" | "delete" | "mute" | "ban";

/** `data` of the ack to `message.delivered`. */
export interface Delivered {
  delivered_seq: number;
  room_id: string;
}

/** Makes a user, or describes one anew: what is left out is none. */
export interface DescribeUserRequest {
  avatar_url?: string | null;
  custom?: Record<string, any> | null;
  /** Null: the id is shown. */
  name?: string | null;
  /** Besides those of the user's tokens. */
  roles?: string[] | null;
}

/** A device, without what only the server and its push service know. */
export interface Device {
  device_id: string;
  /** When it was last told something. */
  last_told_at?: string;
  registered_at: string;
  /** `web`, `fcm` or `apns`. */
  service: string;
}

export interface DeviceToken {
  token: string;
}

export interface Devices {
  devices: Device[];
}

/** Closes the connections that are subscribed to a room. */
export interface DisconnectRoomRequest {
  reason?: string | null;
}

/** Closes a user's connections. */
export interface DisconnectUserRequest {
  reason?: string | null;
}

export interface Disconnected {
  disconnected: number;
}

/**
 * What a user has begun to write; an empty `content` without `metadata` says that there is
 * nothing any more.
 */
export interface Draft {
  content: string;
  metadata?: Record<string, any>;
  room_id: string;
  /** The message that the thread begins with, if it is in one. */
  thread_id?: string;
  updated_at: string;
}

export interface Drafts {
  cursor?: string;
  drafts: Draft[];
  has_more: boolean;
}

/**
 * Changes what is named and leaves the rest; only the message's author may. Metadata alone
 * can change without the message being one that was edited.
 */
export interface EditMessageRequest {
  content?: string | null;
  /** `null` takes it away. */
  metadata?: Record<string, any> | null;
}

/** A stable error code, the same on the socket and in REST bodies. */
export type ErrorCode = "invalid_message" | "unauthorized" | "token_expired" | "forbidden" | "not_found" | "method_not_allowed" | "timeout" | "conflict" | "too_large" | "rate_limited" | "refused" | "content_blocked" | "push_off" | "processing_error" | "unavailable";

/** An error, on the socket and in REST bodies. */
export interface ErrorDetail {
  code: ErrorCode;
  field?: string;
  message: string;
  retry_after_ms?: number;
}

export interface Events {
  epoch: string;
  events: AppEvent[];
  has_more: boolean;
}

/** All of it, which is sent piece by piece. */
export interface Export {
  blocked: User[];
  devices: Device[];
  drafts: Draft[];
  inbox: AppEvent[];
  messages: Message[];
  quiet: Quiet | null;
  reactions: OwnReaction[];
  receipts: RoomReceipt[];
  reported: OwnReport[];
  rooms: Room[];
  saved: SavedMessage[];
  scheduled: Scheduled[];
  threads: ThreadState[];
  uploads: Attachment[];
  user: Profile;
}

/**
 * Ends a message: it is whole, or did not come to its end. `content` is what it says as a
 * whole, where that is another text than was appended.
 */
export interface FailMessageRequest {
  content?: string | null;
  metadata?: Record<string, any> | null;
}

export interface Failed {
  code: ErrorCode;
  message: string;
}

/** A link, and when it ends. */
export interface FileLink {
  expires_at: string;
  url: string;
}

/**
 * Ends a message: it is whole, or did not come to its end. `content` is what it says as a
 * whole, where that is another text than was appended.
 */
export interface FinishMessageRequest {
  content?: string | null;
  metadata?: Record<string, any> | null;
}

/** A thread, with the message that it begins with. */
export interface FollowedThread {
  following: boolean;
  /** Those of them that mention the user, or everybody. */
  mentions: number;
  read_seq: number;
  room_id: string;
  root: Message;
  /** The message that the thread begins with. */
  thread_id: string;
  /** Replies of others behind that. */
  unread: number;
}

export interface Found {
  /** Where the words are in `content`: first character and the one after. */
  highlights: number[][];
  message: Message;
  rank: number;
}

/** A list of which something was found in a text. */
export interface FoundInList {
  action: BlocklistAction;
  list_id: string;
  /** Whose list it is, if not the deployment's. */
  room_id?: string;
}

export interface History {
  epoch: string;
  has_more: boolean;
  has_more_after?: boolean;
  messages: Message[];
}

/** What came of the lines of one type. */
export interface ImportCount {
  imported: number;
  left_out: number;
  /** There already. */
  present: number;
  type: string;
}

/**
 * Stores users, rooms, members, messages, reactions and read marks. What is there stays as it
 * is, so that a request may be repeated.
 */
export interface ImportLinesRequest {
  /** Only to see what would come of it. */
  dry_run?: boolean;
  /**
   * Those of a file (docs/IMPORT.md): first one that says what the others are, and then what
   * they name before them.
   */
  lines: Record<string, any>[];
  /** Nothing is stored if anything has to be left out. */
  strict?: boolean;
}

/** A line that was left out, or a field of it. */
export interface ImportProblem {
  /** Why, by its name in docs/IMPORT.md. */
  code: string;
  /** Which of the lines; the first is 1. */
  line: number;
  /** For a person. */
  message: string;
}

/** What came of the lines. */
export interface ImportReport {
  /** By the type of line. */
  counts: ImportCount[];
  /** Lines that say nothing that could be read. */
  invalid: number;
  /** What was left out, and why, in the order of the lines. */
  problems: ImportProblem[];
  /** False after a dry run, and where nothing was to be left out and something had to be. */
  stored: boolean;
}

export interface Inbox {
  acked_seq: number;
  epoch: string;
  events: AppEvent[];
  has_more: boolean;
  /** The newest event, and the newest one that the user's clients have. */
  inbox_seq: number;
}

export interface Letters {
  dead: DeadLetter[];
  has_more: boolean;
}

/** Reports how far messages have reached the user's devices. */
export interface MarkDeliveredRequest {
  seq: number;
}

/** Moves the user's read mark to a position, to a message, or to the end; never back. */
export interface MarkReadRequest {
  all?: boolean | null;
  message_id?: string | null;
  seq?: number | null;
}

/**
 * Says up to where one has read a thread that one follows: up to a position, to a reply, or
 * all of it; never back. Nobody else learns of it.
 */
export interface MarkThreadReadRequest {
  all?: boolean | null;
  message_id?: string | null;
  seq?: number | null;
}

/**
 * Counts a room as unread from a position or a message on; from the newest message that
 * somebody else wrote, if it names none. What is unread anyway stays so, and the user's read
 * mark, which others see, stays where it is.
 */
export interface MarkUnreadRequest {
  message_id?: string | null;
  seq?: number | null;
}

/** The session's own user. */
export interface Me {
  avatar_url?: string;
  id: string;
  name: string;
  roles: string[];
}

export interface Member {
  joined_at: string;
  muted_until?: string;
  role: Role;
  user: User;
}

/** What came of one. */
export interface MemberResult {
  error?: ErrorDetail;
  /**
   * What was done about somebody: who was a member `already` stays as they were, who was
   * `changed` has another role.
   */
  result: "added" | "already" | "changed" | "removed" | "refused";
  user_id: string;
}

export interface Members {
  has_more: boolean;
  members: Member[];
}

/** What came of each of them. */
export interface MembersChanged {
  /** How many members the room has now. */
  member_count: number;
  /**
   * Those who were named, in their order; then those who had to go because they were not.
   */
  results: MemberResult[];
}

/** Who is mentioned. */
export interface Mentions {
  room: boolean;
  user_ids: string[];
}

/** A message. What few messages have is left out of the others. */
export interface Message {
  attachments?: Attachment[];
  changed_seq: number;
  client_id?: string;
  content: string;
  created_at: string;
  deleted_at?: string;
  edited_at?: string;
  /** Of a reply in a thread: it is also in the room. */
  in_room?: boolean;
  kind?: MessageKind;
  mentions?: Mentions;
  message_id: string;
  metadata?: Record<string, any>;
  pinned?: Pin;
  reactions?: Reaction[];
  reply_to?: Quote;
  room_id: string;
  sender: User;
  /** Who has sent it in the sender's name. */
  sent_by?: string;
  seq: number;
  /** It is not counted as unread. */
  silent?: boolean;
  /** Of one that is being written, or was and did not come to its end. */
  state?: "streaming" | "failed" | "interrupted";
  thread?: Thread;
  thread_id?: string;
}

export interface MessageCount {
  count: number;
}

/** What a message is: `system`, a notice, which nobody says. */
export type MessageKind = "system";

export interface Moved {
  read_seq: number;
  room_id: string;
}

/** Somebody who is to be a member. */
export interface NamedMember {
  /** Owners name others than `member`. */
  role?: "owner" | "moderator" | "member" | "read_only" | null;
  user_id: string;
}

/**
 * Of what a member wants to be told: of all, only of messages that mention them, or of
 * nothing.
 */
export type Notifications = "all" | "mentions" | "nothing";

/** Opens the direct room of two users, for the application. */
export interface OpenDirectRoomBetweenRequest {
  user_ids: string[];
}

/** How the user has reacted to a message. */
export interface OwnReaction {
  created_at: string;
  emoji: string;
  message_id: string;
}

/** What a user has reported, for themselves. */
export interface OwnReport {
  at: string;
  message_id?: string;
  note?: string;
  reason: ReportReason;
  report_id: string;
  /** Who is reported. */
  user_id: string;
}

/** The other user of a direct room. */
export interface Peer {
  avatar_url?: string;
  /** The other user was deleted: nobody would read what is sent. */
  deleted?: boolean;
  id: string;
  name: string;
}

export interface Pin {
  at: string;
  by: string;
}

export interface Pins {
  cursor?: string;
  has_more: boolean;
  messages: Message[];
}

/** How a member has a room. It is shown as it is here, without what is as usual. */
export interface Preferences {
  archived?: boolean;
  /** Until somebody writes there. */
  hidden?: boolean;
  notifications?: Notifications;
  /** Then the member wants to be told of all again. */
  notifications_until?: string;
  pinned?: boolean;
  /** The member's own order: lower comes first. */
  rank?: number;
}

/** A user's status, as those see it who share a room. */
export interface Presence {
  last_seen?: string;
  status: PresenceStatus;
  user_id: string;
}

export type PresenceStatus = "online" | "away" | "offline";

/**
 * All of a user that is shown to whoever may know of them; and the rest to the application's
 * backend.
 */
export interface Profile {
  avatar_url?: string;
  created_at?: string;
  custom?: Record<string, any>;
  deactivated_at?: string;
  id: string;
  name: string;
  /** Besides those of the user's tokens. */
  roles?: string[];
}

/** For all who are there. */
export interface PublishToEveryoneRequest {
  /** Any JSON value. */
  data?: any;
  type: string;
}

/** For all whose token names a context. */
export interface PublishToRoleRequest {
  /** Any JSON value. */
  data?: any;
  type: string;
}

/** For all who are in a room; it takes a place in the room's timeline. */
export interface PublishToRoomRequest {
  /** Any JSON value. */
  data?: any;
  /** Sent to connected users only; not stored. */
  ephemeral?: boolean;
  type: string;
}

/** For one user; it is kept in their inbox until they come. */
export interface PublishToUserRequest {
  /** Any JSON value. */
  data?: any;
  type: string;
}

export interface Published {
  duplicate: boolean;
  inbox_seq?: number;
  seq?: number;
}

/** Which services tell devices, and when the user wants to be told. */
export interface Push {
  apns: boolean;
  fcm: boolean;
  quiet?: Quiet;
  /** What browsers need to subscribe; `null`: they are told nothing. */
  web: WebPush | null;
}

/** When a user does not want to be told anything. */
export interface Quiet {
  from: string;
  until: string;
  utc_offset_minutes: number;
}

/** As much of a message as is shown with one that points to it. */
export interface Quote {
  content: string;
  created_at: string;
  deleted?: boolean;
  message_id: string;
  sender: User;
}

/** Somebody a message has reached. */
export interface Reached {
  read: boolean;
  user_id: string;
}

export interface ReachedPage {
  has_more: boolean;
  receipts: Reached[];
}

export interface Reacted {
  created_at: string;
  emoji: string;
  user_id: string;
}

/** One emoji under a message. */
export interface Reaction {
  count: number;
  emoji: string;
  user_ids: string[];
}

export interface Reactions {
  has_more: boolean;
  reactions: Reacted[];
}

/** A user's own read mark in a room. */
export interface ReadMark {
  epoch: string;
  last_seq: number;
  mentions: number;
  read_seq: number;
  room_id: string;
  unread: number;
  /**
   * From where on the user has marked the room as unread; `unread` is counted from there.
   */
  unread_from?: number;
}

export interface Receipt {
  delivered_seq: number;
  read_at?: string;
  read_seq: number;
  user_id: string;
}

export interface Receipts {
  has_more: boolean;
  receipts: Receipt[];
}

/** Registers a device, or says anew where it is: one of `web`, `fcm` and `apns`. */
export interface RegisterDeviceRequest {
  apns?: DeviceToken | null;
  fcm?: DeviceToken | null;
  web?: WebSubscription | null;
}

export interface Replayed {
  replayed: number;
}

/** A message or a user that was reported. */
export interface Report {
  /** What the message said when it was first reported, until it is decided. */
  content?: string;
  /** How many have reported it. */
  count: number;
  decided?: Decided;
  message_id?: string;
  /** How many for which reason. */
  reasons: Record<string, number>;
  report_id: string;
  reported_at: string;
  /** The room of a message. */
  room_id?: string;
  /** Who is reported: who wrote the message. */
  user: User;
}

/**
 * Reports a message to those who moderate its room, and to the application. Whoever has
 * written it does not learn of it. Who reports it again gets the first answer again.
 */
export interface ReportMessageRequest {
  note?: string | null;
  reason: ReportReason;
}

/** What is wrong with a message or a user, as who reports it sees it. */
export type ReportReason = "spam" | "harassment" | "hate" | "violence" | "sexual" | "self_harm" | "illegal" | "other" | string;

/** Reports a user, with whom one shares a room, to the application. */
export interface ReportUserRequest {
  note?: string | null;
  reason: ReportReason;
}

/** What who reports something learns of it. */
export interface Reported {
  report_id: string;
}

/** What one user has reported. */
export interface ReportedBy {
  at: string;
  note?: string;
  reason: ReportReason;
  user: User;
}

export interface Reports {
  cursor?: string;
  has_more: boolean;
  reports: Report[];
}

export interface Results {
  cursor?: number;
  has_more: boolean;
  results: Found[];
}

/** What a room keeps; null: what all rooms keep. */
export interface Retention {
  age_days: number | null;
  messages: number | null;
}

export interface RevokeTokenRequest {
  expires_at?: string | Date | null;
  token_id: string;
}

export type Role = "read_only" | "member" | "moderator" | "owner";

export interface Room {
  blocked?: boolean;
  created_at: string;
  custom?: Record<string, any>;
  delivered_seq?: number;
  epoch: string;
  kind: RoomKind;
  last_message?: Message | null;
  last_seq: number;
  member_count: number;
  mentions?: number;
  muted_until?: string;
  peer?: Peer;
  preferences?: Preferences;
  read_seq?: number;
  role?: Role;
  room_id: string;
  rules?: RoomRules;
  title: string;
  topic: string;
  unread?: number;
  /** From where on the member has marked it as unread. */
  unread_from?: number;
}

export type RoomKind = "public" | "private" | "direct" | "announcement";

/** What a member has set for themselves in a room. */
export interface RoomPreferences {
  preferences: Preferences;
  room_id: string;
}

/**
 * A room with few members says who of them is there; a big one how many connections hear it.
 */
export interface RoomPresence {
  connections?: number;
  member_count: number;
  users?: Presence[];
}

export interface RoomReceipt {
  delivered_seq: number;
  read_at?: string;
  read_seq: number;
  room_id: string;
  user_id: string;
}

/**
 * What a room's moderators have laid down for those who write in it. It is stored and shown
 * as it is here, without the rules that are those of any room.
 */
export interface RoomRules {
  /** The room has lists of words and patterns; a number that changes with them. */
  blocklists?: number;
  /** Only moderators write and react. */
  frozen?: boolean;
  /** A member who does not moderate writes once in so many seconds. */
  slow_mode_seconds?: number;
}

export interface Rooms {
  cursor?: string;
  has_more: boolean;
  rooms: Room[];
}

/**
 * Saves a message for the user alone. Saved again, its note and time are what this says.
 */
export interface SaveMessageRequest {
  note?: string | null;
  /** When the user is to be reminded of it. */
  remind_at?: string | Date | null;
  remind_in_seconds?: number | null;
}

/** What a user has saved of a message, or, where `saved` is false, has saved no more. */
export interface Saved {
  message_id: string;
  note?: string;
  /** When the user wants to be reminded of it, or wanted to. */
  remind_at?: string;
  /** When they were. */
  reminded_at?: string;
  room_id: string;
  saved: boolean;
  saved_at?: string;
  updated_at: string;
}

/** The same with the message as it is now. */
export interface SavedMessage {
  message: Message;
  message_id: string;
  note?: string;
  /** When the user wants to be reminded of it, or wanted to. */
  remind_at?: string;
  /** When they were. */
  reminded_at?: string;
  room_id: string;
  saved: boolean;
  saved_at?: string;
  updated_at: string;
}

export interface SavedMessages {
  cursor?: string;
  has_more: boolean;
  saved: SavedMessage[];
}

/**
 * Has a message sent later, by its author's rights of that time. Scheduled again with the
 * same `client_id` it is not sent twice, and gets the first answer again.
 */
export interface ScheduleMessageRequest {
  attachments?: string[];
  client_id?: string | null;
  /** May be left out where there are attachments. */
  content?: string | null;
  /** A reply in a thread is also in the room, and unread there. */
  in_room?: boolean;
  metadata?: Record<string, any> | null;
  reply_to?: string | null;
  send_at?: string | Date | null;
  send_in_seconds?: number | null;
  thread_id?: string | null;
}

/** A message that is to be sent later, as its author sees it. */
export interface Scheduled {
  attachments?: Attachment[];
  /** The message that comes of it will have it, too. */
  client_id: string;
  content: string;
  created_at: string;
  failed?: Failed;
  in_room?: boolean;
  metadata?: Record<string, any>;
  reply_to?: string;
  room_id: string;
  scheduled_id: string;
  send_at: string;
  thread_id?: string;
  updated_at: string;
}

export interface ScheduledMessages {
  cursor?: string;
  has_more: boolean;
  scheduled: Scheduled[];
}

/** What would become of a text. */
export interface Screened {
  /** As it would be stored. */
  content?: string;
  /** It would be reported to those who moderate. */
  flagged: boolean;
  /** The lists of which something is in it. */
  found: FoundInList[];
  /** It would not be stored. */
  refused: boolean;
}

/**
 * Sent again with the same `client_id` it is not stored again, and gets the first answer
 * again.
 */
export interface SendMessageRequest {
  attachments?: string[];
  client_id?: string | null;
  /** May be left out where there are attachments. */
  content?: string | null;
  /** Only the application: when it was said elsewhere. */
  created_at?: string | Date | null;
  /** A reply in a thread is also in the room, and unread there. */
  in_room?: boolean;
  /** Only the application: a notice that nobody says. */
  kind?: MessageKind | null;
  metadata?: Record<string, any> | null;
  reply_to?: string | null;
  /** Only the application: in whose name it is sent. */
  sender_id?: string | null;
  /**
   * Only the application: it is not unread to anybody, and calls nobody whom it mentions. A
   * notice is silent unless this is false.
   */
  silent?: boolean | null;
  thread_id?: string | null;
}

/** Sets a list of the deployment as a whole. It holds in every room from then on. */
export interface SetBlocklistRequest {
  action: BlocklistAction;
  /** Regular expressions, looked for anywhere in what is folded like the words. */
  patterns?: string[];
  /** Found as whole words, whatever their case and accents. */
  words?: string[];
}

/**
 * Keeps what the user has begun to write in a room, or in a thread there, in the place of
 * what was kept; an empty content without metadata takes it away. Nobody else learns of it.
 */
export interface SetDraftRequest {
  /** May be empty. */
  content: string;
  metadata?: Record<string, any> | null;
  thread_id?: string | null;
}

/**
 * Says exactly who the members are: others are removed, those who are there get the roles
 * that are named.
 */
export interface SetMembersRequest {
  members: NamedMember[];
}

/**
 * Says how the user wants to have a room; what is not named stays. Nobody else learns of it.
 */
export interface SetPreferencesRequest {
  archived?: boolean | null;
  /** Until somebody writes there. */
  hidden?: boolean | null;
  /** Of what the user is told; for good, unless it says until when. */
  notifications?: Notifications | null;
  notifications_seconds?: number | null;
  notifications_until?: string | Date | null;
  pinned?: boolean | null;
  /** The user's own order: lower comes first; `null` takes it away. */
  rank?: number | null;
}

/** Each day nothing is shown on the user's devices in this time. */
export interface SetQuietRequest {
  from: string;
  /** On the next day, where it is not later than `from`. */
  until: string;
  /** How far the user's clock is ahead of UTC. */
  utc_offset_minutes?: number | null;
}

/** How much of its history a room keeps; what is left out follows the server's setting. */
export interface SetRetentionRequest {
  age_days?: number | null;
  messages?: number | null;
}

/** Sets a list of a room as a whole; moderators may. */
export interface SetRoomBlocklistRequest {
  action: BlocklistAction;
  /** Regular expressions, looked for anywhere in what is folded like the words. */
  patterns?: string[];
  /** Found as whole words, whatever their case and accents. */
  words?: string[];
}

/**
 * Each member who is not a moderator can send one message in this many seconds; 0 turns it
 * off.
 */
export interface SetSlowModeRequest {
  seconds: number;
}

/** The metrics of `/metrics` by name. */
export type Stats = Record<string, any>;

/** What a sender learns of a message. */
export interface StoredMessage {
  created_at: string;
  duplicate: boolean;
  message_id: string;
  seq: number;
}

/** How a message stands that is written while others read it. */
export type StreamState = "streaming" | "finished" | "failed" | "interrupted";

/** What became of a message that was written like this. */
export interface Streamed {
  /** It was begun before, under the same key: nothing was added. */
  duplicate?: boolean;
  message_id: string;
  seq: number;
  state: StreamState;
  /** Somebody has asked to stop. */
  stopped?: boolean;
}

export interface Targets {
  webhooks: WebhookTarget[];
}

/** Summary of a thread, on its first message. */
export interface Thread {
  count: number;
  last_reply?: Quote;
}

export interface ThreadPage {
  has_more: boolean;
  replies: Message[];
  root: Message;
  state?: ThreadState;
}

/** What a user has of a thread for themselves. */
export interface ThreadState {
  following: boolean;
  /** Those of them that mention the user, or everybody. */
  mentions: number;
  read_seq: number;
  room_id: string;
  /** The message that the thread begins with. */
  thread_id: string;
  /** Replies of others behind that. */
  unread: number;
}

export interface Threads {
  cursor?: string;
  has_more: boolean;
  threads: FollowedThread[];
  /** How many of all of them have something unread. */
  unread_threads: number;
}

export interface TransferRoomRequest {
  /** Who is to own it. */
  user_id: string;
}

/** A text that nobody says. */
export interface TryBlocklistsRequest {
  content: string;
  /** As if it were said there: the lists of the room count, too. */
  room_id?: string | null;
}

export interface TryRoomBlocklistsRequest {
  content: string;
}

export interface Unread {
  cursor?: string;
  has_more: boolean;
  mentions: number;
  rooms: ReadMark[];
  /** Of the rooms of this page. */
  total: number;
}

/**
 * Gives a member a role, or a mute: until a time, for some seconds, or `null` to end it.
 */
export interface UpdateMemberRequest {
  mute_seconds?: number | null;
  muted_until?: string | Date | null;
  role?: "owner" | "moderator" | "member" | "read_only" | null;
}

/** Changes title, topic or custom data; null removes `custom`. */
export interface UpdateRoomRequest {
  custom?: Record<string, any> | null;
  title?: string | null;
  topic?: string | null;
}

/** Changes what is said of a user; null takes it away. */
export interface UpdateUserRequest {
  avatar_url?: string | null;
  custom?: Record<string, any> | null;
  /** Null: the id is shown. */
  name?: string | null;
  /** Besides those of the user's tokens. */
  roles?: string[] | null;
}

/**
 * Makes users, or changes those that are there: what is left out stays as it is. Done again
 * it does nothing.
 */
export interface UpsertUsersRequest {
  users: UpsertUsersRequestUser[];
}

/** What is said of a user. */
export interface UpsertUsersRequestUser {
  avatar_url?: string | null;
  custom?: Record<string, any> | null;
  /** Null: the id is shown. */
  name?: string | null;
  /** Besides those of the user's tokens. */
  roles?: string[] | null;
  user_id: string;
}

/** How many users were made, changed, and as they are said to be already. */
export interface Upserted {
  created: number;
  unchanged: number;
  updated: number;
}

export interface User {
  avatar_url?: string;
  id: string;
  name: string;
}

export interface UserBan {
  banned: boolean;
  reason?: string;
  until?: string;
}

export interface Users {
  has_more: boolean;
  users: Profile[];
}

export interface WebPush {
  /** The `applicationServerKey` of a subscription. */
  public_key: string;
}

/** What the browser gives of its subscription. */
export interface WebSubscription {
  /** Its secret: 16 bytes, in base64url. */
  auth: string;
  endpoint: string;
  /** Its public key: a point of P-256, in base64url. */
  p256dh: string;
}

export interface WebhookTarget {
  dead: number;
  oldest?: string;
  url: string;
  waiting: number;
}

/** A report with what one needs to decide it. */
export interface WholeReport {
  /** What the message said when it was first reported, until it is decided. */
  content?: string;
  /** How many have reported it. */
  count: number;
  decided?: Decided;
  message_id?: string;
  /** The message as it is now, and up to ten before and behind it. */
  messages: Message[];
  /** How many for which reason. */
  reasons: Record<string, number>;
  report_id: string;
  reported_at: string;
  /** The first 100 of those who have reported it. */
  reported_by: ReportedBy[];
  /** The room of a message. */
  room_id?: string;
  /** Who is reported: who wrote the message. */
  user: User;
}

/** Parameters of `downloadLinkedFile`. */
export interface DownloadLinkedFileQuery {
  /** The second in which the link ends, since 1970 */
  expires: number;
  /** What the server has signed the link with */
  signature: string;
  /** Whether it is to be saved, also where it could be shown */
  download?: boolean;
}

/** Parameters of `downloadLinkedThumbnail`. */
export interface DownloadLinkedThumbnailQuery {
  /** The second in which the link ends, since 1970 */
  expires: number;
  /** What the server has signed the link with */
  signature: string;
}

/** Parameters of `getUnread`. */
export interface GetUnreadQuery {
  /** Where to go on: what the page before said */
  cursor?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `linkAttachment`. */
export interface LinkAttachmentQuery {
  /** The file is to be saved, also if it is a picture that could be shown */
  download?: boolean;
  /** How long it is to be good, at least; 3,600 if this is left out */
  expires_in_seconds?: number;
  /** To the thumbnail, not to the file */
  thumbnail?: boolean;
}

/** Parameters of `listApiKeys`. */
export interface ListApiKeysQuery {
  /** What comes after this: the last one of the page before */
  after?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listAuditLog`. */
export interface ListAuditLogQuery {
  /** What comes before this: the first one of the page before */
  before?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listBlocks`. */
export interface ListBlocksQuery {
  /** What comes after this: the last one of the page before */
  after?: string;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listConnections`. */
export interface ListConnectionsQuery {
  /** What comes after this: the last one of the page before */
  after?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listDeadLetters`. */
export interface ListDeadLettersQuery {
  /** What comes after this: the last one of the page before */
  after?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listDrafts`. */
export interface ListDraftsQuery {
  /** Where to go on: what the page before said */
  cursor?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listFollowedThreads`. */
export interface ListFollowedThreadsQuery {
  /** An opaque position: the newest reply of the last thread before. */
  cursor?: number;
  /** At most so many entries */
  limit?: number;
  /** Whether anything is unread there, or they are marked so */
  unread?: boolean;
}

/** Parameters of `listInbox`. */
export interface ListInboxQuery {
  /** What comes after this: the last one of the page before */
  after?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listMembers`. */
export interface ListMembersQuery {
  /** What comes after this: the last one of the page before */
  after?: string;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listMessageReceipts`. */
export interface ListMessageReceiptsQuery {
  /** What comes after this: the last one of the page before */
  after?: string;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listMessages`. */
export interface ListMessagesQuery {
  /** What comes after this: the last one of the page before */
  after?: number;
  /** A position, in the middle of the page */
  around?: number;
  /** What comes before this: the first one of the page before */
  before?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listPins`. */
export interface ListPinsQuery {
  /** Where to go on: what the page before said */
  cursor?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listReactions`. */
export interface ListReactionsQuery {
  /** What comes after this: the last one of the page before */
  after?: string;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listReports`. */
export interface ListReportsQuery {
  /** Where to go on: what the page before said */
  cursor?: string;
  /**
   * Those that have been decided, the newest first; without it those that have not been, in
   * the order in which they came.
   */
  decided?: boolean;
  /** At most so many entries */
  limit?: number;
  /** In this room only */
  room_id?: string;
}

/** Parameters of `listRoomBans`. */
export interface ListRoomBansQuery {
  /** What comes after this: the last one of the page before */
  after?: string;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listRoomConnections`. */
export interface ListRoomConnectionsQuery {
  /** What comes after this: the last one of the page before */
  after?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listRoomEvents`. */
export interface ListRoomEventsQuery {
  /** What comes after this: the last one of the page before */
  after?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listRoomReceipts`. */
export interface ListRoomReceiptsQuery {
  /** What comes after this: the last one of the page before */
  after?: string;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listRooms`. */
export interface ListRoomsQuery {
  /** Of everybody, not only one's own: for administrators. */
  all?: boolean;
  /** Whether the user has archived them */
  archived?: boolean;
  /** Where to go on: what the page before said */
  cursor?: string;
  /** Only what has these fields in its custom data: a JSON object */
  custom?: Record<string, any>;
  /** Whether the user has hidden them */
  hidden?: boolean;
  /** Rooms of which kind; those that can be made are fewer. */
  kind?: "any" | "public" | "private" | "direct" | "announcement";
  /** At most so many entries */
  limit?: number;
  /** Only those that this user is in, too */
  member?: string;
  /** Of what the user is told there */
  notifications?: Notifications;
  /** Whether the user has pinned them */
  pinned?: boolean;
  /** What the id begins with, or the title contains. */
  query?: string;
  /** In which order one's own rooms are listed. */
  sort?: "created" | "last_message" | "unread" | "preferred";
  /** Whether anything is unread there, or they are marked so */
  unread?: boolean;
}

/** Parameters of `listSaved`. */
export interface ListSavedQuery {
  /** Where to go on: what the page before said */
  cursor?: number;
  /** At most so many entries */
  limit?: number;
  /** Only what the user is still to be reminded of, the soonest first */
  reminders?: boolean;
}

/** Parameters of `listScheduled`. */
export interface ListScheduledQuery {
  /** Where to go on: what the page before said */
  cursor?: number;
  /** At most so many entries */
  limit?: number;
  /** In this room only */
  room_id?: string;
}

/** Parameters of `listThread`. */
export interface ListThreadQuery {
  /** What comes after this: the last one of the page before */
  after?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listUserConnections`. */
export interface ListUserConnectionsQuery {
  /** What comes after this: the last one of the page before */
  after?: number;
  /** At most so many entries */
  limit?: number;
}

/** Parameters of `listUsers`. */
export interface ListUsersQuery {
  /** Without a query. */
  after?: string;
  /** At most so many entries */
  limit?: number;
  /** What is looked for: words of names, or the beginning of an id */
  query?: string;
}

/** Parameters of `searchMessages`. */
export interface SearchMessagesQuery {
  /** Words, `"phrases"`, `prefixes*` and `-words` that must not be there */
  q: string;
  /** Where to go on: what the page before said */
  cursor?: number;
  /** Not before this time */
  from?: string | Date;
  /** At most so many entries */
  limit?: number;
  /** In this room only */
  room_id?: string;
  /** Only what this user wrote */
  sender?: string;
  /** What comes first */
  sort?: "rank" | "newest";
  /** Not after this time */
  to?: string | Date;
}

/** Parameters of `streamMessage`. */
export interface StreamMessageQuery {
  /** The sender's own name of the message: sent again it is not stored again */
  client_id?: string;
  /** A reply in a thread is also in the room. */
  in_room?: boolean;
  /** The message that it answers */
  reply_to?: string;
  /** Only the application: in whose name it is sent */
  sender_id?: string;
  /** The message whose thread it is in */
  thread_id?: string;
}

/** Parameters of `uploadAttachment`. */
export interface UploadAttachmentQuery {
  /**
   * How long it plays, in milliseconds, as who has recorded it knows; it counts where the
   * file does not say
   */
  duration_ms?: number;
  /** The name of the file */
  name?: string;
  /** How loud it is over time, to be drawn: up to 64 numbers from 0 to 100, with commas */
  waveform?: string;
}
