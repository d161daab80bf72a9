"""What the server answers, and parts of what it is asked.

Made by `sdk/generate` from the description of REST: do not edit."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, TypedDict, Union


class AllBlocklists(TypedDict):
    lists: List[BlocklistSummary]


class AllMoved(TypedDict):
    moved: int
    """How many marks moved."""
    rooms: List[Moved]
    """The first of them."""


class _ApiKey(TypedDict):
    created_at: str
    id: int
    name: str
    roles: List[str]
    user_id: str


class ApiKey(_ApiKey, total=False):
    key: str
    """Only in the answer that creates it."""
    revoked_at: str


class ApiKeys(TypedDict):
    api_keys: List[ApiKey]
    has_more: bool


class _AppEvent(TypedDict):
    data: Any
    """Any JSON value."""
    timestamp: str
    type: str


class AppEvent(_AppEvent, total=False):
    """An event that the application published."""

    inbox_seq: int
    seq: int


class _Attachment(TypedDict):
    attachment_id: str
    content_type: str
    has_thumbnail: bool
    name: str
    size: int


class Attachment(_Attachment, total=False):
    """A file that was uploaded, as it is shown; and as it is kept with its message, since it
    does not change."""

    duration_ms: int
    height: int
    waveform: List[int]
    width: int


class AuditPage(TypedDict):
    entries: List[Audited]
    has_more: bool


class Audited(TypedDict):
    action: str
    actor: str
    at: str
    detail: Any
    """Any JSON value."""
    id: int
    target: str


class _Ban(TypedDict):
    created_at: str
    reason: str
    user: User


class Ban(_Ban, total=False):
    until: str


class Bans(TypedDict):
    bans: List[Ban]
    has_more: bool


class Blocklist(TypedDict):
    """A list with all that is in it."""

    action: BlocklistAction
    list_id: str
    patterns: List[str]
    updated_at: str
    words: List[str]

BlocklistAction = Union[str, str, str]
"""What becomes of a text in which something of a list is found."""


class BlocklistSummary(TypedDict):
    """A list without it."""

    action: BlocklistAction
    list_id: str
    patterns: int
    updated_at: str
    words: int
    """How many."""


class Blocks(TypedDict):
    has_more: bool
    users: List[User]


class Changed(TypedDict):
    """`data` of the ack to a change of a message."""

    message_id: str
    seq: int


class _Connection(TypedDict):
    connected_at: str
    connection_id: str
    rooms: int
    status: PresenceStatus
    user_id: str


class Connection(_Connection, total=False):
    address: str
    device_id: str


class ConnectionCount(TypedDict):
    count: int


class Connections(TypedDict):
    connections: List[Connection]
    has_more: bool


class DeadLetter(TypedDict):
    at: str
    attempts: int
    error: str
    id: int
    lane: str
    type: str
    url: str


class _Decided(TypedDict):
    at: str
    by: str
    decision: Decision


class Decided(_Decided, total=False):
    note: str

Decision = Literal["dismiss", "delete", "mute", "ban"]
"""What who moderates decides about a report."""


class Delivered(TypedDict):
    """`data` of the ack to `message.delivered`."""

    delivered_seq: int
    room_id: str


class _Device(TypedDict):
    device_id: str
    registered_at: str
    service: str
    """`web`, `fcm` or `apns`."""


class Device(_Device, total=False):
    """A device, without what only the server and its push service know."""

    last_told_at: str
    """When it was last told something."""


class DeviceToken(TypedDict):
    token: str


class Devices(TypedDict):
    devices: List[Device]


class Disconnected(TypedDict):
    disconnected: int


class _Draft(TypedDict):
    content: str
    room_id: str
    updated_at: str


class Draft(_Draft, total=False):
    """What a user has begun to write; an empty `content` without `metadata` says that there is
    nothing any more."""

    metadata: Dict[str, Any]
    thread_id: str
    """The message that the thread begins with, if it is in one."""


class _Drafts(TypedDict):
    drafts: List[Draft]
    has_more: bool


class Drafts(_Drafts, total=False):
    cursor: str

ErrorCode = Literal["invalid_message", "unauthorized", "token_expired", "forbidden", "not_found", "method_not_allowed", "timeout", "conflict", "too_large", "rate_limited", "refused", "content_blocked", "push_off", "processing_error", "unavailable"]
"""A stable error code, the same on the socket and in REST bodies."""


class _ErrorDetail(TypedDict):
    code: ErrorCode
    message: str


class ErrorDetail(_ErrorDetail, total=False):
    """An error, on the socket and in REST bodies."""

    field: str
    retry_after_ms: int


class Events(TypedDict):
    epoch: str
    events: List[AppEvent]
    has_more: bool


class Export(TypedDict):
    """All of it, which is sent piece by piece."""

    blocked: List[User]
    devices: List[Device]
    drafts: List[Draft]
    inbox: List[AppEvent]
    messages: List[Message]
    quiet: Union[Quiet, None]
    reactions: List[OwnReaction]
    receipts: List[RoomReceipt]
    reported: List[OwnReport]
    rooms: List[Room]
    saved: List[SavedMessage]
    scheduled: List[Scheduled]
    threads: List[ThreadState]
    uploads: List[Attachment]
    user: Profile


class Failed(TypedDict):
    code: ErrorCode
    message: str


class FileLink(TypedDict):
    """A link, and when it ends."""

    expires_at: str
    url: str


class FollowedThread(TypedDict):
    """A thread, with the message that it begins with."""

    following: bool
    mentions: int
    """Those of them that mention the user, or everybody."""
    read_seq: int
    room_id: str
    root: Message
    thread_id: str
    """The message that the thread begins with."""
    unread: int
    """Replies of others behind that."""


class Found(TypedDict):
    highlights: List[List[int]]
    """Where the words are in `content`: first character and the one after."""
    message: Message
    rank: float


class _FoundInList(TypedDict):
    action: BlocklistAction
    list_id: str


class FoundInList(_FoundInList, total=False):
    """A list of which something was found in a text."""

    room_id: str
    """Whose list it is, if not the deployment's."""


class _History(TypedDict):
    epoch: str
    has_more: bool
    messages: List[Message]


class History(_History, total=False):
    has_more_after: bool


class ImportCount(TypedDict):
    """What came of the lines of one type."""

    imported: int
    left_out: int
    present: int
    """There already."""
    type: str


class ImportProblem(TypedDict):
    """A line that was left out, or a field of it."""

    code: str
    """Why, by its name in docs/IMPORT.md."""
    line: int
    """Which of the lines; the first is 1."""
    message: str
    """For a person."""


class ImportReport(TypedDict):
    """What came of the lines."""

    counts: List[ImportCount]
    """By the type of line."""
    invalid: int
    """Lines that say nothing that could be read."""
    problems: List[ImportProblem]
    """What was left out, and why, in the order of the lines."""
    stored: bool
    """False after a dry run, and where nothing was to be left out and something had to be."""


class Inbox(TypedDict):
    acked_seq: int
    epoch: str
    events: List[AppEvent]
    has_more: bool
    inbox_seq: int
    """The newest event, and the newest one that the user's clients have."""


class Letters(TypedDict):
    dead: List[DeadLetter]
    has_more: bool


class _Me(TypedDict):
    id: str
    name: str
    roles: List[str]


class Me(_Me, total=False):
    """The session's own user."""

    avatar_url: str


class _Member(TypedDict):
    joined_at: str
    role: Role
    user: User


class Member(_Member, total=False):
    muted_until: str


class _MemberResult(TypedDict):
    result: Literal["added", "already", "changed", "removed", "refused"]
    """What was done about somebody: who was a member `already` stays as they were, who was
    `changed` has another role."""
    user_id: str


class MemberResult(_MemberResult, total=False):
    """What came of one."""

    error: ErrorDetail


class Members(TypedDict):
    has_more: bool
    members: List[Member]


class MembersChanged(TypedDict):
    """What came of each of them."""

    member_count: int
    """How many members the room has now."""
    results: List[MemberResult]
    """Those who were named, in their order; then those who had to go because they were not."""


class Mentions(TypedDict):
    """Who is mentioned."""

    room: bool
    user_ids: List[str]


class _Message(TypedDict):
    changed_seq: int
    content: str
    created_at: str
    message_id: str
    room_id: str
    sender: User
    seq: int


class Message(_Message, total=False):
    """A message. What few messages have is left out of the others."""

    attachments: List[Attachment]
    client_id: str
    deleted_at: str
    edited_at: str
    in_room: bool
    """Of a reply in a thread: it is also in the room."""
    kind: MessageKind
    mentions: Mentions
    metadata: Dict[str, Any]
    pinned: Pin
    reactions: List[Reaction]
    reply_to: Quote
    sent_by: str
    """Who has sent it in the sender's name."""
    silent: bool
    """It is not counted as unread."""
    state: Literal["streaming", "failed", "interrupted"]
    """Of one that is being written, or was and did not come to its end."""
    thread: Thread
    thread_id: str


class MessageCount(TypedDict):
    count: int

MessageKind = Literal["system"]
"""What a message is: `system`, a notice, which nobody says."""


class Moved(TypedDict):
    read_seq: int
    room_id: str


class _NamedMember(TypedDict):
    user_id: str


class NamedMember(_NamedMember, total=False):
    """Somebody who is to be a member."""

    role: Union[Literal["owner", "moderator", "member", "read_only"], None]
    """Owners name others than `member`."""

Notifications = Literal["all", "mentions", "nothing"]
"""Of what a member wants to be told: of all, only of messages that mention them, or of
nothing."""


class OwnReaction(TypedDict):
    """How the user has reacted to a message."""

    created_at: str
    emoji: str
    message_id: str


class _OwnReport(TypedDict):
    at: str
    reason: ReportReason
    report_id: str
    user_id: str
    """Who is reported."""


class OwnReport(_OwnReport, total=False):
    """What a user has reported, for themselves."""

    message_id: str
    note: str


class _Peer(TypedDict):
    id: str
    name: str


class Peer(_Peer, total=False):
    """The other user of a direct room."""

    avatar_url: str
    deleted: bool
    """The other user was deleted: nobody would read what is sent."""


class Pin(TypedDict):
    at: str
    by: str


class _Pins(TypedDict):
    has_more: bool
    messages: List[Message]


class Pins(_Pins, total=False):
    cursor: str


class Preferences(TypedDict, total=False):
    """How a member has a room. It is shown as it is here, without what is as usual."""

    archived: bool
    hidden: bool
    """Until somebody writes there."""
    notifications: Notifications
    notifications_until: str
    """Then the member wants to be told of all again."""
    pinned: bool
    rank: int
    """The member's own order: lower comes first."""


class _Presence(TypedDict):
    status: PresenceStatus
    user_id: str


class Presence(_Presence, total=False):
    """A user's status, as those see it who share a room."""

    last_seen: str

PresenceStatus = Literal["online", "away", "offline"]


class _Profile(TypedDict):
    id: str
    name: str


class Profile(_Profile, total=False):
    """All of a user that is shown to whoever may know of them; and the rest to the
    application's backend."""

    avatar_url: str
    created_at: str
    custom: Dict[str, Any]
    deactivated_at: str
    roles: List[str]
    """Besides those of the user's tokens."""


class _Published(TypedDict):
    duplicate: bool


class Published(_Published, total=False):
    inbox_seq: int
    seq: int


class _Push(TypedDict):
    apns: bool
    fcm: bool
    web: Union[WebPush, None]
    """What browsers need to subscribe; `null`: they are told nothing."""


class Push(_Push, total=False):
    """Which services tell devices, and when the user wants to be told."""

    quiet: Quiet


Quiet = TypedDict(
    "Quiet",
    {
        "from": 'str',
        "until": 'str',
        "utc_offset_minutes": 'int',
    },
)
"""When a user does not want to be told anything."""


class _Quote(TypedDict):
    content: str
    created_at: str
    message_id: str
    sender: User


class Quote(_Quote, total=False):
    """As much of a message as is shown with one that points to it."""

    deleted: bool


class Reached(TypedDict):
    """Somebody a message has reached."""

    read: bool
    user_id: str


class ReachedPage(TypedDict):
    has_more: bool
    receipts: List[Reached]


class Reacted(TypedDict):
    created_at: str
    emoji: str
    user_id: str


class Reaction(TypedDict):
    """One emoji under a message."""

    count: int
    emoji: str
    user_ids: List[str]


class Reactions(TypedDict):
    has_more: bool
    reactions: List[Reacted]


class _ReadMark(TypedDict):
    epoch: str
    last_seq: int
    mentions: int
    read_seq: int
    room_id: str
    unread: int


class ReadMark(_ReadMark, total=False):
    """A user's own read mark in a room."""

    unread_from: int
    """From where on the user has marked the room as unread; `unread` is counted from there."""


class _Receipt(TypedDict):
    delivered_seq: int
    read_seq: int
    user_id: str


class Receipt(_Receipt, total=False):
    read_at: str


class Receipts(TypedDict):
    has_more: bool
    receipts: List[Receipt]


class Replayed(TypedDict):
    replayed: int


class _Report(TypedDict):
    count: int
    """How many have reported it."""
    reasons: Dict[str, int]
    """How many for which reason."""
    report_id: str
    reported_at: str
    user: User
    """Who is reported: who wrote the message."""


class Report(_Report, total=False):
    """A message or a user that was reported."""

    content: str
    """What the message said when it was first reported, until it is decided."""
    decided: Decided
    message_id: str
    room_id: str
    """The room of a message."""

ReportReason = Union[Literal["spam", "harassment", "hate", "violence", "sexual", "self_harm", "illegal", "other"], str]
"""What is wrong with a message or a user, as who reports it sees it."""


class Reported(TypedDict):
    """What who reports something learns of it."""

    report_id: str


class _ReportedBy(TypedDict):
    at: str
    reason: ReportReason
    user: User


class ReportedBy(_ReportedBy, total=False):
    """What one user has reported."""

    note: str


class _Reports(TypedDict):
    has_more: bool
    reports: List[Report]


class Reports(_Reports, total=False):
    cursor: str


class _Results(TypedDict):
    has_more: bool
    results: List[Found]


class Results(_Results, total=False):
    cursor: int


class Retention(TypedDict):
    """What a room keeps; null: what all rooms keep."""

    age_days: Union[int, None]
    messages: Union[int, None]

Role = Literal["read_only", "member", "moderator", "owner"]


class _Room(TypedDict):
    created_at: str
    epoch: str
    kind: RoomKind
    last_seq: int
    member_count: int
    room_id: str
    title: str
    topic: str


class Room(_Room, total=False):
    blocked: bool
    custom: Dict[str, Any]
    delivered_seq: int
    last_message: Union[Message, None]
    mentions: int
    muted_until: str
    peer: Peer
    preferences: Preferences
    read_seq: int
    role: Role
    rules: RoomRules
    unread: int
    unread_from: int
    """From where on the member has marked it as unread."""

RoomKind = Literal["public", "private", "direct", "announcement"]


class RoomPreferences(TypedDict):
    """What a member has set for themselves in a room."""

    preferences: Preferences
    room_id: str


class _RoomPresence(TypedDict):
    member_count: int


class RoomPresence(_RoomPresence, total=False):
    """A room with few members says who of them is there; a big one how many connections hear
    it."""

    connections: int
    users: List[Presence]


class _RoomReceipt(TypedDict):
    delivered_seq: int
    read_seq: int
    room_id: str
    user_id: str


class RoomReceipt(_RoomReceipt, total=False):
    read_at: str


class RoomRules(TypedDict, total=False):
    """What a room's moderators have laid down for those who write in it. It is stored and shown
    as it is here, without the rules that are those of any room."""

    blocklists: int
    """The room has lists of words and patterns; a number that changes with them."""
    frozen: bool
    """Only moderators write and react."""
    slow_mode_seconds: int
    """A member who does not moderate writes once in so many seconds."""


class _Rooms(TypedDict):
    has_more: bool
    rooms: List[Room]


class Rooms(_Rooms, total=False):
    cursor: str


class _Saved(TypedDict):
    message_id: str
    room_id: str
    saved: bool
    updated_at: str


class Saved(_Saved, total=False):
    """What a user has saved of a message, or, where `saved` is false, has saved no more."""

    note: str
    remind_at: str
    """When the user wants to be reminded of it, or wanted to."""
    reminded_at: str
    """When they were."""
    saved_at: str


class _SavedMessage(TypedDict):
    message: Message
    message_id: str
    room_id: str
    saved: bool
    updated_at: str


class SavedMessage(_SavedMessage, total=False):
    """The same with the message as it is now."""

    note: str
    remind_at: str
    """When the user wants to be reminded of it, or wanted to."""
    reminded_at: str
    """When they were."""
    saved_at: str


class _SavedMessages(TypedDict):
    has_more: bool
    saved: List[SavedMessage]


class SavedMessages(_SavedMessages, total=False):
    cursor: str


class _Scheduled(TypedDict):
    client_id: str
    """The message that comes of it will have it, too."""
    content: str
    created_at: str
    room_id: str
    scheduled_id: str
    send_at: str
    updated_at: str


class Scheduled(_Scheduled, total=False):
    """A message that is to be sent later, as its author sees it."""

    attachments: List[Attachment]
    failed: Failed
    in_room: bool
    metadata: Dict[str, Any]
    reply_to: str
    thread_id: str


class _ScheduledMessages(TypedDict):
    has_more: bool
    scheduled: List[Scheduled]


class ScheduledMessages(_ScheduledMessages, total=False):
    cursor: str


class _Screened(TypedDict):
    flagged: bool
    """It would be reported to those who moderate."""
    found: List[FoundInList]
    """The lists of which something is in it."""
    refused: bool
    """It would not be stored."""


class Screened(_Screened, total=False):
    """What would become of a text."""

    content: str
    """As it would be stored."""

Stats = Dict[str, Any]
"""The metrics of `/metrics` by name."""


class StoredMessage(TypedDict):
    """What a sender learns of a message."""

    created_at: str
    duplicate: bool
    message_id: str
    seq: int

StreamState = Literal["streaming", "finished", "failed", "interrupted"]
"""How a message stands that is written while others read it."""


class _Streamed(TypedDict):
    message_id: str
    seq: int
    state: StreamState


class Streamed(_Streamed, total=False):
    """What became of a message that was written like this."""

    duplicate: bool
    """It was begun before, under the same key: nothing was added."""
    stopped: bool
    """Somebody has asked to stop."""


class Targets(TypedDict):
    webhooks: List[WebhookTarget]


class _Thread(TypedDict):
    count: int


class Thread(_Thread, total=False):
    """Summary of a thread, on its first message."""

    last_reply: Quote


class _ThreadPage(TypedDict):
    has_more: bool
    replies: List[Message]
    root: Message


class ThreadPage(_ThreadPage, total=False):
    state: ThreadState


class ThreadState(TypedDict):
    """What a user has of a thread for themselves."""

    following: bool
    mentions: int
    """Those of them that mention the user, or everybody."""
    read_seq: int
    room_id: str
    thread_id: str
    """The message that the thread begins with."""
    unread: int
    """Replies of others behind that."""


class _Threads(TypedDict):
    has_more: bool
    threads: List[FollowedThread]
    unread_threads: int
    """How many of all of them have something unread."""


class Threads(_Threads, total=False):
    cursor: str


class _Unread(TypedDict):
    has_more: bool
    mentions: int
    rooms: List[ReadMark]
    total: int
    """Of the rooms of this page."""


class Unread(_Unread, total=False):
    cursor: str


class _UpsertUsersRequestUser(TypedDict):
    user_id: str


class UpsertUsersRequestUser(_UpsertUsersRequestUser, total=False):
    """What is said of a user."""

    avatar_url: Union[str, None]
    custom: Union[Dict[str, Any], None]
    name: Union[str, None]
    """Null: the id is shown."""
    roles: Union[List[str], None]
    """Besides those of the user's tokens."""


class Upserted(TypedDict):
    """How many users were made, changed, and as they are said to be already."""

    created: int
    unchanged: int
    updated: int


class _User(TypedDict):
    id: str
    name: str


class User(_User, total=False):
    avatar_url: str


class _UserBan(TypedDict):
    banned: bool


class UserBan(_UserBan, total=False):
    reason: str
    until: str


class Users(TypedDict):
    has_more: bool
    users: List[Profile]


class WebPush(TypedDict):
    public_key: str
    """The `applicationServerKey` of a subscription."""


class WebSubscription(TypedDict):
    """What the browser gives of its subscription."""

    auth: str
    """Its secret: 16 bytes, in base64url."""
    endpoint: str
    p256dh: str
    """Its public key: a point of P-256, in base64url."""


class _WebhookTarget(TypedDict):
    dead: int
    url: str
    waiting: int


class WebhookTarget(_WebhookTarget, total=False):
    oldest: str


class _WholeReport(TypedDict):
    count: int
    """How many have reported it."""
    messages: List[Message]
    """The message as it is now, and up to ten before and behind it."""
    reasons: Dict[str, int]
    """How many for which reason."""
    report_id: str
    reported_at: str
    reported_by: List[ReportedBy]
    """The first 100 of those who have reported it."""
    user: User
    """Who is reported: who wrote the message."""


class WholeReport(_WholeReport, total=False):
    """A report with what one needs to decide it."""

    content: str
    """What the message said when it was first reported, until it is decided."""
    decided: Decided
    message_id: str
    room_id: str
    """The room of a message."""
