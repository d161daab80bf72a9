//! What the server says: a function for each answer and event, giving the
//! one whole WebSocket frame.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use super::{ErrorView, MessageView, RoomView, UserView};
use crate::{
    domain::{Member, Message, RoomId, RoomOverview, Seq, Timestamp, User, UserId},
    limits::{HISTORY_PAGE, HISTORY_PAGE_MAX, Limits},
    websocket::Frame,
};

/// The frame of docs/PROTOCOL.md, "Frames"; what is `None` is left out.
#[derive(Serialize)]
struct Envelope<'a, D> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<D>,
}

impl<D: Serialize> Envelope<'_, D> {
    fn new(kind: &'static str, data: Option<D>) -> Self {
        Envelope {
            kind,
            id: None,
            room_id: None,
            seq: None,
            message_id: None,
            timestamp: None,
            data,
        }
    }

    fn encode(&self) -> Frame {
        Frame::text(|buffer| {
            serde_json::to_writer(buffer, self).expect("our frames have text keys only");
        })
    }
}

/// The `data` of a frame that has none.
const NONE: Option<()> = None;

// Answers

pub fn ack(id: &str, data: &impl Serialize) -> Frame {
    Envelope { id: Some(id), ..Envelope::new("ack", Some(data)) }.encode()
}

pub fn error(id: Option<&str>, error: &ErrorView<'_>) -> Frame {
    Envelope { id, ..Envelope::new("error", Some(error)) }.encode()
}

pub fn pong(id: Option<&str>) -> Frame {
    Envelope { id, ..Envelope::new("pong", NONE) }.encode()
}

/// `data` of a command that has nothing to tell.
#[derive(Serialize)]
pub struct Empty {}

/// `data` of the ack to `room.subscribe`.
#[derive(Serialize)]
pub struct SubscribedView<'a> {
    pub room: RoomView<'a>,
    pub last_seq: i64,
    pub replayed: usize,
    pub resync: bool,
}

/// `data` of the ack to `room.join`.
#[derive(Serialize)]
pub struct JoinedView<'a> {
    pub room: RoomView<'a>,
    pub last_seq: i64,
}

/// One room in the ack to `session.resume`.
#[derive(Serialize)]
#[serde(untagged)]
pub enum ResumedRoom<'a> {
    Resumed {
        replayed: usize,
        last_seq: i64,
        resync: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<Box<RoomView<'a>>>,
    },
    Refused {
        error: ErrorView<'a>,
    },
}

// The session

pub fn auth_required() -> Frame {
    Envelope::new("auth.required", NONE).encode()
}

pub fn auth_failed(error: &ErrorView<'_>) -> Frame {
    Envelope::new("auth.failed", Some(error)).encode()
}

/// What `session.ready` tells of the session itself.
#[derive(Serialize)]
pub struct SessionView<'a> {
    user: SelfView<'a>,
    connection_id: String,
    heartbeat_interval_ms: u64,
    limits: LimitsView,
}

impl<'a> SessionView<'a> {
    pub fn new(
        user: &'a User,
        roles: &'a [Arc<str>],
        connection: u64,
        heartbeat: Duration,
        limits: &Limits,
    ) -> Self {
        Self {
            user: SelfView::new(user, roles),
            connection_id: connection.to_string(),
            heartbeat_interval_ms: u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX),
            limits: LimitsView::from(limits),
        }
    }
}

impl<'a> SelfView<'a> {
    pub fn new(user: &'a User, roles: &'a [Arc<str>]) -> Self {
        let roles = roles.iter().map(|role| &**role).collect();
        Self { id: user.id.as_str(), name: &user.name, roles }
    }
}

/// The session's own user.
#[derive(Serialize)]
pub struct SelfView<'a> {
    id: &'a str,
    name: &'a str,
    roles: Vec<&'a str>,
}

/// The bounds a client needs to know.
#[derive(Serialize)]
pub struct LimitsView {
    frame_bytes: usize,
    content_bytes: usize,
    queued_frames: usize,
    queued_bytes: usize,
    connections_per_user: usize,
    rooms_per_user: usize,
    replay_events: usize,
    history_page: i64,
    history_page_max: i64,
}

impl From<&Limits> for LimitsView {
    fn from(limits: &Limits) -> Self {
        let Limits {
            frame_bytes,
            content_bytes,
            queued_frames,
            queued_bytes,
            connections_per_user,
            rooms_per_user,
            replay_events,
            writes_in_flight: _,
        } = *limits;
        Self {
            frame_bytes,
            content_bytes,
            queued_frames,
            queued_bytes,
            connections_per_user,
            rooms_per_user,
            replay_events,
            history_page: HISTORY_PAGE,
            history_page_max: HISTORY_PAGE_MAX,
        }
    }
}

pub fn session_ready(session: &SessionView<'_>, rooms: &[RoomOverview]) -> Frame {
    #[derive(Serialize)]
    struct Data<'a> {
        #[serde(flatten)]
        session: &'a SessionView<'a>,
        rooms: Vec<RoomView<'a>>,
    }
    let rooms = rooms.iter().map(RoomView::from).collect();
    Envelope::new("session.ready", Some(Data { session, rooms })).encode()
}

pub fn server_goaway(reason: &str, reconnect_after_ms: u64) -> Frame {
    #[derive(Serialize)]
    struct Data<'a> {
        reason: &'a str,
        reconnect_after_ms: u64,
    }
    Envelope::new("server.goaway", Some(Data { reason, reconnect_after_ms })).encode()
}

// Durable events

pub fn message_created(message: &Message) -> Frame {
    Envelope {
        room_id: Some(message.room.as_str()),
        seq: Some(message.changed_seq.0),
        message_id: Some(&message.id.0.to_string()),
        timestamp: Some(&message.created_at.to_rfc3339()),
        ..Envelope::new("message.created", Some(MessageView::from(message)))
    }
    .encode()
}

pub fn room_cleared(room: &RoomId, seq: Seq, at: Timestamp) -> Frame {
    Envelope { seq: Some(seq.0), ..room_event("room.cleared", room, &at.to_rfc3339(), NONE) }
        .encode()
}

// Ephemeral events

fn room_event<'a, D: Serialize>(
    kind: &'static str,
    room: &'a RoomId,
    at: &'a str,
    data: Option<D>,
) -> Envelope<'a, D> {
    Envelope { room_id: Some(room.as_str()), timestamp: Some(at), ..Envelope::new(kind, data) }
}

pub fn receipts(room: &RoomId, marks: &[(UserId, Seq)], at: Timestamp) -> Frame {
    #[derive(Serialize)]
    struct Mark<'a> {
        user_id: &'a str,
        read_seq: i64,
    }
    #[derive(Serialize)]
    struct Data<'a> {
        receipts: Vec<Mark<'a>>,
    }
    let receipts =
        marks.iter().map(|(user, seq)| Mark { user_id: user.as_str(), read_seq: seq.0 }).collect();
    room_event("receipts", room, &at.to_rfc3339(), Some(Data { receipts })).encode()
}

pub fn room_unread(room: &RoomId, read_seq: Seq, unread: i64, at: Timestamp) -> Frame {
    #[derive(Serialize)]
    struct Data {
        read_seq: i64,
        unread: i64,
    }
    let data = Data { read_seq: read_seq.0, unread };
    room_event("room.unread", room, &at.to_rfc3339(), Some(data)).encode()
}

pub fn member_joined(room: &RoomId, member: &Member) -> Frame {
    #[derive(Serialize)]
    struct Data<'a> {
        user: UserView<'a>,
        role: &'static str,
    }
    let data = Data { user: UserView::from(&member.user), role: member.role.as_str() };
    room_event("member.joined", room, &member.joined_at.to_rfc3339(), Some(data)).encode()
}

pub fn member_left(room: &RoomId, user: &User, at: Timestamp) -> Frame {
    #[derive(Serialize)]
    struct Data<'a> {
        user: UserView<'a>,
    }
    let data = Data { user: UserView::from(user) };
    room_event("member.left", room, &at.to_rfc3339(), Some(data)).encode()
}

pub fn room_added(overview: &RoomOverview, at: Timestamp) -> Frame {
    #[derive(Serialize)]
    struct Data<'a> {
        room: RoomView<'a>,
    }
    let data = Data { room: RoomView::from(overview) };
    room_event("room.added", &overview.room.id, &at.to_rfc3339(), Some(data)).encode()
}

pub fn room_removed(room: &RoomId, at: Timestamp) -> Frame {
    room_event("room.removed", room, &at.to_rfc3339(), NONE).encode()
}

pub fn room_deleted(room: &RoomId, at: Timestamp) -> Frame {
    room_event("room.deleted", room, &at.to_rfc3339(), NONE).encode()
}
