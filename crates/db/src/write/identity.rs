//! What makes a good token bad, and keys of services.

use std::sync::Arc;

use parlor_domain::{
    Adopted, SignIn, Timestamp, User, UserId, UserKey, UserOrigin, limits::API_KEYS,
};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, Failure, Write, WriteError, Written, on, user::SeenUser};
use crate::Happened;

/// What makes a user's good tokens bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Tokens issued up to then are void.
    pub tokens_after: Timestamp,
    pub banned: bool,
    /// `None`: for good.
    pub banned_until: Option<Timestamp>,
    pub reason: Arc<str>,
    /// The login whose tokens are good whenever they were issued.
    pub keeps: Option<SignIn>,
}

impl Default for Bar {
    fn default() -> Self {
        let tokens_after = Timestamp(0);
        Self { tokens_after, banned: false, banned_until: None, reason: "".into(), keeps: None }
    }
}

impl Bar {
    /// Whether the user may not come at all now.
    pub fn bans(&self, now: Timestamp) -> bool {
        self.banned && self.banned_until.is_none_or(|until| now < until)
    }
}

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

/// One token is good no more; or all of a sign-in's, by its revocation id.
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

/// All tokens that a user has now are void, also those that could be
/// exchanged for new ones.
#[derive(Clone, Copy, Debug)]
pub struct RevokeUser {
    pub user: UserKey,
    /// But for those of this sign-in.
    pub keeps: Option<SignIn>,
    pub at: Timestamp,
}

impl Write for RevokeUser {
    type Outcome = Barred;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Barred> {
        on!(conn, revoke_user, self)
    }

    fn effects(&self, barred: &Barred, effects: &mut Effects) {
        barred.effects(effects);
    }
}

/// The user may not come at all, or may again.
#[derive(Clone, Debug)]
pub struct BanUser {
    pub user: UserKey,
    pub banned: bool,
    pub until: Option<Timestamp>,
    pub reason: Arc<str>,
}

impl Write for BanUser {
    type Outcome = Barred;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Barred> {
        on!(conn, ban, self)
    }

    fn effects(&self, barred: &Barred, effects: &mut Effects) {
        barred.effects(effects);
    }
}

/// SHA-256 of a service's key; the key itself is never stored.
pub type KeyHash = [u8; 32];

#[derive(Clone, Debug)]
pub struct NewApiKey {
    pub name: Arc<str>,
    pub hash: KeyHash,
    /// Separated by blanks.
    pub roles: Arc<str>,
    /// Whom the key stands for.
    pub user: UserId,
    pub at: Timestamp,
}

/// A key of a service.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: i64,
    pub name: Arc<str>,
    pub hash: KeyHash,
    pub roles: Arc<str>,
    pub user: User,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

impl Write for NewApiKey {
    type Outcome = ApiKey;

    /// There may be so many in all.
    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Everything]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<ApiKey> {
        on!(conn, add_key, self)
    }

    fn effects(&self, _: &ApiKey, effects: &mut Effects) {
        effects.happened(|| Happened::Keys);
    }
}

#[derive(Clone, Copy, Debug)]
pub struct RevokeApiKey {
    pub id: i64,
    pub at: Timestamp,
}

impl Write for RevokeApiKey {
    /// What it was known by.
    type Outcome = KeyHash;

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<KeyHash> {
        on!(conn, revoke_key, self)
    }

    fn effects(&self, _: &KeyHash, effects: &mut Effects) {
        effects.happened(|| Happened::Keys);
    }
}

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, upsert::excluded,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{api_keys, revoked_tokens, user_bars},
        write::{refresh::backend as refresh, user::backend as user},
    };

    pub fn revoke_token(conn: &mut Conn, revoke: &RevokeToken) -> QueryResult<()> {
        let RevokeToken { id, expires_at, at } = revoke;
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
    fn bar(conn: &mut Conn, of: UserKey) -> QueryResult<Bar> {
        let row = user_bars::table.find(of.0).select((
            user_bars::tokens_after,
            user_bars::banned,
            user_bars::banned_until,
            user_bars::reason,
            user_bars::keeps,
        ));
        let row = row.first::<(i64, bool, Option<i64>, String, Option<i64>)>(conn).optional()?;
        Ok(row.map_or_else(Bar::default, |(tokens_after, banned, until, reason, keeps)| Bar {
            tokens_after: Timestamp(tokens_after),
            banned,
            banned_until: until.map(Timestamp),
            reason: reason.into(),
            keeps: keeps.map(SignIn),
        }))
    }

    /// Up to when a user's tokens are void.
    pub fn tokens_after(conn: &mut Conn, of: UserKey) -> QueryResult<Timestamp> {
        let after = user_bars::table.find(of.0).select(user_bars::tokens_after);
        Ok(Timestamp(after.first(conn).optional()?.unwrap_or(0)))
    }

    /// Writes down what bars a user.
    pub fn store(conn: &mut Conn, of: UserKey, bar: &Bar) -> QueryResult<()> {
        let Bar { tokens_after, banned, banned_until, reason, keeps } = bar;
        diesel::insert_into(user_bars::table)
            .values((
                user_bars::user_key.eq(of.0),
                user_bars::tokens_after.eq(tokens_after.0),
                user_bars::banned.eq(banned),
                user_bars::banned_until.eq(banned_until.map(|until| until.0)),
                user_bars::reason.eq(&**reason),
                user_bars::keeps.eq(keeps.map(|keeps| keeps.0)),
            ))
            .on_conflict(user_bars::user_key)
            .do_update()
            .set((
                user_bars::tokens_after.eq(excluded(user_bars::tokens_after)),
                user_bars::banned.eq(excluded(user_bars::banned)),
                user_bars::banned_until.eq(excluded(user_bars::banned_until)),
                user_bars::reason.eq(excluded(user_bars::reason)),
                user_bars::keeps.eq(excluded(user_bars::keeps)),
            ))
            .execute(conn)
            .map(drop)
    }

    fn barred(conn: &mut Conn, of: UserKey, bar: Bar) -> Written<Barred> {
        let Some(user) = user::find(conn, of)? else {
            return Err(WriteError::NoSuchUser.into());
        };
        store(conn, of, &bar)?;
        Ok(Barred { user, bar })
    }

    pub fn revoke_user(conn: &mut Conn, revoke: &RevokeUser) -> Written<Barred> {
        let RevokeUser { user: of, keeps, at } = *revoke;
        // Not before the last one was made, which may have been on another node.
        let last = refresh::last_issued(conn, of)?.unwrap_or(at);
        refresh::end_all(conn, of, keeps, at)?;
        let bar = Bar { tokens_after: at.max(last), keeps, ..bar(conn, of)? };
        barred(conn, of, bar)
    }

    pub(super) fn ban(conn: &mut Conn, ban: &BanUser) -> Written<Barred> {
        let BanUser { user: of, banned, until, reason } = ban;
        let known = bar(conn, *of)?;
        let bar = Bar { banned: *banned, banned_until: *until, reason: reason.clone(), ..known };
        barred(conn, *of, bar)
    }

    pub(super) fn add_key(conn: &mut Conn, new: &NewApiKey) -> Written<ApiKey> {
        let NewApiKey { name, hash, roles, user: user_id, at } = new;
        let living = api_keys::table.filter(api_keys::revoked_at.is_null());
        if living.count().get_result::<i64>(conn)? >= API_KEYS {
            return Err(WriteError::TooManyKeys.into());
        }
        let seen = SeenUser {
            id: user_id.clone(),
            name: Some(name.clone()),
            origin: UserOrigin::Key,
            issued_at: Some(*at),
            adopted: Adopted::default(),
            at: *at,
        };
        let user = match user::ensure(conn, &seen) {
            Ok(found) => found.user,
            Err(Failure::Refused(_)) => return Err(WriteError::IdTaken.into()),
            Err(failure) => return Err(failure),
        };
        let id: i64 = diesel::insert_into(api_keys::table)
            .values((
                api_keys::name.eq(&**name),
                api_keys::hash.eq(hash.as_slice()),
                api_keys::roles.eq(&**roles),
                api_keys::user_key.eq(user.key.0),
                api_keys::created_at.eq(at.0),
            ))
            .returning(api_keys::id)
            .get_result(conn)?;
        let (name, roles) = (name.clone(), roles.clone());
        let hash = *hash;
        Ok(ApiKey { id, name, hash, roles, user, created_at: *at, revoked_at: None })
    }

    pub(super) fn revoke_key(conn: &mut Conn, revoke: &RevokeApiKey) -> Written<KeyHash> {
        let RevokeApiKey { id, at } = *revoke;
        let living = api_keys::table.find(id).filter(api_keys::revoked_at.is_null());
        let hash = diesel::update(living)
            .set(api_keys::revoked_at.eq(Some(at.0)))
            .returning(api_keys::hash)
            .get_result::<Vec<u8>>(conn)
            .optional()?;
        let hash = hash.and_then(|hash| hash.try_into().ok());
        Ok(hash.ok_or(WriteError::NoSuchKey)?)
    }
}
