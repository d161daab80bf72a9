//! The messages of an export, with the reactions to them.

use std::collections::{BTreeMap, BTreeSet};

use diesel::Queryable;
use parlor_domain::{
    AttachmentId, ClientId, Emoji, Mentions, MessageKind, PlainText, StreamState, Timestamp,
    UserId, Waveform, Whole,
    archive::{self, FilePath, JsonObject, Line, MessageName, Pinned},
};
use parlor_macros::each_backend;
use rustc_hash::FxHashSet;

use super::{Ended, Out, rooms::ExportedRoom};
use crate::rows::message_json::{attachment_ids, decode_mentions};

/// A message, and what is needed to find what belongs to it.
#[derive(Queryable)]
struct Row {
    id: i64,
    seq: i64,
    sender: String,
    /// When the sender was deleted.
    gone_at: Option<i64>,
    imported_id: Option<String>,
    client_id: Option<String>,
    content: String,
    created_at: i64,
    edited_at: Option<i64>,
    deleted_at: Option<i64>,
    reply_to: Option<i64>,
    thread_id: Option<i64>,
    metadata: Option<String>,
    mentions: Option<String>,
    pinned_at: Option<i64>,
    pinned_by: Option<String>,
    attachments: Option<String>,
    kind: Option<String>,
    sent_by: Option<String>,
    silent: Option<bool>,
    in_room: Option<bool>,
}

/// A file of a message: its id, and what a line says of it.
type File = (AttachmentId, archive::Attachment);

/// The message of a file, its id, name and hash, and what is known of sound and films.
type FileRow = (i64, i64, String, Option<Vec<u8>>, Option<i64>, Option<Vec<u8>>);

/// What of all that a page of messages names is there.
struct Named {
    messages: FxHashSet<i64>,
    users: FxHashSet<String>,
}

fn name(id: i64) -> MessageName {
    MessageName(id.to_string().into())
}

/// Whom a message mentions.
fn mentioned(row: &Row) -> Mentions {
    row.mentions.as_deref().map_or_else(Mentions::default, decode_mentions)
}

fn line(row: Row, room: &ExportedRoom, named: &Named, files: &[File]) -> archive::Message {
    let Mentions { users, room: everyone } = mentioned(&row);
    let users = users.into_iter().filter(|user| named.users.contains(user.as_str())).collect();
    let Row {
        id,
        seq: _,
        sender,
        gone_at,
        imported_id,
        client_id,
        content,
        created_at,
        edited_at,
        deleted_at,
        reply_to,
        thread_id,
        metadata,
        mentions: _,
        pinned_at,
        pinned_by,
        attachments: _,
        kind,
        sent_by,
        silent,
        in_room,
    } = row;
    // What deleted users wrote is taken away in steps; here it is gone already.
    let deleted_at = deleted_at.or(gone_at);
    let is_shown = deleted_at.is_none();
    let there = |id: Option<i64>| id.filter(|id| named.messages.contains(id)).map(name);
    let pinned = pinned_at.zip(pinned_by).filter(|_| is_shown);
    archive::Message {
        room_id: room.line.room_id.clone(),
        message_id: name(id),
        imported_id: imported_id.map(|id| MessageName(id.into())),
        user_id: gone_at.is_none().then(|| UserId::from_stored(sender)),
        created_at: Timestamp(created_at),
        content: Some(content)
            .filter(|content| is_shown && !content.is_empty())
            .map(|content| PlainText(content.into())),
        client_id: client_id.filter(|_| gone_at.is_none()).map(ClientId::from_stored),
        edited_at: edited_at.map(Timestamp),
        deleted_at: deleted_at.map(Timestamp),
        reply_to: there(reply_to),
        thread_id: there(thread_id),
        metadata: metadata.filter(|_| is_shown).map(|text| JsonObject(text.into())),
        mentions: match is_shown {
            true => archive::Mentions { users, room: everyone },
            false => archive::Mentions::default(),
        },
        pinned: pinned.map(|(at, by)| Pinned { at: Timestamp(at), by: UserId::from_stored(by) }),
        kind: kind.as_deref().and_then(MessageKind::parse),
        sent_by: sent_by.map(UserId::from_stored),
        silent: silent.unwrap_or(false),
        in_room: in_room.unwrap_or(false),
        attachments: files.iter().filter(|_| is_shown).map(|(_, file)| file.clone()).collect(),
    }
}

/// By the messages that they are to.
type Reactions = BTreeMap<i64, Vec<(i64, String, String)>>;

#[each_backend]
pub(super) mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl,
        QueryResult, RunQueryDsl,
    };
    use parlor_domain::limits::{EXPORT_ROWS, LOOKED_UP_AT_ONCE};

    use super::*;
    use crate::{
        backend::Conn,
        schema::{attachments, imported_messages, messages, reactions, users},
    };

    pub(in crate::export) fn all(
        conn: &mut Conn,
        room: &ExportedRoom,
        out: Out<'_>,
    ) -> Result<(), Ended> {
        let mut after = room.floor;
        loop {
            let page = page(conn, room.key, after)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.seq;
            let named = named(conn, room, &page)?;
            let mut reactions = reactions_to(conn, &page)?;
            let mut files = files_of(conn, &page)?;
            for row in page {
                let given = reactions.remove(&row.id).unwrap_or_default();
                let files = files.remove(&row.id).unwrap_or_default();
                let message = line(row, room, &named, &files);
                let (message_id, is_shown) =
                    (message.message_id.clone(), message.deleted_at.is_none());
                let ids: Vec<_> = files.iter().filter(|_| is_shown).map(|(id, _)| *id).collect();
                out(Line::Message(message), &ids)?;
                for (at, emoji, user) in given.into_iter().filter(|_| is_shown) {
                    let reaction = archive::Reaction {
                        room_id: room.line.room_id.clone(),
                        message_id: message_id.clone(),
                        user_id: UserId::from_stored(user),
                        emoji: Emoji(emoji.into()),
                        created_at: Some(Timestamp(at)),
                    };
                    out(Line::Reaction(reaction), &[])?;
                }
            }
        }
    }

    fn page(conn: &mut Conn, room: i64, after: i64) -> QueryResult<Vec<Row>> {
        messages::table
            .inner_join(users::table)
            .left_join(imported_messages::table.on(imported_messages::message_id.eq(messages::id)))
            .filter(messages::room_key.eq(room))
            .filter(messages::seq.gt(after))
            .order(messages::seq)
            .limit(EXPORT_ROWS)
            // Of one that is being written nobody knows yet what it will be.
            .filter(
                messages::stream.is_null().or(messages::stream.ne(StreamState::Streaming.as_str())),
            )
            .select((
                messages::id,
                messages::seq,
                users::id,
                users::deleted_at,
                imported_messages::id.nullable(),
                messages::client_id,
                messages::content,
                messages::created_at,
                messages::edited_at,
                messages::deleted_at,
                messages::reply_to,
                messages::thread_id,
                messages::metadata,
                messages::mentions,
                messages::pinned_at,
                messages::pinned_by,
                messages::attachments,
                messages::kind,
                messages::sent_by,
                messages::silent,
                messages::in_room,
            ))
            .load(conn)
    }

    fn named(conn: &mut Conn, room: &ExportedRoom, page: &[Row]) -> QueryResult<Named> {
        let ids: BTreeSet<i64> =
            page.iter().flat_map(|row| [row.reply_to, row.thread_id]).flatten().collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let mut named = Named { messages: FxHashSet::default(), users: FxHashSet::default() };
        for some in ids.chunks(LOOKED_UP_AT_ONCE) {
            let there = messages::table
                .filter(messages::id.eq_any(some))
                .filter(messages::room_key.eq(room.key))
                .filter(messages::seq.gt(room.floor));
            named.messages.extend(there.select(messages::id).load::<i64>(conn)?);
        }
        let mentioned: BTreeSet<UserId> =
            page.iter().flat_map(|row| mentioned(row).users).collect();
        let ids: Vec<&str> = mentioned.iter().map(UserId::as_str).collect();
        for some in ids.chunks(LOOKED_UP_AT_ONCE) {
            let there = users::table.filter(users::id.eq_any(some)).select(users::id);
            named.users.extend(there.load::<String>(conn)?);
        }
        Ok(named)
    }

    /// The files of messages, in the order in which each has them.
    fn files_of(conn: &mut Conn, page: &[Row]) -> QueryResult<BTreeMap<i64, Vec<File>>> {
        let with_files = page.iter().filter_map(|row| Some((row.id, row.attachments.as_deref()?)));
        let order: BTreeMap<i64, Vec<AttachmentId>> =
            with_files.map(|(id, column)| (id, attachment_ids(column))).collect();
        if order.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows = attachments::table
            .filter(attachments::message_id.assume_not_null().eq_any(order.keys()))
            .filter(attachments::message_id.is_not_null())
            .filter(attachments::ready.and(attachments::remove.eq(false)))
            .select((
                attachments::message_id.assume_not_null(),
                attachments::id,
                attachments::name,
                attachments::sha256,
                attachments::duration_ms,
                attachments::waveform,
            ))
            .load::<FileRow>(conn)?;
        let mut files: BTreeMap<i64, Vec<File>> = BTreeMap::new();
        for (message, id, name, sha256, duration_ms, waveform) in rows {
            // One that was stored before there were hashes is called by its id.
            let bytes = sha256.unwrap_or_else(|| id.to_be_bytes().to_vec());
            let file: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let (file, name) = (FilePath(file.into()), Some(PlainText(name.into())));
            let file = archive::Attachment {
                file: Some(file),
                url: None,
                upload: None,
                name,
                duration_ms: duration_ms.map(Whole),
                waveform: waveform.map(Waveform::from_stored),
            };
            let file = (AttachmentId(id), file);
            files.entry(message).or_default().push(file);
        }
        for (message, files) in &mut files {
            let order = order.get(message).map_or(&[][..], Vec::as_slice);
            files.sort_by_key(|(id, _)| order.iter().position(|one| one == id));
        }
        Ok(files)
    }

    fn reactions_to(conn: &mut Conn, page: &[Row]) -> QueryResult<Reactions> {
        let ids: Vec<i64> = page.iter().map(|row| row.id).collect();
        let rows = reactions::table
            .inner_join(users::table)
            .filter(reactions::message_id.eq_any(ids))
            .filter(users::deleted_at.is_null())
            .select((reactions::message_id, reactions::created_at, reactions::emoji, users::id))
            .load::<(i64, i64, String, String)>(conn)?;
        let mut all = Reactions::new();
        for (message, at, emoji, user) in rows {
            all.entry(message).or_default().push((at, emoji, user));
        }
        // In an order of their own, that is the same everywhere.
        all.values_mut().for_each(|given| given.sort_unstable());
        Ok(all)
    }
}
