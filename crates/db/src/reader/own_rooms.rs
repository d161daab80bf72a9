//! A user's own rooms in another order than they were made in, or only those that the
//! user has in some way.
//!
//! Such an order follows from what changes all the time, so no index gives it: a short row
//! of each of the user's rooms is read, and only those of the page are read whole.

use diesel::{
    BoolExpressionMethods, EscapeExpressionMethods, ExpressionMethods, IntoSql, JoinOnDsl,
    NullableExpressionMethods, QueryDsl, Queryable, TextExpressionMethods, sql_types::Bool,
};
use diesel_async::RunQueryDsl;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    ReadError, Reader, read,
    room_list::{RoomFilter, fits},
    unread::Mark,
};
use crate::{
    rows::preferences::{self, PreferencesRow},
    schema::{members, messages, room_heads, rooms},
};
use parlor_domain::{
    FollowedThread, Notifications, Preferences, RoomKey, RoomOverview, Seq, UserKey,
    limits::{LOOKED_UP_AT_ONCE, RANK_MAX, ROOMS_SORTED},
};
use parlor_process::clock;

/// In which order a user's rooms are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoomSort {
    /// As they were made.
    #[default]
    Created,
    /// Where somebody has written last comes first.
    LastMessage,
    /// Mentions first, then what else is unread, then the rest; each by its last message.
    Unread,
    /// Pinned ones first; then by rank, those without one last; then by the last message.
    Preferred,
}

/// How and which of a user's rooms are wanted; all, unless it says something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnRooms {
    pub sort: RoomSort,
    pub hidden: Option<bool>,
    pub archived: Option<bool>,
    pub pinned: Option<bool>,
    pub unread: Option<bool>,
    pub notifications: Option<Notifications>,
    /// Those that this user is in, too.
    pub member: Option<UserKey>,
}

/// How much a user has not read, as far as they want to be told of it.
#[derive(Clone, Debug)]
pub struct UnreadSummary {
    pub unread: i64,
    pub mentions: i64,
    /// In how many rooms.
    pub rooms: usize,
    /// Some of them, the newest first.
    pub newest: Vec<RoomOverview>,
    /// In how many threads.
    pub threads: usize,
    /// Some of those, the newest first.
    pub newest_threads: Vec<FollowedThread>,
}

/// Where a room stands in an order; a page goes on behind one.
pub type RoomPlace = [i64; 4];

#[derive(Queryable)]
struct ShortRow {
    key: i64,
    created_at: i64,
    head: i64,
    unread_after: i64,
    floor: i64,
    unread_from: Option<i64>,
    preferences: PreferencesRow,
    newest_seq: Option<i64>,
    newest_at: Option<i64>,
}

impl ShortRow {
    fn mark(&self) -> Mark {
        let (unread_after, unread_from) = (self.unread_after, self.unread_from);
        Mark { unread_after, unread_from, floor: self.floor }
    }

    fn is_hidden(&self) -> bool {
        let last = self.newest_seq.unwrap_or(0).max(self.floor);
        self.preferences.hidden_seq.is_some_and(|seq| last <= seq)
    }
}

/// What order and filters go by.
#[derive(Clone, Copy, Debug)]
struct Short {
    key: RoomKey,
    /// When somebody has written last, or it was made.
    active_at: i64,
    preferences: Preferences,
    unread: i64,
    mentions: i64,
    is_marked: bool,
}

impl Short {
    fn is_unread(&self) -> bool {
        self.unread > 0 || self.is_marked
    }

    /// How much of it the user wants to be told of, and how much of that mentions them.
    fn told(&self) -> (i64, i64) {
        match self.preferences.notifications {
            Notifications::All => (self.unread, self.mentions),
            Notifications::Mentions => (self.mentions, self.mentions),
            Notifications::Nothing => (0, 0),
        }
    }

    fn place(&self, sort: RoomSort) -> RoomPlace {
        let (key, newest) = (self.key.0, -self.active_at);
        match sort {
            RoomSort::Created => [key, 0, 0, 0],
            RoomSort::LastMessage => [newest, key, 0, 0],
            RoomSort::Unread => {
                let first = if self.mentions > 0 { 0 } else { 2 - i64::from(self.is_unread()) };
                [first, newest, key, 0]
            }
            RoomSort::Preferred => {
                let Preferences { pinned, rank, .. } = self.preferences;
                [i64::from(!pinned), rank.unwrap_or(RANK_MAX + 1), newest, key]
            }
        }
    }
}

impl OwnRooms {
    /// Whether all are wanted as they were made.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it has to be counted what is unread.
    fn counts(&self) -> bool {
        self.sort == RoomSort::Unread || self.unread.is_some()
    }

    fn fits(&self, room: &Short) -> bool {
        let Self { sort: _, hidden, archived, pinned, unread, notifications, member: _ } = *self;
        let is = |wanted: Option<bool>, has: bool| wanted.is_none_or(|wanted| wanted == has);
        let has = room.preferences;
        is(hidden, has.hidden)
            && is(archived, has.archived)
            && is(pinned, has.pinned)
            && is(unread, room.is_unread())
            && notifications.is_none_or(|wanted| wanted == has.notifications)
    }
}

impl Reader {
    /// Some of a user's rooms with the newest message of each, in their order; and the
    /// place of the last one looked at, if there may be more behind it. Of the first
    /// [`ROOMS_SORTED`] rooms that fit the filter.
    pub async fn own_rooms(
        &self,
        user: UserKey,
        filter: &RoomFilter,
        own: &OwnRooms,
        after: Option<RoomPlace>,
        limit: usize,
    ) -> Result<(Vec<(RoomPlace, RoomOverview)>, Option<RoomPlace>), ReadError> {
        let mut short = self.short_rooms(user, filter, own).await?;
        short.retain(|room| own.fits(room));
        if let Some(other) = own.member {
            let shared = self.shared_rooms(other, &short).await?;
            short.retain(|room| shared.contains(&room.key.0));
        }
        let mut places: Vec<(RoomPlace, RoomKey)> = short
            .iter()
            .map(|room| (room.place(own.sort), room.key))
            .filter(|(place, _)| after.is_none_or(|after| *place > after))
            .collect();
        places.sort_unstable();
        let more = places.len() > limit;
        places.truncate(limit);
        let last = places.last().filter(|_| more).map(|(place, _)| *place);
        let keys = places.iter().map(|(_, room)| *room);
        let mut rooms = self.whole_rooms(user, keys, filter).await?;
        let page = places.into_iter();
        let page = page.filter_map(|(place, room)| Some((place, rooms.remove(&room)?)));
        Ok((page.collect(), last))
    }

    /// How much a user has not read and wants to be told of, with so many of its rooms,
    /// the newest first, each with its newest message. Of the first [`ROOMS_SORTED`] rooms.
    pub async fn unread_summary(
        &self,
        user: UserKey,
        limit: usize,
    ) -> Result<UnreadSummary, ReadError> {
        let (all, own) =
            (RoomFilter::default(), OwnRooms { unread: Some(true), ..OwnRooms::default() });
        let mut short = self.short_rooms(user, &all, &own).await?;
        short.retain(|room| room.told().0 > 0);
        short.sort_unstable_by_key(|room| room.place(RoomSort::LastMessage));
        let sum =
            |of: fn((i64, i64)) -> i64| -> i64 { short.iter().map(|room| of(room.told())).sum() };
        let (unread, mentions, rooms) = (sum(|(unread, _)| unread), sum(|(_, of)| of), short.len());
        let keys: Vec<RoomKey> = short.iter().take(limit).map(|room| room.key).collect();
        let mut whole = self.whole_rooms(user, keys.iter().copied(), &all).await?;
        let newest = keys.iter().filter_map(|room| whole.remove(room)).collect();
        let of_threads = self.unread_threads(user, clock::now(), limit).await?;
        let (unread, mentions) = (unread + of_threads.unread, mentions + of_threads.mentions);
        let (threads, newest_threads) = (of_threads.threads, of_threads.newest);
        Ok(UnreadSummary { unread, mentions, rooms, newest, threads, newest_threads })
    }

    /// Those of some rooms that a user is in and that fit, each with its newest message.
    async fn whole_rooms(
        &self,
        user: UserKey,
        rooms: impl Iterator<Item = RoomKey>,
        filter: &RoomFilter,
    ) -> Result<FxHashMap<RoomKey, RoomOverview>, ReadError> {
        let mut rooms = self.rooms_of_keys(user, rooms.map(|room| room.0).collect()).await?;
        filter.retain(&mut rooms);
        self.add_newest(user, &mut rooms).await?;
        Ok(rooms.into_iter().map(|overview| (overview.room.key, overview)).collect())
    }

    async fn short_rooms(
        &self,
        user: UserKey,
        filter: &RoomFilter,
        own: &OwnRooms,
    ) -> Result<Vec<Short>, ReadError> {
        let newest = || {
            messages::table
                .filter(messages::room_key.eq(members::room_key))
                .order(messages::seq.desc())
                .limit(1)
        };
        let patterns = filter.patterns();
        let query = members::table
            .inner_join(rooms::table)
            .inner_join(room_heads::table.on(room_heads::room_key.eq(members::room_key)))
            .filter(members::user_key.eq(user.0))
            .filter(rooms::id.is_not_null())
            .filter(fits!(patterns))
            .order(members::room_key)
            .limit(ROOMS_SORTED)
            .select((
                members::room_key,
                rooms::created_at,
                room_heads::last_seq,
                members::unread_after,
                rooms::floor_seq,
                members::unread_from,
                preferences::columns(),
                newest().select(messages::seq).single_value(),
                newest().select(messages::created_at).single_value(),
            ));
        let rows = read!(self, |conn| query.load::<ShortRow>(&mut conn).await)?;
        let counted = if own.counts() {
            let marks = rows.iter().map(|row| (RoomKey(row.key), row.mark(), Seq(row.head)));
            self.unread_behind(user, marks).await?
        } else {
            FxHashMap::default()
        };
        let now = clock::now();
        let short = |row: ShortRow| {
            let key = RoomKey(row.key);
            let (unread, mentions) = counted.get(&key).copied().unwrap_or_default();
            Short {
                key,
                active_at: row.newest_at.unwrap_or(row.created_at),
                preferences: row.preferences.shown(row.is_hidden(), now),
                unread,
                mentions,
                is_marked: row.mark().marked_from().is_some(),
            }
        };
        Ok(rows.into_iter().map(short).collect())
    }

    /// Those of some rooms that a user is in.
    async fn shared_rooms(
        &self,
        user: UserKey,
        rooms: &[Short],
    ) -> Result<FxHashSet<i64>, ReadError> {
        let mut shared = FxHashSet::default();
        for some in rooms.chunks(LOOKED_UP_AT_ONCE) {
            let keys: Vec<i64> = some.iter().map(|room| room.key.0).collect();
            let query = members::table
                .filter(members::user_key.eq(user.0))
                .filter(members::room_key.eq_any(keys))
                .select(members::room_key);
            shared.extend(read!(self, |conn| query.load::<i64>(&mut conn).await)?);
        }
        Ok(shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(key: i64, active_at: i64) -> Short {
        let preferences = Preferences::default();
        let (key, unread, mentions, is_marked) = (RoomKey(key), 0, 0, false);
        Short { key, active_at, preferences, unread, mentions, is_marked }
    }

    fn sorted(rooms: &[Short], sort: RoomSort) -> Vec<i64> {
        let mut places: Vec<_> = rooms.iter().map(|room| (room.place(sort), room.key.0)).collect();
        places.sort_unstable();
        places.into_iter().map(|(_, key)| key).collect()
    }

    #[test]
    fn each_order_ends_with_what_tells_rooms_apart() {
        let with = |room: Short, pinned, rank| {
            let preferences = Preferences { pinned, rank, ..room.preferences };
            Short { preferences, ..room }
        };
        let rooms = [
            with(short(1, 50), false, None),
            with(short(2, 90), false, None),
            Short { is_marked: true, ..with(short(3, 10), false, Some(RANK_MAX)) },
            Short { unread: 1, mentions: 1, ..with(short(4, 20), true, Some(7)) },
            with(short(5, 20), true, Some(-7)),
            with(short(6, 50), false, None),
        ];
        assert_eq!(sorted(&rooms, RoomSort::Created), [1, 2, 3, 4, 5, 6]);
        assert_eq!(sorted(&rooms, RoomSort::LastMessage), [2, 1, 6, 4, 5, 3]);
        assert_eq!(sorted(&rooms, RoomSort::Unread), [4, 3, 2, 1, 6, 5]);
        assert_eq!(sorted(&rooms, RoomSort::Preferred), [5, 4, 3, 2, 1, 6]);
    }

    #[test]
    fn a_filter_leaves_out_only_what_it_names() {
        let plain = short(1, 1);
        let preferences = Preferences {
            archived: true,
            notifications: Notifications::Nothing,
            ..plain.preferences
        };
        let archived = Short { preferences, unread: 3, mentions: 2, ..plain };
        let fitting = |own: OwnRooms| (own.fits(&plain), own.fits(&archived));
        let all = OwnRooms::default();
        assert_eq!(fitting(all), (true, true));
        assert_eq!(fitting(OwnRooms { archived: Some(false), ..all }), (true, false));
        assert_eq!(fitting(OwnRooms { archived: Some(true), ..all }), (false, true));
        assert_eq!(fitting(OwnRooms { unread: Some(true), ..all }), (false, true));
        assert_eq!(fitting(OwnRooms { pinned: Some(true), ..all }), (false, false));
        let notifications = Some(Notifications::All);
        assert_eq!(fitting(OwnRooms { notifications, ..all }), (true, false));
        let told = |notifications| {
            let preferences = Preferences { notifications, ..preferences };
            Short { preferences, ..archived }.told()
        };
        assert_eq!(Notifications::ALL.map(told), [(3, 2), (2, 2), (0, 0)]);
    }
}
