//! Users: made, described, looked up and found by name.

use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    State,
    extract::UsersAdmin,
    reply::{Answered, Reply},
    request::{Limit, ListLimit, OfUser},
    tokens::to_the_end,
};
use crate::{
    auth::Identity,
    chat::{ChatError, Operation},
    error::ApiError,
    operations::users::{DescribeUser, Described, UpdateUser, UpsertUsers, Upserted},
    protocol::ProfileView,
};
use parlor_domain::{
    Denied, Scope, UserId,
    limits::{USER_QUERY_BYTES, USERS_FOUND},
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Users<'a> {
    users: Vec<ProfileView<'a>>,
    has_more: bool,
}

/// Users whose names or ids have words that begin as those of `query`; or all by id, for
/// the application's backend.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Look {
    #[schemars(length(max = USER_QUERY_BYTES))]
    query: Option<String>,
    /// Without a query.
    after: Option<UserId>,
    #[serde(default)]
    limit: ListLimit,
}

pub(super) async fn list(
    who: Identity,
    state: web::Data<State>,
    Look { query, after, limit: Limit(limit) }: Look,
) -> Result<Reply<Users<'static>>, ApiError> {
    let is_backend = who.may(&[Scope::Users]);
    if is_backend {
        state.audit_reading(&who, None).await?;
    }
    let (found, has_more) = match query {
        _ if !is_backend && !state.has_directory => {
            return Err(ChatError::from(Denied::NoDirectory).into());
        }
        Some(query) if query.len() > USER_QUERY_BYTES => {
            let what = format!("must have at most {USER_QUERY_BYTES} bytes");
            return Err(ApiError::field("query", what));
        }
        Some(_) if after.is_some() => {
            let what = "excludes after: what is found has no further pages";
            return Err(ApiError::field("query", what));
        }
        Some(query) => state.reader.find_users(&query, is_backend, limit.min(USERS_FOUND)).await?,
        None if is_backend => state.reader.users(after.as_ref(), limit).await?,
        None => return Err(ApiError::field("query", "is missing")),
    };
    let view = if is_backend { ProfileView::whole } else { ProfileView::of };
    Ok(Reply::ok(Users { users: found.iter().map(view).collect(), has_more }))
}

/// Who may find a user, or shares a room with them, may know of them.
pub(super) async fn show(
    who: Identity,
    state: web::Data<State>,
    OfUser { user_id }: OfUser,
) -> Result<Reply<ProfileView<'static>>, ApiError> {
    let missing = || ApiError::not_found("user");
    let user = state.known_user(&user_id).await?;
    let is_shown = who.is_backend()
        || user.key == who.user.key
        || state.has_directory
        || state.reader.share_a_room(who.user.key, user.key).await?;
    let profile = state.reader.profile(user.key).await?.filter(|_| is_shown);
    let profile = profile.ok_or_else(missing)?;
    if !who.may(&[Scope::Users]) {
        return Ok(Reply::ok(ProfileView::of(&profile)));
    }
    state.audit_reading(&who, None).await?;
    Ok(Reply::ok(ProfileView::whole(&profile)))
}

pub(super) async fn describe(
    admin: UsersAdmin,
    state: web::Data<State>,
    user: DescribeUser,
) -> Result<Reply<Answered<Described>>, ApiError> {
    let id = user.0.user_id.clone();
    put(admin.identity(), state, user, vec![id]).await
}

pub(super) async fn update(
    admin: UsersAdmin,
    state: web::Data<State>,
    user: UpdateUser,
) -> Result<Reply<Answered<Described>>, ApiError> {
    let id = user.0.user_id.clone();
    put(admin.identity(), state, user, vec![id]).await
}

pub(super) async fn upsert(
    admin: UsersAdmin,
    state: web::Data<State>,
    users: UpsertUsers,
) -> Result<Reply<Answered<Upserted>>, ApiError> {
    let ids = users.users.iter().map(|user| user.user_id.clone()).collect();
    put(admin.identity(), state, users, ids).await
}

/// Whoever comes with a token from then on is as it was said.
async fn put<O: Operation>(
    who: Identity,
    state: web::Data<State>,
    mut operation: O,
    users: Vec<UserId>,
) -> Result<Reply<Answered<O::Answer>>, ApiError> {
    operation.check(&state.rules())?;
    to_the_end(async move {
        let put = state.operate(&who, operation).await;
        // An answer that comes too late is no proof that nothing was done.
        users.iter().for_each(|user| state.authenticator.forget(user));
        Ok(Reply::answered(&put?))
    })
    .await
}
