//! Rooms: list, create, show, change, delete.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    extract::{CursorQuery, fitting, room_id},
};
use crate::{auth::Identity, error::ApiError, protocol::RoomView};
use parlor_domain::{RoomKey, limits::page_bytes};

#[derive(Serialize, JsonSchema)]
pub(super) struct Rooms<'a> {
    rooms: Vec<RoomView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    has_more: bool,
}

pub async fn list(
    state: web::Data<State>,
    who: Identity,
    query: web::Query<CursorQuery>,
) -> Result<HttpResponse, ApiError> {
    let (after, limit) = query.read()?;
    let (listed, has_more) =
        state.reader.rooms_with_last_message(who.user.key, RoomKey(after), limit).await?;
    let (rooms, fits) = fitting(&listed, page_bytes(&state.limits), RoomView::from);
    let has_more = has_more || !fits;
    let last = listed.get(rooms.len().wrapping_sub(1)).filter(|_| has_more);
    let cursor = last.map(|overview| overview.room.key.0.to_string());
    Ok(HttpResponse::Ok().json(Rooms { rooms, cursor, has_more }))
}

pub async fn show(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let overview = state.visible_room(&who, &room_id(&room)?).await?;
    Ok(HttpResponse::Ok().json(RoomView::from(&overview)))
}
