//! Refresh tokens: each is used once, and all that came of one login end
//! together (RFC 9700 section 4.14.2).

use std::sync::Arc;

use parlor_domain::{DeviceId, SignIn, Timestamp, User, UserKey, limits::REFRESH_GRACE};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, RefreshHash, Write, WriteError, Written, on};
use crate::Happened;

#[derive(Clone, Debug)]
pub struct NewRefreshToken {
    pub hash: RefreshHash,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
}

/// Begins a sign-in, if the password is still the one that was checked.
#[derive(Clone, Debug)]
pub struct StartSignIn {
    pub user: UserKey,
    pub password_hash: Arc<str>,
    pub token: NewRefreshToken,
}

/// A sign-in that has begun.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn {
    pub sign_in: SignIn,
    /// When the access token is issued.
    pub at: Timestamp,
}

impl Write for StartSignIn {
    type Outcome = SignedIn;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<SignedIn> {
        on!(conn, start, self)
    }

    fn effects(&self, _: &SignedIn, _: &mut Effects) {}
}

/// Uses up `hash` and puts `next` in its place. One that was used before has
/// been stolen from one of the two who used it, and ends its whole sign-in.
#[derive(Clone, Debug)]
pub struct RotateRefresh {
    pub hash: RefreshHash,
    pub next: NewRefreshToken,
    pub at: Timestamp,
    /// How long the sign-in has access tokens.
    pub until: Timestamp,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Rotated {
    GoesOn { user: User, signed_in: SignedIn },
    Ended(SignIn),
}

impl Write for RotateRefresh {
    type Outcome = Rotated;

    fn concerns(&self) -> Vec<Concern> {
        concerns_of(self.hash)
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Rotated> {
        on!(conn, rotate, self)
    }

    fn effects(&self, rotated: &Rotated, effects: &mut Effects) {
        if let Rotated::Ended(sign_in) = rotated {
            ended(*sign_in, self.until, effects);
        }
    }
}

/// A sign-in goes on, or ends, while another write may end all of its user's.
fn concerns_of(hash: RefreshHash) -> Vec<Concern> {
    vec![Concern::name("refresh", hash), Concern::UserOf(hash)]
}

fn ended(sign_in: SignIn, until: Timestamp, effects: &mut Effects) {
    let token = sign_in.revocation_id().to_string();
    effects.happened(|| Happened::Revoked { token, until: until.0 });
}

/// Ends the sign-in of a refresh token: a logout.
#[derive(Clone, Debug)]
pub struct EndSignIn {
    pub hash: RefreshHash,
    /// One of the user's devices that goes with it, whatever it came with.
    pub device: Option<DeviceId>,
    pub at: Timestamp,
    /// How long the sign-in has access tokens.
    pub until: Timestamp,
}

impl Write for EndSignIn {
    /// `None` if it was not known, or had ended long ago.
    type Outcome = Option<SignIn>;

    fn concerns(&self) -> Vec<Concern> {
        concerns_of(self.hash)
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Option<SignIn>> {
        on!(conn, revoke, self)
    }

    fn effects(&self, sign_in: &Option<SignIn>, effects: &mut Effects) {
        if let Some(sign_in) = sign_in {
            ended(*sign_in, self.until, effects);
        }
    }
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        schema::{refresh_tokens, users},
        write::{
            bars::{RevokeToken, backend as bars},
            device::backend as devices,
            user::backend as user,
        },
    };

    /// Not with a password that was changed while it was checked.
    pub(super) fn start(conn: &mut Conn, start: &StartSignIn) -> Written<SignedIn> {
        let StartSignIn { user, password_hash, token } = start;
        let user = *user;
        delete_expired(conn, token.created_at)?;
        let checked = users::table.find(user.0).filter(users::password_hash.eq(&**password_hash));
        if checked.select(users::key).first::<i64>(conn).optional()?.is_none() {
            return Err(WriteError::PasswordChanged.into());
        }
        // The first eight bytes of a hash are as good as random.
        let sign_in = SignIn(i64::from_be_bytes(std::array::from_fn(|i| token.hash[i])));
        let at = issued_at(conn, user, token.created_at)?;
        insert(conn, (user, sign_in), token, at)?;
        Ok(SignedIn { sign_in, at })
    }

    /// When an access token is issued: after all that was revoked by now, so that
    /// who comes back within the same moment is not taken for who was there before.
    fn issued_at(conn: &mut Conn, user: UserKey, at: Timestamp) -> QueryResult<Timestamp> {
        let after = bars::tokens_after(conn, user)?;
        Ok(at.max(Timestamp(after.0 + 1)))
    }

    pub(super) fn rotate(conn: &mut Conn, rotate: &RotateRefresh) -> Written<Rotated> {
        let RotateRefresh { hash, next, at, until } = rotate;
        let (at, until) = (*at, *until);
        let row = refresh_tokens::table
            .find(hash.as_slice())
            .select((
                refresh_tokens::user_key,
                refresh_tokens::family,
                refresh_tokens::expires_at,
                refresh_tokens::used_at,
                refresh_tokens::revoked_at,
                refresh_tokens::next_hash,
            ))
            .first::<(i64, i64, i64, Option<i64>, Option<i64>, Option<Vec<u8>>)>(conn)
            .optional()?;
        let Some((key, family, expires_at, used_at, revoked_at, next_hash)) = row else {
            return Err(WriteError::RefreshRefused.into());
        };
        if revoked_at.is_some() || expires_at <= at.0 {
            return Err(WriteError::RefreshRefused.into());
        }
        let answer_was_lost = match (used_at, next_hash) {
            (Some(used_at), Some(next)) => take_unused(conn, &next, used_at, at)?,
            _ => false,
        };
        if used_at.is_some() && !answer_was_lost {
            end(conn, SignIn(family), at, until)?;
            return Ok(Rotated::Ended(SignIn(family)));
        }
        let Some(user) = user::find(conn, UserKey(key))? else {
            return Err(WriteError::RefreshRefused.into());
        };
        diesel::update(refresh_tokens::table.find(hash.as_slice()))
            .set((
                refresh_tokens::used_at.eq(used_at.unwrap_or(at.0)),
                refresh_tokens::next_hash.eq(next.hash.as_slice()),
            ))
            .execute(conn)?;
        let sign_in = SignIn(family);
        let at = issued_at(conn, user.key, next.created_at)?;
        insert(conn, (user.key, sign_in), next, at)?;
        Ok(Rotated::GoesOn { user, signed_in: SignedIn { sign_in, at } })
    }

    /// Whoever uses a token again at once may never have got the answer: then the
    /// token in its place, which nobody has used, makes room for another one.
    fn take_unused(conn: &mut Conn, next: &[u8], used_at: i64, at: Timestamp) -> QueryResult<bool> {
        let grace = i64::try_from(REFRESH_GRACE.as_millis()).unwrap_or(0);
        if at.0 - used_at > grace {
            return Ok(false);
        }
        let unused = refresh_tokens::table
            .find(next)
            .filter(refresh_tokens::used_at.is_null())
            .filter(refresh_tokens::revoked_at.is_null());
        Ok(diesel::delete(unused).execute(conn)? > 0)
    }

    /// One that is not known has ended already.
    pub(super) fn revoke(conn: &mut Conn, end_sign_in: &EndSignIn) -> Written<Option<SignIn>> {
        let EndSignIn { hash, device, at, until } = end_sign_in;
        let row = refresh_tokens::table
            .find(hash.as_slice())
            .select((refresh_tokens::family, refresh_tokens::user_key));
        let Some((family, user)) = row.first::<(i64, i64)>(conn).optional()? else {
            return Ok(None);
        };
        end(conn, SignIn(family), *at, *until)?;
        if let Some(id) = device {
            devices::forget(conn, UserKey(user), id.as_str())?;
        }
        Ok(Some(SignIn(family)))
    }

    /// Ends a sign-in, with its access tokens.
    fn end(conn: &mut Conn, sign_in: SignIn, at: Timestamp, until: Timestamp) -> QueryResult<()> {
        let living = refresh_tokens::table
            .filter(refresh_tokens::family.eq(sign_in.0))
            .filter(refresh_tokens::revoked_at.is_null());
        diesel::update(living).set(refresh_tokens::revoked_at.eq(at.0)).execute(conn)?;
        let id = sign_in.revocation_id();
        bars::revoke_token(conn, &RevokeToken { id, expires_at: until, at })
    }

    fn delete_expired(conn: &mut Conn, now: Timestamp) -> QueryResult<()> {
        let expired = refresh_tokens::table.filter(refresh_tokens::expires_at.le(now.0));
        diesel::delete(expired).execute(conn).map(drop)
    }

    /// `at` is when the access token beside it is issued.
    fn insert(
        conn: &mut Conn,
        (user, sign_in): (UserKey, SignIn),
        token: &NewRefreshToken,
        at: Timestamp,
    ) -> QueryResult<()> {
        let NewRefreshToken { hash, expires_at, created_at: _ } = token;
        diesel::insert_into(refresh_tokens::table)
            .values((
                refresh_tokens::hash.eq(hash.as_slice()),
                refresh_tokens::user_key.eq(user.0),
                refresh_tokens::family.eq(sign_in.0),
                refresh_tokens::created_at.eq(at.0),
                refresh_tokens::expires_at.eq(expires_at.0),
            ))
            .execute(conn)
            .map(drop)
    }
}
