//! A message as it is stored, and what turns it into one of the domain.
//!
//! What a row only points to (the message it answers, the last reply of its
//! thread) is fetched for a whole page at once: [`quoted_ids`], then
//! [`quote_columns()`], then [`assemble`]. The queries themselves are run by
//! `select` (blocking, in a transaction) and by the reader (async).

use diesel::{ExpressionMethods, NullableExpressionMethods, QueryDsl, Queryable};
use rustc_hash::FxHashMap;

use super::{
    message_json::{decode_mentions, decode_reactions},
    user::{UserRow, columns as user_columns},
};
use crate::schema::{messages, rooms, users};
use parlor_domain::{
    ClientId, Extras, Mentions, Message, MessageId, MessageKind, Pin, Posted, Quote, RoomId,
    RoomKey, Seq, StreamState, Thread, Timestamp, UserId, excerpt,
};

#[derive(Queryable)]
pub(crate) struct MessageRow {
    id: i64,
    room_key: i64,
    room: String,
    seq: i64,
    pub changed_seq: i64,
    sender: UserRow,
    client_id: Option<String>,
    content: String,
    created_at: i64,
    edited_at: Option<i64>,
    deleted_at: Option<i64>,
    reply_to: Option<i64>,
    thread_id: Option<i64>,
    thread_count: Option<i64>,
    thread_last: Option<i64>,
    metadata: Option<String>,
    mentions: Option<String>,
    attachments: Option<String>,
    reactions: Option<String>,
    pinned_at: Option<i64>,
    pinned_by: Option<String>,
    kind: Option<String>,
    sent_by: Option<String>,
    silent: Option<bool>,
    stream: Option<String>,
    in_room: Option<bool>,
}

/// The messages that can be seen: their room is there and they have not been
/// cleared.
#[diesel::dsl::auto_type]
pub(crate) fn visible() -> _ {
    messages::table
        .inner_join(users::table)
        .inner_join(rooms::table)
        .filter(rooms::id.is_not_null())
        .filter(messages::seq.gt(rooms::floor_seq))
}

/// The columns of a [`MessageRow`].
#[diesel::dsl::auto_type]
pub(crate) fn columns() -> _ {
    let room: diesel::dsl::AssumeNotNull<rooms::id> = rooms::id.assume_not_null();
    (
        messages::id,
        messages::room_key,
        room,
        messages::seq,
        messages::changed_seq,
        user_columns(),
        messages::client_id,
        messages::content,
        messages::created_at,
        messages::edited_at,
        messages::deleted_at,
        messages::reply_to,
        messages::thread_id,
        messages::thread_count,
        messages::thread_last,
        messages::metadata,
        messages::mentions,
        messages::attachments,
        messages::reactions,
        messages::pinned_at,
        messages::pinned_by,
        messages::kind,
        messages::sent_by,
        messages::silent,
        messages::stream,
        messages::in_room,
    )
}

/// What is shown of a message that another one points to.
#[derive(Queryable)]
pub(crate) struct QuoteRow {
    id: i64,
    sender: UserRow,
    content: String,
    created_at: i64,
    deleted_at: Option<i64>,
}

/// The columns of a [`QuoteRow`].
#[diesel::dsl::auto_type]
pub(crate) fn quote_columns() -> _ {
    (messages::id, user_columns(), messages::content, messages::created_at, messages::deleted_at)
}

/// The messages that these point to; none on most pages.
pub(crate) fn quoted_ids(rows: &[MessageRow]) -> Vec<i64> {
    let mut ids: Vec<i64> =
        rows.iter().flat_map(|row| [row.reply_to, row.thread_last]).flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

pub(crate) fn assemble(rows: Vec<MessageRow>, quotes: Vec<QuoteRow>) -> Vec<Message> {
    let quotes = quotes.into_iter().map(|row| (row.id, Quote::from(row))).collect();
    rows.into_iter().map(|row| row.into_message(&quotes)).collect()
}

impl From<QuoteRow> for Quote {
    fn from(row: QuoteRow) -> Self {
        let QuoteRow { id, sender, content, created_at, deleted_at } = row;
        Self {
            id: MessageId(id),
            sender: sender.into(),
            excerpt: excerpt(&content).into(),
            created_at: Timestamp(created_at),
            deleted: deleted_at.is_some(),
        }
    }
}

impl MessageRow {
    fn into_message(self, quotes: &FxHashMap<i64, Quote>) -> Message {
        let Self {
            id,
            room_key,
            room,
            seq,
            changed_seq,
            sender,
            client_id,
            content,
            created_at,
            edited_at,
            deleted_at,
            reply_to,
            thread_id,
            thread_count,
            thread_last,
            metadata,
            mentions,
            attachments,
            reactions,
            pinned_at,
            pinned_by,
            kind,
            sent_by,
            silent,
            stream,
            in_room,
        } = self;
        let stream = stream.as_deref().and_then(StreamState::parse);
        let quote = |id: Option<i64>| quotes.get(&id?).cloned();
        let extras = Extras {
            reply_to: quote(reply_to),
            thread_id: thread_id.map(MessageId),
            in_room: in_room.unwrap_or(false),
            thread: thread_count
                .filter(|count| *count > 0)
                .map(|count| Thread { count, last_reply: quote(thread_last) }),
            metadata: metadata.map(Into::into),
            mentions: mentions.as_deref().map_or_else(Mentions::default, decode_mentions),
            attachments: attachments.map(Into::into),
            reactions: reactions.as_deref().map_or_else(Vec::new, decode_reactions),
            pinned: pinned_at
                .zip(pinned_by)
                .map(|(at, by)| Pin { at: Timestamp(at), by: UserId::from_stored(by) }),
            posted: Posted {
                kind: kind.as_deref().and_then(MessageKind::parse),
                by: sent_by.map(UserId::from_stored),
                // Until its end it counts as little as one that is.
                silent: silent.unwrap_or(false) && stream != Some(StreamState::Streaming),
            },
            stream,
        };
        let has_extras = extras != Extras::default();
        Message {
            id: MessageId(id),
            room_key: RoomKey(room_key),
            room: RoomId::from_stored(room),
            seq: Seq(seq),
            changed_seq: Seq(changed_seq),
            sender: sender.into(),
            client_id: client_id.map(ClientId::from_stored),
            content: content.into(),
            created_at: Timestamp(created_at),
            edited_at: edited_at.map(Timestamp),
            deleted_at: deleted_at.map(Timestamp),
            extras: has_extras.then(|| Box::new(extras)),
        }
    }
}
