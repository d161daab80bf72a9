//! What administration asks for: users, what they wrote, what rooms keep,
//! and what was done.

use std::sync::Arc;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, IntoSql, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, alias, dsl::max, sql_types::Bool,
};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::{
    rows::{
        message::{MessageRow, columns, visible},
        room::{RoomRow, columns as room_columns},
    },
    schema::{audit, blocks, members, messages, reactions, receipts, rooms, users},
};
use parlor_domain::{
    Message, MessageId, Receipt, Retention, Room, RoomId, RoomKey, Seq, Timestamp, UserId, UserKey,
};

/// Something an administrator did, as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    pub id: i64,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub target: String,
    /// A JSON object.
    pub detail: String,
}

/// How a user has reacted to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reacted {
    pub message: MessageId,
    pub emoji: String,
    pub at: Timestamp,
}

/// A page of what was done, the latest first, and whether there is more.
pub type AuditPage = (Vec<Audited>, bool);

/// A room that keeps less than it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    pub room: RoomKey,
    /// What came up to here is to go.
    pub upto: Seq,
}

/// A room without members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftRoom {
    pub room: Room,
    /// Since when that is known.
    pub left_at: Option<Timestamp>,
}

impl Reader {
    /// When users were last there; those who never went are left out.
    pub async fn last_seen(
        &self,
        of: Vec<UserKey>,
    ) -> Result<Vec<(UserKey, Timestamp)>, ReadError> {
        let keys: Vec<i64> = of.into_iter().map(|user| user.0).collect();
        let query = users::table
            .filter(users::key.eq_any(keys))
            .filter(users::last_seen_at.is_not_null())
            .select((users::key, users::last_seen_at.assume_not_null()));
        let rows = read!(self, |conn| query.load::<(i64, i64)>(&mut conn).await)?;
        Ok(rows.into_iter().map(|(user, at)| (UserKey(user), Timestamp(at))).collect())
    }

    /// Whether two users are members of the same room.
    pub async fn share_a_room(&self, one: UserKey, other: UserKey) -> Result<bool, ReadError> {
        let theirs = alias!(members as theirs);
        let others = theirs
            .filter(theirs.field(members::user_key).eq(other.0))
            .select(theirs.field(members::room_key));
        let query = members::table
            .filter(members::user_key.eq(one.0))
            .filter(members::room_key.eq_any(others))
            .select(members::room_key)
            .limit(1);
        let shared = read!(self, |conn| query.first::<i64>(&mut conn).await.optional())?;
        Ok(shared.is_some())
    }

    /// Whom a user has blocked.
    pub async fn blocked_keys(&self, user: UserKey) -> Result<Arc<[UserKey]>, ReadError> {
        let query = blocks::table.filter(blocks::user_key.eq(user.0)).select(blocks::blocked_key);
        let keys = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        Ok(keys.into_iter().map(UserKey).collect())
    }

    /// Of some users those who have blocked one.
    pub async fn blockers_of(
        &self,
        one: UserKey,
        among: &[UserKey],
    ) -> Result<Vec<UserKey>, ReadError> {
        let keys: Vec<i64> = among.iter().map(|user| user.0).collect();
        let query = blocks::table
            .filter(blocks::user_key.eq_any(keys))
            .filter(blocks::blocked_key.eq(one.0))
            .select(blocks::user_key);
        let keys = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        Ok(keys.into_iter().map(UserKey).collect())
    }

    /// The users whose messages are still to become tombstones.
    pub async fn unfinished_erasures(&self) -> Result<Vec<UserKey>, ReadError> {
        let query = users::table.filter(users::erase_pending).select(users::key);
        let keys = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        Ok(keys.into_iter().map(UserKey).collect())
    }

    /// Looks through `window` messages after `after` for those of one sender;
    /// gives them and the last one looked at, `None` at the end.
    ///
    /// No index leads from a sender to all their messages: it would cost
    /// every message that is sent, and this is asked for once in a user's
    /// life.
    pub async fn written_by(
        &self,
        sender: UserKey,
        after: MessageId,
        window: i64,
    ) -> Result<(Vec<MessageId>, Option<MessageId>), ReadError> {
        read!(self, |conn| {
            let end: Option<i64> = messages::table
                .filter(messages::id.gt(after.0))
                .order(messages::id)
                .select(messages::id)
                .offset(window - 1)
                .first(&mut conn)
                .await
                .optional()?;
            let range = messages::id.gt(after.0).and(messages::id.le(end.unwrap_or(i64::MAX)));
            let ids = messages::table
                .filter(range)
                .filter(messages::sender_key.eq(sender.0))
                .filter(messages::deleted_at.is_null())
                .order(messages::id)
                .select(messages::id)
                .load::<i64>(&mut conn)
                .await?;
            Ok((ids.into_iter().map(MessageId).collect(), end.map(MessageId)))
        })
    }

    /// Some of a user's reactions, by message; and whether there are more.
    pub async fn reactions_of(
        &self,
        user: UserKey,
        after: Option<&Reacted>,
        limit: i64,
    ) -> Result<(Vec<Reacted>, bool), ReadError> {
        let (message, emoji) =
            after.map_or((i64::MIN, ""), |after| (after.message.0, &*after.emoji));
        let behind = reactions::message_id
            .gt(message)
            .or(reactions::message_id.eq(message).and(reactions::emoji.gt(emoji.to_owned())));
        let query = reactions::table
            .filter(reactions::user_key.eq(user.0))
            // The same again, as an end of the index.
            .filter(reactions::message_id.ge(message))
            .filter(behind)
            .order((reactions::message_id, reactions::emoji))
            .limit(limit + 1)
            .select((reactions::message_id, reactions::emoji, reactions::created_at));
        let rows = read!(self, |conn| query.load::<(i64, String, i64)>(&mut conn).await)?;
        let reacted = |(message, emoji, at)| Reacted {
            message: MessageId(message),
            emoji,
            at: Timestamp(at),
        };
        Ok(super::members::cut(rows.into_iter().map(reacted).collect(), limit))
    }

    /// Whole messages by their ids.
    pub async fn messages_by_id(&self, ids: &[MessageId]) -> Result<Vec<Message>, ReadError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let query =
            visible().filter(messages::id.eq_any(ids)).order(messages::id).select(columns());
        read!(self, |conn| {
            let rows = query.load::<MessageRow>(&mut conn).await?;
            select::messages_of(&mut conn, rows).await
        })
    }

    /// Some of a user's marks, with their rooms, by the rooms' keys; and the
    /// last one, if there may be more behind it.
    pub async fn marks_of(
        &self,
        user: UserKey,
        after: RoomKey,
        limit: i64,
    ) -> Result<(Vec<(RoomId, Receipt)>, Option<RoomKey>), ReadError> {
        let query = receipts::table
            .inner_join(users::table)
            .inner_join(rooms::table.on(rooms::key.eq(receipts::room_key)))
            .filter(receipts::user_key.eq(user.0))
            .filter(receipts::room_key.gt(after.0))
            .filter(rooms::id.is_not_null())
            .order(receipts::room_key)
            .limit(limit)
            .select((
                receipts::room_key,
                rooms::id.assume_not_null(),
                users::id,
                receipts::read_seq,
                receipts::delivered_seq,
                receipts::read_at,
            ));
        let rows = read!(self, |conn| query
            .load::<(i64, String, String, i64, i64, i64)>(&mut conn)
            .await)?;
        let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= limit);
        let last = rows.last().filter(|_| is_full).map(|(key, ..)| RoomKey(*key));
        let mark = |(_, room, user, read_seq, delivered_seq, read_at): (
            _,
            String,
            String,
            i64,
            i64,
            i64,
        )| {
            let receipt = Receipt {
                user: UserId::from_stored(user),
                read_seq: Seq(read_seq),
                delivered_seq: Seq(i64::max(read_seq, delivered_seq)),
                read_at: (read_at > 0).then_some(Timestamp(read_at)),
            };
            (RoomId::from_stored(room), receipt)
        };
        Ok((rows.into_iter().map(mark).collect(), last))
    }

    /// Of some rooms after one those that keep less than they have; and the
    /// last one looked at, `None` at the end.
    pub async fn overdue(
        &self,
        after: RoomKey,
        rooms_max: i64,
        keep: Retention,
        now: Timestamp,
    ) -> Result<(Vec<Trim>, Option<RoomKey>), ReadError> {
        read!(self, |conn| {
            let has_rule = rooms::keep_ms.is_not_null().or(rooms::keep_messages.is_not_null());
            let keeps_all = keep == Retention::default();
            let all = rooms::table
                // Where nothing is ever too old only rooms with a rule count.
                .filter(has_rule.or((!keeps_all).into_sql::<Bool>()))
                .filter(rooms::key.gt(after.0))
                .filter(rooms::id.is_not_null())
                .order(rooms::key)
                .limit(rooms_max)
                .select((rooms::key, rooms::floor_seq, rooms::keep_ms, rooms::keep_messages))
                .load::<(i64, i64, Option<i64>, Option<i64>)>(&mut conn)
                .await?;
            let mut overdue = Vec::new();
            for (room, floor, keep_ms, keep_messages) in &all {
                let of_room = messages::table
                    .filter(messages::room_key.eq(room))
                    .filter(messages::seq.gt(floor));
                let mut upto = *floor;
                if let Some(age) = keep_ms.or(keep.age_ms) {
                    let first_kept: Option<i64> = of_room
                        .filter(messages::created_at.ge(now.0.saturating_sub(age)))
                        .order(messages::seq)
                        .select(messages::seq)
                        .first(&mut conn)
                        .await
                        .optional()?;
                    let newest: Option<i64> =
                        of_room.select(max(messages::seq)).first(&mut conn).await?;
                    let last_old = first_kept.map(|seq| seq - 1).or(newest);
                    upto = upto.max(last_old.unwrap_or(upto));
                }
                if let Some(count) = keep_messages.or(keep.messages) {
                    let last_old: Option<i64> = of_room
                        .order(messages::seq.desc())
                        .select(messages::seq)
                        .offset(count)
                        .first(&mut conn)
                        .await
                        .optional()?;
                    upto = upto.max(last_old.unwrap_or(upto));
                }
                // Changes between two messages are nothing to hide.
                let hides: Option<i64> = of_room
                    .filter(messages::seq.le(upto))
                    .select(messages::seq)
                    .first(&mut conn)
                    .await
                    .optional()?;
                if hides.is_some() {
                    overdue.push(Trim { room: RoomKey(*room), upto: Seq(upto) });
                }
            }
            let full = i64::try_from(all.len()).is_ok_and(|rooms| rooms >= rooms_max);
            let last = all.last().filter(|_| full).map(|(room, ..)| RoomKey(*room));
            Ok((overdue, last))
        })
    }

    /// Of some rooms after one those that users have made and all have left; and
    /// the last one looked at, `None` at the end.
    pub async fn left_rooms(
        &self,
        after: RoomKey,
        rooms_max: i64,
    ) -> Result<(Vec<LeftRoom>, Option<RoomKey>), ReadError> {
        let query = rooms::table
            .filter(rooms::member_count.eq(0))
            .filter(rooms::made_by.is_not_null())
            .filter(rooms::id.is_not_null())
            .filter(rooms::key.gt(after.0))
            .order(rooms::key)
            .limit(rooms_max)
            .select((room_columns(), rooms::left_at));
        let rows = read!(self, |conn| query.load::<(RoomRow, Option<i64>)>(&mut conn).await)?;
        let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= rooms_max);
        let left = |(room, left_at): (RoomRow, Option<i64>)| LeftRoom {
            room: room.into(),
            left_at: left_at.map(Timestamp),
        };
        let rooms: Vec<LeftRoom> = rows.into_iter().map(left).collect();
        let last = rooms.last().filter(|_| is_full).map(|left| left.room.key);
        Ok((rooms, last))
    }

    /// What a room keeps of its history, if it has a rule of its own.
    pub async fn retention(&self, room: RoomKey) -> Result<Retention, ReadError> {
        let query = rooms::table.find(room.0).select((rooms::keep_ms, rooms::keep_messages));
        let (age_ms, messages) =
            read!(self, |conn| query.first::<(Option<i64>, Option<i64>)>(&mut conn).await)?;
        Ok(Retention { age_ms, messages })
    }

    /// What administrators did, the latest first.
    pub async fn audit(&self, before: i64, limit: i64) -> Result<AuditPage, ReadError> {
        let query = audit::table
            .filter(audit::id.lt(before))
            .order(audit::id.desc())
            .limit(limit + 1)
            .select((
                audit::id,
                audit::at,
                audit::actor,
                audit::action,
                audit::target,
                audit::detail,
            ));
        let rows = read!(self, |conn| query
            .load::<(i64, i64, String, String, String, String)>(&mut conn)
            .await)?;
        let audited = rows.into_iter().map(|(id, at, actor, action, target, detail)| Audited {
            id,
            at: Timestamp(at),
            actor,
            action,
            target,
            detail,
        });
        Ok(super::members::cut(audited.collect(), limit))
    }
}
