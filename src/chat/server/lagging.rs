//! Rooms in which something was committed that nobody here was told of: by
//! another lane or another node, out of order or without a word.

use super::{ChatServer, replay::frame_of};
use crate::{
    chat::Item,
    db::{InboxPage, InboxSince, Missed, ReadError, Reader},
    protocol::events,
};
use parlor_domain::{
    RoomId, RoomKey, Seq, Timestamp,
    limits::{TIMELINE_AGAIN, TIMELINE_GAP_WAIT, TIMELINE_PAGE},
};
use parlor_process::span;
use parlor_websocket::Frame;

/// What was read for all readers of a room.
struct Page {
    frames: Vec<(Seq, Frame)>,
    upto: Seq,
    /// The events before are gone: each reader starts anew.
    has_hole: bool,
}

impl ChatServer {
    /// Somebody says that a room goes up to here.
    pub(super) fn note_head(&mut self, room: RoomKey, head: Seq) {
        if let Some(entry) = self.rooms.get_mut(room) {
            entry.timeline.note_head(head);
            self.catch_up_later(room);
        }
    }

    /// The same of what nobody tells here: it is read at once.
    pub(super) fn read_up_to(&mut self, room: RoomKey, head: Seq) {
        if let Some(entry) = self.rooms.get_mut(room) {
            entry.timeline.note_head(head);
            self.read_missing(room);
        }
    }

    /// What is missing may still come by itself. If not, it is read.
    pub(super) fn catch_up_later(&mut self, room: RoomKey) {
        if !self.rooms.get(room).is_some_and(|entry| entry.timeline.is_lagging()) {
            return;
        }
        if self.lagging.insert(room) && self.lagging.len() == 1 {
            self.catch_up_in(TIMELINE_GAP_WAIT);
        }
    }

    fn catch_up_in(&self, time: std::time::Duration) {
        let _apart = span::apart();
        self.when(tokio::time::sleep(time), |(), server| {
            for room in std::mem::take(&mut server.lagging) {
                server.read_missing(room);
            }
        });
    }

    fn read_missing(&mut self, room: RoomKey) {
        let _apart = span::apart();
        let Some(entry) = self.rooms.get_mut(room) else { return };
        if entry.is_reading || !entry.timeline.is_lagging() {
            return;
        }
        entry.is_reading = true;
        let (id, since) = (entry.room.id.clone(), entry.timeline.last_sent());
        let inbox_since = super::maintenance::before(self.settings.inbox_ttl);
        let reading = read(self.reader.clone(), room, id, since, inbox_since);
        self.when(reading, move |page, server| {
            if let Some(entry) = server.rooms.get_mut(room) {
                entry.is_reading = false;
            }
            match page {
                Ok(page) => {
                    server.tell_missing(room, page);
                    server.catch_up_later(room);
                }
                // Its cause has been logged.
                Err(ReadError) => {
                    server.lagging.insert(room);
                    server.catch_up_in(TIMELINE_AGAIN);
                }
            }
        });
    }

    fn tell_missing(&mut self, room: RoomKey, page: Page) {
        let Page { mut frames, upto, has_hole } = page;
        let Some(entry) = self.rooms.get_mut(room) else { return };
        // Some of it may have come by itself meanwhile.
        let sent = entry.timeline.last_sent();
        let follow = entry.timeline.read(upto);
        if upto > sent {
            frames.retain(|(seq, _)| *seq > sent);
            let after = if has_hole { upto } else { sent };
            let item = Item::Missed { room, after, upto, frames: frames.into() };
            self.tell_room(room, &item);
        }
        self.tell_all_of(room, follow);
    }
}

fn before(seq: Seq) -> Seq {
    Seq(seq.0 - 1)
}

async fn read(
    reader: Reader,
    room: RoomKey,
    id: RoomId,
    since: Seq,
    inbox_since: Timestamp,
) -> Result<Page, ReadError> {
    if let Some(owner) = room.inbox_owner() {
        let from = InboxSince::Had(since);
        let found = reader.inbox_page(owner, from, inbox_since, TIMELINE_PAGE).await?;
        let InboxPage { events, upto, last, is_lost } = found;
        if is_lost {
            return Ok(Page { frames: Vec::new(), upto: last, has_hole: true });
        }
        let frame = |event| events::published_to_user(event).for_many();
        let frames = events.iter().map(|event| (event.inbox_seq, frame(event))).collect();
        return Ok(Page { frames, upto, has_hole: false });
    }
    let replay = reader.replay(room, since, TIMELINE_PAGE).await?;
    if since < replay.bounds.floor {
        // Also of a room that is gone: there is nothing to tell any more.
        let upto = replay.bounds.last.max(since);
        return Ok(Page { frames: Vec::new(), upto, has_hole: true });
    }
    // Some readers have been told more than others: a message that changed
    // is told as changed, which also says all to who has never seen it.
    let frame = |missed: &Missed| frame_of(&id, missed, before(missed.seq())).for_many();
    let frames = replay.missed.iter().map(|missed| (missed.seq(), frame(missed))).collect();
    Ok(Page { frames, upto: replay.upto, has_hole: false })
}
