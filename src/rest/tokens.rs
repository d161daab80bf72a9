//! Revoking tokens and banning users.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    bans::until,
    extract::{Admin, Body, user_id},
};
use crate::{
    chat::{ChatError, Ended},
    db::{BanUser, Barred, RevokeToken, RevokeUser, Write, submit},
    error::ApiError,
    protocol::Fields,
};
use parlor_domain::{
    Bar, Timestamp, User, UserId,
    limits::{ID_BYTES, REASON_CHARS, REVOKED_FOR},
};

#[derive(Serialize, JsonSchema)]
pub(super) struct UserBanView<'a> {
    banned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
}

fn now() -> Timestamp {
    crate::clock::now()
}

/// Goes on to the end also when the caller hangs up: what is stored must count
/// in memory, too.
pub(super) async fn to_the_end<T: 'static>(
    doing: impl Future<Output = Result<T, ApiError>> + 'static,
) -> Result<T, ApiError> {
    actix_web::rt::spawn(doing).await.unwrap_or_else(|_| Err(ApiError::unavailable()))
}

/// Ends one token, by its `jti`, and the connections it has opened.
pub async fn revoke(
    state: web::Data<State>,
    Admin(_): Admin,
    Body(mut fields): Body<Fields>,
) -> Result<HttpResponse, ApiError> {
    let id: Arc<str> = fields.text("token_id")?.into();
    if id.is_empty() || id.len() > ID_BYTES {
        return Err(ApiError::field("token_id", format!("must have 1 to {ID_BYTES} bytes")));
    }
    let at = now();
    let expires_at = fields.time_or_none("expires_at")?;
    // For as long as it could be used.
    let leeway = state.authenticator.leeway();
    let expires_at = expires_at.unwrap_or_else(|| at.later(REVOKED_FOR)).later(leeway);
    if expires_at <= at {
        return Err(ApiError::field("expires_at", "must lie in the future"));
    }
    to_the_end(async move {
        state.commit(RevokeToken { id: id.clone(), expires_at, at }).await?;
        state.authenticator.revocations.revoke(id.clone(), expires_at, at);
        state.end(Ended::Token(id)).await?;
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

/// Ends all tokens that a user has now.
pub async fn revoke_user(
    state: web::Data<State>,
    Admin(_): Admin,
    user: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let user = state.known_user(&user).await?;
    let at = state.authenticator.revocations.until(&user.id, now());
    let write = RevokeUser { user: user.key, keeps: None, at };
    bar(state, user.id, write, Some(Ends::Tokens)).await
}

pub async fn ban(
    state: web::Data<State>,
    Admin(_): Admin,
    user: web::Path<String>,
    Body(mut fields): Body<Fields>,
) -> Result<HttpResponse, ApiError> {
    let user = state.known_user(&user).await?;
    let until = until(&mut fields)?;
    let reason = fields.display_text("reason", REASON_CHARS)?.unwrap_or_default();
    let write = BanUser { user: user.key, banned: true, until, reason };
    bar(state, user.id.clone(), write, Some(Ends::All)).await
}

pub async fn unban(
    state: web::Data<State>,
    Admin(_): Admin,
    user: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let user = state.known_user(&user).await?;
    let (banned, until, reason) = (false, None, Arc::from(""));
    let write = BanUser { user: user.key, banned, until, reason };
    bar(state, user.id, write, None).await
}

pub async fn show_ban(
    state: web::Data<State>,
    Admin(_): Admin,
    user: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let user = state.known_user(&user).await?;
    let bar = state.authenticator.revocations.bar_of(&user.id).unwrap_or_default();
    let Bar { banned_until, reason, .. } = &bar;
    let banned = bar.bans(now());
    let until = banned_until.filter(|_| banned).map(Timestamp::to_rfc3339);
    let reason = if banned { reason } else { "" };
    Ok(HttpResponse::Ok().json(UserBanView { banned, until, reason }))
}

/// Which connections end with what bars a user.
enum Ends {
    /// Those whose tokens are void now.
    Tokens,
    All,
}

/// Stores what bars a user, and ends what that ends.
async fn bar(
    state: web::Data<State>,
    user: UserId,
    write: impl Write<Outcome = Barred>,
    ends: Option<Ends>,
) -> Result<HttpResponse, ApiError> {
    to_the_end(async move {
        let revocations = &state.authenticator.revocations;
        let turn = revocations.turn().await;
        let Barred { bar, .. } = state.commit(write).await?;
        let upto = bar.tokens_after;
        revocations.bar(user.clone(), bar);
        drop(turn);
        match ends {
            Some(Ends::All) => state.end(Ended::Banned(user)).await?,
            Some(Ends::Tokens) => state.end(Ended::Before { user, upto, keeps: None }).await?,
            None => {}
        }
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

impl State {
    pub(super) async fn commit<W: Write>(&self, write: W) -> Result<W::Outcome, ApiError> {
        submit(&self.writer, write).await.map_err(|error| ChatError::from(error).into())
    }

    pub(super) async fn known_user(&self, id: &str) -> Result<User, ApiError> {
        let id: UserId = user_id(id)?;
        self.reader.user(&id).await?.ok_or_else(|| ApiError::not_found("user"))
    }
}
