//! Users and their passwords' hashes.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
};

use super::{Conn, WriteError, WriteResult, Written, schema::users};
use crate::domain::{Timestamp, User, UserId, UserKey};

pub(super) fn find(conn: &mut Conn, user: UserKey) -> QueryResult<Option<User>> {
    let row = users::table.find(user.0).select((users::id, users::name));
    let row = row.first::<(String, String)>(conn).optional()?;
    Ok(row.map(|(id, name)| User { key: user, id: UserId::from_stored(id), name: name.into() }))
}

fn find_by_id(conn: &mut Conn, id: &UserId) -> QueryResult<Option<User>> {
    let row = users::table.filter(users::id.eq(id.as_str())).select((users::key, users::name));
    let row = row.first::<(i64, String)>(conn).optional()?;
    Ok(row.map(|(key, name)| User { key: UserKey(key), id: id.clone(), name: name.into() }))
}

/// The row of a user whose token was good; made on first sight.
pub(super) fn ensure(
    conn: &mut Conn,
    id: &UserId,
    name: Option<&str>,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    let Some(known) = find_by_id(conn, id)? else {
        let user = insert(conn, id, name.unwrap_or(id.as_str()), None, at)?;
        return Ok(Ok(Written::User(user)));
    };
    let Some(name) = name.filter(|name| **name != *known.name) else {
        return Ok(Ok(Written::User(known)));
    };
    diesel::update(users::table.find(known.key.0)).set(users::name.eq(name)).execute(conn)?;
    Ok(Ok(Written::User(User { name: name.into(), ..known })))
}

/// An id that was seen with a token cannot be registered over: it may be
/// somebody else's.
pub(super) fn register(
    conn: &mut Conn,
    id: &UserId,
    name: &str,
    password_hash: &str,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    if find_by_id(conn, id)?.is_some() {
        return Ok(Err(WriteError::IdTaken));
    }
    Ok(Ok(Written::User(insert(conn, id, name, Some(password_hash), at)?)))
}

/// A user has come or gone: then this is when they were last there.
pub(super) fn presence(
    conn: &mut Conn,
    user: UserKey,
    online: bool,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    if online { Ok(Ok(Written::Done)) } else { seen(conn, &[(user, at)]) }
}

/// Times never go back, and one who was deleted has none.
pub(super) fn seen(conn: &mut Conn, seen: &[(UserKey, Timestamp)]) -> QueryResult<WriteResult> {
    for (user, at) in seen {
        let earlier = users::last_seen_at.is_null().or(users::last_seen_at.lt(Some(at.0)));
        let row = users::table.find(user.0).filter(users::deleted_at.is_null()).filter(earlier);
        diesel::update(row).set(users::last_seen_at.eq(Some(at.0))).execute(conn)?;
    }
    Ok(Ok(Written::Done))
}

fn insert(
    conn: &mut Conn,
    id: &UserId,
    name: &str,
    password_hash: Option<&str>,
    at: Timestamp,
) -> QueryResult<User> {
    let key: i64 = diesel::insert_into(users::table)
        .values((
            users::id.eq(id.as_str()),
            users::name.eq(name),
            users::password_hash.eq(password_hash),
            users::created_at.eq(at.0),
        ))
        .returning(users::key)
        .get_result(conn)?;
    Ok(User { key: UserKey(key), id: id.clone(), name: name.into() })
}
