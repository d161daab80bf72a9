use std::sync::Arc;

use diesel::{
    BoolExpressionMethods, EscapeExpressionMethods, ExpressionMethods, IntoSql, JoinOnDsl,
    NullableExpressionMethods, OptionalExtension, QueryDsl, Queryable, TextExpressionMethods,
    sql_types::Bool,
};
use diesel_async::RunQueryDsl;

use super::{
    InboxHead, ReadError, Reader, read,
    room_list::{RoomFilter, fits, seen},
    unread::Mark,
};
use crate::{
    rows::{
        preferences::{self, PreferencesRow},
        room::{RoomRow, columns},
    },
    schema::{members, receipts, room_heads, rooms},
};
use parlor_domain::{
    Life, Role, Room, RoomId, RoomKey, RoomOverview, RoomState, Seq, Standing, Timestamp, UserKey,
    limits::LOOKED_UP_AT_ONCE,
};
use parlor_process::clock;

#[derive(Queryable)]
struct OverviewRow {
    room: RoomRow,
    member_count: i64,
    last_seq: i64,
    role: String,
    muted_until: Option<i64>,
    blocked: bool,
    peer_deleted: bool,
    read_seq: Option<i64>,
    delivered_seq: Option<i64>,
    unread_after: i64,
    floor: i64,
    unread_from: Option<i64>,
    preferences: PreferencesRow,
}

impl OverviewRow {
    fn mark(&self) -> Mark {
        let (unread_after, unread_from) = (self.unread_after, self.unread_from);
        Mark { unread_after, unread_from, floor: self.floor }
    }

    fn in_life(self, life: &Life, now: Timestamp) -> RoomOverview {
        let mark = self.mark();
        let OverviewRow {
            room,
            member_count,
            last_seq,
            role,
            muted_until,
            blocked,
            peer_deleted,
            read_seq,
            delivered_seq,
            unread_after: _,
            floor: _,
            unread_from: _,
            preferences,
        } = self;
        let number = |number: Option<i64>| number.unwrap_or(0);
        let room = Room::from(room);
        RoomOverview {
            epoch: life.epoch_of(room.key),
            room: Arc::new(room),
            last_seq: Seq(last_seq),
            member_count,
            state: Some(RoomState {
                standing: standing(&role, muted_until, blocked, peer_deleted),
                read_seq: Seq(number(read_seq)),
                delivered_seq: Seq(number(read_seq).max(number(delivered_seq))),
                // Counted apart, where the number is not known.
                unread: 0,
                mentions: 0,
                unread_from: mark.marked_from(),
                // Whether somebody has written since is looked for apart, too.
                preferences: preferences.shown(preferences.hidden_seq.is_some(), now),
            }),
            peer: None,
            last_message: None,
        }
    }
}

/// A room, and how a user stands in it.
type StandingRow = (i64, String, Option<i64>, bool, bool);

/// A role that is not known may do the least.
fn standing(role: &str, muted_until: Option<i64>, blocked: bool, peer_deleted: bool) -> Standing {
    let role = Role::parse(role).unwrap_or(Role::ReadOnly);
    Standing { role, muted_until: muted_until.map(Timestamp), blocked, peer_deleted }
}

/// Where a user's rooms and inbox stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// How the user stands in all of their rooms, if that was asked for. Read
    /// before the rooms: one that is listed there and not here is new, and is
    /// told of as that.
    pub standings: Option<Vec<(RoomKey, Standing)>>,
    /// The first ones, by key.
    pub rooms: Vec<RoomOverview>,
    pub has_more: bool,
    pub inbox: InboxHead,
    /// Who is not to see whether the user is there.
    pub blocked: Arc<[UserKey]>,
}

/// Memberships with their rooms, heads and marks, in one statement: this is
/// what every connect reads.
macro_rules! overviews {
    () => {{
        members::table
            .inner_join(rooms::table)
            .inner_join(room_heads::table.on(room_heads::room_key.eq(members::room_key)))
            .left_join(
                receipts::table.on(receipts::room_key
                    .eq(members::room_key)
                    .and(receipts::user_key.eq(members::user_key))),
            )
            .filter(rooms::id.is_not_null())
            .select((
                columns(),
                rooms::member_count,
                room_heads::last_seq,
                members::role,
                members::muted_until,
                members::blocked,
                members::peer_deleted,
                receipts::read_seq.nullable(),
                receipts::delivered_seq.nullable(),
                members::unread_after,
                rooms::floor_seq,
                members::unread_from,
                preferences::columns(),
            ))
    }};
}

impl Reader {
    /// A room that has not been deleted.
    pub async fn room(&self, id: &RoomId) -> Result<Option<Room>, ReadError> {
        let query = rooms::table.filter(rooms::id.eq(id.as_str().to_owned())).select(columns());
        let row = read!(self, |conn| query.first::<RoomRow>(&mut conn).await.optional())?;
        Ok(row.map(Room::from))
    }

    pub async fn room_by_key(&self, key: RoomKey) -> Result<Option<Room>, ReadError> {
        let query = rooms::table.find(key.0).filter(rooms::id.is_not_null()).select(columns());
        let row = read!(self, |conn| query.first::<RoomRow>(&mut conn).await.optional())?;
        Ok(row.map(Room::from))
    }

    /// All that a session needs to know to begin, with so many of the rooms.
    pub async fn arrival(
        &self,
        user: UserKey,
        limit: i64,
        knows_standings: bool,
    ) -> Result<Arrival, ReadError> {
        let standings = if knows_standings { None } else { Some(self.standings(user).await?) };
        let (rooms, has_more) = self.rooms_after(user, RoomKey(0), limit).await?;
        let inbox = self.inbox_head(user).await?;
        let blocked = self.blocked_keys(user).await?;
        Ok(Arrival { standings, rooms, has_more, inbox, blocked })
    }

    /// How a user stands in all of their rooms.
    async fn standings(&self, user: UserKey) -> Result<Vec<(RoomKey, Standing)>, ReadError> {
        let query = members::table
            .inner_join(rooms::table)
            .filter(members::user_key.eq(user.0))
            .filter(rooms::id.is_not_null())
            .select((
                members::room_key,
                members::role,
                members::muted_until,
                members::blocked,
                members::peer_deleted,
            ));
        let rows = read!(self, |conn| query.load::<StandingRow>(&mut conn).await)?;
        let one = |(room, role, muted_until, blocked, peer_deleted): StandingRow| {
            (RoomKey(room), standing(&role, muted_until, blocked, peer_deleted))
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// Some of a user's rooms behind one, in the order in which the rooms were
    /// made, and whether there are more.
    ///
    /// By key, which an index gives: however many rooms there are, those that
    /// are not wanted cost nothing.
    pub async fn rooms_after(
        &self,
        user: UserKey,
        after: RoomKey,
        limit: i64,
    ) -> Result<(Vec<RoomOverview>, bool), ReadError> {
        self.some_rooms(user, after, limit, false, &RoomFilter::default()).await
    }

    /// The same; `with_news`: only those in which something came after the
    /// user's mark. What a filter says of custom data is only narrowed down.
    pub(super) async fn some_rooms(
        &self,
        user: UserKey,
        after: RoomKey,
        limit: i64,
        with_news: bool,
        filter: &RoomFilter,
    ) -> Result<(Vec<RoomOverview>, bool), ReadError> {
        let is_wanted =
            room_heads::last_seq.gt(members::unread_after).or((!with_news).into_sql::<Bool>());
        let patterns = filter.patterns();
        let query = overviews!()
            .filter(members::user_key.eq(user.0))
            .filter(members::room_key.gt(after.0))
            .filter(is_wanted)
            .filter(fits!(patterns))
            .order(members::room_key)
            .limit(limit + 1);
        let (life, now) = (self.life.clone(), clock::now());
        let (rooms, marks) = read!(self, |conn| {
            let rows = query.load::<OverviewRow>(&mut conn).await?;
            let marks: Vec<Mark> = rows.iter().map(OverviewRow::mark).collect();
            let mut rooms: Vec<RoomOverview> =
                rows.into_iter().map(|row| row.in_life(&life, now)).collect();
            select::complete(&mut conn, user, &mut rooms).await?;
            Ok((rooms, marks))
        })?;
        let (mut rooms, more) = super::members::cut(rooms, limit);
        self.count_unread(user, &mut rooms, &marks).await?;
        Ok((rooms, more))
    }

    /// The rooms with these ids that a user is a member of; without what the
    /// member sees of them.
    pub async fn rooms_named(
        &self,
        user: UserKey,
        ids: &[RoomId],
    ) -> Result<Vec<RoomOverview>, ReadError> {
        let mut found = Vec::new();
        for some in ids.chunks(LOOKED_UP_AT_ONCE) {
            let some: Vec<String> = some.iter().map(|id| id.as_str().to_owned()).collect();
            let query = rooms::table
                .inner_join(room_heads::table)
                .inner_join(members::table)
                .filter(rooms::id.eq_any(some))
                .filter(members::user_key.eq(user.0))
                .select((columns(), rooms::member_count, room_heads::last_seq));
            let rows = read!(self, |conn| query.load::<(RoomRow, i64, i64)>(&mut conn).await)?;
            let life = &self.life;
            let overview = |(room, members, head)| seen(life, room, members, head);
            found.extend(rows.into_iter().map(overview));
        }
        Ok(found)
    }

    /// The rooms a user is a member of.
    pub async fn rooms_of(&self, user: UserKey) -> Result<Vec<RoomKey>, ReadError> {
        let query = members::table.filter(members::user_key.eq(user.0)).select(members::room_key);
        let keys = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        Ok(keys.into_iter().map(RoomKey).collect())
    }

    /// Some of the user's rooms in which something is unread; and the last one
    /// looked at, if there may be more behind it.
    pub async fn unread(
        &self,
        user: UserKey,
        after: RoomKey,
        limit: i64,
    ) -> Result<(Vec<RoomOverview>, Option<RoomKey>), ReadError> {
        let (mut rooms, more) =
            self.some_rooms(user, after, limit, true, &RoomFilter::default()).await?;
        let last = rooms.last().filter(|_| more).map(|overview| overview.room.key);
        rooms.retain(|room| room.state.is_some_and(|state| state.is_unread()));
        Ok((rooms, last))
    }

    /// How a user stands in a room, and its head; `None` for who is no member.
    pub async fn room_state(
        &self,
        room: RoomKey,
        user: UserKey,
    ) -> Result<Option<(RoomState, Seq)>, ReadError> {
        let overview = self.membership(room, user).await?;
        Ok(overview.and_then(|overview| Some((overview.state?, overview.last_seq))))
    }

    /// How a user stands in a room, without what is costly to count; `None`
    /// for who is no member.
    pub async fn standing(
        &self,
        room: RoomKey,
        user: UserKey,
    ) -> Result<Option<Standing>, ReadError> {
        let query = members::table
            .filter(members::room_key.eq(room.0))
            .filter(members::user_key.eq(user.0))
            .select((members::role, members::muted_until, members::blocked, members::peer_deleted));
        let row = read!(self, |conn| query
            .first::<(String, Option<i64>, bool, bool)>(&mut conn)
            .await
            .optional())?;
        Ok(row.map(|(role, muted_until, blocked, peer_deleted)| {
            standing(&role, muted_until, blocked, peer_deleted)
        }))
    }

    async fn membership(
        &self,
        room: RoomKey,
        user: UserKey,
    ) -> Result<Option<RoomOverview>, ReadError> {
        Ok(self.rooms_of_keys(user, vec![room.0]).await?.pop())
    }

    /// Those of some rooms that a user is in, in no order.
    pub(super) async fn rooms_of_keys(
        &self,
        user: UserKey,
        rooms: Vec<i64>,
    ) -> Result<Vec<RoomOverview>, ReadError> {
        let query = overviews!()
            .filter(members::user_key.eq(user.0))
            .filter(members::room_key.eq_any(rooms));
        let (life, now) = (self.life.clone(), clock::now());
        let (mut rooms, marks) = read!(self, |conn| {
            let rows = query.load::<OverviewRow>(&mut conn).await?;
            let marks: Vec<Mark> = rows.iter().map(OverviewRow::mark).collect();
            let mut rooms: Vec<RoomOverview> =
                rows.into_iter().map(|row| row.in_life(&life, now)).collect();
            select::complete(&mut conn, user, &mut rooms).await?;
            Ok((rooms, marks))
        })?;
        self.count_unread(user, &mut rooms, &marks).await?;
        Ok(rooms)
    }

    /// One room, as a user sees it.
    pub async fn overview(
        &self,
        room: RoomKey,
        user: UserKey,
    ) -> Result<Option<RoomOverview>, ReadError> {
        match self.membership(room, user).await? {
            Some(overview) => Ok(Some(overview)),
            None => self.stranger(room).await,
        }
    }

    /// A room as one sees it who is no member.
    async fn stranger(&self, room: RoomKey) -> Result<Option<RoomOverview>, ReadError> {
        let query = rooms::table
            .inner_join(room_heads::table)
            .filter(rooms::key.eq(room.0))
            .filter(rooms::id.is_not_null())
            .select((columns(), rooms::member_count, room_heads::last_seq));
        let row =
            read!(self, |conn| query.first::<(RoomRow, i64, i64)>(&mut conn).await.optional())?;
        Ok(row.map(|(room, member_count, last_seq)| seen(&self.life, room, member_count, last_seq)))
    }

    /// The newest positions of rooms; those that are gone are left out.
    pub async fn heads(&self, rooms: &[RoomKey]) -> Result<Vec<(RoomKey, Seq)>, ReadError> {
        let keys: Vec<i64> = rooms.iter().map(|room| room.0).collect();
        let query = room_heads::table
            .filter(room_heads::room_key.eq_any(keys))
            .select((room_heads::room_key, room_heads::last_seq));
        let rows = read!(self, |conn| query.load::<(i64, i64)>(&mut conn).await)?;
        Ok(rows.into_iter().map(|(room, seq)| (RoomKey(room), Seq(seq))).collect())
    }

    /// The rooms with rows that are still to be deleted.
    pub async fn unfinished_purges(&self) -> Result<Vec<RoomKey>, ReadError> {
        let query = rooms::table.filter(rooms::purge_pending).select(rooms::key);
        let keys = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        Ok(keys.into_iter().map(RoomKey).collect())
    }
}
