//! The members of a room.

use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

use super::{State, reply::Reply, request::RoomByUser};
use crate::{auth::Identity, error::ApiError, protocol::MemberView};

#[derive(Serialize, JsonSchema)]
pub(super) struct Members<'a> {
    members: Vec<MemberView<'a>>,
    has_more: bool,
}

pub(super) async fn list(
    who: Identity,
    state: web::Data<State>,
    RoomByUser { room_id, after, limit }: RoomByUser,
) -> Result<Reply<Members<'static>>, ApiError> {
    let room = state.readable_room(&who, &room_id).await?;
    let (members, has_more) = state.reader.members(room.key, after.as_ref(), limit.0).await?;
    let members = members.iter().map(MemberView::from).collect();
    Ok(Reply::ok(Members { members, has_more }))
}
