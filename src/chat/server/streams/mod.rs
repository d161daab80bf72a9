//! Messages that are being written: how their readers are told, what is stored of them on
//! the way, and how they end by themselves.
//!
//! Their beginning and their end are changes like any other, told when they have
//! committed. What comes in between is told at once and has no place in the timeline: it
//! is stored now and then, so that whoever reads the room finds it.

mod ends;
mod watch;

use std::{sync::Arc, time::Instant};

use super::ChatServer;
use crate::{
    chat::{
        Append, ChatError, Item, SessionId, StreamNews, StreamPart, Unsaid, state::streams::Taken,
    },
    clock::now,
    protocol::events,
};
use parlor_domain::{MessageId, Room, Seq, UserKey, limits::STREAM_TICK};
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
        if said.is_ok() {
            self.tell_streams_later();
        }
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

    /// It is begun once more: its writer has come back, perhaps, and is there over this
    /// connection from now on.
    pub fn go_on(&mut self, message: MessageId, by: UserKey, session: Option<SessionId>) {
        let more = Append { text: "", offset: None, metadata: None, session };
        // One that has ended is not gone on with.
        let _ = self.append(message, by, more);
    }

    /// The readers are told what was said within a short time at once.
    pub(super) fn tell_streams_later(&mut self) {
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

    pub(super) fn tell_stream(&mut self, news: StreamNews) {
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
