//! What is done about messages that are being written now and then: what was said is
//! stored, and those end whose writers are gone.

use std::time::Instant;

use super::{super::maintenance::before, ChatServer, part_of};
use crate::{
    chat::{
        Item, StreamPart,
        state::streams::{BEAT, Due},
    },
    clock::now,
    db::{EndStream, ReadError, StoreStreams, StreamEnd, Streamed},
};
use parlor_domain::{
    RoomKey, StreamState,
    limits::{STREAM_LEFT, STREAMS_ENDED},
};
use parlor_process::span;

impl ChatServer {
    pub(super) fn look_after_streams_later(&mut self) {
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
                Ok::<_, ReadError>(standing.map(|standing| (room, standing)))
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
    pub(in crate::chat::server) fn end_left_streams(&mut self) {
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
}

fn store_of(room: RoomKey, due: &Due) -> StoreStreams {
    let said = due.said.iter().map(|(message, content, metadata)| {
        let (content, metadata) = (content.clone(), metadata.clone());
        Streamed { message: *message, content, metadata }
    });
    StoreStreams { room, said: said.collect(), heard: due.heard.clone(), at: now() }
}
