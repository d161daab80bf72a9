use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension,
    QueryDsl, dsl::exists,
};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::{
    rows::user::{UserRow, columns as user_columns},
    schema::{bans, blocks, members, messages, reactions, receipts, users},
};
use parlor_domain::{
    Ban, Member, MessageId, Receipt, Role, RoomKey, Seq, Timestamp, User, UserId, UserKey,
    limits::{EMOJIS_PER_MESSAGE, LOOKED_UP_AT_ONCE},
};

type MemberRow = (UserRow, String, Option<i64>, i64);
type ReceiptRow = (String, i64, i64, i64);

fn member((user, role, muted_until, joined_at): MemberRow) -> Member {
    Member {
        user: user.into(),
        role: Role::parse(&role).unwrap_or(Role::ReadOnly),
        muted_until: muted_until.map(Timestamp),
        joined_at: Timestamp(joined_at),
    }
}

fn receipt((user, read_seq, delivered_seq, read_at): ReceiptRow) -> Receipt {
    Receipt {
        user: UserId::from_stored(user),
        read_seq: Seq(read_seq),
        // What was read has been delivered.
        delivered_seq: Seq(delivered_seq.max(read_seq)),
        read_at: (read_at > 0).then_some(Timestamp(read_at)),
    }
}

impl Reader {
    /// Users by their ids; those who are not known are left out.
    pub async fn users_named(&self, ids: &[UserId]) -> Result<Vec<User>, ReadError> {
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(LOOKED_UP_AT_ONCE) {
            let some: Vec<String> = some.iter().map(|id| id.as_str().to_owned()).collect();
            let query = users::table.filter(users::id.eq_any(some)).select(user_columns());
            let rows = read!(self, |conn| query.load::<UserRow>(&mut conn).await)?;
            found.extend(rows.into_iter().map(User::from));
        }
        Ok(found)
    }

    pub async fn member(&self, room: RoomKey, user: UserKey) -> Result<Option<Member>, ReadError> {
        let query = members::table
            .inner_join(users::table)
            .filter(members::room_key.eq(room.0).and(members::user_key.eq(user.0)))
            .select((user_columns(), members::role, members::muted_until, members::joined_at));
        let row = read!(self, |conn| query.first::<MemberRow>(&mut conn).await.optional())?;
        Ok(row.map(member))
    }

    /// A page of a room's members by user id, and whether there are more.
    pub async fn members(
        &self,
        room: RoomKey,
        after: Option<&UserId>,
        limit: i64,
    ) -> Result<(Vec<Member>, bool), ReadError> {
        let query = members::table
            .inner_join(users::table)
            .filter(members::room_key.eq(room.0))
            .filter(users::id.gt(after.map_or("", UserId::as_str).to_owned()))
            .order(users::id)
            .limit(limit + 1)
            .select((user_columns(), members::role, members::muted_until, members::joined_at));
        let rows = read!(self, |conn| query.load::<MemberRow>(&mut conn).await)?;
        Ok(cut(rows.into_iter().map(member).collect(), limit))
    }

    /// A page of a room's marks by user id, and whether there are more. Who
    /// has blocked the one who asks, or is blocked by them, is left out.
    pub async fn receipts(
        &self,
        room: RoomKey,
        asker: Option<UserKey>,
        after: Option<&UserId>,
        limit: i64,
    ) -> Result<(Vec<Receipt>, bool), ReadError> {
        // Nobody has the key 0.
        let asker = asker.map_or(0, |user| user.0);
        let blockers = blocks::table.filter(blocks::blocked_key.eq(asker)).select(blocks::user_key);
        let blocked = blocks::table.filter(blocks::user_key.eq(asker)).select(blocks::blocked_key);
        let query = receipts::table
            .inner_join(users::table)
            .filter(receipts::room_key.eq(room.0))
            .filter(receipts::user_key.ne_all(blockers))
            .filter(receipts::user_key.ne_all(blocked))
            .filter(users::id.gt(after.map_or("", UserId::as_str).to_owned()))
            .order(users::id)
            .limit(limit + 1)
            .select((users::id, receipts::read_seq, receipts::delivered_seq, receipts::read_at));
        let rows = read!(self, |conn| query.load::<ReceiptRow>(&mut conn).await)?;
        Ok(cut(rows.into_iter().map(receipt).collect(), limit))
    }

    /// A page of those whom a message has reached, by user id, without its
    /// sender, and whether there are more.
    pub async fn reached(
        &self,
        id: MessageId,
        asker: Option<UserKey>,
        after: Option<&UserId>,
        limit: i64,
    ) -> Result<(Vec<Receipt>, bool), ReadError> {
        let after = after.map_or("", UserId::as_str).to_owned();
        let asker = asker.map_or(0, |user| user.0);
        let rows = read!(self, |conn| {
            let place = messages::table.find(id.0).select((
                messages::room_key,
                messages::seq,
                messages::sender_key,
            ));
            let place = place.first::<(i64, i64, i64)>(&mut conn).await.optional()?;
            let Some((room, seq, sender)) = place else { return Ok(Vec::new()) };
            let blockers =
                blocks::table.filter(blocks::blocked_key.eq(asker)).select(blocks::user_key);
            let blocked =
                blocks::table.filter(blocks::user_key.eq(asker)).select(blocks::blocked_key);
            receipts::table
                .inner_join(users::table)
                .filter(receipts::room_key.eq(room))
                .filter(receipts::user_key.ne(sender))
                .filter(receipts::user_key.ne_all(blockers))
                .filter(receipts::user_key.ne_all(blocked))
                .filter(receipts::read_seq.ge(seq).or(receipts::delivered_seq.ge(seq)))
                .filter(users::id.gt(after))
                .order(users::id)
                .limit(limit + 1)
                .select((users::id, receipts::read_seq, receipts::delivered_seq, receipts::read_at))
                .load::<ReceiptRow>(&mut conn)
                .await
        })?;
        Ok(cut(rows.into_iter().map(receipt).collect(), limit))
    }

    /// A page of those who reacted to a message, by user id, each with the
    /// emoji and when; and whether there are more users.
    pub async fn reactions(
        &self,
        message: MessageId,
        after: Option<&UserId>,
        limit: i64,
    ) -> Result<(Vec<(UserId, String, Timestamp)>, bool), ReadError> {
        let query = reactions::table
            .inner_join(users::table)
            .filter(reactions::message_id.eq(message.0))
            .filter(users::id.gt(after.map_or("", UserId::as_str).to_owned()))
            .order((users::id, reactions::created_at))
            // A user is on one page with all of their emojis.
            .limit(limit * EMOJIS_PER_MESSAGE as i64 + 1)
            .select((users::id, reactions::emoji, reactions::created_at));
        let rows = read!(self, |conn| query.load::<(String, String, i64)>(&mut conn).await)?;
        let limit = usize::try_from(limit).unwrap_or(0);
        let mut page = Vec::<(UserId, String, Timestamp)>::new();
        let mut users = 0;
        for (user, emoji, at) in rows {
            let user = UserId::from_stored(user);
            if page.last().is_none_or(|(last, ..)| *last != user) {
                if users == limit {
                    return Ok((page, true));
                }
                users += 1;
            }
            page.push((user, emoji, Timestamp(at)));
        }
        Ok((page, false))
    }

    /// Who may not come into a room now, by user id.
    pub async fn bans(
        &self,
        room: RoomKey,
        now: Timestamp,
        after: Option<&UserId>,
        limit: i64,
    ) -> Result<(Vec<Ban>, bool), ReadError> {
        let query = bans::table
            .inner_join(users::table)
            .filter(bans::room_key.eq(room.0))
            .filter(bans::until.is_null().or(bans::until.assume_not_null().gt(now.0)))
            .filter(users::id.gt(after.map_or("", UserId::as_str).to_owned()))
            .order(users::id)
            .limit(limit + 1)
            .select((user_columns(), bans::until, bans::reason, bans::created_at));
        let rows =
            read!(self, |conn| query.load::<(UserRow, Option<i64>, String, i64)>(&mut conn).await)?;
        let bans = rows.into_iter().map(|(user, until, reason, created_at)| Ban {
            user: user.into(),
            until: until.map(Timestamp),
            reason: reason.into(),
            created_at: Timestamp(created_at),
        });
        Ok(cut(bans.collect(), limit))
    }

    /// Whether a user may not come into a room now.
    pub async fn is_banned(
        &self,
        room: RoomKey,
        user: UserKey,
        now: Timestamp,
    ) -> Result<bool, ReadError> {
        let banned = bans::table
            .find((room.0, user.0))
            .filter(bans::until.is_null().or(bans::until.assume_not_null().gt(now.0)));
        read!(self, |conn| diesel::select(exists(banned)).get_result::<bool>(&mut conn).await)
    }

    /// Whom a user has blocked, by user id.
    pub async fn blocked_by(
        &self,
        of: UserKey,
        after: Option<&UserId>,
        limit: i64,
    ) -> Result<(Vec<User>, bool), ReadError> {
        let query = blocks::table
            .inner_join(users::table)
            .filter(blocks::user_key.eq(of.0))
            .filter(users::id.gt(after.map_or("", UserId::as_str).to_owned()))
            .order(users::id)
            .limit(limit + 1)
            .select(user_columns());
        let rows = read!(self, |conn| query.load::<UserRow>(&mut conn).await)?;
        Ok(cut(rows.into_iter().map(User::from).collect(), limit))
    }
}

pub(super) fn cut<T>(mut rows: Vec<T>, limit: i64) -> (Vec<T>, bool) {
    let limit = usize::try_from(limit).unwrap_or(0);
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}
