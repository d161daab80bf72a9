//! Blocked users: whom a user does not want to hear from in a direct room.

use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

use super::{State, reply::Reply, request::ByUser};
use crate::{auth::Identity, error::ApiError, protocol::UserView};

#[derive(Serialize, JsonSchema)]
pub(super) struct Blocks<'a> {
    users: Vec<UserView<'a>>,
    has_more: bool,
}

pub(super) async fn list(
    who: Identity,
    state: web::Data<State>,
    ByUser { after, limit }: ByUser,
) -> Result<Reply<Blocks<'static>>, ApiError> {
    let (users, has_more) = state.reader.blocked_by(who.user.key, after.as_ref(), limit.0).await?;
    let users = users.iter().map(UserView::from).collect();
    Ok(Reply::ok(Blocks { users, has_more }))
}
