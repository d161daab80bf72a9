//! What of all that a chunk names is there already.

use std::collections::BTreeSet;

use parlor_domain::{
    MessageId, RoomId, RoomKey, Seq, UserId, UserKey,
    archive::{Line, MessageIdsOf, MessageName},
    limits::LOOKED_UP_AT_ONCE,
};
use parlor_macros::each_backend;
use rustc_hash::FxHashMap;

use super::ImportChunk;

/// The users and rooms that a chunk names, as far as they are there.
#[derive(Default)]
pub(super) struct Known {
    pub users: FxHashMap<UserId, UserKey>,
    pub rooms: FxHashMap<RoomId, KnownRoom>,
}

/// A room that is there.
#[derive(Clone, Debug)]
pub(super) struct KnownRoom {
    pub key: RoomKey,
    pub is_direct: bool,
    /// The keys of the two of a direct room, unless one was deleted.
    pub pair: Option<String>,
    /// Where it was before this chunk: what is behind nobody has seen.
    pub head: Seq,
}

/// A message that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KnownMessage {
    pub id: MessageId,
    pub seq: Seq,
    pub changed_seq: Seq,
    pub thread: Option<i64>,
    pub is_deleted: bool,
}

/// By their rooms and ids.
pub(super) type KnownMessages = FxHashMap<(RoomKey, MessageName), KnownMessage>;

/// The users and rooms that lines name.
fn names(chunk: &ImportChunk) -> (BTreeSet<&UserId>, BTreeSet<&RoomId>) {
    let (mut users, mut rooms) = (BTreeSet::new(), BTreeSet::new());
    for (_, line) in &chunk.lines {
        match line {
            Line::Parlor(_) => {}
            Line::User(user) => {
                users.insert(&user.user_id);
            }
            Line::Room(room) => {
                rooms.insert(&room.room_id);
                users.extend(&room.made_by);
                users.extend(room.users.iter().flatten().flatten());
            }
            Line::Member(member) => {
                rooms.insert(&member.room_id);
                users.insert(&member.user_id);
            }
            Line::Message(message) => {
                rooms.insert(&message.room_id);
                users.extend(message.user_id.iter().chain(&message.mentions.users));
            }
            Line::Reaction(reaction) => {
                rooms.insert(&reaction.room_id);
                users.insert(&reaction.user_id);
            }
            Line::Read(read) => {
                rooms.insert(&read.room_id);
                users.insert(&read.user_id);
            }
        }
    }
    (users, rooms)
}

/// The messages that reactions and marks name.
fn messages_named<'a>(
    chunk: &'a ImportChunk,
    known: &Known,
) -> BTreeSet<(RoomKey, &'a MessageName)> {
    let mut named = BTreeSet::new();
    for (_, line) in &chunk.lines {
        let (room, messages) = match line {
            Line::Reaction(reaction) => (&reaction.room_id, vec![&reaction.message_id]),
            Line::Read(read) => {
                let all = [&read.message_id, &read.delivered, &read.unread_after];
                (&read.room_id, all.into_iter().flatten().collect())
            }
            _ => continue,
        };
        if let Some(room) = known.rooms.get(room) {
            named.extend(messages.into_iter().map(|message| (room.key, message)));
        }
    }
    named
}

#[each_backend]
pub(super) mod backend {
    use diesel::{
        ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, QueryResult, RunQueryDsl,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{imported_messages, messages, room_heads, rooms, users},
    };

    pub(in crate::write::import) fn of(conn: &mut Conn, chunk: &ImportChunk) -> QueryResult<Known> {
        let (users, rooms) = names(chunk);
        let mut known = Known::default();
        let ids: Vec<&str> = users.into_iter().map(UserId::as_str).collect();
        for some in ids.chunks(LOOKED_UP_AT_ONCE) {
            let found = users::table.filter(users::id.eq_any(some));
            for (id, key) in found.select((users::id, users::key)).load::<(String, i64)>(conn)? {
                known.users.insert(UserId::from_stored(id), UserKey(key));
            }
        }
        let ids: Vec<&str> = rooms.into_iter().map(RoomId::as_str).collect();
        for some in ids.chunks(LOOKED_UP_AT_ONCE) {
            known.rooms.extend(rooms_of(conn, some)?);
        }
        Ok(known)
    }

    /// Those of some ids that are there.
    pub(in crate::write::import) fn rooms_of(
        conn: &mut Conn,
        ids: &[&str],
    ) -> QueryResult<Vec<(RoomId, KnownRoom)>> {
        type Row = (String, i64, String, Option<String>, i64);
        let found = rooms::table
            .inner_join(room_heads::table)
            .filter(rooms::id.eq_any(ids))
            .select((
                rooms::id.assume_not_null(),
                rooms::key,
                rooms::kind,
                rooms::pair,
                room_heads::last_seq,
            ))
            .load::<Row>(conn)?;
        let room = |(id, key, kind, pair, head): Row| {
            let is_direct = kind == parlor_domain::RoomKind::Direct.as_str();
            let room = KnownRoom { key: RoomKey(key), is_direct, pair, head: Seq(head) };
            (RoomId::from_stored(id), room)
        };
        Ok(found.into_iter().map(room).collect())
    }

    /// The messages that reactions and marks of a chunk name, once its own are stored.
    pub(in crate::write::import) fn named(
        conn: &mut Conn,
        chunk: &ImportChunk,
        known: &Known,
    ) -> QueryResult<KnownMessages> {
        find(conn, chunk.message_ids, &messages_named(chunk, known))
    }

    /// Those of some messages that are there.
    pub(in crate::write::import) fn find(
        conn: &mut Conn,
        ids: MessageIdsOf,
        names: &BTreeSet<(RoomKey, &MessageName)>,
    ) -> QueryResult<KnownMessages> {
        let names: Vec<_> = names.iter().copied().collect();
        let mut known = KnownMessages::default();
        for some in names.chunks(LOOKED_UP_AT_ONCE) {
            match ids {
                MessageIdsOf::Application => find_imported(conn, some, &mut known)?,
                MessageIdsOf::Parlor => find_own(conn, some, &mut known)?,
            }
        }
        Ok(known)
    }

    type Row = (i64, i64, i64, i64, Option<i64>, Option<i64>);

    fn found((id, _, seq, changed_seq, thread, deleted_at): Row) -> KnownMessage {
        let (seq, changed_seq) = (Seq(seq), Seq(changed_seq));
        let (id, is_deleted) = (MessageId(id), deleted_at.is_some());
        KnownMessage { id, seq, changed_seq, thread, is_deleted }
    }

    fn find_imported(
        conn: &mut Conn,
        names: &[(RoomKey, &MessageName)],
        known: &mut KnownMessages,
    ) -> QueryResult<()> {
        let (mut keys, texts): (Vec<i64>, Vec<&str>) =
            names.iter().map(|(room, name)| (room.0, &*name.0)).unzip();
        keys.dedup();
        let rows = imported_messages::table
            .inner_join(messages::table.on(messages::id.eq(imported_messages::message_id)))
            .filter(imported_messages::room_key.eq_any(keys))
            .filter(imported_messages::id.eq_any(texts))
            .select((
                imported_messages::id,
                (
                    messages::id,
                    messages::room_key,
                    messages::seq,
                    messages::changed_seq,
                    messages::thread_id,
                    messages::deleted_at,
                ),
            ))
            .load::<(String, Row)>(conn)?;
        known.extend(rows.into_iter().map(|(name, row)| {
            let room = RoomKey(row.1);
            ((room, MessageName(name.into())), found(row))
        }));
        Ok(())
    }

    fn find_own(
        conn: &mut Conn,
        names: &[(RoomKey, &MessageName)],
        known: &mut KnownMessages,
    ) -> QueryResult<()> {
        let id = |(_, name): &(RoomKey, &MessageName)| MessageId::parse(&name.0).map(|id| id.0);
        let ids: Vec<i64> = names.iter().filter_map(id).collect();
        let rows = messages::table
            .filter(messages::id.eq_any(ids))
            .select((
                messages::id,
                messages::room_key,
                messages::seq,
                messages::changed_seq,
                messages::thread_id,
                messages::deleted_at,
            ))
            .load::<Row>(conn)?;
        known.extend(rows.into_iter().map(|row| {
            let name = MessageName(row.0.to_string().into());
            ((RoomKey(row.1), name), found(row))
        }));
        Ok(())
    }
}
