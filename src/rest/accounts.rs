//! Built-in accounts, and `GET /me`.

use std::sync::Arc;

use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    State,
    extract::{RateLimitedByAddress, Refreshing, WithAccounts},
    reply::{Created, Done, Reply},
    request::NoFields,
    tokens::to_the_end,
};
use crate::{
    auth::{AccountError, Identity, Tokens},
    chat::Ended,
    error::ApiError,
    protocol::{UserView, server_frame::SelfView},
};
use parlor_domain::{
    DeviceId, DisplayText, SignIn, UserId,
    limits::{NAME_CHARS, PASSWORD_BYTES},
};

#[derive(Deserialize, JsonSchema)]
pub(super) struct Registration {
    user_id: UserId,
    // In characters, of which one has at most four bytes.
    #[schemars(length(min = PASSWORD_BYTES.start() / 4, max = *PASSWORD_BYTES.end()))]
    password: String,
    /// Invisible characters are removed.
    #[schemars(with = "Option<String>")]
    name: Option<DisplayText<NAME_CHARS>>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Login {
    user_id: UserId,
    #[schemars(length(max = *PASSWORD_BYTES.end()))]
    password: String,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct NewPassword {
    #[schemars(length(max = *PASSWORD_BYTES.end()))]
    old_password: String,
    #[schemars(length(min = PASSWORD_BYTES.start() / 4, max = *PASSWORD_BYTES.end()))]
    new_password: String,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Refresh {
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

#[derive(Deserialize, JsonSchema)]
pub(super) struct Logout {
    refresh_token: String,
    /// A device of the user that is told nothing more.
    device_id: Option<DeviceId>,
}

pub(super) async fn register(
    _: RateLimitedByAddress,
    state: web::Data<State>,
    Registration { user_id: id, password, name }: Registration,
) -> Result<Reply<Created<TokensView<'static>>>, ApiError> {
    if id.is_reserved() {
        return Err(ApiError::field("user_id", "is reserved"));
    }
    // One of which nothing can be seen is none.
    let name = name.map(|DisplayText(name)| name).filter(|name| !name.is_empty());
    let name: Arc<str> = name.unwrap_or_else(|| id.as_str().into());
    if !PASSWORD_BYTES.contains(&password.len()) {
        return Err(ApiError::field("password", "must have 8 to 256 bytes"));
    }
    let tokens = state.accounts.register(id, name, password).await?;
    Ok(Reply::created(TokensView::from(&tokens)))
}

pub(super) async fn log_in(
    _: RateLimitedByAddress,
    state: web::Data<State>,
    Login { user_id: id, password }: Login,
) -> Result<Reply<TokensView<'static>>, ApiError> {
    if password.len() > *PASSWORD_BYTES.end() {
        return Err(ApiError::field("password", "must have at most 256 bytes"));
    }
    let tokens = state.accounts.log_in(&id, password).await?;
    Ok(Reply::ok(TokensView::from(&tokens)))
}

pub(super) async fn refresh(
    _: Refreshing,
    state: web::Data<State>,
    Refresh { refresh_token }: Refresh,
) -> Result<Reply<TokensView<'static>>, ApiError> {
    let state = state.into_inner();
    to_the_end(async move {
        let refreshed = state.accounts.refresh(&refresh_token).await;
        // Whoever used it before is out as well.
        if let Err(AccountError::RefreshReused(sign_in)) = refreshed {
            end_sign_in(&state, sign_in).await?;
        }
        Ok(Reply::ok(TokensView::from(&refreshed?)))
    })
    .await
}

/// Ends the sign-in: its refresh and access tokens, its connections and devices.
pub(super) async fn log_out(
    _: WithAccounts,
    state: web::Data<State>,
    Logout { refresh_token, device_id }: Logout,
) -> Result<Reply<Done>, ApiError> {
    let state = state.into_inner();
    to_the_end(async move {
        if let Some(sign_in) = state.accounts.log_out(&refresh_token, device_id).await? {
            end_sign_in(&state, sign_in).await?;
        }
        Ok(Reply::done())
    })
    .await
}

async fn end_sign_in(state: &State, sign_in: SignIn) -> Result<(), ApiError> {
    let (id, until) = (sign_in.revocation_id(), state.accounts.access_until());
    state.authenticator.revocations.revoke(id.clone(), until, crate::clock::now());
    state.end(Ended::Token(id)).await
}

/// Changes the password, and ends the user's other sign-ins.
pub(super) async fn change_password(
    (_, who): (RateLimitedByAddress, Identity),
    state: web::Data<State>,
    NewPassword { old_password, new_password }: NewPassword,
) -> Result<Reply<Done>, ApiError> {
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
        Ok(Reply::done())
    })
    .await
}

pub(super) async fn me(
    Identity { user, roles, .. }: Identity,
    _: web::Data<State>,
    _: NoFields,
) -> Result<Reply<SelfView<'static>>, ApiError> {
    Ok(Reply::ok(SelfView::new(&user, &roles)))
}
