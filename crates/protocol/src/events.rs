//! The events of rooms and users: a function for each, giving the one whole
//! frame that everyone gets.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{
    AnyStatus, DraftView, MemberView, MessageView, ProfileView, RoomChangeView, RoomView,
    SavedView, ScheduledChangeView, ThreadStateView, UserView,
    server_frame::{Envelope, NONE},
};
use parlor_domain::{
    AppEvent, Draft, InboxEvent, Member, Message, MessageId, Preferences, Profile, Room, RoomEvent,
    RoomId, RoomOverview, Saved, Scheduled, ScheduledEnd, ScheduledId, Seq, Status, ThreadState,
    Timestamp, User, UserId,
};
use parlor_websocket::Frame;

fn room_event<'a, D: Serialize>(
    kind: &'a str,
    room: &'a RoomId,
    at: &'a str,
    data: Option<D>,
) -> Envelope<'a, D> {
    Envelope { room_id: Some(room.as_str()), timestamp: Some(at), ..Envelope::new(kind, data) }
}

// Durable events

fn message_event(kind: &str, message: &Message, at: Timestamp) -> Frame {
    Envelope {
        room_id: Some(message.room.as_str()),
        seq: Some(message.changed_seq.0),
        message_id: Some(&message.id.0.to_string()),
        timestamp: Some(&at.to_rfc3339()),
        ..Envelope::new(kind, Some(MessageView::from(message)))
    }
    .encode()
}

pub fn message_created(message: &Message) -> Frame {
    message_event("message.created", message, message.created_at)
}

/// The message as it is now: edited, reacted to, pinned, answered in a
/// thread, or deleted.
pub fn message_changed(message: &Message, at: Timestamp) -> Frame {
    let kind = if message.deleted_at.is_some() { "message.deleted" } else { "message.updated" };
    message_event(kind, message, at)
}

/// A message that a reader has missed, at its latest position. One who has
/// never seen it is told that it was created.
pub fn message_missed(message: &Message, since: Seq) -> Frame {
    let at = message.edited_at.max(message.deleted_at).unwrap_or(message.created_at);
    if message.seq > since && message.deleted_at.is_none() {
        message_created(message)
    } else {
        message_changed(message, at)
    }
}

/// `data` of `room.cleared`.
#[derive(Serialize, JsonSchema)]
pub struct ClearedView {
    upto: i64,
}

/// What came up to `upto` is gone.
pub fn room_cleared(room: &RoomId, seq: Seq, upto: Seq, at: Timestamp) -> Frame {
    let at = at.to_rfc3339();
    let data = Some(ClearedView { upto: upto.0 });
    Envelope { seq: Some(seq.0), ..room_event("room.cleared", room, &at, data) }.encode()
}

/// JSON that was checked when it was published.
fn raw(event: &AppEvent) -> Option<&RawValue> {
    serde_json::from_str(&event.data).ok()
}

/// An event of the application's in a room's timeline.
pub fn published_to_room(room: &RoomId, RoomEvent { seq, event }: &RoomEvent) -> Frame {
    let at = event.at.to_rfc3339();
    Envelope { seq: Some(seq.0), ..room_event(event.kind.as_str(), room, &at, raw(event)) }.encode()
}

/// An event of the application's for one user.
pub fn published_to_user(InboxEvent { inbox_seq, event }: &InboxEvent) -> Frame {
    Envelope {
        inbox_seq: Some(inbox_seq.0),
        timestamp: Some(&event.at.to_rfc3339()),
        ..Envelope::new(event.kind.as_str(), raw(event))
    }
    .encode()
}

// Ephemeral events

/// An event of the application's that is told to who is there.
pub fn published(room: Option<&RoomId>, event: &AppEvent) -> Frame {
    Envelope {
        room_id: room.map(RoomId::as_str),
        timestamp: Some(&event.at.to_rfc3339()),
        ..Envelope::new(event.kind.as_str(), raw(event))
    }
    .encode()
}

/// More of a message that is being written.
#[derive(Clone, Copy, Debug)]
pub struct Delta<'a> {
    pub message: MessageId,
    /// Characters (Unicode code points) before it.
    pub offset: usize,
    pub text: &'a str,
    /// As it is now, where it was changed.
    pub metadata: Option<&'a str>,
}

/// `data` of `message.delta`.
#[derive(Serialize, JsonSchema)]
pub struct DeltaView<'a> {
    message_id: &'a str,
    /// Where the text stands: what a reader has before that stays.
    offset: usize,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    metadata: Option<&'a RawValue>,
}

pub fn message_delta(room: &RoomId, delta: &Delta<'_>, at: Timestamp) -> Frame {
    let Delta { message, offset, text, metadata } = *delta;
    let (id, at) = (message.0.to_string(), at.to_rfc3339());
    let metadata = metadata.and_then(|metadata| serde_json::from_str(metadata).ok());
    let data = DeltaView { message_id: &id, offset, text, metadata };
    Envelope { message_id: Some(&id), ..room_event("message.delta", room, &at, Some(data)) }
        .encode()
}

/// `data` of `message.stop`.
#[derive(Serialize, JsonSchema)]
pub struct StopView<'a> {
    message_id: &'a str,
    /// Who asks.
    user_id: &'a str,
}

/// To the connections of who writes a message.
pub fn message_stop(message: MessageId, by: &UserId, at: Timestamp) -> Frame {
    let (id, at) = (message.0.to_string(), at.to_rfc3339());
    let data = Some(StopView { message_id: &id, user_id: by.as_str() });
    Envelope { message_id: Some(&id), timestamp: Some(&at), ..Envelope::new("message.stop", data) }
        .encode()
}

/// One member's marks that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MarkView {
    pub user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_seq: Option<i64>,
}

/// `data` of `receipts`.
#[derive(Serialize, JsonSchema)]
pub struct ReceiptsView<'a> {
    receipts: &'a [MarkView],
}

pub fn receipts(room: &RoomId, marks: &[MarkView], at: Timestamp) -> Frame {
    room_event("receipts", room, &at.to_rfc3339(), Some(ReceiptsView { receipts: marks })).encode()
}

/// How a user's own unread messages stand.
#[derive(Clone, Copy, Serialize, JsonSchema)]
pub struct UnreadView<'a> {
    pub read_seq: i64,
    pub unread: i64,
    pub mentions: i64,
    /// The counts take in everything up to here.
    pub last_seq: i64,
    pub epoch: &'a str,
    /// From where on the user has marked the room as unread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_from: Option<i64>,
}

pub fn room_unread(room: &RoomId, unread: UnreadView<'_>, at: Timestamp) -> Frame {
    room_event("room.unread", room, &at.to_rfc3339(), Some(unread)).encode()
}

/// `data` of `room.preferences`.
#[derive(Serialize, JsonSchema)]
pub struct PreferencesSetView {
    preferences: Preferences,
}

/// To a user's own connections.
pub fn room_preferences(room: &RoomId, preferences: Preferences, at: Timestamp) -> Frame {
    let data = PreferencesSetView { preferences };
    room_event("room.preferences", room, &at.to_rfc3339(), Some(data)).encode()
}

/// To a user's own connections.
pub fn room_draft(draft: &Draft, at: Timestamp) -> Frame {
    room_event("room.draft", &draft.room, &at.to_rfc3339(), Some(DraftView::from(draft))).encode()
}

/// To a user's own connections.
pub fn thread_state(state: &ThreadState, at: Timestamp) -> Frame {
    let data = Some(ThreadStateView::from(state));
    room_event("thread.state", &state.room, &at.to_rfc3339(), data).encode()
}

/// To a user's own connections.
pub fn message_saved(saved: &Saved, at: Timestamp) -> Frame {
    let (id, at) = (saved.message.0.to_string(), at.to_rfc3339());
    let data = Some(SavedView::from(saved));
    Envelope { message_id: Some(&id), ..room_event("message.saved", &saved.room, &at, data) }
        .encode()
}

/// To a user's own connections.
pub fn message_scheduled(scheduled: &Scheduled, at: Timestamp) -> Frame {
    let data = ScheduledChangeView::new(scheduled);
    room_event("message.scheduled", &scheduled.room, &at.to_rfc3339(), Some(data)).encode()
}

/// The same when it was sent or cancelled.
pub fn scheduled_ended(
    id: ScheduledId,
    room: &RoomId,
    ended: ScheduledEnd,
    at: Timestamp,
) -> Frame {
    let data = ScheduledChangeView::ended(id, ended);
    room_event("message.scheduled", room, &at.to_rfc3339(), Some(data)).encode()
}

/// `data` of `typing`.
#[derive(Serialize, JsonSchema)]
pub struct TypingView<'a> {
    user_id: &'a str,
    is_typing: bool,
}

pub fn typing(room: &RoomId, user: &UserId, is_typing: bool, at: Timestamp) -> Frame {
    let data = TypingView { user_id: user.as_str(), is_typing };
    room_event("typing", room, &at.to_rfc3339(), Some(data)).encode()
}

/// A user's status, as those see it who share a room.
#[derive(Serialize, JsonSchema)]
pub struct PresenceView<'a> {
    pub user_id: &'a str,
    #[schemars(with = "AnyStatus")]
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
}

impl<'a> PresenceView<'a> {
    pub fn new(user: &'a UserId, status: Status, last_seen: Option<Timestamp>) -> Self {
        let last_seen = last_seen.map(Timestamp::to_rfc3339);
        Self { user_id: user.as_str(), status: status.as_str(), last_seen }
    }
}

pub fn presence(view: &PresenceView<'_>, at: Timestamp) -> Frame {
    Envelope { timestamp: Some(&at.to_rfc3339()), ..Envelope::new("presence", Some(view)) }.encode()
}

/// `data` of `room.presence`: who is there.
#[derive(Serialize, JsonSchema)]
pub struct RoomPresenceView<'a> {
    users: Vec<PresenceView<'a>>,
}

/// Told to who comes into a room.
pub fn room_presence(room: &RoomId, users: Vec<PresenceView<'_>>, at: Timestamp) -> Frame {
    room_event("room.presence", room, &at.to_rfc3339(), Some(RoomPresenceView { users })).encode()
}

/// To those who share a room with them, and to themselves.
pub fn user_updated(profile: &Profile, at: Timestamp) -> Frame {
    let data = ProfileView::of(profile);
    Envelope { timestamp: Some(&at.to_rfc3339()), ..Envelope::new("user.updated", Some(data)) }
        .encode()
}

pub fn member_joined(room: &RoomId, member: &Member) -> Frame {
    let at = member.joined_at.to_rfc3339();
    room_event("member.joined", room, &at, Some(MemberView::from(member))).encode()
}

pub fn member_updated(room: &RoomId, member: &Member, at: Timestamp) -> Frame {
    let data = Some(MemberView::from(member));
    room_event("member.updated", room, &at.to_rfc3339(), data).encode()
}

/// `data` of `room.members`.
#[derive(Serialize, JsonSchema)]
pub struct MembersView {
    member_count: i64,
}

pub fn room_members(room: &RoomId, member_count: i64, at: Timestamp) -> Frame {
    let data = Some(MembersView { member_count });
    room_event("room.members", room, &at.to_rfc3339(), data).encode()
}

/// Why somebody is no member any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    Left,
    Removed,
    Banned,
    Deleted,
}

/// `data` of `member.left`.
#[derive(Serialize, JsonSchema)]
pub struct LeftView<'a> {
    user: UserView<'a>,
    reason: Departure,
}

pub fn member_left(room: &RoomId, user: &User, why: Departure, at: Timestamp) -> Frame {
    let data = LeftView { user: UserView::from(user), reason: why };
    room_event("member.left", room, &at.to_rfc3339(), Some(data)).encode()
}

/// `data` of `room.added`.
#[derive(Serialize, JsonSchema)]
pub struct AddedView<'a> {
    room: RoomView<'a>,
}

pub fn room_added(overview: &RoomOverview, at: Timestamp) -> Frame {
    let data = AddedView { room: RoomView::from(overview) };
    room_event("room.added", &overview.room.id, &at.to_rfc3339(), Some(data)).encode()
}

pub fn room_updated(room: &Room, at: Timestamp) -> Frame {
    let data = Some(RoomChangeView::from(room));
    room_event("room.updated", &room.id, &at.to_rfc3339(), data).encode()
}

/// `data` of `room.removed`.
#[derive(Serialize, JsonSchema)]
pub struct RemovedView {
    reason: Departure,
}

pub fn room_removed(room: &RoomId, why: Departure, at: Timestamp) -> Frame {
    room_event("room.removed", room, &at.to_rfc3339(), Some(RemovedView { reason: why })).encode()
}

pub fn room_deleted(room: &RoomId, at: Timestamp) -> Frame {
    room_event("room.deleted", room, &at.to_rfc3339(), NONE).encode()
}
