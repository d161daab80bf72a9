//! Messages that are written while others read them: what was said of each so far is
//! stored now and then, without a position, and its end as a change with one.

use std::sync::Arc;

use parlor_domain::{
    Change, MessageId, NewContent, RoomKey, StreamState, Timestamp, UserKey, mentioned_in,
};
use parlor_macros::each_backend;

use super::{ChangedMessage, counts, rich::Mentioning};
use crate::write::{Concern, Conn, Effects, Write, WriteError, Written, on};

/// What was said of a message up to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Streamed {
    pub message: MessageId,
    pub content: Arc<str>,
    pub metadata: Option<Arc<str>>,
}

/// Keeps what was said of messages that are being written in a room, for whoever reads
/// them, and that their writers are there.
#[derive(Clone, Debug)]
pub struct StoreStreams {
    pub room: RoomKey,
    /// Those of which more was said.
    pub said: Vec<Streamed>,
    /// Those whose writers are there.
    pub heard: Vec<MessageId>,
    pub at: Timestamp,
}

impl Write for StoreStreams {
    /// Those that are not being written any more: deleted, or ended by another node.
    type Outcome = Vec<MessageId>;

    /// As their ends do: so nothing older comes behind, and neither waits for the other.
    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Vec<MessageId>> {
        on!(conn, store, self)
    }

    fn effects(&self, _: &Vec<MessageId>, _: &mut Effects) {}
}

/// How a message comes to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEnd {
    pub state: StreamState,
    /// `None`: what was stored last.
    pub content: Option<Arc<str>>,
    /// `None`: it stays; of the inner one: it has none.
    pub metadata: Option<Option<Arc<str>>>,
}

/// Ends a message that is being written. From here on it is one like any other.
#[derive(Clone, Debug)]
pub struct EndStream {
    pub message: MessageId,
    /// Who may say what it says, and whether by the right of an administrator; `None`: the
    /// server does it.
    pub by: Option<(UserKey, bool)>,
    /// Only if its writer was not heard since then.
    pub unheard_since: Option<Timestamp>,
    pub end: StreamEnd,
    pub at: Timestamp,
}

impl Write for EndStream {
    /// `None`: it is not being written any more, or its writer was heard.
    type Outcome = Option<ChangedMessage>;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::RoomOf(self.message)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Option<ChangedMessage>> {
        on!(conn, finish, self)
    }

    fn effects(&self, ended: &Option<ChangedMessage>, effects: &mut Effects) {
        if let Some(ended) = ended {
            ended.effects(effects);
        }
    }
}

#[each_backend]
pub mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl,
        RunQueryDsl,
    };

    use super::*;
    use crate::{
        backend::Conn,
        rows::message_json::encode_mentions,
        schema::{mentions, messages, rooms, streams},
        write::message::{
            change::backend::{changed, next_seq},
            rich::backend as rich,
            rights::backend as rights,
            select::backend as select,
            stream_row::backend::end,
        },
    };

    pub(super) fn store(conn: &mut Conn, new: &StoreStreams) -> Written<Vec<MessageId>> {
        let StoreStreams { room: _, said, heard, at } = new;
        let ids: Vec<i64> = heard.iter().map(|id| id.0).collect();
        diesel::update(streams::table.filter(streams::message_id.eq_any(&ids)))
            .set(streams::heard_at.eq(at.0))
            .execute(conn)?;
        for Streamed { message, content, metadata } in said {
            let streaming = messages::table
                .filter(messages::id.eq(message.0))
                .filter(messages::stream.eq(StreamState::Streaming.as_str()));
            diesel::update(streaming)
                .set((messages::content.eq(&**content), messages::metadata.eq(metadata.as_deref())))
                .execute(conn)?;
        }
        // Those that were cleared are there until they are purged.
        let there: Vec<i64> = streams::table
            .inner_join(messages::table.on(messages::id.eq(streams::message_id)))
            .inner_join(rooms::table.on(rooms::key.eq(messages::room_key)))
            .filter(streams::message_id.eq_any(&ids))
            .filter(rooms::id.is_not_null().and(messages::seq.gt(rooms::floor_seq)))
            .select(streams::message_id)
            .load(conn)?;
        Ok(heard.iter().copied().filter(|id| !there.contains(&id.0)).collect())
    }

    pub(super) fn finish(conn: &mut Conn, new: &EndStream) -> Written<Option<ChangedMessage>> {
        let id = new.message;
        let heard = streams::table.find(id.0).select(streams::heard_at);
        let heard = heard.first::<i64>(conn).optional()?;
        if new.unheard_since.zip(heard).is_some_and(|(since, heard)| heard > since.0) {
            return Ok(None);
        }
        let message = select::find(conn, id)?;
        if let Some(by) = new.by {
            let message = message.as_ref().ok_or(WriteError::NoSuchMessage)?;
            // Who says how it ends says what an edit would.
            let edit = Change::Edit(NewContent::default());
            rights::check(conn, message, by, &edit, new.at)?;
        }
        let StreamEnd { state, content, metadata } = &new.end;
        let Some(message) = message.filter(|message| message.stream().is_some()) else {
            // It was deleted, or its room is gone.
            end(conn, id)?;
            return Ok(None);
        };
        let is_by_author = new.by.is_some();
        let is_same = content.as_ref().is_none_or(|content| *content == message.content);
        if is_by_author && is_same && message.stream() == Some(*state) {
            return Ok(Some(ChangedMessage::unchanged(message)));
        }
        // An author says how it ends as a whole, where it is not known how it stands; also
        // of one that was interrupted.
        let may_be = match message.stream() {
            Some(StreamState::Streaming) => !is_by_author || content.is_some(),
            Some(StreamState::Interrupted) => is_by_author && content.is_some(),
            _ => false,
        };
        if !may_be {
            return Ok(None);
        }
        let was_streaming = message.is_streaming();
        let content = content.as_ref().unwrap_or(&message.content);
        let seq = next_seq(conn, message.room_key)?;
        let (found, meant) = rich::resolve(conn, message.room_key, &mentioned_in(content))?;
        let is_only_in_thread =
            message.extras.as_ref().is_some_and(|extras| extras.is_only_in_thread());
        diesel::update(messages::table.find(id.0))
            .set((
                messages::content.eq(&**content),
                messages::mentions.eq(encode_mentions(&found)),
                messages::changed_seq.eq(seq.0),
                messages::silent.eq(counts(false, is_only_in_thread)),
                messages::stream.eq(state.as_str()),
            ))
            .execute(conn)?;
        if let Some(metadata) = metadata {
            diesel::update(messages::table.find(id.0))
                .set(messages::metadata.eq(metadata.as_deref()))
                .execute(conn)?;
        }
        diesel::delete(mentions::table.filter(mentions::message_id.eq(id.0))).execute(conn)?;
        let followed = rich::insert_mentions(conn, Mentioning::of(&message, new.at), &meant)?;
        end(conn, id)?;
        let ended = changed(conn, id, None)?;
        Ok(Some(ChangedMessage { followed, was_streaming, ..ended }))
    }
}
