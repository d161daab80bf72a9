//! API keys for the application's own programs.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    extract::{Admin, Body, NumberQuery},
    tokens::to_the_end,
};
use crate::{
    auth::{ADMIN, SERVICE, new_key, service_user},
    chat::Ended,
    db::{ApiKey, NewApiKey, RevokeApiKey},
    error::ApiError,
    protocol::Fields,
};
use parlor_domain::Timestamp;

#[derive(Serialize, JsonSchema)]
pub(super) struct KeyView<'a> {
    id: i64,
    name: &'a str,
    user_id: &'a str,
    roles: Vec<&'a str>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    /// Told once, when it is made.
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

fn now() -> Timestamp {
    crate::clock::now()
}

pub async fn create(
    state: web::Data<State>,
    Admin(_): Admin,
    Body(mut fields): Body<Fields>,
) -> Result<HttpResponse, ApiError> {
    let name = fields.text("name")?;
    let user = service_user(&name).map_err(|error| ApiError::field("name", error))?;
    let roles = match fields.text_or_none("role")?.as_deref() {
        None | Some(SERVICE) => SERVICE,
        Some(ADMIN) => "admin service",
        Some(_) => return Err(ApiError::field("role", "must be service or admin")),
    };
    let (key, hash) = new_key();
    let new = NewApiKey { name: name.into(), hash, roles: roles.into(), user, at: now() };
    let stored = state.commit(new).await?;
    state.authenticator.api_keys.add(&stored);
    let view = KeyView { key: Some(&key), ..KeyView::from(&stored) };
    Ok(HttpResponse::Created().json(view))
}

pub async fn list(
    state: web::Data<State>,
    Admin(_): Admin,
    query: web::Query<NumberQuery>,
) -> Result<HttpResponse, ApiError> {
    let (after, limit) = query.after()?;
    // Those that were revoked stay listed, so there is no end to them.
    let keys = state.reader.api_keys().await?;
    let limit = usize::try_from(limit).unwrap_or(0);
    let mut left = keys.iter().filter(|key| key.id > after);
    let api_keys = left.by_ref().take(limit).map(KeyView::from).collect();
    Ok(HttpResponse::Ok().json(Keys { api_keys, has_more: left.next().is_some() }))
}

/// Ends a key, and all connections of its program.
pub async fn revoke(
    state: web::Data<State>,
    Admin(_): Admin,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::not_found("key");
    let id: i64 = id.parse().map_err(|_| missing())?;
    let keys = state.reader.api_keys().await?;
    let key = keys.into_iter().find(|key| key.id == id).ok_or_else(missing)?;
    to_the_end(async move {
        let hash = state.commit(RevokeApiKey { id, at: now() }).await?;
        state.authenticator.api_keys.remove(&hash);
        state.end(Ended::User(key.user.id)).await?;
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}
