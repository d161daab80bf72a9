//! Who has something that has been unread for so long that they are to be told.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl,
    dsl::{exists, not},
};
use diesel_async::RunQueryDsl;

use super::{
    Letter, ReadError, Reader,
    behind::{behind, of_follower, unread_in_room, unread_in_thread, wants},
    read,
};
use crate::{
    said::SaidIn,
    schema::{
        members, mentions, messages, outbox, rooms, thread_follows, unread_told, unread_waiting,
    },
    write::unread::LOOKED,
};
use parlor_domain::{MessageId, Notifications, Timestamp, UserKey};

/// That a member was told when a mention had been said.
#[diesel::dsl::auto_type]
fn told_of_mention() -> _ {
    unread_told::table
        .filter(unread_told::user_key.eq(members::user_key))
        .filter(unread_told::upto.ge(mentions::message_id))
}

/// That a member was told when a message had been said.
#[diesel::dsl::auto_type]
fn told_of_message() -> _ {
    unread_told::table
        .filter(unread_told::user_key.eq(members::user_key))
        .filter(unread_told::upto.ge(messages::id))
}

/// Messages of others from which on a member waits, said between two, of which they were not
/// told: `$unread` of those of `$place` that are `$counted` there.
macro_rules! waits_for {
    ($between:expr, $place:expr, $unread:expr, $counted:expr) => {
        exists(
            messages::table
                .filter($place)
                .filter(messages::seq.ge(unread_waiting::first_seq))
                .filter($unread.and(messages::seq.gt(rooms::floor_seq)))
                .filter(messages::id.gt($between.0.0).and(messages::id.lt($between.1.0)))
                .filter(not(exists(told_of_message())))
                .filter(messages::sender_key.ne(members::user_key))
                .filter(messages::deleted_at.is_null().and($counted)),
        )
    };
}

impl Reader {
    /// How far messages have been looked through; `None` if never.
    pub async fn unread_looked(&self) -> Result<Option<MessageId>, ReadError> {
        let query = unread_told::table.find(LOOKED.0).select(unread_told::upto);
        let looked = read!(self, |conn| query.first::<i64>(&mut conn).await.optional())?;
        Ok(looked.map(MessageId))
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
        let waits = unread_waiting::table
            .filter(unread_waiting::user_key.eq(members::user_key))
            .filter(unread_waiting::room_key.eq(members::room_key));
        let told = unread_told::table
            .filter(unread_told::user_key.eq(members::user_key))
            .filter(unread_told::upto.ge(said.last_id.0));
        let whom = not(exists(waits)).and(not(exists(told)));
        let which = not(exists(told_of_mention()));
        Ok(behind!(self, said, now, (after, limit), whom, which))
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
    /// messages: in a room, or in threads alone that they follow.
    pub async fn has_waited(
        &self,
        user: UserKey,
        between: (MessageId, MessageId),
        now: Timestamp,
    ) -> Result<bool, ReadError> {
        let within = || {
            mentions::message_id
                .gt(between.0.0)
                .and(mentions::message_id.lt(between.1.0))
                .and(not(exists(told_of_mention())))
        };
        let first = unread_waiting::first_seq;
        let in_room = messages::room_key.eq(members::room_key);
        let not_read = messages::seq.gt(members::unread_after);
        let of_waiting = members::room_key
            .eq(unread_waiting::room_key)
            .and(members::user_key.eq(unread_waiting::user_key));
        let rooms_of = unread_waiting::table
            .inner_join(members::table.on(of_waiting))
            .inner_join(rooms::table.on(rooms::key.eq(unread_waiting::room_key)))
            .filter(unread_waiting::user_key.eq(user.0))
            .filter(rooms::id.is_not_null())
            .filter(waits_for!(between, in_room, not_read, messages::silent.is_null()))
            .filter(wants!(now, first, within(), unread_in_room()))
            .select(unread_waiting::room_key);
        let in_thread = messages::thread_id.eq(thread_follows::thread_id.nullable());
        let not_read = messages::seq.gt(thread_follows::read_seq);
        let of_waiting = thread_follows::room_key
            .eq(unread_waiting::room_key)
            .and(thread_follows::user_key.eq(unread_waiting::user_key));
        let threads_of = unread_waiting::table
            .inner_join(thread_follows::table.on(of_waiting))
            .inner_join(members::table.on(of_follower()))
            .inner_join(rooms::table.on(rooms::key.eq(unread_waiting::room_key)))
            .filter(unread_waiting::user_key.eq(user.0))
            .filter(thread_follows::following)
            .filter(rooms::id.is_not_null())
            .filter(waits_for!(between, in_thread, not_read, messages::silent.eq(false)))
            .filter(wants!(now, first, within(), unread_in_thread()))
            .select(unread_waiting::room_key);
        let found = read!(self, |conn| match rooms_of.first::<i64>(&mut conn).await.optional()? {
            None => threads_of.first::<i64>(&mut conn).await.optional(),
            found => Ok(found),
        })?;
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
