//! Built-in accounts, and `GET /me`.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    State,
    extract::{Body, Refreshing, Unhurried, WithAccounts, shown_text, user_id},
    tokens::to_the_end,
};
use crate::{
    auth::{AccountError, Identity, Tokens},
    chat::Ended,
    error::ApiError,
    protocol::{UserView, server_frame::SelfView},
};
use parlor_domain::{
    SignIn,
    limits::{NAME_CHARS, PASSWORD_BYTES},
};

#[derive(Deserialize)]
pub struct Registration {
    user_id: String,
    password: String,
    name: Option<String>,
}

#[derive(Deserialize)]
pub struct Login {
    user_id: String,
    password: String,
}

#[derive(Deserialize)]
pub struct NewPassword {
    old_password: String,
    new_password: String,
}

#[derive(Deserialize)]
pub struct Refresh {
    refresh_token: String,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct TokensView<'a> {
    user: UserView<'a>,
    access_token: &'a str,
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    refresh_token: &'a str,
}

impl<'a> From<&'a Tokens> for TokensView<'a> {
    fn from(Tokens { user, access, access_ttl, refresh }: &'a Tokens) -> Self {
        Self {
            user: user.into(),
            access_token: access,
            token_type: "Bearer",
            expires_in: access_ttl.as_secs(),
            refresh_token: refresh,
        }
    }
}

pub async fn register(
    _: WithAccounts,
    _: Unhurried,
    state: web::Data<State>,
    Body(Registration { user_id: id, password, name }): Body<Registration>,
) -> Result<HttpResponse, ApiError> {
    let id = user_id(&id)?;
    if id.is_reserved() {
        return Err(ApiError::field("user_id", "is reserved"));
    }
    let name = shown_text("name", name.as_deref().unwrap_or_default(), NAME_CHARS)?;
    // One of which nothing can be seen is none.
    let name: Arc<str> = if name.is_empty() { id.as_str().into() } else { name.into() };
    if !PASSWORD_BYTES.contains(&password.len()) {
        return Err(ApiError::field("password", "must have 8 to 256 bytes"));
    }
    let tokens = state.accounts.register(id, name, password).await?;
    Ok(HttpResponse::Created().json(TokensView::from(&tokens)))
}

pub async fn log_in(
    _: WithAccounts,
    _: Unhurried,
    state: web::Data<State>,
    Body(Login { user_id: id, password }): Body<Login>,
) -> Result<HttpResponse, ApiError> {
    let id = user_id(&id)?;
    if password.len() > *PASSWORD_BYTES.end() {
        return Err(ApiError::field("password", "must have at most 256 bytes"));
    }
    let tokens = state.accounts.log_in(&id, password).await?;
    Ok(HttpResponse::Ok().json(TokensView::from(&tokens)))
}

pub async fn refresh(
    _: WithAccounts,
    _: Refreshing,
    state: web::Data<State>,
    Body(Refresh { refresh_token }): Body<Refresh>,
) -> Result<HttpResponse, ApiError> {
    let state = state.into_inner();
    to_the_end(async move {
        let refreshed = state.accounts.refresh(&refresh_token).await;
        // Whoever used it before is out as well.
        if let Err(AccountError::RefreshReused(sign_in)) = refreshed {
            end_sign_in(&state, sign_in).await?;
        }
        Ok(HttpResponse::Ok().json(TokensView::from(&refreshed?)))
    })
    .await
}

/// Ends the sign-in: its refresh and access tokens, and its connections.
pub async fn log_out(
    _: WithAccounts,
    state: web::Data<State>,
    Body(Refresh { refresh_token }): Body<Refresh>,
) -> Result<HttpResponse, ApiError> {
    let state = state.into_inner();
    to_the_end(async move {
        if let Some(sign_in) = state.accounts.log_out(&refresh_token).await? {
            end_sign_in(&state, sign_in).await?;
        }
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

async fn end_sign_in(state: &State, sign_in: SignIn) -> Result<(), ApiError> {
    let (id, until) = (sign_in.revocation_id(), state.accounts.access_until());
    state.authenticator.revocations.revoke(id.clone(), until, crate::clock::now());
    state.end(Ended::Token(id)).await
}

/// Changes the password, and ends the user's other sign-ins.
pub async fn change_password(
    _: WithAccounts,
    _: Unhurried,
    state: web::Data<State>,
    who: Identity,
    Body(NewPassword { old_password, new_password }): Body<NewPassword>,
) -> Result<HttpResponse, ApiError> {
    if old_password.len() > *PASSWORD_BYTES.end() {
        return Err(ApiError::field("old_password", "must have at most 256 bytes"));
    }
    if !PASSWORD_BYTES.contains(&new_password.len()) {
        return Err(ApiError::field("new_password", "must have 8 to 256 bytes"));
    }
    let state = state.into_inner();
    to_the_end(async move {
        let upto = state.accounts.change_password(&who, old_password, new_password).await?;
        let (user, keeps) = (who.user.id.clone(), who.sign_in_id());
        let ended = Ended::Before { user, upto, keeps };
        state.end(ended).await?;
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

pub async fn me(Identity { user, roles, .. }: Identity) -> HttpResponse {
    HttpResponse::Ok().json(SelfView::new(&user, &roles))
}
