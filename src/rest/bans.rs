//! Who may not come into a room.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::{
    State,
    extract::{Body, ListQuery, room_id, user_id},
};
use crate::{
    auth::Identity,
    chat::{ChatError, Command},
    domain::Denied,
    error::ApiError,
    limits::REASON_BYTES,
    protocol::{BanView, Fields},
};

#[derive(Serialize)]
struct Bans<'a> {
    bans: Vec<BanView<'a>>,
    has_more: bool,
}

/// For those who keep order in the room.
pub async fn list(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let (after, limit) = query.read()?;
    let room = state.readable_room(&who, &room_id(&room)?).await?;
    let standing = state.reader.standing(room.key, who.user.key).await?;
    if !who.is_admin && !standing.is_some_and(|standing| standing.moderates()) {
        return Err(ChatError::from(Denied::NotModerator).into());
    }
    let (bans, has_more) = state.reader.bans(room.key, after.as_ref(), limit).await?;
    let bans = bans.iter().map(BanView::from).collect();
    Ok(HttpResponse::Ok().json(Bans { bans, has_more }))
}

pub async fn add(
    state: web::Data<State>,
    who: Identity,
    path: web::Path<(String, String)>,
    Body(mut fields): Body<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (room, user) = (room_id(&path.0)?, user_id(&path.1)?);
    let until = fields.time_or_none("until")?;
    let reason = fields.display_text("reason", REASON_BYTES)?.unwrap_or_default();
    state.ask(&who, Command::Ban { room, user, until, reason }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn remove(
    state: web::Data<State>,
    who: Identity,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (room, user) = (room_id(&path.0)?, user_id(&path.1)?);
    state.ask(&who, Command::Unban { room, user }).await?;
    Ok(HttpResponse::NoContent().finish())
}
