//! A room, its members and their marks, as they are shown.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{AnyRole, AnyRoomKind, MessageView, OrNull, UserView, message_view::raw};
use parlor_domain::{
    Ban, Member, Preferences, Receipt, Room, RoomId, RoomOverview, RoomRules, RoomState, Timestamp,
    User,
};

#[derive(Serialize, JsonSchema)]
pub struct RoomView<'a> {
    room_id: &'a str,
    #[schemars(with = "AnyRoomKind")]
    kind: &'static str,
    title: &'a str,
    topic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    custom: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "RoomRules::is_default")]
    rules: RoomRules,
    created_at: String,
    last_seq: i64,
    epoch: &'a str,
    member_count: i64,
    #[serde(flatten)]
    state: Option<RoomStateView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<PeerView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "OrNull<MessageView<'a>>")]
    last_message: Option<Option<MessageView<'a>>>,
}

/// The other user of a direct room.
#[derive(Serialize, JsonSchema)]
struct PeerView<'a> {
    #[serde(flatten)]
    user: UserView<'a>,
    /// The other user was deleted: nobody would read what is sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
}

impl<'a> From<&'a User> for PeerView<'a> {
    fn from(user: &'a User) -> Self {
        Self { user: user.into(), deleted: user.id.is_deleted() }
    }
}

#[derive(Serialize, JsonSchema)]
struct RoomStateView {
    #[schemars(with = "AnyRole")]
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted_until: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    blocked: bool,
    read_seq: i64,
    delivered_seq: i64,
    unread: i64,
    mentions: i64,
    /// From where on the member has marked it as unread.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_from: Option<i64>,
    #[serde(skip_serializing_if = "Preferences::is_usual")]
    preferences: Preferences,
}

impl From<RoomState> for RoomStateView {
    fn from(state: RoomState) -> Self {
        let RoomState {
            standing,
            read_seq,
            delivered_seq,
            unread,
            mentions,
            unread_from,
            preferences,
        } = state;
        Self {
            role: standing.role.as_str(),
            muted_until: standing.muted_until.map(Timestamp::to_rfc3339),
            blocked: standing.blocked,
            read_seq: read_seq.0,
            delivered_seq: delivered_seq.0,
            unread,
            mentions,
            unread_from: unread_from.map(|seq| seq.0),
            preferences,
        }
    }
}

/// What a member has set for themselves in a room.
#[derive(Serialize, JsonSchema)]
pub struct RoomPreferencesView<'a> {
    room_id: &'a str,
    preferences: Preferences,
}

impl<'a> RoomPreferencesView<'a> {
    pub fn new(room: &'a RoomId, preferences: Preferences) -> Self {
        Self { room_id: room.as_str(), preferences }
    }
}

impl<'a> From<&'a RoomOverview> for RoomView<'a> {
    fn from(overview: &'a RoomOverview) -> Self {
        let RoomOverview { room, last_seq, epoch, member_count, state, peer, last_message } =
            overview;
        let Room { key: _, id, kind, title, topic, custom, rules, ownerless: _, created_at } =
            &**room;
        Self {
            room_id: id.as_str(),
            kind: kind.as_str(),
            title,
            topic,
            custom: raw(custom.as_deref()),
            rules: *rules,
            created_at: created_at.to_rfc3339(),
            last_seq: last_seq.0,
            epoch: epoch.as_str(),
            member_count: *member_count,
            state: state.map(RoomStateView::from),
            peer: peer.as_ref().map(PeerView::from),
            last_message: last_message.as_ref().map(|last| last.as_ref().map(MessageView::from)),
        }
    }
}

/// A room in the list that a session is told: what it takes to follow it and
/// to show it in a list, and nothing that can be long. The rest is asked for.
#[derive(Serialize, JsonSchema)]
pub struct RoomEntryView<'a> {
    room_id: &'a str,
    #[schemars(with = "AnyRoomKind")]
    kind: &'static str,
    title: &'a str,
    #[serde(skip_serializing_if = "RoomRules::is_default")]
    rules: RoomRules,
    last_seq: i64,
    epoch: &'a str,
    #[serde(flatten)]
    state: Option<RoomStateView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<PeerView<'a>>,
}

impl<'a> From<&'a RoomOverview> for RoomEntryView<'a> {
    fn from(overview: &'a RoomOverview) -> Self {
        let RoomOverview { room, last_seq, epoch, member_count: _, state, peer, last_message: _ } =
            overview;
        let Room {
            key: _,
            id,
            kind,
            title,
            topic: _,
            custom: _,
            rules,
            ownerless: _,
            created_at: _,
        } = &**room;
        Self {
            room_id: id.as_str(),
            kind: kind.as_str(),
            title,
            rules: *rules,
            last_seq: last_seq.0,
            epoch: epoch.as_str(),
            state: state.map(RoomStateView::from),
            peer: peer.as_ref().map(PeerView::from),
        }
    }
}

/// How many of some rooms fit into so many bytes; one does always.
pub fn rooms_that_fit(rooms: &[RoomOverview], bytes_max: usize) -> usize {
    let mut bytes = 0;
    let fits = |room: &&RoomOverview| {
        bytes += super::json_size(&RoomEntryView::from(*room)) + 1;
        bytes <= bytes_max
    };
    let fitting = rooms.iter().take_while(fits).count();
    fitting.max(1).min(rooms.len())
}

/// What `room.updated` tells: what is the same for all members.
#[derive(Serialize, JsonSchema)]
pub struct RoomChangeView<'a> {
    title: &'a str,
    topic: &'a str,
    #[schemars(with = "Option<Map<String, Value>>")]
    custom: Option<&'a RawValue>,
    rules: RoomRules,
}

impl<'a> From<&'a Room> for RoomChangeView<'a> {
    fn from(Room { title, topic, custom, rules, .. }: &'a Room) -> Self {
        Self { title, topic, custom: raw(custom.as_deref()), rules: *rules }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct MemberView<'a> {
    user: UserView<'a>,
    #[schemars(with = "AnyRole")]
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted_until: Option<String>,
    joined_at: String,
}

impl<'a> From<&'a Member> for MemberView<'a> {
    fn from(Member { user, role, muted_until, joined_at }: &'a Member) -> Self {
        Self {
            user: user.into(),
            role: role.as_str(),
            muted_until: muted_until.map(Timestamp::to_rfc3339),
            joined_at: joined_at.to_rfc3339(),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct ReceiptView<'a> {
    user_id: &'a str,
    read_seq: i64,
    delivered_seq: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<String>,
}

impl<'a> From<&'a Receipt> for ReceiptView<'a> {
    fn from(Receipt { user, read_seq, delivered_seq, read_at }: &'a Receipt) -> Self {
        Self {
            user_id: user.as_str(),
            read_seq: read_seq.0,
            delivered_seq: delivered_seq.0,
            read_at: read_at.map(Timestamp::to_rfc3339),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct BanView<'a> {
    user: UserView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    reason: &'a str,
    created_at: String,
}

impl<'a> From<&'a Ban> for BanView<'a> {
    fn from(Ban { user, until, reason, created_at }: &'a Ban) -> Self {
        Self {
            user: user.into(),
            until: until.map(Timestamp::to_rfc3339),
            reason,
            created_at: created_at.to_rfc3339(),
        }
    }
}
