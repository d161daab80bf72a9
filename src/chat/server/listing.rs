//! A session is told of its rooms: a piece at a time, as it takes them.
//!
//! A user may be in thousands of rooms, and others put them there. So what a
//! session is told at once has a bound that does not depend on them, and a
//! room is live (or waits for the session's resume) from the piece on that
//! tells of it.

use std::time::Instant;

use super::{ChatServer, subscribe::Since, turn::Turn};
use crate::{
    chat::{
        CatchUpKind, Item, ReadRooms, SessionRef, state::rooms::RoomSeen,
        state::sessions::SessionState,
    },
    protocol::{
        Close, rooms_that_fit,
        server_frame::{self, RoomsView},
    },
};
use parlor_domain::{RoomKey, RoomOverview, limits::ROOMS_PIECE};
use parlor_websocket::Frame;

/// What a session is told of its rooms at once.
pub(super) struct Piece {
    rooms: Vec<RoomOverview>,
    has_more: bool,
}

impl Piece {
    pub fn view(&self) -> RoomsView<'_> {
        RoomsView::new(&self.rooms, !self.has_more)
    }
}

impl Turn for ReadRooms {
    fn take(self, server: &mut ChatServer) {
        let Some(entry) = server.sessions.entries.get(&self.session) else { return };
        let Some(after) = entry.listing.as_ref().map(|listing| listing.after) else { return };
        let (at, user, reader) = (entry.at, entry.user, server.reader.clone());
        let reading = async move { reader.rooms_after(user, after, ROOMS_PIECE).await };
        server.when(reading, move |read, server| {
            match read {
                Ok((rooms, has_more)) => server.tell_more_rooms(at, rooms, has_more),
                // The client comes back a little later.
                Err(_) => server.close(at, Close::Overloaded),
            }
        });
    }
}

impl ChatServer {
    fn tell_more_rooms(&mut self, at: SessionRef, rooms: Vec<RoomOverview>, has_more: bool) {
        let Some(piece) = self.next_rooms(at, rooms, has_more) else { return };
        let frame = server_frame::session_rooms(&piece.view());
        let is_last = !piece.has_more;
        self.tell_rooms(at, frame, piece);
        if is_last {
            self.begin_waiting(at.id);
        }
    }

    /// Of the rooms that were read those that the session is told of now: it
    /// may have come into some and left others meanwhile, and has heard of it.
    pub(super) fn next_rooms(
        &mut self,
        at: SessionRef,
        mut rooms: Vec<RoomOverview>,
        has_more: bool,
    ) -> Option<Piece> {
        let last_read = rooms.last().map(|overview| overview.room.key);
        rooms.retain(|overview| self.is_member(at.id, overview.room.key));
        for overview in &mut rooms {
            overview.room = self.rooms.newest(&overview.room);
        }
        let entry = self.sessions.entries.get_mut(&at.id)?;
        let listing = entry.listing.as_mut()?;
        rooms.retain(|overview| listing.wants(overview.room.key));
        let fitting = rooms_that_fit(&rooms, self.settings.limits.rooms_piece_bytes());
        let is_cut = fitting < rooms.len();
        rooms.truncate(fitting);
        let last_listed = rooms.last().map(|overview| overview.room.key);
        let has_more = has_more || is_cut;
        match if is_cut { last_listed } else { last_read } {
            Some(after) if has_more => listing.after = after,
            _ => entry.listing = None,
        }
        Some(Piece { rooms, has_more })
    }

    /// Tells a piece; its rooms are live from there on, or wait for the
    /// session's resume.
    pub(super) fn tell_rooms(&mut self, at: SessionRef, frame: Frame, piece: Piece) {
        let Piece { rooms, has_more } = piece;
        let item = Item::Rooms { session: at.id, frame, more: has_more };
        self.fanout.tell_worker(at.worker, item);
        let Some(entry) = self.sessions.entries.get_mut(&at.id) else { return };
        let SessionState::AwaitingResume { listed } = &mut entry.state else {
            let rooms = rooms.into_iter().map(|room| (room, Since::Now)).collect();
            return self.attach(at, CatchUpKind::Quiet, rooms);
        };
        for overview in rooms {
            let room = self.rooms.activate(&RoomSeen::from(&overview), Instant::now());
            if listed.insert(overview.room.key, overview.last_seq).is_none() {
                room.awaited_by_one_more();
            }
        }
    }

    /// Nobody waits for these rooms any more.
    pub(super) fn let_go(&mut self, rooms: impl IntoIterator<Item = RoomKey>) {
        for room in rooms {
            if let Some(room) = self.rooms.get_mut(room) {
                room.awaited_by_one_less();
            }
        }
    }
}
