//! What makes a good token bad, and keys of services.

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, upsert::excluded,
};

use super::{
    ApiKey, Bar, Conn, NewApiKey, SeenUser, WriteError, WriteResult, Written, refresh,
    schema::{api_keys, revoked_tokens, user_bars},
    user,
};
use parlor_domain::{Adopted, SignIn, Timestamp, UserKey, UserOrigin, limits::API_KEYS};

/// Ends a token, or a sign-in, by its id.
pub(super) fn revoke_token(
    conn: &mut Conn,
    id: &str,
    expires_at: Timestamp,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    let expired = revoked_tokens::table.filter(revoked_tokens::expires_at.le(at.0));
    diesel::delete(expired).execute(conn)?;
    diesel::insert_into(revoked_tokens::table)
        .values((revoked_tokens::id.eq(id), revoked_tokens::expires_at.eq(expires_at.0)))
        .on_conflict(revoked_tokens::id)
        .do_update()
        .set(revoked_tokens::expires_at.eq(excluded(revoked_tokens::expires_at)))
        .execute(conn)?;
    Ok(Ok(Written::Done))
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
pub(super) fn tokens_after(conn: &mut Conn, of: UserKey) -> QueryResult<Timestamp> {
    let after = user_bars::table.find(of.0).select(user_bars::tokens_after);
    Ok(Timestamp(after.first(conn).optional()?.unwrap_or(0)))
}

/// Writes down what bars a user.
pub(super) fn store(conn: &mut Conn, of: UserKey, bar: &Bar) -> QueryResult<()> {
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

fn barred(conn: &mut Conn, of: UserKey, bar: Bar) -> QueryResult<WriteResult> {
    let Some(user) = user::find(conn, of)? else {
        return Ok(Err(WriteError::NoSuchUser));
    };
    store(conn, of, &bar)?;
    Ok(Ok(Written::UserBarred { user, bar }))
}

/// All tokens that a user has now are void, also those that could be
/// exchanged for new ones; but for one sign-in's, if one is kept.
pub(super) fn revoke_user(
    conn: &mut Conn,
    of: UserKey,
    keeps: Option<SignIn>,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    // Not before the last one was made, which may have been on another node.
    let last = refresh::last_issued(conn, of)?.unwrap_or(at);
    refresh::end_all(conn, of, keeps, at)?;
    let bar = Bar { tokens_after: at.max(last), keeps, ..bar(conn, of)? };
    barred(conn, of, bar)
}

/// The user may not come at all, or may again.
pub(super) fn ban(
    conn: &mut Conn,
    of: UserKey,
    banned: bool,
    until: Option<Timestamp>,
    reason: &std::sync::Arc<str>,
) -> QueryResult<WriteResult> {
    let bar = Bar { banned, banned_until: until, reason: reason.clone(), ..bar(conn, of)? };
    barred(conn, of, bar)
}

pub(super) fn add_key(conn: &mut Conn, new: &NewApiKey) -> QueryResult<WriteResult> {
    let NewApiKey { name, hash, roles, user: user_id, at } = new;
    let living = api_keys::table.filter(api_keys::revoked_at.is_null());
    if living.count().get_result::<i64>(conn)? >= API_KEYS {
        return Ok(Err(WriteError::TooManyKeys));
    }
    let seen = SeenUser {
        id: user_id.clone(),
        name: Some(name.clone()),
        origin: UserOrigin::Key,
        issued_at: Some(*at),
        adopted: Adopted::default(),
        at: *at,
    };
    let user = match user::ensure(conn, &seen)? {
        Ok(Written::UserSeen { user, .. }) => user,
        Err(WriteError::OtherOrigin) => return Ok(Err(WriteError::IdTaken)),
        _ => return Ok(Err(WriteError::Database)),
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
    let key = ApiKey { id, name, hash: *hash, roles, user, created_at: *at, revoked_at: None };
    Ok(Ok(Written::ApiKey(Box::new(key))))
}

pub(super) fn revoke_key(conn: &mut Conn, id: i64, at: Timestamp) -> QueryResult<WriteResult> {
    let living = api_keys::table.find(id).filter(api_keys::revoked_at.is_null());
    let hash = diesel::update(living)
        .set(api_keys::revoked_at.eq(Some(at.0)))
        .returning(api_keys::hash)
        .get_result::<Vec<u8>>(conn)
        .optional()?;
    Ok(match hash.and_then(|hash| hash.try_into().ok()) {
        Some(hash) => Ok(Written::ApiKeyRevoked(hash)),
        None => Err(WriteError::NoSuchKey),
    })
}
