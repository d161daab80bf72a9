//! Messages of an import: numbered in the order of their lines.

use std::collections::{BTreeMap, BTreeSet};

use diesel::Insertable;
use parlor_domain::{
    MessageIds, MessageKind, RoomKey, Seq, UserId,
    archive::{self, MessageIdsOf},
    limits::PINS_PER_ROOM,
};
use parlor_macros::each_backend;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    ImportChunk, Imported, LeftOut,
    fresh::{Fresh, fresh, keep_ids, mention, refer, replies},
    known::{Known, KnownMessages},
};
use crate::{schema::messages, write::message::counts};

#[derive(Insertable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
struct NewRow<'a> {
    id: i64,
    room_key: i64,
    seq: i64,
    changed_seq: i64,
    sender_key: i64,
    client_id: Option<&'a str>,
    content: &'a str,
    created_at: i64,
    edited_at: Option<i64>,
    deleted_at: Option<i64>,
    reply_to: Option<i64>,
    thread_id: Option<i64>,
    metadata: Option<&'a str>,
    mentions: Option<String>,
    pinned_at: Option<i64>,
    pinned_by: Option<&'a str>,
    attachments: Option<String>,
    kind: Option<&'static str>,
    sent_by: Option<&'a str>,
    silent: Option<bool>,
    in_room: Option<bool>,
}

#[each_backend]
pub(super) mod backend {
    use diesel::{
        ExpressionMethods, NullableExpressionMethods, QueryDsl, QueryResult, RunQueryDsl,
        dsl::case_when,
    };
    use parlor_domain::Mentions;

    use super::*;
    use crate::{
        backend::Conn,
        rows::message_json::{encode_attachments, encode_mentions},
        schema::{imported_messages, mentions, messages},
        write::{
            backend::{SHARES_ROOMS, advance_heads},
            import::{
                files::backend as files, known::backend as known_messages,
                people::backend as people,
            },
            timeline::backend as timeline,
        },
    };

    /// The key in `mentions` that stands for everyone in the room.
    const EVERYONE: i64 = 0;

    pub(in crate::write::import) fn import(
        conn: &mut Conn,
        lines: &[(u64, &archive::Message)],
        chunk: &ImportChunk,
        known: &Known,
        done: &mut Imported,
    ) -> QueryResult<()> {
        let there = named(conn, lines, chunk.message_ids, known)?;
        let deleted = match lines.iter().any(|(_, message)| message.user_id.is_none()) {
            true => Some(people::deleted(conn, chunk.at)?),
            false => None,
        };
        let mut fresh = fresh(lines, known, &there, chunk.latest(), deleted, done);
        match chunk.message_ids {
            MessageIdsOf::Application => give_ids(conn, &mut fresh)?,
            MessageIdsOf::Parlor => {
                keep_ids(&mut fresh, chunk.latest(), done);
                refuse_taken(conn, &mut fresh, done)?;
            }
        }
        files::attach(conn, &mut fresh, chunk, done)?;
        number(conn, &mut fresh)?;
        refer(&mut fresh, &there, done);
        mention(&mut fresh, known, done);
        name_by_clients(conn, &mut fresh, done)?;
        pin(conn, &mut fresh, done)?;
        store(conn, &fresh)?;
        store_mentions(conn, &fresh)?;
        remember(conn, &fresh, chunk.message_ids)?;
        count_replies(conn, &fresh)?;
        done.count("message", fresh.len(), 0);
        Ok(())
    }

    /// The messages that these are, answer or belong to, as far as they are there.
    fn named(
        conn: &mut Conn,
        lines: &[(u64, &archive::Message)],
        ids: MessageIdsOf,
        known: &Known,
    ) -> QueryResult<KnownMessages> {
        let mut names = BTreeSet::new();
        for (_, message) in lines {
            if let Some(room) = known.rooms.get(&message.room_id) {
                let others = message.reply_to.iter().chain(&message.thread_id);
                let all = others.chain([&message.message_id]);
                names.extend(all.map(|name| (room.key, name)));
            }
        }
        known_messages::find(conn, ids, &names)
    }

    /// Gives each message an id that no other one has.
    fn give_ids(conn: &mut Conn, fresh: &mut [Fresh<'_>]) -> QueryResult<()> {
        let mut given = FxHashSet::default();
        let mut without: Vec<usize> = (0..fresh.len()).collect();
        while !without.is_empty() {
            for at in &without {
                let time = fresh[*at].message.created_at;
                fresh[*at].id = MessageIds::of_past(time, rand::random());
            }
            let ids: Vec<i64> = without.iter().map(|at| fresh[*at].id.0).collect();
            let taken = taken(conn, &ids)?;
            without.retain(|at| {
                let id = fresh[*at].id;
                taken.contains(&id.0) || !given.insert(id)
            });
        }
        Ok(())
    }

    /// Those of some ids that messages have.
    fn taken(conn: &mut Conn, ids: &[i64]) -> QueryResult<FxHashSet<i64>> {
        let taken = messages::table.filter(messages::id.eq_any(ids)).select(messages::id);
        Ok(taken.load::<i64>(conn)?.into_iter().collect())
    }

    /// An id that is to be kept may be that of a message in another room.
    fn refuse_taken(
        conn: &mut Conn,
        fresh: &mut Vec<Fresh<'_>>,
        done: &mut Imported,
    ) -> QueryResult<()> {
        let ids: Vec<i64> = fresh.iter().map(|one| one.id.0).collect();
        let mut taken = taken(conn, &ids)?;
        fresh.retain(|one| {
            // Or that of one in this chunk.
            let is_free = taken.insert(one.id.0);
            if !is_free {
                done.leave_out(one.line, "message", "message_id", LeftOut::IdTaken);
            }
            is_free
        });
        Ok(())
    }

    /// Each takes the next position of its room.
    fn number(conn: &mut Conn, fresh: &mut [Fresh<'_>]) -> QueryResult<()> {
        let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
        for one in &*fresh {
            *counts.entry(one.room.key.0).or_default() += 1;
        }
        let counts: Vec<(i64, i64)> = counts.into_iter().collect();
        let first = |(room, count, last): (i64, i64, Seq)| (room, Seq(last.0 - count + 1));
        let heads = advance_heads(conn, &counts)?;
        let mut next: FxHashMap<i64, Seq> = heads.into_iter().map(first).collect();
        for one in fresh {
            let seq = next.get_mut(&one.room.key.0).ok_or(diesel::result::Error::NotFound)?;
            one.seq = *seq;
            *seq = seq.next();
        }
        Ok(())
    }

    /// A sender has named no two messages alike.
    fn name_by_clients(
        conn: &mut Conn,
        fresh: &mut [Fresh<'_>],
        done: &mut Imported,
    ) -> QueryResult<()> {
        let name = |one: &Fresh<'_>| {
            let name = one.message.client_id.as_ref().filter(|_| one.message.user_id.is_some());
            name.map(|name| (one.sender.0, name.as_str().to_owned()))
        };
        let (senders, names): (Vec<i64>, Vec<String>) = fresh.iter().filter_map(name).unzip();
        if names.is_empty() {
            return Ok(());
        }
        let taken = messages::table
            .filter(messages::sender_key.eq_any(senders))
            .filter(messages::client_id.assume_not_null().eq_any(names))
            .filter(messages::client_id.is_not_null())
            .select((messages::sender_key, messages::client_id.assume_not_null()))
            .load::<(i64, String)>(conn)?;
        let mut taken: FxHashSet<(i64, String)> = taken.into_iter().collect();
        for one in fresh {
            let Some(name) = name(one) else { continue };
            match taken.insert(name) {
                true => one.client_id = one.message.client_id.as_ref().map(|id| id.as_str()),
                false => done.without(one.line, "client_id", LeftOut::ClientIdTaken),
            }
        }
        Ok(())
    }

    fn pin(conn: &mut Conn, fresh: &mut [Fresh<'_>], done: &mut Imported) -> QueryResult<()> {
        let mut pins: FxHashMap<RoomKey, i64> = FxHashMap::default();
        for one in fresh {
            if one.message.pinned.is_none() || one.is_deleted() {
                continue;
            }
            let room = one.room.key;
            let count = match pins.get(&room) {
                Some(count) => *count,
                None => messages::table
                    .filter(messages::room_key.eq(room.0))
                    .filter(messages::pinned_at.is_not_null())
                    .count()
                    .get_result(conn)?,
            };
            one.is_pinned = count < PINS_PER_ROOM;
            if !one.is_pinned {
                done.without(one.line, "pinned", LeftOut::TooManyPins);
            }
            pins.insert(room, count + i64::from(one.is_pinned));
        }
        Ok(())
    }

    fn row<'a>(one: &'a Fresh<'_>) -> NewRow<'a> {
        let archive::Message { content, created_at, edited_at, deleted_at, metadata, .. } =
            one.message;
        let is_shown = deleted_at.is_none();
        let content = content.as_ref().filter(|_| is_shown).map_or("", |content| &*content.0);
        let users = one.mentioned.iter().map(|(user, _)| (*user).clone()).collect();
        let mentions = Mentions { users, room: is_shown && one.message.mentions.room };
        let pinned = one.message.pinned.as_ref().filter(|_| one.is_pinned);
        NewRow {
            id: one.id.0,
            room_key: one.room.key.0,
            seq: one.seq.0,
            changed_seq: one.seq.0,
            sender_key: one.sender.0,
            client_id: one.client_id,
            content,
            created_at: created_at.0,
            edited_at: edited_at.map(|at| at.0),
            deleted_at: deleted_at.map(|at| at.0),
            reply_to: one.reply_to.map(|id| id.0),
            thread_id: one.thread.map(|id| id.0),
            metadata: metadata.as_ref().filter(|_| is_shown).map(|metadata| &*metadata.0),
            mentions: encode_mentions(&mentions),
            pinned_at: pinned.map(|pinned| pinned.at.0),
            pinned_by: pinned.map(|pinned| pinned.by.as_str()),
            attachments: encode_attachments(&one.files),
            kind: one.message.kind.map(MessageKind::as_str),
            sent_by: one.message.sent_by.as_ref().map(UserId::as_str),
            silent: counts(one.message.silent, one.is_only_in_thread()),
            in_room: (one.thread.is_some() && one.message.in_room).then_some(true),
        }
    }

    fn store(conn: &mut Conn, fresh: &[Fresh<'_>]) -> QueryResult<()> {
        if SHARES_ROOMS && !fresh.is_empty() {
            let rows: Vec<_> = fresh.iter().map(row).collect();
            return diesel::insert_into(messages::table).values(rows).execute(conn).map(drop);
        }
        for one in fresh {
            diesel::insert_into(messages::table).values(row(one)).execute(conn)?;
        }
        Ok(())
    }

    fn store_mentions(conn: &mut Conn, fresh: &[Fresh<'_>]) -> QueryResult<()> {
        for one in fresh.iter().filter(|one| !one.is_deleted() && !one.message.silent) {
            let keys: Vec<i64> = match one.message.mentions.room {
                true => vec![EVERYONE],
                false => one.mentioned.iter().map(|(_, key)| key.0).collect(),
            };
            for key in keys {
                diesel::insert_into(mentions::table)
                    .values((
                        mentions::room_key.eq(one.room.key.0),
                        mentions::user_key.eq(key),
                        mentions::seq.eq(one.seq.0),
                        mentions::sender_key.eq(one.sender.0),
                        mentions::message_id.eq(one.id.0),
                        mentions::thread_id.eq(one.thread.map(|id| id.0)),
                        mentions::in_thread.eq(one.is_only_in_thread().then_some(true)),
                    ))
                    .execute(conn)?;
            }
        }
        Ok(())
    }

    /// Keeps the ids that they have where they come from.
    fn remember(conn: &mut Conn, fresh: &[Fresh<'_>], ids: MessageIdsOf) -> QueryResult<()> {
        let rows: Vec<_> = fresh
            .iter()
            .filter_map(|one| Some((one, one.imported_id(ids)?)))
            .map(|(one, name)| {
                (
                    imported_messages::room_key.eq(one.room.key.0),
                    imported_messages::id.eq(name),
                    imported_messages::message_id.eq(one.id.0),
                )
            })
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        diesel::insert_into(imported_messages::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(conn)
            .map(drop)
    }

    /// What roots tell of their threads. One that was there before takes a position for
    /// that, so that who has seen it learns of it.
    fn count_replies(conn: &mut Conn, fresh: &[Fresh<'_>]) -> QueryResult<()> {
        let heads: FxHashMap<RoomKey, Seq> =
            fresh.iter().map(|one| (one.room.key, one.room.head)).collect();
        for (root, (count, last)) in replies(fresh) {
            let found = messages::table.find(root.0);
            let (room, changed) = found
                .select((messages::room_key, messages::changed_seq))
                .first::<(i64, i64)>(conn)?;
            let head = heads.get(&RoomKey(room)).copied().unwrap_or(Seq::ZERO);
            let seq = match Seq(changed) > head {
                true => Some(Seq(changed)),
                false => timeline::advance_head(conn, RoomKey(room), 1)?,
            };
            diesel::update(found)
                .set((
                    messages::changed_seq.eq(seq.map_or(changed, |seq| seq.0)),
                    messages::thread_count.eq(case_when(
                        messages::thread_count.is_null(),
                        Some(count),
                    )
                    .otherwise(messages::thread_count + Some(count))),
                    messages::thread_last.eq(Some(last.0)),
                ))
                .execute(conn)?;
        }
        Ok(())
    }
}
