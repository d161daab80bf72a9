//! Who has something that has been unread for so long that they are to be told.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl,
    dsl::{exists, max},
};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::{
    schema::{members, mentions, messages, rooms, unread_told},
    write::unread::LOOKED,
};
use parlor_domain::{MessageId, Notifications, RoomKey, Seq, Timestamp, UserKey};

/// What was said in a room within a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaidIn {
    pub room: RoomKey,
    pub first: Seq,
    pub last: Seq,
}

impl Reader {
    /// How far messages have been looked through; `None` if never.
    pub async fn unread_looked(&self) -> Result<Option<MessageId>, ReadError> {
        let query = unread_told::table.find(LOOKED.0).select(unread_told::upto);
        let looked = read!(self, |conn| query.first::<i64>(&mut conn).await.optional())?;
        Ok(looked.map(MessageId))
    }

    /// Where something was said between two messages, of which the second is not among
    /// them; and the last one of those that were looked at, if there are any.
    pub async fn said_between(
        &self,
        after: MessageId,
        before: MessageId,
        limit: i64,
    ) -> Result<(Vec<SaidIn>, Option<MessageId>), ReadError> {
        let query = messages::table
            .filter(messages::id.gt(after.0).and(messages::id.lt(before.0)))
            .order(messages::id)
            .limit(limit)
            .select((messages::id, messages::room_key, messages::seq));
        let rows = read!(self, |conn| query.load::<(i64, i64, i64)>(&mut conn).await)?;
        let last = rows.last().map(|(id, ..)| MessageId(*id));
        let mut said: Vec<SaidIn> = Vec::new();
        let mut rows: Vec<(i64, i64)> =
            rows.into_iter().map(|(_, room, seq)| (room, seq)).collect();
        rows.sort_unstable();
        for (room, seq) in rows {
            match said.last_mut().filter(|said| said.room.0 == room) {
                Some(said) => said.last = Seq(seq),
                None => said.push(SaidIn { room: RoomKey(room), first: Seq(seq), last: Seq(seq) }),
            }
        }
        Ok((said, last))
    }

    /// Some of the members who have not read what was said, and want to be told of it; and
    /// the last one looked at, if there may be more.
    pub async fn have_not_read(
        &self,
        said: SaidIn,
        now: Timestamp,
        after: UserKey,
        limit: i64,
    ) -> Result<(Vec<UserKey>, Option<UserKey>), ReadError> {
        let SaidIn { room, first, last } = said;
        let counted = messages::table
            .filter(messages::room_key.eq(members::room_key))
            .filter(messages::seq.between(first.0, last.0))
            .filter(messages::seq.gt(members::unread_after).and(messages::seq.gt(rooms::floor_seq)))
            .filter(messages::sender_key.ne(members::user_key))
            .filter(messages::deleted_at.is_null().and(messages::silent.is_null()));
        let meant = mentions::table
            .filter(mentions::room_key.eq(members::room_key))
            .filter(mentions::user_key.eq(members::user_key).or(mentions::user_key.eq(0)))
            .filter(mentions::seq.between(first.0, last.0))
            .filter(mentions::seq.gt(members::unread_after).and(mentions::seq.gt(rooms::floor_seq)))
            .filter(mentions::sender_key.ne(members::user_key));
        let mentioned = members::notifications.eq(Notifications::Mentions.as_str());
        let wants = members::notifications
            .is_null()
            .or(members::notifications_until.le(now.0))
            .or(mentioned.and(exists(meant)));
        let query = members::table
            .inner_join(rooms::table)
            .filter(members::room_key.eq(room.0))
            .filter(members::user_key.gt(after.0))
            .filter(members::unread_after.lt(last.0))
            .filter(exists(counted))
            .filter(wants.assume_not_null())
            .order(members::user_key)
            .limit(limit)
            .select(members::user_key);
        let users = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        let users: Vec<UserKey> = users.into_iter().map(UserKey).collect();
        let is_full = i64::try_from(users.len()).is_ok_and(|found| found == limit);
        let last = users.last().copied().filter(|_| is_full);
        Ok((users, last))
    }

    /// Some of those who wait to be told again and may be by now, each with up to where
    /// they know.
    pub async fn wait_to_be_told(
        &self,
        again_before: Timestamp,
        limit: i64,
    ) -> Result<Vec<(UserKey, MessageId)>, ReadError> {
        let query = unread_told::table
            .filter(unread_told::waits)
            .filter(unread_told::told_at.le(again_before.0))
            .order(unread_told::told_at)
            .limit(limit)
            .select((unread_told::user_key, unread_told::upto));
        let rows = read!(self, |conn| query.load::<(i64, i64)>(&mut conn).await)?;
        Ok(rows.into_iter().map(|(user, upto)| (UserKey(user), MessageId(upto))).collect())
    }

    /// Whether the newest message of any of a user's rooms is unread and came after one, and
    /// not after another.
    pub async fn has_news(
        &self,
        user: UserKey,
        (since, upto): (MessageId, MessageId),
    ) -> Result<bool, ReadError> {
        let newer = diesel::alias!(messages as newer);
        let newest = newer
            .filter(newer.field(messages::room_key).eq(members::room_key))
            .select(max(newer.field(messages::seq)))
            .single_value();
        let query = members::table
            .inner_join(messages::table.on(messages::room_key.eq(members::room_key)))
            .filter(members::user_key.eq(user.0))
            .filter(messages::seq.nullable().eq(newest))
            .filter(messages::seq.gt(members::unread_after))
            .filter(messages::id.gt(since.0).and(messages::id.le(upto.0)))
            .filter(messages::sender_key.ne(members::user_key))
            .select(members::room_key);
        let found = read!(self, |conn| query.first::<i64>(&mut conn).await.optional())?;
        Ok(found.is_some())
    }
}
