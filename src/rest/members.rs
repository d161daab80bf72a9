//! The members of a room.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    extract::{ListQuery, room_id},
};
use crate::{auth::Identity, error::ApiError, protocol::MemberView};
use parlor_domain::Timestamp;

#[derive(Serialize, JsonSchema)]
pub(super) struct Members<'a> {
    members: Vec<MemberView<'a>>,
    has_more: bool,
}

pub async fn list(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let (after, limit) = query.read()?;
    let room = state.readable_room(&who, &room_id(&room)?).await?;
    let (members, has_more) = state.reader.members(room.key, after.as_ref(), limit).await?;
    let members = members.iter().map(MemberView::from).collect();
    Ok(HttpResponse::Ok().json(Members { members, has_more }))
}

pub(super) fn in_seconds(seconds: i64) -> Timestamp {
    Timestamp(crate::clock::now().0.saturating_add(seconds * 1000))
}
