//! Messages: numbered and stored, each once; and changed.

pub(super) mod at_once;
mod change;
mod reaction;
mod rich;
mod rights;
pub(super) mod select;
mod sender;
mod stream;
mod stream_row;
pub mod thread;

use std::{collections::BTreeMap, sync::Arc};

use diesel::Insertable;
use parlor_domain::{
    ClientId, Message, MessageId, NewExtras, RoomKey, RoomRules, ScheduledEnd, Seq, StoredMessage,
    Timestamp, UserKey,
};
use parlor_macros::each_backend;
use rustc_hash::FxHashMap;

pub use change::{ChangeMessage, ChangedMessage};
pub use stream::{EndStream, StoreStreams, StreamEnd, Streamed};

use super::{
    Concern, Conn, Effects, Outcome, Queued, WebhookEvent, What, Write, WriteError, Written,
    follow::{self, Followed},
    on,
    reported::OpenedReport,
};
use crate::{Happened, schema::messages};

/// A message that somebody sends.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub id: MessageId,
    pub room: RoomKey,
    pub sender: UserKey,
    /// By the right of an administrator, who need not be a member.
    pub by_admin: bool,
    /// The room's, as far as they concern the sender.
    pub rules: RoomRules,
    pub client_id: Option<ClientId>,
    pub content: Arc<str>,
    pub created_at: Timestamp,
    /// `None` for most.
    pub extras: Option<Box<NewExtras>>,
}

/// A message that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub stored: StoredMessage,
    /// If it has more than a content and was stored now: as the transaction
    /// has put it together.
    pub rich: Option<Box<RichMessage>>,
}

/// A message with more than a content, and the root of its thread as it is
/// then.
#[derive(Clone, Debug)]
pub struct RichMessage {
    pub message: Message,
    pub root: Option<Message>,
    /// Who has its thread otherwise now.
    pub followed: Vec<Followed>,
    /// The report that it is in because of a list.
    pub(super) report: Option<OpenedReport>,
}

/// How a message counts as unread: `None` as usual, `Some(true)` nowhere, `Some(false)` in
/// its thread alone.
pub(super) fn counts(is_silent: bool, is_only_in_thread: bool) -> Option<bool> {
    if is_silent { Some(true) } else { is_only_in_thread.then_some(false) }
}

impl Write for NewMessage {
    type Outcome = Sent;

    fn concerns(&self) -> Vec<Concern> {
        let scheduled = self.extras.as_ref().and_then(|extras| extras.scheduled);
        // The sender may just be changing it.
        let sender = scheduled.map(|_| Concern::User(self.sender));
        [Concern::Room(self.room)].into_iter().chain(sender).collect()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Sent> {
        on!(conn, insert, self)
    }

    fn effects(&self, Sent { stored, rich }: &Sent, effects: &mut Effects) {
        let StoredMessage { id, seq, duplicate, .. } = *stored;
        if duplicate {
            return;
        }
        effects.position(self.room, seq);
        // One that is being written is told when it has been.
        if self.extras.as_ref().is_none_or(|extras| !extras.is_streaming) {
            effects.webhook(|| WebhookEvent::of_message("message.created", self.room, id, seq));
        }
        let Some(RichMessage { message, root, followed, report }) = rich.as_deref() else { return };
        follow::effects(message, followed, effects);
        if let Some(report) = report {
            report.effects(effects);
        }
        if let Some(root) = root {
            effects.position(root.room_key, root.changed_seq);
        }
        if let Some((scheduled, _)) = self.extras.as_ref().and_then(|extras| extras.scheduled) {
            let (user, room) = (self.sender.0, message.room.as_str().to_owned());
            let ended = Some(ScheduledEnd::Sent(id));
            effects.happened(|| Happened::Scheduled { user, id: scheduled.0, room, ended });
        }
    }

    fn queued(self) -> Queued {
        What::Message(self).into()
    }

    fn outcome(outcome: Outcome) -> Option<Sent> {
        match outcome {
            Outcome::Message(sent) => Some(sent),
            Outcome::Other(_) => None,
        }
    }
}

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
}

fn row(message: &NewMessage, seq: Seq) -> NewRow<'_> {
    let NewMessage {
        id,
        room,
        sender,
        by_admin: _,
        rules: _,
        client_id,
        content,
        created_at,
        extras: _,
    } = message;
    NewRow {
        id: id.0,
        room_key: room.0,
        seq: seq.0,
        changed_seq: seq.0,
        sender_key: sender.0,
        client_id: client_id.as_ref().map(ClientId::as_str),
        content,
        created_at: created_at.0,
    }
}

/// For each message the position of the first one with the same sender and
/// `client_id`; its own if it is that one.
///
/// Ends before a repeat that names another room than the first: what becomes
/// of it depends on what became of the first, so it has to wait for that.
pub(super) fn first_of_each(run: &[&NewMessage]) -> Vec<usize> {
    let mut seen: FxHashMap<(UserKey, &ClientId), usize> = FxHashMap::default();
    run.iter()
        .enumerate()
        .map_while(|(i, message)| match &message.client_id {
            Some(client_id) => {
                let first = *seen.entry((message.sender, client_id)).or_insert(i);
                (run[first].room == message.room).then_some(first)
            }
            None => Some(i),
        })
        .collect()
}

/// What became of a message of a run.
pub type Stored = Result<StoredMessage, WriteError>;

/// A repeat in the same room meets with what its first met with.
fn repeat_of(first: Stored) -> Stored {
    first.map(|stored| StoredMessage { duplicate: true, ..stored })
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        write::{
            backend::{SHARES_ROOMS, advance_heads},
            message::at_once::backend::store_messages,
        },
    };

    pub use super::{
        change::backend::{erase, unreact},
        reaction::backend::{summarize as summarize_reactions, unify as unify_reactions},
    };

    /// Stores one message that may have more than a content.
    pub(super) fn insert(conn: &mut Conn, new: &NewMessage) -> Written<Sent> {
        if let Some(extras) = &new.extras {
            return rich::backend::insert(conn, new, extras);
        }
        let stored = insert_run(conn, &[new])?.pop().unwrap_or(Err(WriteError::Database))?;
        Ok(Sent { stored, rich: None })
    }

    /// Stores messages in order, inside the batch's transaction.
    pub fn insert_run(conn: &mut Conn, run: &[&NewMessage]) -> QueryResult<Vec<Stored>> {
        let mut results = Vec::with_capacity(run.len());
        while results.len() < run.len() {
            let rest = &run[results.len()..];
            let firsts = first_of_each(rest);
            results.extend(insert_part(conn, &rest[..firsts.len()], &firsts)?);
        }
        Ok(results)
    }

    /// What cannot be stored at once is looked up first, so that a repeat never
    /// takes a `seq`.
    fn insert_part(
        conn: &mut Conn,
        part: &[&NewMessage],
        firsts: &[usize],
    ) -> QueryResult<Vec<Stored>> {
        let is_first = |(i, (_, first)): &(usize, (&&NewMessage, &usize))| *i == **first;
        let fresh: Vec<&NewMessage> =
            part.iter().zip(firsts).enumerate().filter(is_first).map(|(_, (m, _))| *m).collect();
        let mut decided = store_messages(conn, &fresh)?;
        let left = fresh.iter().zip(&decided).filter(|(_, decided)| decided.is_none());
        let left: Vec<&NewMessage> = left.map(|(message, _)| *message).collect();
        if !left.is_empty() {
            let mut rest = insert_with_lookup(conn, &left)?.into_iter();
            decided.iter_mut().filter(|one| one.is_none()).for_each(|one| *one = rest.next());
        }
        let mut decided = decided.into_iter().flatten();
        let mut results: Vec<Stored> = Vec::with_capacity(part.len());
        for (i, first) in firsts.iter().enumerate() {
            results.push(if i == *first {
                decided.next().unwrap_or(Err(WriteError::Database))
            } else {
                repeat_of(results[*first].clone())
            });
        }
        Ok(results)
    }

    fn insert_with_lookup(conn: &mut Conn, messages: &[&NewMessage]) -> QueryResult<Vec<Stored>> {
        let mut results = Vec::with_capacity(messages.len());
        for message in messages {
            // PostgreSQL has looked for repeats already.
            results.push(if SHARES_ROOMS { None } else { find_repeated(conn, message)? });
        }
        let unknown: Vec<&NewMessage> = messages
            .iter()
            .zip(&results)
            .filter(|(_, known)| known.is_none())
            .map(|(message, _)| *message)
            .collect();
        let mut inserted = insert_fresh(conn, &unknown)?.into_iter();
        let fill = |known: Option<Stored>| known.or_else(|| inserted.next());
        Ok(results
            .into_iter()
            .map(fill)
            .map(|one| one.unwrap_or(Err(WriteError::Database)))
            .collect())
    }

    pub fn find_repeated(conn: &mut Conn, message: &NewMessage) -> QueryResult<Option<Stored>> {
        let Some(client_id) = &message.client_id else { return Ok(None) };
        let known = messages::table
            .filter(messages::sender_key.eq(message.sender.0))
            .filter(messages::client_id.eq(client_id.as_str()))
            .select((messages::id, messages::room_key, messages::seq, messages::created_at))
            .first::<(i64, i64, i64, i64)>(conn)
            .optional()?;
        Ok(known.map(|(id, room, seq, created_at)| {
            if RoomKey(room) != message.room {
                return Err(WriteError::ClientIdElsewhere);
            }
            let (id, seq, created_at) = (MessageId(id), Seq(seq), Timestamp(created_at));
            Ok(StoredMessage { id, seq, created_at, duplicate: true })
        }))
    }

    /// Numbers and stores messages of which none was stored before.
    pub(crate) fn insert_fresh(
        conn: &mut Conn,
        messages: &[&NewMessage],
    ) -> QueryResult<Vec<Stored>> {
        let mut senders = sender::backend::of(conn, messages)?;
        let checked: Vec<_> = messages.iter().map(|message| senders.check(message)).collect();
        let allowed = messages.iter().zip(&checked).filter(|(_, checked)| checked.is_ok());
        let allowed: Vec<&NewMessage> = allowed.map(|(message, _)| *message).collect();
        let mut next = reserve(conn, &allowed)?;
        let mut results = Vec::with_capacity(messages.len());
        let mut rows = Vec::with_capacity(messages.len());
        for (message, checked) in messages.iter().zip(checked) {
            if let Err(denied) = checked {
                results.push(Err(denied));
                continue;
            }
            let Some(seq) = next.get_mut(&message.room.0) else {
                results.push(Err(WriteError::NoSuchRoom));
                continue;
            };
            rows.push(row(message, *seq));
            results.push(Ok(StoredMessage {
                id: message.id,
                seq: *seq,
                created_at: message.created_at,
                duplicate: false,
            }));
            *seq = seq.next();
        }
        sender::backend::note(conn, &senders)?;
        store(conn, &rows)?;
        Ok(results)
    }

    /// Takes as many numbers from each room as it has messages here; gives the
    /// first one of each room that is there. In the order of the rooms, so that
    /// two nodes can never wait for each other.
    fn reserve(conn: &mut Conn, messages: &[&NewMessage]) -> QueryResult<FxHashMap<i64, Seq>> {
        let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
        for message in messages {
            *counts.entry(message.room.0).or_default() += 1;
        }
        let counts: Vec<(i64, i64)> = counts.into_iter().collect();
        let first = |(room, count, last): (i64, i64, Seq)| (room, Seq(last.0 - count + 1));
        Ok(advance_heads(conn, &counts)?.into_iter().map(first).collect())
    }

    /// On SQLite one prepared statement a row: that is a fifth faster than one
    /// statement with many rows, which has to be prepared for each number of rows
    /// (docs/PERFORMANCE.md). On PostgreSQL each statement is a round trip.
    fn store(conn: &mut Conn, rows: &[NewRow<'_>]) -> QueryResult<()> {
        if rows.is_empty() {
            return Ok(());
        }
        if SHARES_ROOMS {
            return diesel::insert_into(messages::table).values(rows).execute(conn).map(drop);
        }
        for row in rows {
            diesel::insert_into(messages::table).values(row).execute(conn)?;
        }
        Ok(())
    }
}
