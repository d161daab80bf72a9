//! Rooms: listed, made, shown, deleted.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::{
    State,
    ask::mismatch,
    extract::{Body, display_text, room_id},
};
use crate::{
    auth::Identity,
    chat::{Answer, Command},
    domain::{RoomId, RoomKind},
    error::ApiError,
    limits::TITLE_CHARS,
    protocol::RoomView,
};

#[derive(Serialize)]
struct Rooms<'a> {
    rooms: Vec<RoomView<'a>>,
}

#[derive(Deserialize)]
pub struct NewRoom {
    room_id: Option<String>,
    kind: Option<String>,
    title: Option<String>,
}

pub async fn list(state: web::Data<State>, who: Identity) -> Result<HttpResponse, ApiError> {
    let rooms = state.reader.rooms_with_last_message(who.user.key).await?;
    let rooms = rooms.iter().map(RoomView::from).collect();
    Ok(HttpResponse::Ok().json(Rooms { rooms }))
}

pub async fn create(
    state: web::Data<State>,
    who: Identity,
    Body(NewRoom { room_id: id, kind, title }): Body<NewRoom>,
) -> Result<HttpResponse, ApiError> {
    let id = id.as_deref().map_or_else(|| Ok(generated_id()), room_id)?;
    let kind = match kind.as_deref() {
        None => RoomKind::Private,
        Some(kind) => RoomKind::parse(kind)
            .ok_or_else(|| ApiError::field("kind", "must be public or private"))?,
    };
    let title = title.unwrap_or_default();
    display_text("title", &title, TITLE_CHARS)?;
    let command = Command::CreateRoom { id, kind, title: title.into() };
    match state.ask(&who, command).await? {
        Answer::Room(room) => Ok(HttpResponse::Created().json(RoomView::from(&*room))),
        other => Err(mismatch(&other)),
    }
}

/// 64 random bits: nobody guesses the id of a private room, and two never
/// meet.
fn generated_id() -> RoomId {
    RoomId::from_stored(format!("r-{:016x}", rand::random::<u64>()))
}

pub async fn show(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let overview = state.visible_room(&who, &room_id(&room)?).await?;
    Ok(HttpResponse::Ok().json(RoomView::from(&overview)))
}

pub async fn delete(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    state.ask(&who, Command::DeleteRoom { room: room_id(&room)? }).await?;
    Ok(HttpResponse::NoContent().finish())
}
