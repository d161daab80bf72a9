//! Refresh tokens: each is used once, and all that came of one login end
//! together (RFC 9700 section 4.14.2).

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::max};

use super::{
    Conn, NewRefreshToken, RefreshHash, WriteError, WriteResult, Written, identity,
    schema::{refresh_tokens, users},
    user,
};
use parlor_domain::{SignIn, Timestamp, UserKey, limits::REFRESH_GRACE};

/// Begins a family: a sign-in. Not with a password that was changed while it
/// was checked.
pub(super) fn start(
    conn: &mut Conn,
    user: UserKey,
    password_hash: &str,
    token: &NewRefreshToken,
) -> QueryResult<WriteResult> {
    delete_expired(conn, token.created_at)?;
    let checked = users::table.find(user.0).filter(users::password_hash.eq(password_hash));
    if checked.select(users::key).first::<i64>(conn).optional()?.is_none() {
        return Ok(Err(WriteError::PasswordChanged));
    }
    // The first eight bytes of a hash are as good as random.
    let sign_in = SignIn(i64::from_be_bytes(std::array::from_fn(|i| token.hash[i])));
    let at = issued_at(conn, user, token.created_at)?;
    insert(conn, (user, sign_in), token, at)?;
    Ok(Ok(Written::RefreshStarted { sign_in, at }))
}

/// When an access token is issued: after all that was revoked by now, so that
/// who comes back within the same moment is not taken for who was there before.
fn issued_at(conn: &mut Conn, user: UserKey, at: Timestamp) -> QueryResult<Timestamp> {
    let after = identity::tokens_after(conn, user)?;
    Ok(at.max(Timestamp(after.0 + 1)))
}

/// When the last access token of a user was issued.
pub(super) fn last_issued(conn: &mut Conn, of: UserKey) -> QueryResult<Option<Timestamp>> {
    let all = refresh_tokens::table.filter(refresh_tokens::user_key.eq(of.0));
    let last = all.select(max(refresh_tokens::created_at)).first::<Option<i64>>(conn)?;
    Ok(last.map(Timestamp))
}

/// Uses up a token and puts the next one in its place. A token that was used
/// before has been stolen from one of the two who used it: its family ends.
pub(super) fn rotate(
    conn: &mut Conn,
    hash: &RefreshHash,
    next: &NewRefreshToken,
    at: Timestamp,
    until: Timestamp,
) -> QueryResult<WriteResult> {
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
        return Ok(Err(WriteError::RefreshRefused));
    };
    if revoked_at.is_some() || expires_at <= at.0 {
        return Ok(Err(WriteError::RefreshRefused));
    }
    let answer_was_lost = match (used_at, next_hash) {
        (Some(used_at), Some(next)) => take_unused(conn, &next, used_at, at)?,
        _ => false,
    };
    if used_at.is_some() && !answer_was_lost {
        end(conn, SignIn(family), at, until)?;
        return Ok(Ok(Written::SignInEnded(Some(SignIn(family)))));
    }
    let Some(user) = user::find(conn, UserKey(key))? else {
        return Ok(Err(WriteError::RefreshRefused));
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
    Ok(Ok(Written::RefreshRotated { user, sign_in, at }))
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

/// Ends a sign-in: a logout. One that is not known has ended already.
pub(super) fn revoke(
    conn: &mut Conn,
    hash: &RefreshHash,
    at: Timestamp,
    until: Timestamp,
) -> QueryResult<WriteResult> {
    let family = refresh_tokens::table.find(hash.as_slice()).select(refresh_tokens::family);
    let sign_in = family.first::<i64>(conn).optional()?.map(SignIn);
    if let Some(sign_in) = sign_in {
        end(conn, sign_in, at, until)?;
    }
    Ok(Ok(Written::SignInEnded(sign_in)))
}

/// Ends a sign-in, with its access tokens.
fn end(conn: &mut Conn, sign_in: SignIn, at: Timestamp, until: Timestamp) -> QueryResult<()> {
    let living = refresh_tokens::table
        .filter(refresh_tokens::family.eq(sign_in.0))
        .filter(refresh_tokens::revoked_at.is_null());
    diesel::update(living).set(refresh_tokens::revoked_at.eq(at.0)).execute(conn)?;
    identity::revoke_token(conn, &sign_in.revocation_id(), until, at).map(drop)
}

/// Ends what could be exchanged for new access tokens of a user, in all
/// sign-ins but one.
pub(super) fn end_all(
    conn: &mut Conn,
    user: UserKey,
    keeps: Option<SignIn>,
    at: Timestamp,
) -> QueryResult<()> {
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
