//! Messages with more than a content: replies, threads, mentions, metadata,
//! attachments. Stored one by one; plain ones go in together.

use diesel::Insertable;
use parlor_domain::{
    ClientId, Mentioned, Mentions, Message, MessageId, MessageKind, NewExtras, RoomKey, Seq,
    StoredMessage, StreamState, Timestamp, UserId, UserKey,
};
use parlor_macros::each_backend;

use super::{NewMessage, RichMessage, Sent, counts};
use crate::{
    schema::messages,
    write::{
        WriteError, Written,
        follow::{Followed, InThread},
    },
};

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
    reply_to: Option<i64>,
    thread_id: Option<i64>,
    metadata: Option<&'a str>,
    mentions: Option<String>,
    attachments: Option<String>,
    kind: Option<&'static str>,
    sent_by: Option<&'a str>,
    silent: Option<bool>,
    stream: Option<&'static str>,
    in_room: Option<bool>,
}

/// Who is called by a text.
pub struct Meant {
    pub users: Vec<i64>,
    pub everybody: bool,
}

impl Meant {
    /// Under which keys they are told: nobody twice.
    fn keys(&self) -> &[i64] {
        if self.everybody { &[EVERYONE] } else { &self.users }
    }
}

/// A message that mentions somebody.
#[derive(Clone, Copy)]
pub struct Mentioning {
    pub room: RoomKey,
    pub message: MessageId,
    pub seq: Seq,
    pub sender: UserKey,
    /// The thread that it is in, and whether it counts there alone.
    pub thread: Option<(MessageId, bool)>,
    pub at: Timestamp,
}

impl Mentioning {
    fn in_thread(self, thread: MessageId) -> InThread {
        let Self { room, message: _, seq, sender, thread: _, at } = self;
        InThread { room, thread, seq, sender, at }
    }

    /// One that is stored already.
    pub fn of(message: &Message, at: Timestamp) -> Self {
        let extras = message.extras.as_deref();
        let thread =
            extras.and_then(|extras| Some((extras.thread_id?, extras.is_only_in_thread())));
        Self {
            room: message.room_key,
            message: message.id,
            seq: message.seq,
            sender: message.sender.key,
            thread,
            at,
        }
    }
}

/// The key in `mentions` that stands for everyone in the room.
const EVERYONE: i64 = 0;

#[each_backend]
pub mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
        RunQueryDsl,
    };

    use super::*;
    use crate::{
        backend::Conn,
        rows::message_json::{encode_attachments, encode_mentions},
        schema::{members, mentions, rooms, users},
        write::timeline::backend as timeline,
        write::{
            attachment::backend as attachment,
            follow::backend as follow,
            message::{
                backend::find_repeated, select::backend as select, sender::backend as sender,
                stream_row::backend as stream_row, thread::backend as thread,
            },
            reported::backend as reported,
            scheduled::backend as scheduled_rows,
        },
    };

    pub fn insert(conn: &mut Conn, new: &NewMessage, extras: &NewExtras) -> Written<Sent> {
        if let Some(repeated) = find_repeated(conn, new)? {
            return Ok(Sent { stored: repeated?, rich: None });
        }
        if let Some(planned) = extras.scheduled
            && !scheduled_rows::is_due(conn, new.room, planned)?
        {
            return Err(WriteError::NoSuchScheduled.into());
        }
        let scheduled = extras.scheduled.map(|(id, _)| id);
        let mut senders = sender::of(conn, &[new])?;
        senders.check(new)?;
        if let Some(answered) = extras.reply_to
            && !can_be_answered(conn, answered, new.room, false)?
        {
            return Err(WriteError::NoSuchMessage.into());
        }
        // A reply to a reply belongs to the thread of its root.
        let thread = match extras.thread {
            Some(named) => thread::root_of(conn, named, new.room)?,
            None => None,
        };
        let can_be = match thread {
            Some(root) => can_be_answered(conn, root, new.room, true)?,
            None => extras.thread.is_none(),
        };
        if !can_be {
            return Err(WriteError::NoSuchMessage.into());
        }
        let attached = match &extras.attachments[..] {
            [] => Vec::new(),
            ids => attachment::claim(conn, ids, new.sender, new.room, new.id, scheduled)?
                .ok_or(WriteError::NoSuchAttachment)?,
        };
        let seq = timeline::advance_head(conn, new.room, 1)?.ok_or(WriteError::NoSuchRoom)?;
        sender::note(conn, &senders)?;
        let (mentioned, meant) = resolve(conn, new.room, &extras.mentioned)?;
        let posted = &extras.posted;
        let is_only_in_thread = thread.is_some() && !extras.in_room;
        diesel::insert_into(messages::table)
            .values(NewRow {
                id: new.id.0,
                room_key: new.room.0,
                seq: seq.0,
                changed_seq: seq.0,
                sender_key: new.sender.0,
                client_id: new.client_id.as_ref().map(ClientId::as_str),
                content: &new.content,
                created_at: new.created_at.0,
                reply_to: extras.reply_to.map(|id| id.0),
                thread_id: thread.map(|id| id.0),
                metadata: extras.metadata.as_deref(),
                mentions: encode_mentions(&mentioned),
                attachments: encode_attachments(&attached),
                kind: posted.kind.map(MessageKind::as_str),
                sent_by: posted.by.as_ref().map(UserId::as_str),
                silent: counts(posted.silent || extras.is_streaming, is_only_in_thread),
                stream: extras.is_streaming.then_some(StreamState::Streaming.as_str()),
                in_room: (thread.is_some() && extras.in_room).then_some(true),
            })
            .execute(conn)?;
        if let Some(scheduled) = scheduled {
            scheduled_rows::end(conn, &[scheduled.0])?;
        }
        if extras.is_streaming {
            stream_row::begin(conn, new.id, new.created_at)?;
        }
        let mentioning = Mentioning {
            room: new.room,
            message: new.id,
            seq,
            sender: new.sender,
            thread: thread.map(|root| (root, is_only_in_thread)),
            // Not when it was said elsewhere, or it would be the first to be forgotten.
            at: parlor_process::clock::now(),
        };
        let mut followed = match posted.silent {
            true => Vec::new(),
            false => insert_mentions(conn, mentioning, &meant)?,
        };
        let root = match thread {
            Some(root) => thread::replied(conn, root, new.id)?,
            None => None,
        };
        if let Some(root) = &root {
            let reply = mentioning.in_thread(root.id);
            followed.extend(follow::replied(conn, reply, root.sender.key)?);
        }
        let message = select::find(conn, new.id)?.ok_or(WriteError::NoSuchRoom)?;
        let report = match extras.flagged {
            Some(id) => Some(reported::flag(conn, &message, id, new.created_at)?),
            None => None,
        };
        let (id, created_at) = (new.id, new.created_at);
        let stored = StoredMessage { id, seq, created_at, duplicate: false };
        Ok(Sent { stored, rich: Some(Box::new(RichMessage { message, root, followed, report })) })
    }

    /// Whether a message can be answered in a room: it is there, in that room,
    /// and was not deleted. A thread goes on when its root is.
    fn can_be_answered(
        conn: &mut Conn,
        id: MessageId,
        room: RoomKey,
        in_thread: bool,
    ) -> QueryResult<bool> {
        let found = messages::table
            .inner_join(rooms::table)
            .filter(messages::id.eq(id.0))
            .filter(messages::room_key.eq(room.0))
            .filter(messages::seq.gt(rooms::floor_seq))
            .select((messages::deleted_at, messages::thread_count));
        let found = found.first::<(Option<i64>, Option<i64>)>(conn).optional()?;
        Ok(found.is_some_and(|(deleted_at, replies)| {
            deleted_at.is_none() || (in_thread && replies.is_some_and(|replies| replies > 0))
        }))
    }

    /// Of what a text may mention the members of the room, and who is called by it.
    pub fn resolve(
        conn: &mut Conn,
        room: RoomKey,
        mentioned: &Mentioned,
    ) -> QueryResult<(Mentions, Meant)> {
        let mut found = Mentions { users: Vec::new(), room: mentioned.room };
        let mut meant = Meant { users: Vec::new(), everybody: mentioned.room };
        if mentioned.candidates.is_empty() {
            return Ok((found, meant));
        }
        let names: Vec<&str> = mentioned.candidates.iter().flatten().map(String::as_str).collect();
        let known = users::table
            .inner_join(members::table)
            .filter(members::room_key.eq(room.0).and(users::id.eq_any(names)))
            .select((users::key, users::id))
            .load::<(i64, String)>(conn)?;
        for candidates in &mentioned.candidates {
            let user = candidates.iter().find_map(|name| known.iter().find(|(_, id)| id == name));
            if let Some((key, id)) = user.filter(|(key, _)| !meant.users.contains(key)) {
                meant.users.push(*key);
                found.users.push(UserId::from_stored(id.as_str()));
            }
        }
        Ok((found, meant))
    }

    /// Gives who follows the thread from now on, because they are mentioned in it.
    pub fn insert_mentions(
        conn: &mut Conn,
        mentioning: Mentioning,
        meant: &Meant,
    ) -> QueryResult<Vec<Followed>> {
        let Mentioning { room, message, seq, sender, thread, at: _ } = mentioning;
        let in_thread = thread.and_then(|(_, is_only_there)| is_only_there.then_some(true));
        for key in meant.keys() {
            diesel::insert_into(mentions::table)
                .values((
                    mentions::room_key.eq(room.0),
                    mentions::user_key.eq(*key),
                    mentions::seq.eq(seq.0),
                    mentions::sender_key.eq(sender.0),
                    mentions::message_id.eq(message.0),
                    mentions::thread_id.eq(thread.map(|(root, _)| root.0)),
                    mentions::in_thread.eq(in_thread),
                ))
                .execute(conn)?;
        }
        match thread {
            Some((root, _)) => follow::mentioned(conn, mentioning.in_thread(root), &meant.users),
            None => Ok(Vec::new()),
        }
    }
}
