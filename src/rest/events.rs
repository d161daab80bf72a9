//! Events of the application: those of a room, and the inbox.

use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    State,
    reply::{Reply, fitting},
    request::{BySeq, RoomBySeq},
};
use crate::{auth::Identity, clock::now, db::InboxHead, error::ApiError, protocol::any_json};
use parlor_domain::{AppEvent, InboxEvent, RoomEvent, RoomKey, Timestamp};

/// An event that the application published.
#[derive(Serialize, JsonSchema)]
pub(super) struct EventView<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inbox_seq: Option<i64>,
    timestamp: String,
    #[schemars(schema_with = "any_json")]
    data: Option<&'a RawValue>,
}

impl<'a> EventView<'a> {
    fn new(AppEvent { kind, data, at }: &'a AppEvent) -> Self {
        Self {
            kind: kind.as_str(),
            seq: None,
            inbox_seq: None,
            timestamp: at.to_rfc3339(),
            data: serde_json::from_str(data).ok(),
        }
    }

    fn of_room(event: &'a RoomEvent) -> Self {
        Self { seq: Some(event.seq.0), ..Self::new(&event.event) }
    }

    pub(super) fn of_inbox(event: &'a InboxEvent) -> Self {
        Self { inbox_seq: Some(event.inbox_seq.0), ..Self::new(&event.event) }
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Events<'a> {
    events: Vec<EventView<'a>>,
    epoch: &'a str,
    has_more: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Inbox<'a> {
    events: Vec<EventView<'a>>,
    /// The newest event, and the newest one that the user's clients have.
    inbox_seq: i64,
    acked_seq: i64,
    epoch: &'a str,
    has_more: bool,
}

pub(super) async fn of_room(
    who: Identity,
    state: web::Data<State>,
    RoomBySeq { room_id, after, limit }: RoomBySeq,
) -> Result<Reply<Events<'static>>, ApiError> {
    let room = state.readable_room(&who, &room_id).await?;
    let (events, has_more) = state.reader.room_events(room.key, after, limit.0).await?;
    let (events, fits) = fitting(&events, state.limits.page_bytes(), EventView::of_room);
    let (epoch, has_more) = (state.reader.epoch_of(room.key), has_more || !fits);
    Ok(Reply::ok(Events { events, epoch: epoch.as_str(), has_more }))
}

pub(super) async fn inbox(
    who: Identity,
    state: web::Data<State>,
    BySeq { after, limit }: BySeq,
) -> Result<Reply<Inbox<'static>>, ApiError> {
    let user = who.user.key;
    let InboxHead { start: _, last, acked } = state.reader.inbox_head(user).await?;
    let ttl = i64::try_from(state.inbox_ttl.as_millis()).unwrap_or(i64::MAX);
    let since = Timestamp(now().0.saturating_sub(ttl));
    let mut events = state.reader.inbox(user, after, since, limit.0 + 1).await?;
    let limit = usize::try_from(limit.0).unwrap_or(0);
    let has_more = events.len() > limit;
    events.truncate(limit);
    let (events, fits) = fitting(&events, state.limits.page_bytes(), EventView::of_inbox);
    let has_more = has_more || !fits;
    let epoch = state.reader.epoch_of(RoomKey::inbox_of(user));
    let epoch = epoch.as_str();
    Ok(Reply::ok(Inbox { events, inbox_seq: last.0, acked_seq: acked.0, epoch, has_more }))
}
