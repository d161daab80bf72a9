//! Who has something that has been unread for so long that they are to be told.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl,
    dsl::{exists, not},
};
use diesel_async::RunQueryDsl;
use rustc_hash::FxHashMap;

use super::{Letter, ReadError, Reader, read};
use crate::{
    schema::{
        members, mentions, messages, outbox, rooms, thread_follows, unread_told, unread_waiting,
    },
    write::unread::LOOKED,
};
use parlor_domain::{MessageId, Notifications, RoomKey, Seq, Timestamp, UserKey};

/// What was said in a room within a look, as far as it counts as unread there; or in a
/// thread alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaidIn {
    pub room: RoomKey,
    pub thread: Option<MessageId>,
    pub first: Seq,
    pub last: Seq,
    pub last_id: MessageId,
    /// Who said the last of it.
    pub sender: UserKey,
    /// The last of it that somebody else said.
    pub before: Option<Seq>,
}

/// Id, room, thread, how it counts, position and sender of a message.
type SaidRow = (i64, i64, Option<i64>, Option<bool>, i64, i64);

impl SaidIn {
    fn add(&mut self, id: MessageId, seq: Seq, sender: UserKey) {
        if seq > self.last {
            if sender != self.sender {
                self.before = Some(self.last);
            }
            (self.last, self.sender) = (seq, sender);
        } else if sender != self.sender {
            self.before = self.before.max(Some(seq));
        }
        self.first = self.first.min(seq);
        self.last_id = self.last_id.max(id);
    }
}

/// Whether a member wants to be told of messages in a room from `$first` on, of which each
/// is `$within`: not where they have muted it, and perhaps only of mentions, those that are
/// `$unread`.
macro_rules! wants {
    ($now:expr, $first:expr, $within:expr, $unread:expr) => {{
        let meant = mentions::table
            .filter(mentions::room_key.eq(members::room_key))
            .filter(mentions::user_key.eq(members::user_key).or(mentions::user_key.eq(0)))
            .filter(mentions::seq.ge($first))
            .filter(
                mentions::message_id
                    .nullable()
                    .gt(unread_told::upto.nullable())
                    .or(unread_told::upto.nullable().is_null()),
            )
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
fn unread_in_room() -> _ {
    mentions::in_thread.is_null().and(mentions::seq.gt(members::unread_after))
}

/// Mentions in a thread that who follows it has not read there, also those that the room
/// counts, too: what the letter says leaves these out.
#[diesel::dsl::auto_type]
fn unread_in_thread() -> _ {
    let of_thread = mentions::thread_id.eq(thread_follows::thread_id.nullable());
    of_thread.and(mentions::seq.gt(thread_follows::read_seq))
}

/// The membership of who follows a thread.
#[diesel::dsl::auto_type]
fn of_follower() -> _ {
    members::room_key
        .eq(thread_follows::room_key)
        .and(members::user_key.eq(thread_follows::user_key))
}

/// Some users, and the last of them, if there may be more.
fn part(users: Vec<i64>, limit: i64) -> (Vec<UserKey>, Option<UserKey>) {
    let users: Vec<UserKey> = users.into_iter().map(UserKey).collect();
    let is_full = i64::try_from(users.len()).is_ok_and(|found| found == limit);
    let last = users.last().copied().filter(|_| is_full);
    (users, last)
}

impl Reader {
    /// How far messages have been looked through; `None` if never.
    pub async fn unread_looked(&self) -> Result<Option<MessageId>, ReadError> {
        let query = unread_told::table.find(LOOKED.0).select(unread_told::upto);
        let looked = read!(self, |conn| query.first::<i64>(&mut conn).await.optional())?;
        Ok(looked.map(MessageId))
    }

    /// Where something was said between two messages, of which the second is not among
    /// them; and up to where that is looked through with it.
    pub async fn said_between(
        &self,
        after: MessageId,
        before: MessageId,
        limit: i64,
    ) -> Result<(Vec<SaidIn>, MessageId), ReadError> {
        let query = messages::table
            .filter(messages::id.gt(after.0).and(messages::id.lt(before.0)))
            .filter(messages::deleted_at.is_null())
            .filter(messages::silent.is_null().or(messages::silent.eq(false)))
            .order(messages::id)
            .limit(limit)
            .select((
                messages::id,
                messages::room_key,
                messages::thread_id,
                messages::silent,
                messages::seq,
                messages::sender_key,
            ));
        let rows = read!(self, |conn| query.load::<SaidRow>(&mut conn).await)?;
        let is_full = i64::try_from(rows.len()).is_ok_and(|found| found == limit);
        let last = rows.last().filter(|_| is_full).map(|(id, ..)| MessageId(*id));
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
        let looked = last.unwrap_or(MessageId((before.0 - 1).max(after.0)));
        // Who waits for some of a room waits from the first of it on.
        let mut said: Vec<SaidIn> = said.into_values().collect();
        said.sort_unstable_by_key(|said| said.first);
        Ok((said, looked))
    }

    /// Some of the members who have not read what was said, want to be told of it, and
    /// neither wait for that already nor were told of it; and the last one looked at, if
    /// there may be more.
    pub async fn have_not_read(
        &self,
        said: SaidIn,
        now: Timestamp,
        after: UserKey,
        limit: i64,
    ) -> Result<(Vec<UserKey>, Option<UserKey>), ReadError> {
        if let Some(thread) = said.thread {
            return self.have_not_read_in(thread, said, now, after, limit).await;
        }
        let SaidIn { room, thread: _, first, last, last_id, sender, before } = said;
        let waits = unread_waiting::table
            .filter(unread_waiting::user_key.eq(members::user_key))
            .filter(unread_waiting::room_key.eq(members::room_key));
        let not_told = unread_told::upto.nullable().is_null();
        let not_told = not_told.or(unread_told::upto.nullable().lt(last_id.0));
        let before = before.map_or(0, |seq| seq.0);
        let is_behind = (members::user_key.ne(sender.0).and(members::unread_after.lt(last.0)))
            .or(members::user_key.eq(sender.0).and(members::unread_after.lt(before)));
        let query = members::table
            .inner_join(rooms::table)
            .left_join(unread_told::table.on(unread_told::user_key.eq(members::user_key)))
            .filter(members::room_key.eq(room.0))
            .filter(members::user_key.gt(after.0))
            .filter(rooms::floor_seq.lt(last.0))
            .filter(is_behind)
            .filter(not(exists(waits)))
            .filter(not_told.assume_not_null())
            .filter(wants!(now, first.0, mentions::seq.le(last.0), unread_in_room()))
            .order(members::user_key)
            .limit(limit)
            .select(members::user_key);
        let users = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        Ok(part(users, limit))
    }

    /// The same of who follows a thread, where it was said in that alone.
    async fn have_not_read_in(
        &self,
        thread: MessageId,
        said: SaidIn,
        now: Timestamp,
        after: UserKey,
        limit: i64,
    ) -> Result<(Vec<UserKey>, Option<UserKey>), ReadError> {
        let SaidIn { room: _, thread: _, first, last, last_id, sender, before } = said;
        let waits = unread_waiting::table
            .filter(unread_waiting::user_key.eq(members::user_key))
            .filter(unread_waiting::room_key.eq(members::room_key));
        let not_told = unread_told::upto.nullable().is_null();
        let not_told = not_told.or(unread_told::upto.nullable().lt(last_id.0));
        let before = before.map_or(0, |seq| seq.0);
        let read = thread_follows::read_seq;
        let is_behind = (members::user_key.ne(sender.0).and(read.lt(last.0)))
            .or(members::user_key.eq(sender.0).and(read.lt(before)));
        let query = thread_follows::table
            .inner_join(members::table.on(of_follower()))
            .inner_join(rooms::table.on(rooms::key.eq(thread_follows::room_key)))
            .left_join(unread_told::table.on(unread_told::user_key.eq(thread_follows::user_key)))
            .filter(thread_follows::thread_id.eq(thread.0))
            .filter(thread_follows::user_key.gt(after.0))
            .filter(thread_follows::following)
            .filter(rooms::floor_seq.lt(last.0))
            .filter(is_behind)
            .filter(not(exists(waits)))
            .filter(not_told.assume_not_null())
            .filter(wants!(now, first.0, mentions::seq.le(last.0), unread_in_thread()))
            .order(thread_follows::user_key)
            .limit(limit)
            .select(thread_follows::user_key);
        let users = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        Ok(part(users, limit))
    }

    /// Some of those who wait to be told and may be by now.
    pub async fn wait_to_be_told(
        &self,
        again_before: Timestamp,
        after: UserKey,
        limit: i64,
    ) -> Result<Vec<UserKey>, ReadError> {
        let too_soon = unread_told::table
            .filter(unread_told::user_key.eq(unread_waiting::user_key))
            .filter(unread_told::told_at.gt(again_before.0));
        let query = unread_waiting::table
            .filter(unread_waiting::user_key.gt(after.0))
            .filter(not(exists(too_soon)))
            .select(unread_waiting::user_key)
            .distinct()
            .order(unread_waiting::user_key)
            .limit(limit);
        let users = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        Ok(users.into_iter().map(UserKey).collect())
    }

    /// Whether anything of what a user waits for is still unread, and was said between two
    /// messages.
    pub async fn has_waited(
        &self,
        user: UserKey,
        (after, before): (MessageId, MessageId),
        now: Timestamp,
    ) -> Result<bool, ReadError> {
        let counted = messages::table
            .filter(messages::room_key.eq(members::room_key))
            .filter(messages::seq.ge(unread_waiting::first_seq))
            .filter(messages::seq.gt(members::unread_after).and(messages::seq.gt(rooms::floor_seq)))
            .filter(messages::id.gt(after.0).and(messages::id.lt(before.0)))
            .filter(
                messages::id
                    .nullable()
                    .gt(unread_told::upto.nullable())
                    .or(unread_told::upto.nullable().is_null()),
            )
            .filter(messages::sender_key.ne(members::user_key))
            .filter(messages::deleted_at.is_null().and(messages::silent.is_null()));
        let within = mentions::message_id.gt(after.0).and(mentions::message_id.lt(before.0));
        let query = unread_waiting::table
            .inner_join(
                members::table.on(members::room_key
                    .eq(unread_waiting::room_key)
                    .and(members::user_key.eq(unread_waiting::user_key))),
            )
            .inner_join(rooms::table.on(rooms::key.eq(unread_waiting::room_key)))
            .left_join(unread_told::table.on(unread_told::user_key.eq(unread_waiting::user_key)))
            .filter(unread_waiting::user_key.eq(user.0))
            .filter(rooms::id.is_not_null())
            .filter(exists(counted))
            .filter(wants!(now, unread_waiting::first_seq, within, unread_in_room()))
            .select(unread_waiting::room_key);
        let found = read!(self, |conn| query.first::<i64>(&mut conn).await.optional())?;
        if found.is_some() {
            return Ok(true);
        }
        self.has_waited_in_threads(user, (after, before), now).await
    }

    /// The same of what was said in threads alone that the user follows.
    async fn has_waited_in_threads(
        &self,
        user: UserKey,
        (after, before): (MessageId, MessageId),
        now: Timestamp,
    ) -> Result<bool, ReadError> {
        let counted = messages::table
            .filter(messages::thread_id.eq(thread_follows::thread_id.nullable()))
            .filter(messages::seq.ge(unread_waiting::first_seq))
            .filter(messages::seq.gt(thread_follows::read_seq))
            .filter(messages::seq.gt(rooms::floor_seq))
            .filter(messages::id.gt(after.0).and(messages::id.lt(before.0)))
            .filter(
                messages::id
                    .nullable()
                    .gt(unread_told::upto.nullable())
                    .or(unread_told::upto.nullable().is_null()),
            )
            .filter(messages::sender_key.ne(members::user_key))
            .filter(messages::deleted_at.is_null().and(messages::silent.eq(false)));
        let within = mentions::message_id.gt(after.0).and(mentions::message_id.lt(before.0));
        let query = unread_waiting::table
            .inner_join(
                thread_follows::table.on(thread_follows::room_key
                    .eq(unread_waiting::room_key)
                    .and(thread_follows::user_key.eq(unread_waiting::user_key))),
            )
            .inner_join(members::table.on(of_follower()))
            .inner_join(rooms::table.on(rooms::key.eq(unread_waiting::room_key)))
            .left_join(unread_told::table.on(unread_told::user_key.eq(unread_waiting::user_key)))
            .filter(unread_waiting::user_key.eq(user.0))
            .filter(thread_follows::following)
            .filter(rooms::id.is_not_null())
            .filter(exists(counted))
            .filter(wants!(now, unread_waiting::first_seq, within, unread_in_thread()))
            .select(unread_waiting::room_key);
        let found = read!(self, |conn| query.first::<i64>(&mut conn).await.optional())?;
        Ok(found.is_some())
    }

    /// Whether a later letter to the same receiver says the same of the same user.
    pub async fn is_outdated(&self, letter: &Letter) -> Result<bool, ReadError> {
        let query = outbox::table
            .filter(outbox::target.eq(letter.target.clone()))
            .filter(outbox::lane.eq(letter.lane.clone()))
            .filter(outbox::kind.eq(letter.kind.clone()))
            .filter(outbox::id.gt(letter.id))
            .filter(not(outbox::dead))
            .select(outbox::id);
        let later = read!(self, |conn| query.first::<i64>(&mut conn).await.optional())?;
        Ok(later.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_look_has_of_a_room_is_what_each_member_may_not_have_read() {
        let (ann, ben) = (UserKey(1), UserKey(2));
        let of = |all: &[(i64, UserKey)]| {
            let (seq, sender) = all[0];
            let mut said = SaidIn {
                room: RoomKey(1),
                thread: None,
                first: Seq(seq),
                last: Seq(seq),
                last_id: MessageId(seq),
                sender,
                before: None,
            };
            for (seq, sender) in all {
                said.add(MessageId(*seq), Seq(*seq), *sender);
            }
            let before = said.before.map(|seq| seq.0);
            (said.first.0, said.last.0, said.last_id.0, said.sender, before)
        };
        assert_eq!(of(&[(3, ann)]), (3, 3, 3, ann, None));
        assert_eq!(of(&[(3, ann), (4, ann)]), (3, 4, 4, ann, None));
        assert_eq!(of(&[(3, ann), (4, ben), (5, ben)]), (3, 5, 5, ben, Some(3)));
        assert_eq!(of(&[(3, ann), (4, ben), (5, ann)]), (3, 5, 5, ann, Some(4)));
        // Ids of two nodes may be in another order than their places.
        assert_eq!(of(&[(5, ann), (3, ben), (4, ann)]), (3, 5, 5, ann, Some(3)));
    }
}
