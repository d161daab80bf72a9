//! Rooms: those of a user, and one.

use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    reply::{Reply, fitting},
    request::{ByCursor, OfRoom},
};
use crate::{auth::Identity, error::ApiError, protocol::RoomView};
use parlor_domain::RoomKey;

#[derive(Serialize, JsonSchema)]
pub(super) struct Rooms<'a> {
    rooms: Vec<RoomView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    has_more: bool,
}

pub(super) async fn list(
    who: Identity,
    state: web::Data<State>,
    ByCursor { cursor, limit }: ByCursor,
) -> Result<Reply<Rooms<'static>>, ApiError> {
    let after = RoomKey(cursor.0);
    let (listed, has_more) =
        state.reader.rooms_with_last_message(who.user.key, after, limit.0).await?;
    let (rooms, fits) = fitting(&listed, state.limits.page_bytes(), RoomView::from);
    let has_more = has_more || !fits;
    let last = listed.get(rooms.len().wrapping_sub(1)).filter(|_| has_more);
    let cursor = last.map(|overview| overview.room.key.0.to_string());
    Ok(Reply::ok(Rooms { rooms, cursor, has_more }))
}

pub(super) async fn show(
    who: Identity,
    state: web::Data<State>,
    OfRoom { room_id }: OfRoom,
) -> Result<Reply<RoomView<'static>>, ApiError> {
    let overview = state.visible_room(&who, &room_id).await?;
    Ok(Reply::ok(RoomView::from(&overview)))
}
