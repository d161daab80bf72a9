//! Reads that several methods of the reader share.

use parlor_domain::{
    AppEvent, EventKind, Message, RoomEvent, RoomKey, RoomKind, RoomOverview, Seq, Timestamp, User,
    UserKey,
};
use parlor_macros::each_backend;

use super::rows::message::MessageRow;

#[each_backend]
pub(crate) mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl, QueryResult,
        dsl::exists,
    };
    use diesel_async::RunQueryDsl;
    use rustc_hash::FxHashMap;

    use super::*;
    use crate::{
        backend::AsyncConn,
        rows::{
            message::{assemble, columns, quote_columns, quoted_ids, visible},
            user::{UserRow, columns as user_columns},
        },
        schema::{members, messages, room_events, rooms, users},
    };

    /// Whole messages, with what they point to.
    pub(crate) async fn messages_of(
        conn: &mut AsyncConn,
        rows: Vec<MessageRow>,
    ) -> QueryResult<Vec<Message>> {
        let ids = quoted_ids(&rows);
        let quotes = if ids.is_empty() {
            Vec::new()
        } else {
            let quoted = visible().filter(messages::id.eq_any(ids));
            quoted.select(quote_columns()).load(conn).await?
        };
        Ok(assemble(rows, quotes))
    }

    /// The newest messages before a position, newest first.
    pub(crate) async fn newest_before(
        conn: &mut AsyncConn,
        room: RoomKey,
        before: Seq,
        limit: i64,
    ) -> QueryResult<Vec<MessageRow>> {
        visible()
            .filter(messages::room_key.eq(room.0))
            .filter(messages::seq.lt(before.0))
            .order(messages::seq.desc())
            .limit(limit)
            .select(columns())
            .load(conn)
            .await
    }

    /// The oldest messages after a position, oldest first.
    pub(crate) async fn oldest_after(
        conn: &mut AsyncConn,
        room: RoomKey,
        after: Seq,
        limit: i64,
    ) -> QueryResult<Vec<MessageRow>> {
        visible()
            .filter(messages::room_key.eq(room.0))
            .filter(messages::seq.gt(after.0))
            .order(messages::seq.asc())
            .limit(limit)
            .select(columns())
            .load(conn)
            .await
    }

    /// The messages whose latest position lies in a range, in the order of those.
    ///
    /// Two reads, so that an index gives the order: those that are as they were
    /// created, and the few that changed.
    pub(crate) async fn missed_messages(
        conn: &mut AsyncConn,
        room: RoomKey,
        after: Seq,
        upto: Seq,
        limit: i64,
    ) -> QueryResult<Vec<MessageRow>> {
        let in_room = || visible().filter(messages::room_key.eq(room.0));
        let mut rows: Vec<MessageRow> = in_room()
            .filter(messages::seq.gt(after.0).and(messages::seq.le(upto.0)))
            .filter(messages::changed_seq.eq(messages::seq))
            .order(messages::seq.asc())
            .limit(limit)
            .select(columns())
            .load(conn)
            .await?;
        let changed: Vec<MessageRow> = in_room()
            .filter(messages::changed_seq.gt(after.0).and(messages::changed_seq.le(upto.0)))
            .filter(messages::changed_seq.gt(messages::seq))
            .order(messages::changed_seq.asc())
            .limit(limit)
            .select(columns())
            .load(conn)
            .await?;
        rows.extend(changed);
        rows.sort_by_key(|row| row.changed_seq);
        rows.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(rows)
    }

    pub(crate) async fn room_events_after(
        conn: &mut AsyncConn,
        room: RoomKey,
        after: Seq,
        upto: Seq,
        limit: i64,
    ) -> QueryResult<Vec<RoomEvent>> {
        let rows = room_events::table
            .filter(room_events::room_key.eq(room.0))
            .filter(room_events::seq.gt(after.0).and(room_events::seq.le(upto.0)))
            .order(room_events::seq.asc())
            .limit(limit)
            .select((
                room_events::seq,
                room_events::kind,
                room_events::data,
                room_events::created_at,
            ))
            .load::<(i64, String, String, i64)>(conn)
            .await?;
        let event = |(seq, kind, data, at): (i64, String, String, i64)| {
            let (kind, data, at) = (EventKind::from_stored(kind), data.into(), Timestamp(at));
            RoomEvent { seq: Seq(seq), event: AppEvent { kind, data, at } }
        };
        Ok(rows.into_iter().map(event).collect())
    }

    /// Takes off the row that only said that there is more.
    pub(crate) fn cut(mut rows: Vec<MessageRow>, limit: i64) -> (Vec<MessageRow>, bool) {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        (rows, more)
    }

    pub(crate) async fn page_before(
        conn: &mut AsyncConn,
        room: RoomKey,
        before: Seq,
        limit: i64,
    ) -> QueryResult<(Vec<Message>, bool)> {
        let (rows, more) = cut(newest_before(conn, room, before, limit + 1).await?, limit);
        let mut page = messages_of(conn, rows).await?;
        page.reverse();
        Ok((page, more))
    }

    pub(crate) async fn page_after(
        conn: &mut AsyncConn,
        room: RoomKey,
        after: Seq,
        limit: i64,
    ) -> QueryResult<(Vec<Message>, bool)> {
        let (rows, more) = cut(oldest_after(conn, room, after, limit + 1).await?, limit);
        Ok((messages_of(conn, rows).await?, more))
    }

    /// Adds to rooms of a user what is read apart, where there is any of it.
    pub(crate) async fn complete(
        conn: &mut AsyncConn,
        user: UserKey,
        rooms: &mut [RoomOverview],
    ) -> QueryResult<()> {
        add_peers(conn, user, rooms).await?;
        show_again(conn, user, rooms).await
    }

    /// Rooms in which somebody has written since they were hidden are not hidden any
    /// more, also where that is gone by now.
    async fn show_again(
        conn: &mut AsyncConn,
        user: UserKey,
        rooms: &mut [RoomOverview],
    ) -> QueryResult<()> {
        let is_hidden = |overview: &&mut RoomOverview| {
            overview.state.is_some_and(|state| state.preferences.hidden)
        };
        let keys: Vec<i64> =
            rooms.iter_mut().filter(is_hidden).map(|overview| overview.room.key.0).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let written = messages::table
            .filter(messages::room_key.eq(members::room_key))
            .filter(messages::seq.nullable().gt(members::hidden_seq));
        let shown = members::table
            .inner_join(rooms::table)
            .filter(members::user_key.eq(user.0))
            .filter(members::room_key.eq_any(keys))
            .filter(exists(written).or(rooms::floor_seq.nullable().gt(members::hidden_seq)))
            .select(members::room_key)
            .load::<i64>(conn)
            .await?;
        for overview in rooms.iter_mut().filter(|one| shown.contains(&one.room.key.0)) {
            if let Some(state) = &mut overview.state {
                state.preferences.hidden = false;
            }
        }
        Ok(())
    }

    /// The other user of each direct room, also one who was deleted: they are
    /// looked up by the room's pair, not by its members.
    async fn add_peers(
        conn: &mut AsyncConn,
        user: UserKey,
        rooms: &mut [RoomOverview],
    ) -> QueryResult<()> {
        let direct = |overview: &&mut RoomOverview| overview.room.kind == RoomKind::Direct;
        let keys: Vec<i64> =
            rooms.iter_mut().filter(direct).map(|overview| overview.room.key.0).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let pairs = rooms::table
            .filter(rooms::key.eq_any(keys))
            .filter(rooms::pair.is_not_null())
            .select((rooms::key, rooms::pair.assume_not_null()))
            .load::<(i64, String)>(conn)
            .await?;
        let other_of = |(room, pair): &(i64, String)| {
            let (one, two) = pair.split_once(':')?;
            let (one, two) = (one.parse::<i64>().ok()?, two.parse::<i64>().ok()?);
            Some((*room, if one == user.0 { two } else { one }))
        };
        let others: FxHashMap<i64, i64> = pairs.iter().filter_map(other_of).collect();
        let wanted: Vec<i64> = others.values().copied().collect();
        let peers = users::table
            .filter(users::key.eq_any(wanted))
            .select(user_columns())
            .load::<UserRow>(conn)
            .await?;
        let peers = peers.into_iter().map(User::from).map(|user| (user.key.0, user));
        let peers: FxHashMap<i64, User> = peers.collect();
        for overview in rooms.iter_mut().filter(direct) {
            let other = others.get(&overview.room.key.0);
            overview.peer = other.and_then(|other| peers.get(other)).cloned();
        }
        Ok(())
    }
}
