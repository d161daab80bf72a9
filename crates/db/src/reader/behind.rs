//! Who has not read what was said a while ago and wants to be told of it: for all who tell
//! users of what is unread, each after a time of its own.

use diesel::{BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use rustc_hash::FxHashMap;

use super::{ReadError, Reader, read};
use crate::{
    said::SaidIn,
    schema::{members, mentions, messages, thread_follows},
};
use parlor_domain::{MessageId, RoomKey, Seq, UserKey};

/// Id, room, thread, how it counts, position and sender of a message.
type SaidRow = (i64, i64, Option<i64>, Option<bool>, i64, i64);

/// Whether a member wants to be told of messages in a room from `$first` on: not where they
/// have muted it, and perhaps only of mentions, those that are `$within` and `$unread`.
macro_rules! wants {
    ($now:expr, $first:expr, $within:expr, $unread:expr) => {{
        let meant = mentions::table
            .filter(mentions::room_key.eq(members::room_key))
            .filter(mentions::user_key.eq(members::user_key).or(mentions::user_key.eq(0)))
            .filter(mentions::seq.ge($first))
            .filter($within)
            .filter($unread)
            .filter(mentions::seq.gt(rooms::floor_seq))
            .filter(mentions::sender_key.ne(members::user_key));
        members::notifications
            .is_null()
            .or(members::notifications_until.le($now.0))
            .or(members::notifications.eq(Notifications::Mentions.as_str()).and(exists(meant)))
            .assume_not_null()
    }};
}

/// Mentions that a room counts.
#[diesel::dsl::auto_type]
pub(super) fn unread_in_room() -> _ {
    mentions::in_thread.is_null().and(mentions::seq.gt(members::unread_after))
}

/// Mentions in a thread that who follows it has not read there, also those that the room
/// counts, too: what is told leaves these out.
#[diesel::dsl::auto_type]
pub(super) fn unread_in_thread() -> _ {
    let of_thread = mentions::thread_id.eq(thread_follows::thread_id.nullable());
    of_thread.and(mentions::seq.gt(thread_follows::read_seq))
}

/// The membership of who follows a thread.
#[diesel::dsl::auto_type]
pub(super) fn of_follower() -> _ {
    members::room_key
        .eq(thread_follows::room_key)
        .and(members::user_key.eq(thread_follows::user_key))
}

/// Some of the members who have not read what was said and want to be told of it: of a room,
/// or those who follow the thread in which alone it was said. And the last one looked at, if
/// there may be more.
///
/// `$whom` says who of the members is looked for, and `$which` which of the mentions count.
macro_rules! behind {
    ($reader:expr, $said:expr, $now:expr, ($after:expr, $limit:expr), $whom:expr, $which:expr) => {{
        let SaidIn { room, thread, first, last, last_id: _, sender, before } = $said;
        let before = before.map_or(0, |seq| seq.0);
        macro_rules! is_behind {
            ($read:expr) => {
                (members::user_key.ne(sender.0).and($read.lt(last.0)))
                    .or(members::user_key.eq(sender.0).and($read.lt(before)))
            };
        }
        let within = || mentions::seq.le(last.0).and($which);
        let users = if let Some(thread) = thread {
            let query = thread_follows::table
                .inner_join(members::table.on(of_follower()))
                .inner_join(rooms::table.on(rooms::key.eq(thread_follows::room_key)))
                .filter(thread_follows::thread_id.eq(thread.0))
                .filter(thread_follows::user_key.gt($after.0))
                .filter(thread_follows::following)
                .filter(rooms::floor_seq.lt(last.0))
                .filter(is_behind!(thread_follows::read_seq))
                .filter($whom)
                .filter(wants!($now, first.0, within(), unread_in_thread()))
                .order(thread_follows::user_key)
                .limit($limit)
                .select(thread_follows::user_key);
            read!($reader, |conn| query.load::<i64>(&mut conn).await)?
        } else {
            let query = members::table
                .inner_join(rooms::table)
                .filter(members::room_key.eq(room.0))
                .filter(members::user_key.gt($after.0))
                .filter(rooms::floor_seq.lt(last.0))
                .filter(is_behind!(members::unread_after))
                .filter($whom)
                .filter(wants!($now, first.0, within(), unread_in_room()))
                .order(members::user_key)
                .limit($limit)
                .select(members::user_key);
            read!($reader, |conn| query.load::<i64>(&mut conn).await)?
        };
        let users: Vec<UserKey> = users.into_iter().map(UserKey).collect();
        let is_full = i64::try_from(users.len()).is_ok_and(|found| found == $limit);
        let last = users.last().copied().filter(|_| is_full);
        (users, last)
    }};
}

pub(super) use {behind, wants};

/// Messages that are unread to somebody, in their room or in their thread.
#[diesel::dsl::auto_type]
fn counted() -> _ {
    messages::table
        .filter(messages::deleted_at.is_null())
        .filter(messages::silent.is_null().or(messages::silent.eq(false)))
}

/// The columns of a [`SaidRow`].
#[diesel::dsl::auto_type]
fn said_columns() -> _ {
    (
        messages::id,
        messages::room_key,
        messages::thread_id,
        messages::silent,
        messages::seq,
        messages::sender_key,
    )
}

impl Reader {
    /// Where something was said between two messages, of which the second is not among
    /// them; and up to where that is looked through with it.
    pub async fn said_between(
        &self,
        after: MessageId,
        before: MessageId,
        limit: i64,
    ) -> Result<(Vec<SaidIn>, MessageId), ReadError> {
        let query = counted()
            .filter(messages::id.gt(after.0).and(messages::id.lt(before.0)))
            .order(messages::id)
            .limit(limit)
            .select(said_columns());
        let rows = read!(self, |conn| query.load::<SaidRow>(&mut conn).await)?;
        let is_full = i64::try_from(rows.len()).is_ok_and(|found| found == limit);
        let last = rows.last().filter(|_| is_full).map(|(id, ..)| MessageId(*id));
        let looked = last.unwrap_or(MessageId((before.0 - 1).max(after.0)));
        Ok((by_place(rows), looked))
    }

    /// Where some messages were said.
    pub async fn said_in(&self, ids: &[MessageId]) -> Result<Vec<SaidIn>, ReadError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let query = counted().filter(messages::id.eq_any(ids)).select(said_columns());
        let rows = read!(self, |conn| query.load::<SaidRow>(&mut conn).await)?;
        Ok(by_place(rows))
    }
}

/// What was said in each room, and in each thread alone.
fn by_place(rows: Vec<SaidRow>) -> Vec<SaidIn> {
    let mut said: FxHashMap<(i64, Option<i64>), SaidIn> = FxHashMap::default();
    for (id, room, thread, silent, seq, sender) in rows {
        let (id, seq, sender) = (MessageId(id), Seq(seq), UserKey(sender));
        let thread = thread.filter(|_| silent.is_some());
        let new = SaidIn {
            room: RoomKey(room),
            thread: thread.map(MessageId),
            first: seq,
            last: seq,
            last_id: id,
            sender,
            before: None,
        };
        said.entry((room, thread)).or_insert(new).add(id, seq, sender);
    }
    // Who waits for some of a room waits from the first of it on.
    let mut said: Vec<SaidIn> = said.into_values().collect();
    said.sort_unstable_by_key(|said| said.first);
    said
}
