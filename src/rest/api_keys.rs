//! API keys for the application's own programs.

use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    State,
    extract::Admin,
    reply::{Created, Done, Reply},
    request::{ByNumber, OfId},
    tokens::to_the_end,
};
use crate::{
    auth::{new_key, service_user},
    chat::Ended,
    clock::now,
    db::{ApiKey, NewApiKey, RevokeApiKey},
    error::ApiError,
};
use parlor_domain::{SERVICE, Scope, Timestamp, UserId};

#[derive(Serialize, JsonSchema)]
pub(super) struct KeyView<'a> {
    id: i64,
    name: &'a str,
    user_id: &'a str,
    roles: Vec<&'a str>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    /// Only in the answer that creates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> From<&'a ApiKey> for KeyView<'a> {
    fn from(key: &'a ApiKey) -> Self {
        let ApiKey { id, name, hash: _, roles, user, created_at, revoked_at } = key;
        Self {
            id: *id,
            name,
            user_id: user.id.as_str(),
            roles: roles.split_whitespace().collect(),
            created_at: created_at.to_rfc3339(),
            revoked_at: revoked_at.map(Timestamp::to_rfc3339),
            key: None,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Keys<'a> {
    api_keys: Vec<KeyView<'a>>,
    has_more: bool,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct NewKey {
    #[schemars(regex(pattern = "^[A-Za-z0-9._:@+~=|-]{1,56}$"))]
    name: String,
    /// By default `service`, or none where there are scopes.
    role: Option<KeyRole>,
    /// What it may do like an administrator.
    #[serde(default)]
    scopes: Vec<Scope>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum KeyRole {
    Service,
    Admin,
}

pub(super) async fn create(
    _: Admin,
    state: web::Data<State>,
    NewKey { name, role, scopes }: NewKey,
) -> Result<Reply<Created<KeyView<'static>>>, ApiError> {
    // By itself it has the form of an id, too: that of its user is never empty.
    let user = UserId::parse(&name).and_then(|_| service_user(&name));
    let user = user.map_err(|error| ApiError::field("name", error))?;
    let role = match role {
        None if !scopes.is_empty() => "",
        None | Some(KeyRole::Service) => SERVICE,
        Some(KeyRole::Admin) => "admin service",
    };
    let given = Scope::ALL.into_iter().filter(|scope| scopes.contains(scope)).map(Scope::role);
    let roles = given.fold(role.to_owned(), |roles, scope| format!("{roles} {scope}"));
    let roles = roles.trim_start();
    let (key, hash) = new_key();
    let new = NewApiKey { name: name.into(), hash, roles: roles.into(), user, at: now() };
    let stored = state.commit(new).await?;
    state.authenticator.api_keys.add(&stored);
    Ok(Reply::created(KeyView { key: Some(&key), ..KeyView::from(&stored) }))
}

pub(super) async fn list(
    _: Admin,
    state: web::Data<State>,
    ByNumber { after, limit }: ByNumber,
) -> Result<Reply<Keys<'static>>, ApiError> {
    // Those that were revoked stay listed, so there is no end to them.
    let keys = state.reader.api_keys().await?;
    let limit = usize::try_from(limit.0).unwrap_or(0);
    let mut left = keys.iter().filter(|key| key.id > after.0);
    let api_keys = left.by_ref().take(limit).map(KeyView::from).collect();
    Ok(Reply::ok(Keys { api_keys, has_more: left.next().is_some() }))
}

/// Ends a key, and all connections of its program.
pub(super) async fn revoke(
    _: Admin,
    state: web::Data<State>,
    OfId { id }: OfId,
) -> Result<Reply<Done>, ApiError> {
    let missing = || ApiError::not_found("key");
    let id: i64 = id.parse().map_err(|_| missing())?;
    let keys = state.reader.api_keys().await?;
    let key = keys.into_iter().find(|key| key.id == id).ok_or_else(missing)?;
    to_the_end(async move {
        let hash = state.commit(RevokeApiKey { id, at: now() }).await?;
        state.authenticator.api_keys.remove(&hash);
        state.end(Ended::User(key.user.id)).await?;
        Ok(Reply::done())
    })
    .await
}
