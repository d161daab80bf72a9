//! Bans from a room.

use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

use super::{State, reply::Reply, request::RoomByUser};
use crate::{auth::Identity, chat::ChatError, clock::now, error::ApiError, protocol::BanView};
use parlor_domain::{Denied, Scope};

#[derive(Serialize, JsonSchema)]
pub(super) struct Bans<'a> {
    bans: Vec<BanView<'a>>,
    has_more: bool,
}

/// For those who keep order in the room.
pub(super) async fn list(
    who: Identity,
    state: web::Data<State>,
    RoomByUser { room_id, after, limit }: RoomByUser,
) -> Result<Reply<Bans<'static>>, ApiError> {
    let room = state.readable_room(&who, &room_id).await?;
    let standing = state.reader.standing(room.key, who.user.key).await?;
    if !who.may(&[Scope::Rooms, Scope::Moderation])
        && !standing.is_some_and(|standing| standing.moderates())
    {
        return Err(ChatError::from(Denied::NotModerator).into());
    }
    let (bans, has_more) = state.reader.bans(room.key, now(), after.as_ref(), limit.0).await?;
    let bans = bans.iter().map(BanView::from).collect();
    Ok(Reply::ok(Bans { bans, has_more }))
}
