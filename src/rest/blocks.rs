//! Blocked users: whom a user does not want to hear from in a direct room.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::{State, extract::ListQuery};
use crate::{auth::Identity, error::ApiError, protocol::UserView};

#[derive(Serialize, JsonSchema)]
pub(super) struct Blocks<'a> {
    users: Vec<UserView<'a>>,
    has_more: bool,
}

pub async fn list(
    state: web::Data<State>,
    who: Identity,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let (after, limit) = query.read()?;
    let (users, has_more) = state.reader.blocked_by(who.user.key, after.as_ref(), limit).await?;
    let users = users.iter().map(UserView::from).collect();
    Ok(HttpResponse::Ok().json(Blocks { users, has_more }))
}
