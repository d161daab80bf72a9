//! Who may come as whom: passwords, bans from the server, keys of services.

use std::sync::Arc;

use parlor_domain::{
    Adopted, Bar, SignIn, Timestamp, User, UserId, UserKey, UserOrigin, limits::API_KEYS,
};
use parlor_macros::each_backend;

use super::{
    Concern, Conn, Effects, Failure, Write, WriteError, Written, bars::Barred, on, user::SeenUser,
};
use crate::Happened;

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

/// Ends all sign-ins of the user but one, if the password is still the one
/// that was checked.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    pub user: UserKey,
    pub was: Arc<str>,
    pub password_hash: Arc<str>,
    pub keeps: SignIn,
    pub at: Timestamp,
}

impl Write for ChangePassword {
    type Outcome = Barred;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Barred> {
        on!(conn, change_password, self)
    }

    fn effects(&self, barred: &Barred, effects: &mut Effects) {
        barred.effects(effects);
    }
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        schema::{api_keys, users},
        write::{bars::backend as bars, device::backend as device, user::backend as user},
    };

    fn barred(conn: &mut Conn, of: UserKey, bar: Bar) -> Written<Barred> {
        let Some(user) = user::find(conn, of)? else {
            return Err(WriteError::NoSuchUser.into());
        };
        bars::store(conn, of, &bar)?;
        Ok(Barred { user, bar })
    }

    pub fn revoke_user(conn: &mut Conn, revoke: &RevokeUser) -> Written<Barred> {
        let RevokeUser { user: of, keeps, at } = *revoke;
        // Not before the last one was made, which may have been on another node.
        let last = bars::last_issued(conn, of)?.unwrap_or(at);
        bars::end_all(conn, of, keeps, at)?;
        let bar = Bar { tokens_after: at.max(last), keeps, ..bars::bar(conn, of)? };
        barred(conn, of, bar)
    }

    pub(super) fn change_password(conn: &mut Conn, change: &ChangePassword) -> Written<Barred> {
        let ChangePassword { user, was, password_hash, keeps, at } = change;
        // As it was checked: not one that was changed meanwhile.
        let row = users::table.find(user.0).filter(users::password_hash.eq(&**was));
        let set = users::password_hash.eq(&**password_hash);
        if diesel::update(row).set(set).execute(conn)? == 0 {
            return Err(WriteError::PasswordChanged.into());
        }
        revoke_user(conn, &RevokeUser { user: *user, keeps: Some(*keeps), at: *at })
    }

    pub(super) fn ban(conn: &mut Conn, ban: &BanUser) -> Written<Barred> {
        let BanUser { user: of, banned, until, reason } = ban;
        let known = bars::bar(conn, *of)?;
        if *banned {
            device::forget_all(conn, *of, None)?;
        }
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
