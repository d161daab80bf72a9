//! Users and their passwords' hashes.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
    RunQueryDsl, dsl::exists, select,
};
use sha2::{Digest, Sha256};

use super::{
    Bar, Conn, SeenUser, WriteError, WriteResult, Written, functions::lower, identity, refresh,
    schema::users,
};
use parlor_domain::{SignIn, Timestamp, User, UserId, UserKey, UserOrigin};

/// A user who has not been deleted: who looked them up did so before this
/// transaction, and what is left of a deleted one is nobody to act on.
pub(super) fn find(conn: &mut Conn, user: UserKey) -> QueryResult<Option<User>> {
    let living = users::table.find(user.0).filter(users::deleted_at.is_null());
    let row = living.select((users::id, users::name));
    let row = row.first::<(String, String)>(conn).optional()?;
    Ok(row.map(|(id, name)| User { key: user, id: UserId::from_stored(id), name: name.into() }))
}

/// A user's row, and who answers for them.
fn find_by_id(conn: &mut Conn, id: &UserId) -> QueryResult<Option<(User, Option<UserOrigin>)>> {
    let row = users::table.filter(users::id.eq(id.as_str())).select((
        users::key,
        users::name,
        users::origin,
    ));
    let row = row.first::<(i64, String, Option<String>)>(conn).optional()?;
    Ok(row.map(|(key, name, origin)| {
        let user = User { key: UserKey(key), id: id.clone(), name: name.into() };
        (user, origin.as_deref().and_then(UserOrigin::from_stored))
    }))
}

/// The row of a user whose credentials were good; made on first sight. What
/// comes from another origin than the user does is about somebody else.
pub(super) fn ensure(conn: &mut Conn, seen: &SeenUser) -> QueryResult<WriteResult> {
    let SeenUser { id, name, origin, issued_at: _, adopted, at } = seen;
    let Some((mut user, known)) = find_by_id(conn, id)? else {
        return begin(conn, seen);
    };
    let adopts = |known: &UserOrigin| *origin != UserOrigin::Account && adopted.has(known);
    let is_adopted = match &known {
        Some(known) if known == origin => false,
        Some(known) if !adopts(known) => return Ok(Err(WriteError::OtherOrigin)),
        // An account has told so when it was made.
        None if *origin == UserOrigin::Account => return Ok(Err(WriteError::OtherOrigin)),
        Some(_) | None => {
            diesel::update(users::table.find(user.key.0))
                .set((
                    users::origin.eq(&*origin.to_text()),
                    users::password_hash.eq(None::<String>),
                ))
                .execute(conn)?;
            refresh::end_all(conn, user.key, None, *at)?;
            true
        }
    };
    if let Some(name) = name.as_deref().filter(|name| **name != *user.name) {
        diesel::update(users::table.find(user.key.0)).set(users::name.eq(name)).execute(conn)?;
        user.name = name.into();
    }
    Ok(Ok(Written::UserSeen { user, bar: None, adopted: is_adopted && known.is_some() }))
}

/// Somebody new. Whoever had the id before has left tokens that may still be
/// good: none of them opens the account, neither now nor later.
fn begin(conn: &mut Conn, seen: &SeenUser) -> QueryResult<WriteResult> {
    let SeenUser { id, name, origin, issued_at, adopted: _, at } = seen;
    let erased_at = erased_at(conn, id)?;
    let is_old = erased_at.is_some_and(|erased| issued_at.is_none_or(|issued| issued <= erased));
    if is_old || *origin == UserOrigin::Account {
        return Ok(Err(WriteError::TokenTooOld));
    }
    let user = insert(conn, id, name.as_deref().unwrap_or(id.as_str()), (origin, None), *at)?;
    let bar = void_before(conn, user.key, erased_at)?;
    Ok(Ok(Written::UserSeen { user, bar, adopted: false }))
}

/// An id that was seen with a token cannot be registered over: it may be
/// somebody else's. Nor can one that looks like it.
pub(super) fn register(
    conn: &mut Conn,
    id: &UserId,
    name: &str,
    password_hash: &str,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    let same = lower(users::id).eq(id.as_str().to_ascii_lowercase());
    if select(exists(users::table.filter(same))).get_result(conn)? {
        return Ok(Err(WriteError::IdTaken));
    }
    let erased_at = erased_at(conn, id)?;
    let user = insert(conn, id, name, (&UserOrigin::Account, Some(password_hash)), at)?;
    let bar = void_before(conn, user.key, erased_at)?;
    Ok(Ok(Written::UserSeen { user, bar, adopted: false }))
}

/// Another password ends all sign-ins but the one it was changed with.
pub(super) fn change_password(
    conn: &mut Conn,
    user: UserKey,
    (was, password_hash): (&str, &str),
    keeps: SignIn,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    // As it was checked: not one that was changed meanwhile.
    let row = users::table.find(user.0).filter(users::password_hash.eq(was));
    let changed = diesel::update(row).set(users::password_hash.eq(password_hash)).execute(conn)?;
    if changed == 0 {
        return Ok(Err(WriteError::PasswordChanged));
    }
    identity::revoke_user(conn, user, Some(keeps), at)
}

/// What an id is known by when its user is deleted.
pub(super) fn id_hash(id: &UserId) -> Vec<u8> {
    Sha256::digest(id.as_str().as_bytes()).to_vec()
}

/// When the last user of this id was deleted.
fn erased_at(conn: &mut Conn, id: &UserId) -> QueryResult<Option<Timestamp>> {
    let former = users::table.filter(users::former_id.eq(id_hash(id)));
    let last = former.select(diesel::dsl::max(users::deleted_at)).first::<Option<i64>>(conn)?;
    Ok(last.map(Timestamp))
}

fn void_before(
    conn: &mut Conn,
    user: UserKey,
    erased_at: Option<Timestamp>,
) -> QueryResult<Option<Bar>> {
    let Some(tokens_after) = erased_at else { return Ok(None) };
    let bar = Bar { tokens_after, ..Bar::default() };
    identity::store(conn, user, &bar)?;
    Ok(Some(bar))
}

/// Forgets what ids those had who were deleted so long ago that there can be
/// no token of them.
pub(super) fn forget_ids(conn: &mut Conn, before: Timestamp) -> QueryResult<()> {
    let old = users::table
        .filter(users::former_id.is_not_null())
        .filter(users::deleted_at.lt(Some(before.0)));
    diesel::update(old).set(users::former_id.eq(None::<Vec<u8>>)).execute(conn).map(drop)
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
    (origin, password_hash): (&UserOrigin, Option<&str>),
    at: Timestamp,
) -> QueryResult<User> {
    let key: i64 = diesel::insert_into(users::table)
        .values((
            users::id.eq(id.as_str()),
            users::name.eq(name),
            users::password_hash.eq(password_hash),
            users::origin.eq(&*origin.to_text()),
            users::created_at.eq(at.0),
        ))
        .returning(users::key)
        .get_result(conn)?;
    Ok(User { key: UserKey(key), id: id.clone(), name: name.into() })
}
