//! From whom a user does not want to hear in a direct room.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    extract::{ListQuery, user_id},
};
use crate::{auth::Identity, chat::Command, error::ApiError, protocol::UserView};

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

pub async fn add(
    state: web::Data<State>,
    who: Identity,
    user: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    set(&state, &who, &user, true).await
}

pub async fn remove(
    state: web::Data<State>,
    who: Identity,
    user: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    set(&state, &who, &user, false).await
}

async fn set(
    state: &State,
    who: &Identity,
    user: &str,
    blocks: bool,
) -> Result<HttpResponse, ApiError> {
    state.ask(who, Command::Block { user: user_id(user)?, blocks }).await?;
    Ok(HttpResponse::NoContent().finish())
}
