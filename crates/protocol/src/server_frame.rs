//! What the server says: a function for each answer and event, giving the
//! one whole WebSocket frame.

use std::{sync::Arc, time::Duration};

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{ErrorView, RoomEntryView, RoomView, UserView};
use parlor_domain::{
    Epoch, RoomOverview, Seq, User,
    limits::{HISTORY_PAGE, HISTORY_PAGE_MAX, Limits, METADATA_BYTES},
};
use parlor_websocket::Frame;

/// The frame of docs/PROTOCOL.md, "Frames"; what is `None` is left out.
#[derive(Serialize)]
pub(crate) struct Envelope<'a, D> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbox_seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<D>,
}

impl<'a, D: Serialize> Envelope<'a, D> {
    pub fn new(kind: &'a str, data: Option<D>) -> Self {
        Envelope {
            kind,
            id: None,
            room_id: None,
            seq: None,
            inbox_seq: None,
            message_id: None,
            timestamp: None,
            data,
        }
    }

    pub fn encode(&self) -> Frame {
        Frame::text(|buffer| {
            serde_json::to_writer(buffer, self).expect("our frames have text keys only");
        })
    }
}

/// The `data` of a frame that has none.
pub(crate) const NONE: Option<()> = None;

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
#[derive(Serialize, JsonSchema)]
pub struct Empty {}

/// `data` of the ack to `message.append`.
#[derive(Serialize, JsonSchema)]
pub struct AppendedView {
    pub message_id: String,
    /// Characters (Unicode code points) that the text has now.
    pub length: usize,
}

/// `data` of the ack to a change of a message.
#[derive(Serialize, JsonSchema)]
pub struct ChangedView {
    pub message_id: String,
    pub seq: i64,
}

/// `data` of the ack to `message.delivered`.
#[derive(Serialize, JsonSchema)]
pub struct DeliveredView<'a> {
    pub room_id: &'a str,
    pub delivered_seq: i64,
}

/// `data` of the ack to `room.subscribe`.
#[derive(Serialize, JsonSchema)]
pub struct SubscribedView<'a> {
    pub room: RoomView<'a>,
    pub last_seq: i64,
    pub epoch: &'a str,
    pub replayed: usize,
    pub resync: bool,
}

/// `data` of the ack to `room.join`.
#[derive(Serialize, JsonSchema)]
pub struct JoinedView<'a> {
    pub room: RoomView<'a>,
    pub last_seq: i64,
    pub epoch: &'a str,
}

/// One room in the ack to `session.resume`, or in `session.resumed` before it.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ResumedRoom<'a> {
    Resumed {
        replayed: usize,
        last_seq: i64,
        epoch: &'a str,
        resync: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<Box<RoomEntryView<'a>>>,
    },
    Refused {
        error: ErrorView<'a>,
    },
}

/// `data` of the ack to `session.resume`, and of what comes before it where
/// there are more rooms than fit.
#[derive(Serialize, JsonSchema)]
pub struct ResumedView<'a> {
    pub rooms: FxHashMap<&'a str, ResumedRoom<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbox: Option<ResumedInbox>,
}

pub fn session_resumed(id: &str, data: &ResumedView<'_>) -> Frame {
    Envelope { id: Some(id), ..Envelope::new("session.resumed", Some(data)) }.encode()
}

/// The inbox in that ack.
#[derive(Serialize, JsonSchema)]
pub struct ResumedInbox {
    pub replayed: usize,
    pub last_seq: i64,
    pub epoch: String,
    pub resync: bool,
}

// The session

pub fn auth_required() -> Frame {
    Envelope::new("auth.required", NONE).encode()
}

pub fn auth_failed(error: &ErrorView<'_>) -> Frame {
    Envelope::new("auth.failed", Some(error)).encode()
}

/// What `session.ready` tells of the session itself.
#[derive(Serialize, JsonSchema)]
pub struct SessionView<'a> {
    user: SelfView<'a>,
    connection_id: String,
    heartbeat_interval_ms: u64,
    limits: LimitsView<'a>,
}

impl<'a> SessionView<'a> {
    pub fn new(
        user: &'a User,
        roles: &'a [Arc<str>],
        connection: u64,
        heartbeat: Duration,
        limits: &'a Limits,
        rates: RatesView,
    ) -> Self {
        Self {
            user: SelfView::new(user, roles),
            connection_id: connection.to_string(),
            heartbeat_interval_ms: u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX),
            limits: LimitsView {
                limits,
                metadata_bytes: METADATA_BYTES,
                history_page: HISTORY_PAGE,
                history_page_max: HISTORY_PAGE_MAX,
                rates,
            },
        }
    }
}

impl<'a> SelfView<'a> {
    pub fn new(user: &'a User, roles: &'a [Arc<str>]) -> Self {
        let roles = roles.iter().map(|role| &**role).collect();
        Self { user: UserView::from(user), roles }
    }
}

/// The session's own user.
#[derive(Serialize, JsonSchema)]
pub struct SelfView<'a> {
    #[serde(flatten)]
    user: UserView<'a>,
    roles: Vec<&'a str>,
}

/// The limits that a client needs to know.
#[derive(Serialize, JsonSchema)]
struct LimitsView<'a> {
    #[serde(flatten)]
    limits: &'a Limits,
    /// Bytes of a message's metadata, and of a room's custom data.
    metadata_bytes: usize,
    history_page: i64,
    history_page_max: i64,
    #[serde(flatten)]
    rates: RatesView,
}

/// How often a client may ask; 0: as often as it likes.
#[derive(Clone, Copy, Default, Serialize, JsonSchema)]
pub struct RatesView {
    pub commands_per_second: u32,
    pub command_burst: u32,
    pub errors_before_close: u32,
}

/// `data` of `session.ready`.
#[derive(Serialize, JsonSchema)]
pub struct ReadyView<'a> {
    #[serde(flatten)]
    session: &'a SessionView<'a>,
    /// How many rooms the user is in.
    rooms_total: usize,
    #[serde(flatten)]
    piece: RoomsView<'a>,
    inbox_seq: i64,
    inbox_epoch: &'a str,
}

/// Some of the user's rooms: in `session.ready`, and as the `data` of
/// `session.rooms`.
#[derive(Serialize, JsonSchema)]
pub struct RoomsView<'a> {
    rooms: Vec<RoomEntryView<'a>>,
    /// Whether these are the last ones.
    complete: bool,
}

impl<'a> RoomsView<'a> {
    pub fn new(rooms: &'a [RoomOverview], complete: bool) -> Self {
        Self { rooms: rooms.iter().map(RoomEntryView::from).collect(), complete }
    }
}

pub fn session_ready(
    session: &SessionView<'_>,
    rooms_total: usize,
    piece: RoomsView<'_>,
    inbox_seq: Seq,
    inbox_epoch: &Epoch,
) -> Frame {
    let (inbox_seq, inbox_epoch) = (inbox_seq.0, inbox_epoch.as_str());
    let data = ReadyView { session, rooms_total, piece, inbox_seq, inbox_epoch };
    Envelope::new("session.ready", Some(data)).encode()
}

pub fn session_rooms(piece: &RoomsView<'_>) -> Frame {
    Envelope::new("session.rooms", Some(piece)).encode()
}

/// `data` of `server.goaway`.
#[derive(Serialize, JsonSchema)]
pub struct GoAwayView<'a> {
    reason: &'a str,
    reconnect_after_ms: u64,
}

pub fn server_goaway(reason: &str, reconnect_after_ms: u64) -> Frame {
    let data = GoAwayView { reason, reconnect_after_ms };
    Envelope::new("server.goaway", Some(data)).encode()
}
