//! Events that the application publishes, and each user's inbox of them.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::{
    Conn, WriteError, WriteResult, Written, life, message,
    schema::{inbox, inbox_heads, publications, room_events},
    user,
};
use parlor_domain::{
    AppEvent, InboxEvent, PublicationKey, RoomKey, Seq, Timestamp, UserKey, limits::PURGE_ROWS,
};

/// The place under which a key was published before.
fn published(conn: &mut Conn, key: Option<&PublicationKey>) -> QueryResult<Option<i64>> {
    let Some(key) = key else { return Ok(None) };
    let known = publications::table.find(key.as_str()).select(publications::position);
    known.first(conn).optional()
}

fn remember(
    conn: &mut Conn,
    key: Option<&PublicationKey>,
    position: Seq,
    at: Timestamp,
) -> QueryResult<()> {
    let Some(key) = key else { return Ok(()) };
    diesel::insert_into(publications::table)
        .values((
            publications::key.eq(key.as_str()),
            publications::position.eq(position.0),
            publications::created_at.eq(at.0),
        ))
        .execute(conn)
        .map(drop)
}

/// Keys are of one kind of place each, so that one is not mistaken for
/// another's: the caller has put the place into the key.
pub(super) fn to_room(
    conn: &mut Conn,
    room: RoomKey,
    key: Option<&PublicationKey>,
    event: &AppEvent,
) -> QueryResult<WriteResult> {
    if let Some(seq) = published(conn, key)? {
        return Ok(Ok(Written::PublishedToRoom { seq: Seq(seq), duplicate: true }));
    }
    let Some(seq) = message::advance_head(conn, room, 1)? else {
        return Ok(Err(WriteError::NoSuchRoom));
    };
    diesel::insert_into(room_events::table)
        .values((
            room_events::room_key.eq(room.0),
            room_events::seq.eq(seq.0),
            room_events::kind.eq(event.kind.as_str()),
            room_events::data.eq(&*event.data),
            room_events::created_at.eq(event.at.0),
        ))
        .execute(conn)?;
    remember(conn, key, seq, event.at)?;
    Ok(Ok(Written::PublishedToRoom { seq, duplicate: false }))
}

/// `keep` is how many events a user's inbox holds; the oldest goes.
pub(super) fn to_user(
    conn: &mut Conn,
    user: UserKey,
    key: Option<&PublicationKey>,
    event: &AppEvent,
    keep: i64,
) -> QueryResult<WriteResult> {
    let told = |inbox_seq| InboxEvent { inbox_seq: Seq(inbox_seq), event: event.clone() };
    if let Some(seq) = published(conn, key)? {
        let (event, start) = (told(seq), Seq::ZERO);
        return Ok(Ok(Written::PublishedToUser { event, start, duplicate: true }));
    }
    if user::find(conn, user)?.is_none() {
        return Ok(Err(WriteError::NoSuchUser));
    }
    let (seq, start) = advance_inbox(conn, user)?;
    diesel::insert_into(inbox::table)
        .values((
            inbox::user_key.eq(user.0),
            inbox::inbox_seq.eq(seq),
            inbox::kind.eq(event.kind.as_str()),
            inbox::data.eq(&*event.data),
            inbox::created_at.eq(event.at.0),
        ))
        .execute(conn)?;
    let full =
        inbox::table.filter(inbox::user_key.eq(user.0)).filter(inbox::inbox_seq.le(seq - keep));
    diesel::delete(full).execute(conn)?;
    remember(conn, key, Seq(seq), event.at)?;
    let (event, start) = (told(seq), Seq(start));
    Ok(Ok(Written::PublishedToUser { event, start, duplicate: false }))
}

/// Takes the next position of an inbox; gives where the inbox began, too.
fn advance_inbox(conn: &mut Conn, user: UserKey) -> QueryResult<(i64, i64)> {
    let moved = diesel::update(inbox_heads::table.find(user.0))
        .set(inbox_heads::last_seq.eq(inbox_heads::last_seq + 1))
        .returning((inbox_heads::last_seq, inbox_heads::start_seq))
        .get_result(conn)
        .optional()?;
    if let Some(moved) = moved {
        return Ok(moved);
    }
    let Seq(start) = life::start_of_inbox(conn)?;
    diesel::insert_into(inbox_heads::table)
        .values((
            inbox_heads::user_key.eq(user.0),
            inbox_heads::last_seq.eq(start + 1),
            inbox_heads::acked_seq.eq(start),
            inbox_heads::start_seq.eq(start),
        ))
        .execute(conn)?;
    Ok((start + 1, start))
}

/// What is told and not kept leaves its key only.
pub(super) fn once(
    conn: &mut Conn,
    key: &PublicationKey,
    at: Timestamp,
) -> QueryResult<WriteResult> {
    let is_new = published(conn, Some(key))?.is_none();
    if is_new {
        remember(conn, Some(key), Seq::ZERO, at)?;
    }
    Ok(Ok(Written::PublishedOnce { is_new }))
}

/// Never back, never past the head.
pub(super) fn ack(conn: &mut Conn, user: UserKey, upto: Seq) -> QueryResult<WriteResult> {
    let behind = inbox_heads::table
        .filter(inbox_heads::user_key.eq(user.0))
        .filter(inbox_heads::acked_seq.lt(upto.0))
        .filter(inbox_heads::last_seq.ge(upto.0));
    diesel::update(behind).set(inbox_heads::acked_seq.eq(upto.0)).execute(conn)?;
    Ok(Ok(Written::InboxAcked))
}

/// Deletes some of what is too old.
pub(super) fn expire(
    conn: &mut Conn,
    inbox_before: Timestamp,
    keys_before: Timestamp,
) -> QueryResult<WriteResult> {
    let old = inbox::table
        .filter(inbox::created_at.lt(inbox_before.0))
        .order(inbox::created_at)
        .limit(PURGE_ROWS)
        .select((inbox::user_key, inbox::inbox_seq))
        .load::<(i64, i64)>(conn)?;
    for (user, seq) in &old {
        diesel::delete(inbox::table.find((user, seq))).execute(conn)?;
    }
    let keys = publications::table
        .filter(publications::created_at.lt(keys_before.0))
        .order(publications::created_at)
        .limit(PURGE_ROWS)
        .select(publications::key)
        .load::<String>(conn)?;
    diesel::delete(publications::table.filter(publications::key.eq_any(&keys))).execute(conn)?;
    let full = |rows: usize| i64::try_from(rows).is_ok_and(|rows| rows >= PURGE_ROWS);
    Ok(Ok(Written::Expired { more: full(old.len()) || full(keys.len()) }))
}
