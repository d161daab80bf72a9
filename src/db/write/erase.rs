//! Deletes a user with their data. What they wrote becomes tombstones, bit by
//! bit; a row without a name stays, to which those belong.

use diesel::{ExpressionMethods, NullableExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};
use rustc_hash::FxHashMap;

use super::{
    Conn, WriteError, WriteResult, Written, attachment, life, member, message, refresh,
    schema::{
        api_keys, bans, blocks, former_members, inbox, inbox_heads, members, mentions, receipts,
        refresh_tokens, rooms, users,
    },
    user as user_rows,
};
use parlor_domain::{
    MessageId, Role, RoomId, RoomKey, RoomKind, Timestamp, UserId, UserKey,
    limits::{ERASE_MESSAGES, LOOKED_UP_AT_ONCE},
};

/// What is shown instead of the name.
const NAME: &str = "Deleted user";

/// All but the messages and reactions, which [`messages`] takes in steps.
pub(super) fn user(conn: &mut Conn, user: UserKey, at: Timestamp) -> QueryResult<WriteResult> {
    let Some(was) = user_rows::find(conn, user)? else {
        return Ok(Err(WriteError::NoSuchUser));
    };
    let rooms = members::table
        .inner_join(rooms::table)
        .filter(members::user_key.eq(user.0))
        .filter(rooms::id.is_not_null())
        .order(rooms::key)
        .select((rooms::key, rooms::id.assume_not_null(), members::role))
        .load::<(i64, String, String)>(conn)?;
    let alone = leave_alone(conn, user)?;
    let counts = leave_all(conn, user, &rooms)?;
    let mut left = Vec::with_capacity(rooms.len());
    let mut owners = Vec::new();
    for (key, id, role) in rooms {
        let member_count = counts.get(&key).copied().unwrap_or(0);
        let key = RoomKey(key);
        if role == Role::Owner.as_str()
            && let Some(owner) = member::inherit(conn, key)?
        {
            owners.push((key, owner));
        }
        left.push((key, RoomId::from_stored(id), member_count));
    }
    // Not before the last token was made, which may have been on another node.
    let gone_at = refresh::last_issued(conn, user)?.map_or(at, |last| at.max(last));
    delete_personal(conn, user)?;
    let keys = api_keys::table.filter(api_keys::user_key.eq(user.0));
    diesel::update(keys.filter(api_keys::revoked_at.is_null()))
        .set(api_keys::revoked_at.eq(Some(at.0)))
        .execute(conn)?;
    diesel::update(users::table.find(user.0))
        .set((
            users::id.eq(UserId::of_deleted(user).as_str()),
            users::name.eq(NAME),
            users::password_hash.eq(None::<String>),
            users::last_seen_at.eq(None::<i64>),
            users::deleted_at.eq(Some(gone_at.0)),
            users::origin.eq(None::<String>),
            users::former_id.eq(user_rows::id_hash(&was.id)),
            users::erase_pending.eq(true),
        ))
        .execute(conn)?;
    Ok(Ok(Written::Erased { was, rooms: left, owners, alone }))
}

/// A room that the user is in: its key, its id, and as what.
type Membership = (i64, String, String);

/// Takes the user out of their rooms, some with one statement: there may be
/// thousands, and on PostgreSQL nobody else writes meanwhile. Gives how many
/// members each has then.
fn leave_all(
    conn: &mut Conn,
    user: UserKey,
    rooms: &[Membership],
) -> QueryResult<FxHashMap<i64, i64>> {
    let mut counts = FxHashMap::default();
    for some in rooms.chunks(LOOKED_UP_AT_ONCE) {
        let keys: Vec<i64> = some.iter().map(|(key, ..)| *key).collect();
        let own = members::table.filter(members::user_key.eq(user.0));
        diesel::delete(own.filter(members::room_key.eq_any(&keys))).execute(conn)?;
        let own = receipts::table.filter(receipts::user_key.eq(user.0));
        diesel::delete(own.filter(receipts::room_key.eq_any(&keys))).execute(conn)?;
        let left = diesel::update(rooms::table.filter(rooms::key.eq_any(&keys)))
            .set(rooms::member_count.eq(rooms::member_count - 1))
            .returning((rooms::key, rooms::member_count));
        counts.extend(left.get_results::<(i64, i64)>(conn)?);
    }
    Ok(counts)
}

/// The others of direct rooms, who have nobody to write to any more.
fn leave_alone(conn: &mut Conn, user: UserKey) -> QueryResult<Vec<(RoomKey, UserKey)>> {
    let of_user = members::table
        .inner_join(rooms::table)
        .filter(members::user_key.eq(user.0))
        .filter(rooms::kind.eq(RoomKind::Direct.as_str()))
        .filter(rooms::id.is_not_null())
        .select(rooms::key);
    let direct: Vec<i64> = of_user.load(conn)?;
    let mut alone = Vec::new();
    for some in direct.chunks(LOOKED_UP_AT_ONCE) {
        let others = members::table
            .filter(members::room_key.eq_any(some))
            .filter(members::user_key.ne(user.0));
        let others = diesel::update(others)
            .set(members::peer_deleted.eq(true))
            .returning((members::room_key, members::user_key));
        alone.extend(others.get_results::<(i64, i64)>(conn)?);
    }
    Ok(alone.into_iter().map(|(room, other)| (RoomKey(room), UserKey(other))).collect())
}

fn delete_personal(conn: &mut Conn, user: UserKey) -> QueryResult<()> {
    let key = user.0;
    attachment::release_user(conn, user)?;
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::user_key.eq(key))).execute(conn)?;
    diesel::delete(bans::table.filter(bans::user_key.eq(key))).execute(conn)?;
    let former = former_members::table.filter(former_members::user_key.eq(key));
    diesel::delete(former).execute(conn)?;
    diesel::delete(blocks::table.filter(blocks::user_key.eq(key))).execute(conn)?;
    diesel::delete(blocks::table.filter(blocks::blocked_key.eq(key))).execute(conn)?;
    life::retire_inbox(conn, user)?;
    diesel::delete(inbox::table.filter(inbox::user_key.eq(key))).execute(conn)?;
    diesel::delete(inbox_heads::table.filter(inbox_heads::user_key.eq(key))).execute(conn)?;
    diesel::delete(mentions::table.filter(mentions::user_key.eq(key))).execute(conn).map(drop)
}

/// Makes tombstones of some messages, and takes back some reactions to those
/// of others; `last` says that there are no more messages.
pub(super) fn messages(
    conn: &mut Conn,
    user: UserKey,
    ids: &[MessageId],
    last: bool,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    let mut erased = message::erase(conn, ids, at)?;
    let (others, more) = message::unreact(conn, user, ERASE_MESSAGES)?;
    erased.extend(others.into_iter().map(|message| (message, None)));
    let more = more || !last;
    if !more {
        let row = diesel::update(users::table.find(user.0));
        row.set(users::erase_pending.eq(false)).execute(conn)?;
    }
    Ok(Ok(Written::ErasedMessages { changed: erased, more }))
}
