//! Messages that are being written: how their readers are told, what is stored of them on
//! the way, and how they end by themselves.
//!
//! Their beginning and their end are changes like any other, told when they have
//! committed. What comes in between is told at once and has no place in the timeline: it
//! is stored now and then, so that whoever reads the room finds it.

use std::{sync::Arc, time::Instant};

use tokio::sync::oneshot;

use super::{ChatServer, maintenance::before};
use crate::{
    chat::{
        Append, ChatError, Item, Requester, SessionId, StreamNews, StreamPart, Unsaid,
        state::streams::{BEAT, Due, Taken},
    },
    clock::now,
    db::{ChangedMessage, EndStream, StoreStreams, StreamEnd, Streamed, WriteError},
    protocol::events,
};
use parlor_domain::{
    MessageId, Room, RoomKey, Seq, StreamState, UserId, UserKey,
    limits::{STREAM_LEFT, STREAM_TICK, STREAMS_ENDED},
};
use parlor_process::span;

impl ChatServer {
    /// One that is about to be stored takes its place.
    ///
    /// # Errors
    /// There is none.
    pub fn prepare_stream(
        &mut self,
        message: MessageId,
        (room, writer, by): (Arc<Room>, UserKey, UserKey),
        metadata: Option<Arc<str>>,
        is_free: bool,
    ) -> Result<(), ChatError> {
        if self.streams.is_full() {
            return Err(ChatError::unavailable());
        }
        if !self.streams.has_place(room.key, writer, is_free) {
            let what = "as many messages as allowed are being written by you, or in this room";
            return Err(ChatError::Conflict(what.to_owned()));
        }
        let allowed_at = self.restrictions.now();
        let who = (room, writer, by);
        self.streams.prepare(message, who, (metadata, is_free), allowed_at, Instant::now());
        Ok(())
    }

    /// It is stored, and is written from here on.
    pub fn begin_stream(&mut self, message: MessageId, seq: Seq, session: Option<SessionId>) {
        let now = Instant::now();
        self.streams.begin(message, seq, session, now);
        // It may be gone by now, or the server may be going.
        if let Some(session) = session.filter(|id| !self.sessions.entries.contains_key(id)) {
            self.streams.session_ended(session, now);
        }
        if self.draining.is_some() {
            self.interrupt(message);
        }
        self.look_after_streams_later();
    }

    /// It was stored before, or not at all.
    pub fn drop_stream(&mut self, message: MessageId) {
        self.streams.ended(message);
    }

    /// More of a text; gives how many characters it has now.
    ///
    /// # Errors
    /// It is not written here, or by somebody else; the piece does not fit.
    pub fn append(
        &mut self,
        message: MessageId,
        by: UserKey,
        append: Append<'_>,
    ) -> Result<usize, ChatError> {
        let most = self.settings.limits.content_bytes;
        let said = self.streams.append(message, by, append, most, Instant::now());
        self.tell_streams_later();
        said.map_err(|unsaid| match unsaid {
            Unsaid::NotHere => not_here(),
            Unsaid::Gap(length) => {
                let what = format!("offset is past the end: the text has {length} characters");
                ChatError::Conflict(what)
            }
            Unsaid::TooLong => {
                ChatError::TooLarge(format!("the text would have more than {most} bytes"))
            }
        })
    }

    /// Its writer is there, over this connection from now on.
    pub fn go_on(&mut self, message: MessageId, by: UserKey, session: Option<SessionId>) {
        let more = Append { text: "", offset: None, metadata: None, session };
        // One that has ended is not gone on with.
        let _ = self.append(message, by, more);
    }

    /// The readers are told what was said within a short time at once.
    fn tell_streams_later(&mut self) {
        if !std::mem::replace(&mut self.tells_streams, true) {
            let _apart = span::apart();
            self.when(tokio::time::sleep(STREAM_TICK), |(), server| server.tell_streams());
        }
    }

    fn tell_streams(&mut self) {
        self.tells_streams = false;
        let news = self.streams.take_news();
        let parts: Vec<StreamPart> = match self.nodes.has_others() {
            true => news.iter().map(|news| part_of(news, 0)).collect(),
            false => Vec::new(),
        };
        news.into_iter().for_each(|news| self.tell_stream(news));
        self.nodes.tell_streams(parts);
    }

    fn tell_stream(&mut self, news: StreamNews) {
        let at = now();
        let frame = news.is_fresh.then(|| {
            let metadata = news.is_described_anew.then(|| news.described());
            let (message, offset, text) = (news.message, news.offset, news.fresh());
            let delta = events::Delta { message, offset, text, metadata };
            events::message_delta(&news.room_id, &delta, at).for_many()
        });
        let room = news.room;
        self.tell_room(room, &Item::Stream { news: Arc::new(news), frame, at });
    }

    // What is done now and then

    fn look_after_streams_later(&mut self) {
        if !std::mem::replace(&mut self.watches_streams, true) {
            let _apart = span::apart();
            self.when(tokio::time::sleep(BEAT), |(), server| server.look_after_streams());
        }
    }

    /// Stores what was said, ends those whose writers are gone, and tells who came in
    /// between.
    fn look_after_streams(&mut self) {
        self.watches_streams = false;
        let at = Instant::now();
        self.store_streams(at);
        for message in self.streams.overdue(at) {
            self.interrupt(message);
        }
        self.check_writers();
        let standing = self.streams.standing();
        let parts: Vec<StreamPart> =
            standing.iter().map(|(news, stored)| part_of(news, *stored)).collect();
        standing.into_iter().for_each(|(news, _)| self.tell_stream(news));
        self.nodes.tell_streams(parts);
        for (message, room) in self.other_streams.take_lost(at) {
            self.tell_room(room, &Item::StreamEnded { room, message });
        }
        if !self.streams.is_empty() || !self.other_streams.is_empty() {
            self.look_after_streams_later();
        }
    }

    /// One write a room: the others there, and those who end them, wait for it.
    fn store_streams(&mut self, at: Instant) {
        for (room, due) in self.streams.take_due(at) {
            self.write(store_of(room, &due), move |server, outcome| match outcome {
                Ok(ended) => {
                    due.said.iter().for_each(|(id, text, _)| server.streams.stored(*id, text));
                    ended.into_iter().for_each(|message| server.stream_ended(message));
                }
                Err(_) => server.streams.unstored(&due),
            });
        }
    }

    /// Who has been removed, muted or the like meanwhile writes no further.
    fn check_writers(&mut self) {
        let (restrictions, now_at) = (&self.restrictions, self.restrictions.now());
        let mut doubted = Vec::new();
        for (message, stream) in self.streams.open() {
            let room = stream.room.key;
            if !stream.is_free && restrictions.overtook(stream.allowed_at, stream.writer, room) {
                stream.allowed_at = now_at;
                doubted.push((message, stream.writer, room));
            }
        }
        for (message, writer, room) in doubted {
            let reader = self.reader.clone();
            let reading = async move {
                let Some(room) = reader.room_by_key(room).await? else { return Ok(None) };
                let standing = reader.standing(room.key, writer).await?;
                Ok::<_, crate::db::ReadError>(standing.map(|standing| (room, standing)))
            };
            self.when(reading, move |read, server| {
                // Where it could not be read, it is read again.
                let Ok(read) = read else { return server.streams.doubt(message) };
                let may = read.is_some_and(|(room, standing)| {
                    standing.may_write(room.kind, room.rules, now()).is_ok()
                });
                if !may {
                    server.interrupt(message);
                }
            });
        }
    }

    /// Ends those whose servers have died.
    pub(super) fn end_left_streams(&mut self) {
        if self.draining.is_some() || !*self.settings.leads.borrow() {
            return;
        }
        let (reader, since) = (self.reader.clone(), before(STREAM_LEFT));
        let reading = async move { reader.unheard_streams(since, STREAMS_ENDED).await };
        self.when(reading, move |left, server| {
            for message in left.unwrap_or_default() {
                let end =
                    StreamEnd { state: StreamState::Interrupted, content: None, metadata: None };
                let unheard_since = Some(since);
                let write = EndStream { message, by: None, unheard_since, end, at: now() };
                server.write(write, move |server, outcome| {
                    if let Ok(Some(ended)) = outcome {
                        server.tell_changed(&ended);
                    }
                });
            }
        });
    }

    // Ends

    /// Ends one by its author, or the application in their name.
    pub fn finish_stream(
        &mut self,
        message: MessageId,
        from: &Requester,
        end: StreamEnd,
        then: impl FnOnce(&mut Self, Result<&ChangedMessage, ChatError>) + 'static,
    ) {
        let so_far = self.streams.ending(message, Some(from.user.key));
        let StreamEnd { state, content, metadata } = end;
        let is_here = so_far.is_some();
        let (said, described) = so_far.unzip();
        let content = content.or(said);
        let shows = content.as_deref().is_none_or(parlor_domain::shows_something);
        if state == StreamState::Finished && !shows {
            self.not_ended(message, is_here);
            let what = "the message has no visible characters; fail it instead";
            return then(self, Err(ChatError::Invalid(what)));
        }
        let end = StreamEnd { state, content, metadata: metadata.or(described) };
        let by = Some((from.user.key, from.is_admin));
        self.end_stream(message, by, is_here, end, then);
    }

    fn not_ended(&mut self, message: MessageId, is_here: bool) {
        if is_here {
            self.streams.not_ended(message);
            self.tell_streams_later();
        }
    }

    /// Ends one that does not go on.
    pub fn interrupt(&mut self, message: MessageId) {
        let Some((content, metadata)) = self.streams.ending(message, None) else { return };
        let (content, metadata) = (Some(content), Some(metadata));
        let end = StreamEnd { state: StreamState::Interrupted, content, metadata };
        self.end_stream(message, None, true, end, |_, _| {});
    }

    /// The server goes away: who writes cannot go on elsewhere.
    pub(super) fn interrupt_all(&mut self) {
        let all: Vec<MessageId> = self.streams.open().map(|(message, _)| message).collect();
        all.into_iter().for_each(|message| self.interrupt(message));
    }

    /// `is_here`: it is written over this node, and nothing is added to it meanwhile.
    fn end_stream(
        &mut self,
        message: MessageId,
        by: Option<(UserKey, bool)>,
        is_here: bool,
        end: StreamEnd,
        then: impl FnOnce(&mut Self, Result<&ChangedMessage, ChatError>) + 'static,
    ) {
        let write = EndStream { message, by, unheard_since: None, end, at: now() };
        self.write(write, move |server, outcome| match outcome {
            Ok(Some(ended)) => {
                // First the answer, then the event.
                then(server, Ok(&ended));
                match ended.moved {
                    true => server.tell_changed(&ended),
                    false => server.stream_ended(message),
                }
            }
            Ok(None) => {
                if is_here {
                    server.stream_ended(message);
                }
                then(server, Err(WriteError::NotStreaming.into()));
            }
            Err(refusal) => {
                server.not_ended(message, is_here);
                // Who may not write any more is not waited for; others may try again.
                if is_here && matches!(refusal, ChatError::Forbidden(_) | ChatError::NotFound(_)) {
                    server.interrupt(message);
                }
                then(server, Err(refusal));
            }
        });
    }

    /// It is over in another way: deleted with its room, or ended by another node.
    fn stream_ended(&mut self, message: MessageId) {
        if let Some(stream) = self.streams.ended(message) {
            self.tell_stream_ended(message, stream.room.key, Seq::ZERO);
        }
    }

    /// The same where it is known in which room, whoever has written it.
    pub(super) fn stream_ended_in(&mut self, message: MessageId, room: RoomKey, seq: Seq) {
        self.streams.ended(message);
        // What is still on its way says nothing new.
        self.other_streams.ended(message);
        self.tell_stream_ended(message, room, seq);
    }

    /// What is cleared is not written any further.
    pub(super) fn end_cleared_streams(&mut self, room: RoomKey, upto: Seq) {
        if !self.streams.is_empty() {
            let ended = self.streams.up_to(room, upto);
            ended.into_iter().for_each(|message| self.stream_ended(message));
        }
    }

    fn tell_stream_ended(&mut self, message: MessageId, room: RoomKey, seq: Seq) {
        self.tell_room(room, &Item::StreamEnded { room, message });
        let (text, metadata) = ("".into(), None);
        let (offset, stored, has_ended) = (0, 0, true);
        let part = StreamPart { message, room, seq, offset, text, metadata, stored, has_ended };
        self.nodes.tell_streams([part]);
    }

    // Stopping

    /// Those who write it are told; they decide what to do.
    pub fn ask_to_stop(&mut self, message: MessageId, writers: &[UserKey], by: &UserId) {
        let frame = events::message_stop(message, by, now());
        writers.iter().for_each(|writer| self.tell_user(*writer, &frame));
        self.streams.stop(message);
    }

    /// Who is told besides the writer's connections.
    pub fn on_stop(&mut self, message: MessageId, by: UserKey, stopped: oneshot::Sender<()>) {
        self.streams.watch(message, by, stopped);
    }

    // Other nodes

    pub(super) fn receive_stream(&mut self, part: &StreamPart) {
        let StreamPart { message, room, .. } = *part;
        let Some(entry) = self.rooms.get(room) else { return };
        if part.has_ended {
            self.other_streams.ended(message);
            // Somebody may have ended it there.
            self.streams.ended(message);
            return self.tell_room(room, &Item::StreamEnded { room, message });
        }
        let (id, most) = (entry.room.id.clone(), self.settings.limits.content_bytes);
        match self.other_streams.heard(part, &id, most, Instant::now()) {
            Taken::Tell(news) => self.tell_stream(*news),
            Taken::Read => {
                let reader = self.reader.clone();
                let reading = async move { reader.message(message).await };
                self.when(reading, move |read, server| {
                    let stored = read.ok().flatten().filter(|message| message.is_streaming());
                    let stored = stored.as_ref().map(|message| &*message.content);
                    server.other_streams.read(message, stored, most);
                });
            }
            Taken::Nothing => {}
        }
        self.look_after_streams_later();
    }
}

fn not_here() -> ChatError {
    let what = "the message is not being written here: it has ended, or began over another server";
    ChatError::Conflict(what.to_owned())
}

fn store_of(room: RoomKey, due: &Due) -> StoreStreams {
    let said = due.said.iter().map(|(message, content, metadata)| {
        let (content, metadata) = (content.clone(), metadata.clone());
        Streamed { message: *message, content, metadata }
    });
    StoreStreams { room, said: said.collect(), heard: due.heard.clone(), at: now() }
}

fn part_of(news: &StreamNews, stored: usize) -> StreamPart {
    let (offset, text) = match news.is_fresh {
        true => (news.offset, news.fresh()),
        false => (news.chars, ""),
    };
    StreamPart {
        message: news.message,
        room: news.room,
        seq: news.seq,
        offset,
        text: text.into(),
        metadata: news.metadata.clone(),
        stored,
        has_ended: false,
    }
}
