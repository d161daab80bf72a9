//! Threads that users follow.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, IntoSql, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, Queryable, alias,
    dsl::{count_star, exists},
    sql_types::{Bool, Nullable},
};
use diesel_async::RunQueryDsl;
use rustc_hash::FxHashMap;

use super::{ReadError, Reader, read};
use crate::{
    rows::message::{MessageRow, columns, visible},
    schema::{members, mentions, messages, rooms, thread_follows},
};
use parlor_domain::{
    FollowedThread, Message, MessageId, Notifications, RoomId, Seq, ThreadState, Timestamp, UserKey,
};

/// Some of the threads that somebody follows, that with the newest reply first.
#[derive(Clone, Debug)]
pub struct FollowedThreads {
    pub threads: Vec<FollowedThread>,
    /// How many of all of them have something unread.
    pub unread: usize,
    /// Whether there is another page.
    pub more: bool,
}

/// How much is unread in threads of which a user wants to be told.
pub(super) struct UnreadThreads {
    pub unread: i64,
    pub mentions: i64,
    /// In how many threads.
    pub threads: usize,
    /// Some of them, that with the newest reply first.
    pub newest: Vec<FollowedThread>,
}

/// What of a thread is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    All,
    /// What counts there and not in the room.
    ThereAlone,
}

#[derive(Queryable)]
struct StateRow {
    room: String,
    thread: i64,
    following: bool,
    read_seq: i64,
    unread: Option<i64>,
    own_mentions: Option<i64>,
    room_mentions: Option<i64>,
}

impl From<StateRow> for ThreadState {
    fn from(row: StateRow) -> Self {
        let StateRow { room, thread, following, read_seq, unread, own_mentions, room_mentions } =
            row;
        let number = |number: Option<i64>| number.filter(|_| following).unwrap_or(0);
        Self {
            room: RoomId::from_stored(room),
            thread: MessageId(thread),
            following,
            read_seq: Seq(read_seq),
            unread: number(unread),
            mentions: number(own_mentions) + number(room_mentions),
        }
    }
}

/// A thread that somebody follows, in a list that is not cut into pages yet.
#[derive(Queryable)]
struct ListRow {
    thread: i64,
    last_reply: Option<i64>,
    notifications: Option<String>,
    notifications_until: Option<i64>,
    is_unread: bool,
}

impl ListRow {
    fn newest(&self) -> MessageId {
        MessageId(self.last_reply.unwrap_or(self.thread))
    }

    /// Of what in its room the user wants to be told.
    fn notifications(&self, now: Timestamp) -> Notifications {
        let is_over = self.notifications_until.is_some_and(|until| until <= now.0);
        let set = self.notifications.as_deref().filter(|_| !is_over);
        set.and_then(Notifications::parse).unwrap_or_default()
    }
}

impl Reader {
    /// A page of the threads that a user follows, from those on whose newest reply is older
    /// than a message; all of them, or those with something unread, or the others.
    pub async fn followed_threads(
        &self,
        user: UserKey,
        unread: Option<bool>,
        before: MessageId,
        limit: i64,
    ) -> Result<FollowedThreads, ReadError> {
        let _turn = self.counts.turn(user).await;
        let mut rows = self.follows(user).await?;
        let has_unread = rows.iter().filter(|row| row.is_unread).count();
        rows.retain(|row| {
            row.newest() < before && unread.is_none_or(|unread| unread == row.is_unread)
        });
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.newest()));
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let threads = self.whole_threads(user, &rows).await?;
        Ok(FollowedThreads { threads, unread: has_unread, more })
    }

    /// What is unread in threads, and not in their rooms, of which a user wants to be told.
    pub(super) async fn unread_threads(
        &self,
        user: UserKey,
        now: Timestamp,
        limit: usize,
    ) -> Result<UnreadThreads, ReadError> {
        let _turn = self.counts.turn(user).await;
        let mut rows = self.follows(user).await?;
        rows.retain(|row| row.is_unread && row.notifications(now) != Notifications::Nothing);
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.newest()));
        let ids = rows.iter().map(|row| row.thread).collect();
        let states = self.thread_states(user, ids, Counting::ThereAlone).await?;
        let states: FxHashMap<i64, ThreadState> =
            states.into_iter().map(|state| (state.thread.0, state)).collect();
        let told = |row: &ListRow| match states.get(&row.thread) {
            None => (0, 0),
            Some(state) if row.notifications(now) == Notifications::All => {
                (state.unread, state.mentions)
            }
            Some(state) => (state.mentions, state.mentions),
        };
        rows.retain(|row| told(row).0 > 0);
        let sum = |of: fn((i64, i64)) -> i64| rows.iter().map(|row| of(told(row))).sum();
        let (unread, mentions, threads) =
            (sum(|(unread, _)| unread), sum(|(_, of)| of), rows.len());
        rows.truncate(limit);
        let newest = self.whole_threads(user, &rows).await?;
        Ok(UnreadThreads { unread, mentions, threads, newest })
    }

    async fn whole_threads(
        &self,
        user: UserKey,
        rows: &[ListRow],
    ) -> Result<Vec<FollowedThread>, ReadError> {
        let ids: Vec<i64> = rows.iter().map(|row| row.thread).collect();
        let states = self.thread_states(user, ids.clone(), Counting::All).await?;
        let query = visible().filter(messages::id.eq_any(ids)).select(columns());
        let roots = read!(self, |conn| {
            let rows = query.load::<MessageRow>(&mut conn).await?;
            select::messages_of(&mut conn, rows).await
        })?;
        let mut roots: FxHashMap<MessageId, Message> =
            roots.into_iter().map(|root| (root.id, root)).collect();
        let mut states: FxHashMap<MessageId, ThreadState> =
            states.into_iter().map(|state| (state.thread, state)).collect();
        let threads = rows.iter().filter_map(|row| {
            let id = MessageId(row.thread);
            Some(FollowedThread {
                state: states.remove(&id)?,
                root: roots.remove(&id)?,
                newest: row.newest(),
            })
        });
        Ok(threads.collect())
    }

    /// What a user has of the thread that a message begins or would begin; `None` if the
    /// message cannot be seen.
    pub async fn thread_state(
        &self,
        user: UserKey,
        root: MessageId,
    ) -> Result<Option<ThreadState>, ReadError> {
        if let Some(state) = self.thread_states(user, vec![root.0], Counting::All).await?.pop() {
            return Ok(Some(state));
        }
        let query = visible().filter(messages::id.eq(root.0)).select(rooms::id.assume_not_null());
        let room = read!(self, |conn| query.first::<String>(&mut conn).await.optional())?;
        Ok(room.map(|room| ThreadState {
            room: RoomId::from_stored(room),
            thread: root,
            following: false,
            read_seq: Seq::ZERO,
            unread: 0,
            mentions: 0,
        }))
    }

    /// All threads that a user follows: at most so many as are kept of one.
    async fn follows(&self, user: UserKey) -> Result<Vec<ListRow>, ReadError> {
        let replies = alias!(messages as replies);
        let unread = replies
            .filter(replies.field(messages::thread_id).eq(thread_follows::thread_id.nullable()))
            .filter(replies.field(messages::seq).gt(thread_follows::read_seq))
            .filter(replies.field(messages::seq).gt(rooms::floor_seq))
            .filter(replies.field(messages::sender_key).ne(thread_follows::user_key))
            .filter(replies.field(messages::deleted_at).is_null())
            .filter(
                replies
                    .field(messages::silent)
                    .is_null()
                    .or(replies.field(messages::silent).eq(false))
                    .assume_not_null(),
            );
        let query = thread_follows::table
            .inner_join(messages::table.on(messages::id.eq(thread_follows::thread_id)))
            .inner_join(rooms::table.on(rooms::key.eq(thread_follows::room_key)))
            .inner_join(
                members::table.on(members::room_key
                    .eq(thread_follows::room_key)
                    .and(members::user_key.eq(thread_follows::user_key))),
            )
            .filter(thread_follows::user_key.eq(user.0))
            .filter(thread_follows::following)
            .filter(rooms::id.is_not_null())
            .filter(messages::seq.gt(rooms::floor_seq))
            .select((
                thread_follows::thread_id,
                messages::thread_last,
                members::notifications,
                members::notifications_until,
                exists(unread),
            ));
        read!(self, |conn| query.load::<ListRow>(&mut conn).await)
    }

    /// What a user has of some threads, where they follow them or do not want to.
    pub(super) async fn thread_states(
        &self,
        user: UserKey,
        threads: Vec<i64>,
        counting: Counting,
    ) -> Result<Vec<ThreadState>, ReadError> {
        let all = counting == Counting::All;
        let replies = messages::table
            .filter(messages::thread_id.eq(thread_follows::thread_id.nullable()))
            .filter(messages::seq.gt(thread_follows::read_seq))
            .filter(messages::seq.gt(rooms::floor_seq))
            .filter(messages::sender_key.ne(thread_follows::user_key))
            .filter(messages::deleted_at.is_null())
            .filter(
                messages::silent
                    .eq(false)
                    .or(messages::silent.is_null().and(all.into_sql::<Nullable<Bool>>())),
            );
        let mentions_of = || {
            mentions::table
                .filter(mentions::thread_id.eq(thread_follows::thread_id.nullable()))
                .filter(mentions::seq.gt(thread_follows::read_seq))
                .filter(mentions::seq.gt(rooms::floor_seq))
                .filter(mentions::sender_key.ne(thread_follows::user_key))
                .filter(mentions::in_thread.eq(true).or(all.into_sql::<Nullable<Bool>>()))
        };
        let own = mentions_of().filter(mentions::user_key.eq(thread_follows::user_key));
        let of_all = mentions_of().filter(mentions::user_key.eq(0));
        let query = thread_follows::table
            .inner_join(rooms::table.on(rooms::key.eq(thread_follows::room_key)))
            .filter(thread_follows::user_key.eq(user.0))
            .filter(thread_follows::thread_id.eq_any(threads))
            .filter(rooms::id.is_not_null())
            .select((
                rooms::id.assume_not_null(),
                thread_follows::thread_id,
                thread_follows::following,
                thread_follows::read_seq,
                replies.select(count_star()).single_value(),
                own.select(count_star()).single_value(),
                of_all.select(count_star()).single_value(),
            ));
        let rows = read!(self, |conn| query.load::<StateRow>(&mut conn).await)?;
        Ok(rows.into_iter().map(ThreadState::from).collect())
    }
}
