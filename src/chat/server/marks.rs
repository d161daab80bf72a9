//! Marks that moved, told to the room.

use std::sync::Arc;

use super::ChatServer;
use crate::{
    chat::state::marks::{Mark, Marks},
    clock::now,
    protocol::{
        ReadMarkView,
        events::{self, UnreadView},
    },
};
use parlor_domain::{Epoch, RoomId, RoomState, Seq};

/// A user's own read mark in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadMark {
    pub room: RoomId,
    pub read_seq: Seq,
    pub unread: i64,
    pub mentions: i64,
    pub last_seq: Seq,
    pub epoch: Epoch,
    pub unread_from: Option<Seq>,
}

impl ReadMark {
    pub fn of(room: RoomId, state: &RoomState, last_seq: Seq, epoch: Epoch) -> Self {
        let RoomState { read_seq, unread, mentions, unread_from, .. } = *state;
        Self { room, read_seq, unread, mentions, last_seq, epoch, unread_from }
    }
}

impl<'a> From<&'a ReadMark> for ReadMarkView<'a> {
    fn from(mark: &'a ReadMark) -> Self {
        let ReadMark { room, read_seq, unread, mentions, last_seq, epoch, unread_from } = mark;
        Self {
            room_id: room.as_str(),
            read_seq: read_seq.0,
            unread: *unread,
            mentions: *mentions,
            last_seq: last_seq.0,
            epoch: epoch.as_str(),
            unread_from: unread_from.map(|seq| seq.0),
        }
    }
}

impl ChatServer {
    /// Most users have blocked nobody: their marks are told in one event. Those
    /// of the others are kept from whom they have blocked.
    pub(super) fn tell_marks(&mut self) {
        let Marks(rooms) = std::mem::take(&mut self.marks);
        for (key, (room, marks)) in rooms {
            if self.is_big(key) {
                continue;
            }
            let mut for_all = Vec::with_capacity(marks.len());
            for Mark { user, view, by } in marks {
                if by.is_hidden {
                    // Their own clients only.
                    self.tell_user(user, &events::receipts(&room, &[view], now()));
                } else if by.blocked.is_empty() {
                    for_all.push(view);
                } else {
                    let except = self.sessions.ids_of_all(&by.blocked);
                    self.tell_ephemeral(key, events::receipts(&room, &[view], now()), except);
                }
            }
            if !for_all.is_empty() {
                let frame = events::receipts(&room, &for_all, now());
                self.tell_ephemeral(key, frame, Arc::default());
            }
        }
    }
}

pub(super) fn unread_view(mark: &ReadMark) -> UnreadView<'_> {
    let ReadMark { room: _, read_seq, unread, mentions, last_seq, epoch, unread_from } = mark;
    UnreadView {
        read_seq: read_seq.0,
        unread: *unread,
        mentions: *mentions,
        last_seq: last_seq.0,
        epoch: epoch.as_str(),
        unread_from: unread_from.map(|seq| seq.0),
    }
}
