//! Changes of stored messages. Each takes a `seq`; one that changes nothing
//! takes none.
#![deny(clippy::wildcard_enum_match_arm)]

use parlor_domain::{
    Change, Mentioned, Message, MessageId, NewContent, Reaction, ReportId, RoomKey, Seq, Timestamp,
    UserKey, limits::PINS_PER_ROOM,
};
use parlor_macros::each_backend;

use super::rich::Mentioning;
use crate::write::{
    Concern, Conn, Effects, WebhookEvent, Write, WriteError, Written,
    follow::{self, Followed},
    on,
    reported::OpenedReport,
};

/// A change of a stored message. Whether it is allowed is decided in the
/// transaction, where it is known whose message it is.
#[derive(Clone, Debug)]
pub struct ChangeMessage {
    pub message: MessageId,
    pub actor: UserKey,
    pub is_admin: bool,
    pub change: Change,
    pub at: Timestamp,
}

/// A message as it is now.
#[derive(Clone, Debug)]
pub struct ChangedMessage {
    pub message: Box<Message>,
    /// The root of its thread, if that has changed with it.
    pub root: Option<Box<Message>>,
    /// If it took a `seq`.
    pub moved: bool,
    /// Who has its thread otherwise now.
    pub followed: Vec<Followed>,
    /// It was being written until now: only from here on others count and find it.
    pub was_streaming: bool,
    /// The report that it is in because of a list.
    pub(super) report: Option<OpenedReport>,
}

impl ChangedMessage {
    pub(super) fn unchanged(message: Message) -> Self {
        Self {
            message: Box::new(message),
            root: None,
            moved: false,
            followed: Vec::new(),
            was_streaming: false,
            report: None,
        }
    }

    pub(in crate::write) fn effects(&self, effects: &mut Effects) {
        if !self.moved {
            return;
        }
        let Message { id, room_key, changed_seq, deleted_at, .. } = *self.message;
        effects.position(room_key, changed_seq);
        if let Some(root) = &self.root {
            effects.position(root.room_key, root.changed_seq);
        }
        follow::effects(&self.message, &self.followed, effects);
        if let Some(report) = &self.report {
            report.effects(effects);
        }
        let kind = match (self.was_streaming, deleted_at) {
            _ if self.message.is_streaming() => return,
            // It was never told.
            (true, Some(_)) => return,
            (true, None) => "message.created",
            (false, Some(_)) => "message.deleted",
            (false, None) => "message.updated",
        };
        effects.webhook(|| WebhookEvent::of_message(kind, room_key, id, changed_seq));
    }
}

impl Write for ChangeMessage {
    type Outcome = ChangedMessage;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::RoomOf(self.message)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<ChangedMessage> {
        on!(conn, apply, self)
    }

    fn effects(&self, changed: &ChangedMessage, effects: &mut Effects) {
        changed.effects(effects);
    }
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        rows::message_json::{encode_mentions, encode_reactions},
        schema::{mentions, messages, reactions, users},
        write::timeline::backend as timeline,
        write::{
            attachment::backend as attachment,
            error::settled,
            message::{
                reaction::backend as reaction, rich::backend as rich, rights::backend as rights,
                select::backend as select, stream_row::backend as stream_row,
                thread::backend as thread,
            },
            reported::backend as reported,
        },
    };

    pub(super) fn apply(conn: &mut Conn, new: &ChangeMessage) -> Written<ChangedMessage> {
        let ChangeMessage { message: id, actor, is_admin, change, at } = new;
        let message = select::find(conn, *id)?.ok_or(WriteError::NoSuchMessage)?;
        rights::check(conn, &message, (*actor, *is_admin), change, *at)?;
        match change {
            Change::Delete => delete(conn, message, *at),
            Change::Edit(_)
            | Change::React { .. }
            | Change::Unreact { .. }
            | Change::Pin
            | Change::Unpin
                if message.deleted_at.is_some() =>
            {
                Err(WriteError::NoSuchMessage.into())
            }
            Change::Edit(_) if message.is_streaming() => Err(WriteError::IsStreaming.into()),
            Change::Edit(new) => {
                let content = new.content.as_ref().map(|(content, _)| content);
                let says_new = content.is_some_and(|content| *content != message.content);
                let flagged = new.flagged.filter(|_| says_new);
                let edited = edit(conn, message, new, *at)?;
                flag(conn, edited, flagged, *at)
            }
            Change::React { emoji } => {
                let summary = reaction::add(conn, &message, emoji, *actor, *at)?;
                reacted(conn, message, summary)
            }
            Change::Unreact { emoji } => {
                let summary = reaction::remove(conn, &message, emoji, *actor)?;
                reacted(conn, message, summary)
            }
            Change::Pin => pin(conn, message, *actor, *at),
            Change::Unpin => unpin(conn, message),
        }
    }

    /// The message took a `seq`: as it is now.
    pub fn changed(
        conn: &mut Conn,
        id: MessageId,
        root: Option<Message>,
    ) -> Written<ChangedMessage> {
        let message = select::find(conn, id)?.ok_or(WriteError::NoSuchMessage)?;
        Ok(ChangedMessage {
            root: root.map(Box::new),
            moved: true,
            ..ChangedMessage::unchanged(message)
        })
    }

    /// The next number for a change of a room that is there.
    pub fn next_seq(conn: &mut Conn, room: RoomKey) -> QueryResult<Seq> {
        timeline::advance_head(conn, room, 1)?.ok_or(diesel::result::Error::NotFound)
    }

    /// What was changed to something that is in a list is reported with it.
    fn flag(
        conn: &mut Conn,
        changed: ChangedMessage,
        flagged: Option<ReportId>,
        at: Timestamp,
    ) -> Written<ChangedMessage> {
        let Some(id) = flagged.filter(|_| changed.moved) else { return Ok(changed) };
        let report = Some(reported::flag(conn, &changed.message, id, at)?);
        Ok(ChangedMessage { report, ..changed })
    }

    /// A change of the metadata alone is no edit of what its author has said.
    fn edit(
        conn: &mut Conn,
        message: Message,
        NewContent { content, metadata, flagged: _ }: &NewContent,
        at: Timestamp,
    ) -> Written<ChangedMessage> {
        let known = message.extras.as_ref().and_then(|extras| extras.metadata.as_ref());
        let metadata = metadata.as_ref().filter(|new| new.as_ref() != known);
        let content = content.as_ref().filter(|(new, _)| *new != message.content);
        if content.is_none() && metadata.is_none() {
            return Ok(ChangedMessage::unchanged(message));
        }
        let (id, room) = (message.id, message.room_key);
        let seq = next_seq(conn, room)?;
        if let Some(metadata) = metadata {
            diesel::update(messages::table.find(id.0))
                .set((messages::metadata.eq(metadata.as_deref()), messages::changed_seq.eq(seq.0)))
                .execute(conn)?;
        }
        let followed = match content {
            None => Vec::new(),
            Some((content, mentioned)) => say(conn, &message, (content, mentioned), (seq, at))?,
        };
        Ok(ChangedMessage { followed, ..changed(conn, id, None)? })
    }

    /// It says something else. Gives who follows its thread with that.
    fn say(
        conn: &mut Conn,
        message: &Message,
        (content, mentioned): (&str, &Mentioned),
        (seq, at): (Seq, Timestamp),
    ) -> QueryResult<Vec<Followed>> {
        let (id, room) = (message.id, message.room_key);
        let (found, meant) = rich::resolve(conn, room, mentioned)?;
        diesel::update(messages::table.find(id.0))
            .set((
                messages::content.eq(content),
                messages::edited_at.eq(Some(at.0)),
                messages::mentions.eq(encode_mentions(&found)),
                messages::changed_seq.eq(seq.0),
            ))
            .execute(conn)?;
        diesel::delete(mentions::table.filter(mentions::message_id.eq(id.0))).execute(conn)?;
        let is_silent = message.extras.as_ref().is_some_and(|extras| extras.posted.silent);
        match is_silent {
            true => Ok(Vec::new()),
            false => rich::insert_mentions(conn, Mentioning::of(message, at), &meant),
        }
    }

    /// What was said is gone; the place in the room and in its thread stays.
    pub fn delete(conn: &mut Conn, message: Message, at: Timestamp) -> Written<ChangedMessage> {
        if message.deleted_at.is_some() {
            return Ok(ChangedMessage::unchanged(message));
        }
        let id = message.id;
        let seq = next_seq(conn, message.room_key)?;
        let nothing = None::<String>;
        diesel::update(messages::table.find(id.0))
            .set((
                messages::content.eq(""),
                messages::deleted_at.eq(Some(at.0)),
                messages::changed_seq.eq(seq.0),
                messages::metadata.eq(nothing.clone()),
                messages::mentions.eq(nothing.clone()),
                messages::attachments.eq(nothing.clone()),
                messages::reactions.eq(nothing.clone()),
                messages::pinned_at.eq(None::<i64>),
                messages::pinned_by.eq(nothing.clone()),
                messages::stream.eq(nothing),
            ))
            .execute(conn)?;
        let was_streaming = message.is_streaming();
        if was_streaming {
            stream_row::end(conn, id)?;
            let silent = messages::silent.eq(None::<bool>);
            diesel::update(messages::table.find(id.0)).set(silent).execute(conn)?;
        }
        diesel::delete(mentions::table.filter(mentions::message_id.eq(id.0))).execute(conn)?;
        diesel::delete(reactions::table.filter(reactions::message_id.eq(id.0))).execute(conn)?;
        if message.extras.as_ref().is_some_and(|extras| extras.attachments.is_some()) {
            attachment::release(conn, &[id.0])?;
        }
        let root = match message.extras.as_ref().and_then(|extras| extras.thread_id) {
            Some(root) => thread::lost(conn, root, id)?,
            None => None,
        };
        Ok(ChangedMessage { was_streaming, ..changed(conn, id, root)? })
    }

    /// `None`: nothing has changed.
    fn reacted(
        conn: &mut Conn,
        message: Message,
        summary: Option<Vec<Reaction>>,
    ) -> Written<ChangedMessage> {
        let Some(all) = summary else { return Ok(ChangedMessage::unchanged(message)) };
        let seq = next_seq(conn, message.room_key)?;
        diesel::update(messages::table.find(message.id.0))
            .set((messages::reactions.eq(encode_reactions(&all)), messages::changed_seq.eq(seq.0)))
            .execute(conn)?;
        changed(conn, message.id, None)
    }

    fn pin(
        conn: &mut Conn,
        message: Message,
        by: UserKey,
        at: Timestamp,
    ) -> Written<ChangedMessage> {
        if message.extras.as_ref().is_some_and(|extras| extras.pinned.is_some()) {
            return Ok(ChangedMessage::unchanged(message));
        }
        let pinned: i64 = messages::table
            .filter(messages::room_key.eq(message.room_key.0))
            .filter(messages::pinned_at.is_not_null())
            .count()
            .get_result(conn)?;
        if pinned >= PINS_PER_ROOM {
            return Err(WriteError::TooManyPins.into());
        }
        let by: String = users::table.find(by.0).select(users::id).first(conn)?;
        set_pin(conn, &message, Some(at.0), Some(by))
    }

    fn unpin(conn: &mut Conn, message: Message) -> Written<ChangedMessage> {
        if message.extras.as_ref().is_none_or(|extras| extras.pinned.is_none()) {
            return Ok(ChangedMessage::unchanged(message));
        }
        set_pin(conn, &message, None, None)
    }

    fn set_pin(
        conn: &mut Conn,
        message: &Message,
        at: Option<i64>,
        by: Option<String>,
    ) -> Written<ChangedMessage> {
        let seq = next_seq(conn, message.room_key)?;
        diesel::update(messages::table.find(message.id.0))
            .set((
                messages::pinned_at.eq(at),
                messages::pinned_by.eq(by),
                messages::changed_seq.eq(seq.0),
            ))
            .execute(conn)?;
        changed(conn, message.id, None)
    }

    /// A message with the key of its room, for the steps of an erasure.
    pub fn erase(
        conn: &mut Conn,
        ids: &[MessageId],
        at: Timestamp,
    ) -> Written<Vec<ChangedMessage>> {
        let mut erased = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(message) = select::find(conn, *id)? else { continue };
            erased.extend(moved(delete(conn, message, at))?);
        }
        Ok(erased)
    }

    /// What has changed; what was refused has not.
    fn moved(changed: Written<ChangedMessage>) -> QueryResult<Option<ChangedMessage>> {
        Ok(settled(changed)?.ok().filter(|changed| changed.moved))
    }

    /// Takes some of an erased user's reactions back. Gives the messages that can
    /// be seen, and whether there are more.
    pub fn unreact(
        conn: &mut Conn,
        user: UserKey,
        limit: usize,
    ) -> Written<(Vec<ChangedMessage>, bool)> {
        let step = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = reaction::some_of(conn, user, step)?;
        let more = rows.len() >= limit;
        let mut changed = Vec::with_capacity(rows.len());
        for (id, emoji) in rows {
            let Some(message) = select::find(conn, MessageId(id))? else {
                diesel::delete(reactions::table.find((id, &emoji, user.0))).execute(conn)?;
                continue;
            };
            let summary = reaction::remove(conn, &message, &emoji, user)?;
            changed.extend(moved(reacted(conn, message, summary))?);
        }
        Ok((changed, more))
    }
}
