//! What makes good tokens void, and ends what could be exchanged for new ones.

use std::sync::Arc;

use parlor_domain::{Bar, SignIn, Timestamp, User, UserId, UserKey};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, Write, Written, on};
use crate::Happened;

/// All that makes good tokens bad.
#[derive(Clone, Debug, Default)]
pub struct Bars {
    /// Revoked tokens by `jti`, and when each would have expired.
    pub tokens: Vec<(Arc<str>, Timestamp)>,
    pub users: Vec<(UserId, Bar)>,
}

/// A user, and what bars them now.
#[derive(Clone, Debug)]
pub struct Barred {
    pub user: User,
    pub bar: Bar,
}

impl Barred {
    pub(super) fn effects(&self, effects: &mut Effects) {
        effects.happened(|| Happened::Barred { user: self.user.key.0 });
    }
}

/// One token is no longer valid; or all of a sign-in's, by its revocation id.
#[derive(Clone, Debug)]
pub struct RevokeToken {
    pub id: Arc<str>,
    pub expires_at: Timestamp,
    pub at: Timestamp,
}

impl Write for RevokeToken {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        Ok(on!(conn, revoke_token, self)?)
    }

    fn effects(&self, (): &(), effects: &mut Effects) {
        let (token, until) = (self.id.to_string(), self.expires_at.0);
        effects.happened(|| Happened::Revoked { token, until });
    }
}

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::max,
        upsert::excluded,
    };

    use super::*;
    use crate::{
        backend::Conn,
        rows::bar::{BarRow, columns},
        schema::{refresh_tokens, revoked_tokens, user_bars},
        write::device::backend as device,
    };

    pub fn revoke_token(conn: &mut Conn, revoke: &RevokeToken) -> QueryResult<()> {
        let RevokeToken { id, expires_at, at } = revoke;
        device::forget_via(conn, id)?;
        let expired = revoked_tokens::table.filter(revoked_tokens::expires_at.le(at.0));
        diesel::delete(expired).execute(conn)?;
        diesel::insert_into(revoked_tokens::table)
            .values((revoked_tokens::id.eq(&**id), revoked_tokens::expires_at.eq(expires_at.0)))
            .on_conflict(revoked_tokens::id)
            .do_update()
            .set(revoked_tokens::expires_at.eq(excluded(revoked_tokens::expires_at)))
            .execute(conn)
            .map(drop)
    }

    /// What bars a user; `Bar::default()` if nothing does.
    pub fn bar(conn: &mut Conn, of: UserKey) -> QueryResult<Bar> {
        let row = user_bars::table.find(of.0).select(columns());
        Ok(row.first::<BarRow>(conn).optional()?.map_or_else(Bar::default, Bar::from))
    }

    /// Up to when a user's tokens are void.
    pub fn tokens_after(conn: &mut Conn, of: UserKey) -> QueryResult<Timestamp> {
        let after = user_bars::table.find(of.0).select(user_bars::tokens_after);
        Ok(Timestamp(after.first(conn).optional()?.unwrap_or(0)))
    }

    /// Writes down what bars a user.
    pub fn store(conn: &mut Conn, of: UserKey, bar: &Bar) -> QueryResult<()> {
        let Bar { tokens_after, banned, banned_until, reason, deactivated_at, keeps } = bar;
        diesel::insert_into(user_bars::table)
            .values((
                user_bars::user_key.eq(of.0),
                user_bars::tokens_after.eq(tokens_after.0),
                user_bars::banned.eq(banned),
                user_bars::banned_until.eq(banned_until.map(|until| until.0)),
                user_bars::reason.eq(&**reason),
                user_bars::keeps.eq(keeps.map(|keeps| keeps.0)),
                user_bars::deactivated_at.eq(deactivated_at.map(|at| at.0)),
            ))
            .on_conflict(user_bars::user_key)
            .do_update()
            .set((
                user_bars::tokens_after.eq(excluded(user_bars::tokens_after)),
                user_bars::banned.eq(excluded(user_bars::banned)),
                user_bars::banned_until.eq(excluded(user_bars::banned_until)),
                user_bars::reason.eq(excluded(user_bars::reason)),
                user_bars::keeps.eq(excluded(user_bars::keeps)),
                user_bars::deactivated_at.eq(excluded(user_bars::deactivated_at)),
            ))
            .execute(conn)
            .map(drop)
    }

    /// When the last access token of a user was issued.
    pub fn last_issued(conn: &mut Conn, of: UserKey) -> QueryResult<Option<Timestamp>> {
        let all = refresh_tokens::table.filter(refresh_tokens::user_key.eq(of.0));
        let last = all.select(max(refresh_tokens::created_at)).first::<Option<i64>>(conn)?;
        Ok(last.map(Timestamp))
    }

    /// Ends what could be exchanged for new access tokens of a user, in all
    /// sign-ins but one, and what their devices are told.
    pub fn end_all(
        conn: &mut Conn,
        user: UserKey,
        keeps: Option<SignIn>,
        at: Timestamp,
    ) -> QueryResult<()> {
        device::forget_all(conn, user, keeps)?;
        let living = refresh_tokens::table
            .filter(refresh_tokens::user_key.eq(user.0))
            .filter(refresh_tokens::revoked_at.is_null());
        let ended = refresh_tokens::revoked_at.eq(at.0);
        match keeps {
            Some(keeps) => {
                let others = living.filter(refresh_tokens::family.ne(keeps.0));
                diesel::update(others).set(ended).execute(conn).map(drop)
            }
            None => diesel::update(living).set(ended).execute(conn).map(drop),
        }
    }
}
