//! Bans from a room.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    extract::{ListQuery, room_id},
    members::in_seconds,
};
use crate::{
    auth::Identity,
    chat::ChatError,
    error::ApiError,
    protocol::{BanView, Fields},
};
use parlor_domain::{Denied, Timestamp, limits::SECONDS_MAX};

#[derive(Serialize, JsonSchema)]
pub(super) struct Bans<'a> {
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
    let (bans, has_more) =
        state.reader.bans(room.key, in_seconds(0), after.as_ref(), limit).await?;
    let bans = bans.iter().map(BanView::from).collect();
    Ok(HttpResponse::Ok().json(Bans { bans, has_more }))
}

/// A time, some seconds, or neither: then it is for good.
pub(super) fn until(fields: &mut Fields) -> Result<Option<Timestamp>, ApiError> {
    let until = fields.future_or_none("until", in_seconds(0))?;
    let seconds = fields.number_or_none("ban_seconds", 1..=SECONDS_MAX)?;
    match (until, seconds) {
        (Some(_), Some(_)) => Err(ApiError::field("until", "and ban_seconds exclude each other")),
        (until, seconds) => Ok(until.or(seconds.map(in_seconds))),
    }
}
