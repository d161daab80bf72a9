//! The members of a room.

use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    reply::{Answered, Reply},
    request::{OfMember, RoomByUser},
};
use crate::{auth::Identity, error::ApiError, protocol::MemberView};
use parlor_domain::Member;

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

pub(super) async fn show(
    who: Identity,
    state: web::Data<State>,
    OfMember { room_id, user_id }: OfMember,
) -> Result<Reply<Answered<Member>>, ApiError> {
    let room = state.readable_room(&who, &room_id).await?;
    let user = state.known_user(&user_id).await?;
    let member = state.reader.member(room.key, user.key).await?;
    member.as_ref().map(Reply::answered).ok_or_else(|| ApiError::not_found("member"))
}
