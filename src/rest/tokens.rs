//! Revoking tokens and banning users.

use std::sync::Arc;

use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    State,
    extract::{Admin, ModerationAdmin, UsersAdmin},
    reply::{Done, Reply},
    request::OfUser,
};
use crate::{
    auth::Identity,
    chat::{ChatError, Ended},
    clock::now,
    db::{BanUser, Barred, DeactivateUser, RevokeToken, RevokeUser, Write, submit},
    error::ApiError,
};
use parlor_domain::{
    Bar, Denied, DisplayText, PlainText, Timestamp, User, UserId, UserOrigin, Whole, gives_rights,
    limits::{ID_BYTES, REASON_CHARS, REVOKED_FOR, SECONDS_MAX},
};

#[derive(Serialize, JsonSchema)]
pub(super) struct UserBanView<'a> {
    banned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
}

/// Goes on to the end also when the caller hangs up: what is stored must count
/// in memory, too.
pub(super) async fn to_the_end<T: 'static>(
    doing: impl Future<Output = Result<T, ApiError>> + 'static,
) -> Result<T, ApiError> {
    actix_web::rt::spawn(doing).await.unwrap_or_else(|_| Err(ApiError::unavailable()))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Revocation {
    #[schemars(length(max = ID_BYTES))]
    token_id: PlainText,
    expires_at: Option<Timestamp>,
}

/// Ends one token, by its `jti`, and the connections it has opened.
pub(super) async fn revoke(
    _: Admin,
    state: web::Data<State>,
    Revocation { token_id: PlainText(id), expires_at }: Revocation,
) -> Result<Reply<Done>, ApiError> {
    if id.is_empty() || id.len() > ID_BYTES {
        return Err(ApiError::field("token_id", format!("must have 1 to {ID_BYTES} bytes")));
    }
    let at = now();
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
        Ok(Reply::done())
    })
    .await
}

/// Ends all tokens that a user has now.
pub(super) async fn revoke_user(
    admin: UsersAdmin,
    state: web::Data<State>,
    OfUser { user_id }: OfUser,
) -> Result<Reply<Done>, ApiError> {
    let user = state.subject(&admin.identity(), &user_id).await?;
    let at = state.authenticator.revocations.until(&user.id, now());
    let write = RevokeUser { user: user.key, keeps: None, at };
    bar(state, user.id, write, Some(Ends::Tokens)).await
}

/// Until a time, for some seconds, or for good.
#[derive(Deserialize, JsonSchema)]
pub(super) struct UserBan {
    pub user_id: UserId,
    pub until: Option<Timestamp>,
    pub ban_seconds: Option<Whole<1, SECONDS_MAX>>,
    pub reason: Option<DisplayText<REASON_CHARS>>,
}

pub(super) async fn ban(
    admin: ModerationAdmin,
    state: web::Data<State>,
    ban: UserBan,
) -> Result<Reply<Done>, ApiError> {
    ban_by(&admin.identity(), state, ban).await
}

/// The same, by somebody who is known to be allowed to.
pub(super) async fn ban_by(
    who: &Identity,
    state: web::Data<State>,
    UserBan { user_id, until, ban_seconds, reason }: UserBan,
) -> Result<Reply<Done>, ApiError> {
    let until = state.rules().end("until", until, ("ban_seconds", ban_seconds))?;
    let user = state.subject(who, &user_id).await?;
    let reason = reason.map_or_else(|| "".into(), |DisplayText(reason)| reason);
    let write = BanUser { user: user.key, banned: true, until, reason };
    bar(state, user.id, write, Some(Ends::All)).await
}

pub(super) async fn unban(
    admin: ModerationAdmin,
    state: web::Data<State>,
    OfUser { user_id }: OfUser,
) -> Result<Reply<Done>, ApiError> {
    let user = state.subject(&admin.identity(), &user_id).await?;
    let (banned, until, reason) = (false, None, Arc::from(""));
    let write = BanUser { user: user.key, banned, until, reason };
    bar(state, user.id, write, None).await
}

pub(super) async fn show_ban(
    _: ModerationAdmin,
    state: web::Data<State>,
    OfUser { user_id }: OfUser,
) -> Result<Reply<UserBanView<'static>>, ApiError> {
    let user = state.known_user(&user_id).await?;
    let bar = state.authenticator.revocations.bar_of(&user.id).unwrap_or_default();
    let Bar { banned_until, reason, .. } = &bar;
    let banned = bar.bans(now());
    let until = banned_until.filter(|_| banned).map(Timestamp::to_rfc3339);
    let reason = if banned { reason } else { "" };
    Ok(Reply::ok(UserBanView { banned, until, reason }))
}

/// The user may not come any more, until they are brought back.
pub(super) async fn deactivate(
    admin: UsersAdmin,
    state: web::Data<State>,
    OfUser { user_id }: OfUser,
) -> Result<Reply<Done>, ApiError> {
    let user = state.subject(&admin.identity(), &user_id).await?;
    let write = DeactivateUser { user: user.key, since: Some(now()) };
    bar(state, user.id, write, Some(Ends::All)).await
}

pub(super) async fn reactivate(
    admin: UsersAdmin,
    state: web::Data<State>,
    OfUser { user_id }: OfUser,
) -> Result<Reply<Done>, ApiError> {
    let user = state.subject(&admin.identity(), &user_id).await?;
    bar(state, user.id, DeactivateUser { user: user.key, since: None }, None).await
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
) -> Result<Reply<Done>, ApiError> {
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
        Ok(Reply::done())
    })
    .await
}

impl State {
    pub(super) async fn commit<W: Write>(&self, write: W) -> Result<W::Outcome, ApiError> {
        submit(&self.writer, write).await.map_err(|error| ChatError::from(error).into())
    }

    /// A user on whom somebody may act. What concerns administrators and programs is not
    /// for a program to do.
    pub(super) async fn subject(&self, who: &Identity, id: &UserId) -> Result<User, ApiError> {
        let known = self.reader.known_user(id).await?.ok_or_else(|| ApiError::not_found("user"))?;
        let has_rights = known.roles.iter().any(|role| gives_rights(role))
            || known.origin == Some(UserOrigin::Key);
        match has_rights && !who.is_admin {
            true => Err(ChatError::from(Denied::NotAdmin).into()),
            false => Ok(known.user),
        }
    }

    pub(super) async fn known_user(&self, id: &UserId) -> Result<User, ApiError> {
        self.reader.user(id).await?.ok_or_else(|| ApiError::not_found("user"))
    }
}
