//! Rooms: listed, made, shown, deleted.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    ask::mismatch,
    extract::{Body, CursorQuery, fitting, room_id, user_id},
};
use crate::{
    auth::Identity,
    chat::{Answer, ChatError, Command, Requester},
    error::ApiError,
    protocol::{Fields, RoomView},
};
use parlor_domain::{
    Denied, RoomChange, RoomId, RoomKey, RoomKind,
    limits::{METADATA_BYTES, TITLE_CHARS, TOPIC_CHARS, page_bytes},
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Rooms<'a> {
    rooms: Vec<RoomView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    has_more: bool,
}

/// A room of this id could not be reached: its path is that of direct rooms.
const DIRECT: &str = "direct";

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

pub async fn create(
    state: web::Data<State>,
    who: Identity,
    Body(mut fields): Body<Fields>,
) -> Result<HttpResponse, ApiError> {
    let id = fields.text_or_none("room_id")?;
    let id = id.as_deref().map_or_else(|| Ok(generated_id("r")), room_id)?;
    if id.as_str() == DIRECT {
        return Err(ApiError::field("room_id", "must not be what leads to direct rooms"));
    }
    let kind = match fields.text_or_none("kind")? {
        None => RoomKind::Private,
        Some(kind) => RoomKind::parse(&kind)
            .ok_or_else(|| ApiError::field("kind", "must be public, private or announcement"))?,
    };
    let RoomChange { title, topic, custom } = change_of(&mut fields)?;
    let (title, topic) = (title.unwrap_or_default(), topic.unwrap_or_default());
    let custom = custom.flatten();
    let command = Command::CreateRoom { id, kind, title, topic, custom };
    match state.ask(&who, command).await? {
        Answer::Room(room) => Ok(HttpResponse::Created().json(RoomView::from(&*room))),
        other => Err(mismatch(&other)),
    }
}

/// 64 random bits: nobody guesses the id of a private room, and two never
/// meet.
fn generated_id(prefix: &str) -> RoomId {
    RoomId::from_stored(format!("{prefix}-{:016x}", rand::random::<u64>()))
}

pub async fn show(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let overview = state.visible_room(&who, &room_id(&room)?).await?;
    Ok(HttpResponse::Ok().json(RoomView::from(&overview)))
}

/// What there is to say about a room; `custom` may be taken away with null.
fn change_of(fields: &mut Fields) -> Result<RoomChange, ApiError> {
    let has_custom = fields.has("custom");
    let custom = fields.object("custom", METADATA_BYTES)?;
    Ok(RoomChange {
        title: fields.display_text("title", TITLE_CHARS)?,
        topic: fields.display_text("topic", TOPIC_CHARS)?,
        custom: has_custom.then_some(custom),
    })
}

pub async fn update(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
    Body(mut fields): Body<Fields>,
) -> Result<HttpResponse, ApiError> {
    let change = change_of(&mut fields)?;
    if change == RoomChange::default() {
        return Err(ApiError::field("title", "or topic or custom is needed"));
    }
    let room = room_id(&room)?;
    match state.ask(&who, Command::UpdateRoom { room: room.clone(), change }).await? {
        Answer::RoomUpdated(_) => {
            let overview = state.visible_room(&who, &room).await?;
            Ok(HttpResponse::Ok().json(RoomView::from(&overview)))
        }
        other => Err(mismatch(&other)),
    }
}

/// The one room of the caller and another user.
pub async fn open_direct(
    state: web::Data<State>,
    who: Identity,
    user: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let command = Command::OpenDirect { user: user_id(&user)?, id: generated_id("d") };
    match state.ask(&who, command).await? {
        Answer::Direct { room, is_new } => {
            let mut response = if is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
            Ok(response.json(RoomView::from(&*room)))
        }
        other => Err(mismatch(&other)),
    }
}

/// The one room of two users, opened by the application for both of them.
pub async fn open_direct_of(
    state: web::Data<State>,
    who: Identity,
    Body(mut fields): Body<Fields>,
) -> Result<HttpResponse, ApiError> {
    if !who.is_service {
        return Err(ChatError::from(Denied::NotService).into());
    }
    let [one, other] = fields.pair("user_ids")?;
    let user = state.known_user(one.as_str()).await?;
    let from = Requester { user, is_admin: who.is_admin, is_service: who.is_service };
    let command = Command::OpenDirect { user: other, id: generated_id("d") };
    match state.ask_as(from, command).await? {
        Answer::Direct { room, is_new } => {
            let mut response = if is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
            Ok(response.json(RoomView::from(&*room)))
        }
        other => Err(mismatch(&other)),
    }
}

pub async fn delete(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    state.ask(&who, Command::DeleteRoom { room: room_id(&room)? }).await?;
    Ok(HttpResponse::NoContent().finish())
}
