//! Refresh tokens: each is used once, and all that came of one login end
//! together (RFC 9700 section 4.14.2).

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::{
    Conn, NewRefreshToken, RefreshHash, WriteError, WriteResult, Written, schema::refresh_tokens,
    user,
};
use crate::{
    domain::{Timestamp, UserKey},
    limits::REFRESH_GRACE,
};

/// Begins a family: a login.
pub(super) fn start(
    conn: &mut Conn,
    user: UserKey,
    token: &NewRefreshToken,
) -> QueryResult<WriteResult> {
    delete_expired(conn, token.created_at)?;
    // The first eight bytes of a hash are as good as random.
    let family = i64::from_be_bytes(std::array::from_fn(|i| token.hash[i]));
    insert(conn, user, family, token)?;
    Ok(Ok(Written::RefreshStarted))
}

/// Uses up a token and puts the next one in its place. A token that was used
/// before has been stolen from one of the two who used it: its family ends.
pub(super) fn rotate(
    conn: &mut Conn,
    hash: &RefreshHash,
    next: &NewRefreshToken,
    at: Timestamp,
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
    let answer_was_lost = match (used_at, next_hash) {
        (Some(used_at), Some(next)) => take_unused(conn, &next, used_at, at)?,
        _ => false,
    };
    let is_reused = used_at.is_some() && !answer_was_lost;
    if is_reused {
        revoke_family(conn, family, at)?;
    }
    if is_reused || revoked_at.is_some() || expires_at <= at.0 {
        return Ok(Err(WriteError::RefreshRefused));
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
    insert(conn, user.key, family, next)?;
    Ok(Ok(Written::RefreshRotated(user)))
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

/// Ends a family: a logout. One that is not known has ended already.
pub(super) fn revoke(
    conn: &mut Conn,
    hash: &RefreshHash,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    let family = refresh_tokens::table.find(hash.as_slice()).select(refresh_tokens::family);
    if let Some(family) = family.first::<i64>(conn).optional()? {
        revoke_family(conn, family, at)?;
    }
    Ok(Ok(Written::RefreshRevoked))
}

fn revoke_family(conn: &mut Conn, family: i64, at: Timestamp) -> QueryResult<()> {
    let living = refresh_tokens::table
        .filter(refresh_tokens::family.eq(family))
        .filter(refresh_tokens::revoked_at.is_null());
    diesel::update(living).set(refresh_tokens::revoked_at.eq(at.0)).execute(conn).map(drop)
}

fn delete_expired(conn: &mut Conn, now: Timestamp) -> QueryResult<()> {
    let expired = refresh_tokens::table.filter(refresh_tokens::expires_at.le(now.0));
    diesel::delete(expired).execute(conn).map(drop)
}

fn insert(conn: &mut Conn, user: UserKey, family: i64, token: &NewRefreshToken) -> QueryResult<()> {
    let NewRefreshToken { hash, expires_at, created_at } = token;
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(hash.as_slice()),
            refresh_tokens::user_key.eq(user.0),
            refresh_tokens::family.eq(family),
            refresh_tokens::created_at.eq(created_at.0),
            refresh_tokens::expires_at.eq(expires_at.0),
        ))
        .execute(conn)
        .map(drop)
}
