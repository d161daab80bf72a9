//! The rooms of an export, who is in them, and how far they have read.

use parlor_domain::{
    DisplayText, Role, Room, RoomId, RoomKind, RoomRules, Timestamp, UserId, Whole,
    archive::{self, JsonObject, Kind, Line, MessageName},
};
use parlor_macros::each_backend;
use rustc_hash::FxHashMap;

use super::{Ended, Out, Users};
use crate::rows::room::RoomRow;

const DAY_MS: i64 = 86_400_000;

/// A room, and what is needed to read what is in it.
pub(super) struct ExportedRoom {
    pub key: i64,
    /// What is up to here nobody sees.
    pub floor: i64,
    pub line: archive::Room,
}

/// What else a room's row has.
type Rest = (Option<String>, Option<i64>, Option<i64>, Option<i64>, i64);

/// The keys of the two of a direct room.
fn keys_of(pair: Option<&str>) -> impl Iterator<Item = i64> {
    pair.into_iter().flat_map(|pair| pair.split(':')).filter_map(|key| key.parse().ok())
}

fn line(room: Room, rest: &Rest, users: &FxHashMap<i64, UserId>) -> archive::Room {
    let (pair, keep_ms, keep_messages, made_by, _) = rest;
    let Room { key: _, id, kind, title, topic, custom, rules, ownerless, created_at } = room;
    let two = (kind == RoomKind::Direct).then(|| {
        // Who is there stands before who is gone.
        let mut there = keys_of(pair.as_deref()).filter_map(|key| users.get(&key).cloned());
        [there.next(), there.next()]
    });
    archive::Room {
        room_id: id,
        kind: Kind(kind),
        title: Some(DisplayText(title)),
        topic: Some(DisplayText(topic)),
        custom: custom.map(JsonObject),
        users: two,
        // Lists of words are no part of an export.
        rules: RoomRules { blocklists: None, ..rules },
        ownerless,
        made_by: made_by.and_then(|maker| users.get(&maker).cloned()),
        age_days: keep_ms.map(|ms| Whole(ms / DAY_MS)),
        messages: keep_messages.map(Whole),
        created_at: Some(created_at),
    }
}

/// A member's marks: those of the receipt, and after what all is unread.
type Marks = (i64, String, i64, Option<i64>, Option<i64>, Option<i64>);

#[each_backend]
pub(super) mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
        OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
    };
    use parlor_domain::limits::{EXPORT_ROWS, LOOKED_UP_AT_ONCE};

    use super::*;
    use crate::{
        backend::Conn,
        rows::room::columns,
        schema::{members, messages, receipts, rooms, users},
    };

    /// The rooms behind a key; none: there are no more.
    pub(in crate::export) fn page(
        conn: &mut Conn,
        wanted: &[RoomId],
        after: i64,
        exported: &Users,
    ) -> QueryResult<Vec<ExportedRoom>> {
        let rest =
            (rooms::pair, rooms::keep_ms, rooms::keep_messages, rooms::made_by, rooms::floor_seq);
        let mut query = rooms::table
            .filter(rooms::key.gt(after))
            .filter(rooms::id.is_not_null())
            .order(rooms::key)
            .limit(EXPORT_ROWS)
            .select((columns(), rest))
            .into_boxed();
        if !wanted.is_empty() {
            let ids: Vec<&str> = wanted.iter().map(RoomId::as_str).collect();
            query = query.filter(rooms::id.assume_not_null().eq_any(ids));
        }
        let mut rows: Vec<(Room, Rest)> = query
            .load::<(RoomRow, Rest)>(conn)?
            .into_iter()
            .map(|(row, rest)| (row.into(), rest))
            .collect();
        for (room, (pair, ..)) in &mut rows {
            if room.kind == RoomKind::Direct && pair.is_none() {
                *pair = who_is_left(conn, room.key.0)?;
            }
        }
        let users = users_of(conn, &rows, exported)?;
        let room = |(room, rest): (Room, Rest)| {
            let (key, floor) = (room.key.0, rest.4);
            ExportedRoom { key, floor, line: line(room, &rest, &users) }
        };
        Ok(rows.into_iter().map(room).collect())
    }

    /// The one of a direct room that was imported without the other one.
    fn who_is_left(conn: &mut Conn, room: i64) -> QueryResult<Option<String>> {
        let left = members::table.filter(members::room_key.eq(room)).select(members::user_key);
        Ok(left.first::<i64>(conn).optional()?.map(|key| key.to_string()))
    }

    /// Those whom rooms name, as far as they are there and exported.
    fn users_of(
        conn: &mut Conn,
        rooms: &[(Room, Rest)],
        exported: &Users,
    ) -> QueryResult<FxHashMap<i64, UserId>> {
        let named = rooms.iter().flat_map(|(_, (pair, _, _, made_by, _))| {
            made_by.iter().copied().chain(keys_of(pair.as_deref()))
        });
        let mut keys: Vec<i64> = named.filter(|key| exported.has(*key)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut users_by_key = FxHashMap::default();
        for some in keys.chunks(LOOKED_UP_AT_ONCE) {
            let rows = users::table
                .filter(users::key.eq_any(some))
                .filter(users::deleted_at.is_null())
                .select((users::key, users::id))
                .load::<(i64, String)>(conn)?;
            users_by_key.extend(rows.into_iter().map(|(key, id)| (key, UserId::from_stored(id))));
        }
        Ok(users_by_key)
    }

    pub(in crate::export) fn members(
        conn: &mut Conn,
        room: &ExportedRoom,
        out: Out<'_>,
    ) -> Result<(), Ended> {
        let mut after = 0;
        loop {
            let page = members::table
                .inner_join(users::table)
                .filter(members::room_key.eq(room.key))
                .filter(members::user_key.gt(after))
                .order(members::user_key)
                .limit(EXPORT_ROWS)
                .select((
                    members::user_key,
                    users::id,
                    members::role,
                    members::joined_at,
                    members::muted_until,
                ))
                .load::<(i64, String, String, i64, Option<i64>)>(conn)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.0;
            for (_, user, role, joined_at, muted_until) in page {
                let member = archive::Member {
                    room_id: room.line.room_id.clone(),
                    user_id: UserId::from_stored(user),
                    role: Some(Role::parse(&role).unwrap_or(Role::ReadOnly)),
                    joined_at: Some(Timestamp(joined_at)),
                    muted_until: muted_until.map(Timestamp),
                };
                out(Line::Member(member), &[])?;
            }
        }
    }

    pub(in crate::export) fn marks(
        conn: &mut Conn,
        room: &ExportedRoom,
        out: Out<'_>,
    ) -> Result<(), Ended> {
        let mut after = 0;
        let mut found = FxHashMap::default();
        loop {
            let of_member = receipts::room_key
                .eq(members::room_key)
                .and(receipts::user_key.eq(members::user_key));
            let page = members::table
                .inner_join(users::table)
                .left_join(receipts::table.on(of_member))
                .filter(members::room_key.eq(room.key))
                .filter(members::user_key.gt(after))
                .order(members::user_key)
                .limit(EXPORT_ROWS)
                .select((
                    members::user_key,
                    users::id,
                    members::unread_after,
                    receipts::read_seq.nullable(),
                    receipts::read_at.nullable(),
                    receipts::delivered_seq.nullable(),
                ))
                .load::<Marks>(conn)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.0;
            for marks in page {
                if let Some(line) = line_of(conn, room, marks, &mut found)? {
                    out(Line::Read(line), &[])?;
                }
            }
        }
    }

    /// None for who has read and received nothing.
    fn line_of(
        conn: &mut Conn,
        room: &ExportedRoom,
        (_, user, unread_after, read_seq, read_at, delivered_seq): Marks,
        found: &mut FxHashMap<i64, Option<(i64, MessageName)>>,
    ) -> QueryResult<Option<archive::Read>> {
        let mut last = |seq: Option<i64>| match seq.filter(|seq| *seq > room.floor) {
            Some(seq) => last_before(conn, room, seq, found),
            None => Ok(None),
        };
        let (read, delivered) = (last(read_seq)?, last(delivered_seq)?);
        let unread_after = last(Some(unread_after))?;
        let is_before = |one: &Option<(i64, MessageName)>, other: &Option<(i64, MessageName)>| {
            one.as_ref().map(|(seq, _)| *seq) < other.as_ref().map(|(seq, _)| *seq)
        };
        let unread_after = Some(unread_after).filter(|after| is_before(&read, after)).flatten();
        if read.is_none() && delivered.is_none() && unread_after.is_none() {
            return Ok(None);
        }
        let name = |found: Option<(i64, MessageName)>| found.map(|(_, name)| name);
        Ok(Some(archive::Read {
            room_id: room.line.room_id.clone(),
            user_id: UserId::from_stored(user),
            read_at: read.as_ref().and(read_at).map(Timestamp),
            message_id: name(read),
            delivered: name(delivered),
            unread_after: name(unread_after),
        }))
    }

    /// The last message up to a position; many members have read up to the same one.
    fn last_before(
        conn: &mut Conn,
        room: &ExportedRoom,
        seq: i64,
        found: &mut FxHashMap<i64, Option<(i64, MessageName)>>,
    ) -> QueryResult<Option<(i64, MessageName)>> {
        if let Some(known) = found.get(&seq) {
            return Ok(known.clone());
        }
        let last = messages::table
            .filter(messages::room_key.eq(room.key))
            .filter(messages::seq.le(seq))
            .filter(messages::seq.gt(room.floor))
            .order(messages::seq.desc())
            .select((messages::seq, messages::id))
            .first::<(i64, i64)>(conn)
            .optional()?;
        let last = last.map(|(at, id)| (at, MessageName(id.to_string().into())));
        found.insert(seq, last.clone());
        Ok(last)
    }
}
