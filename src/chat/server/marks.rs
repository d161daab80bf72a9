//! Marks that moved: told to the room, and their numbers to the user.

use std::sync::Arc;

use super::{ChatServer, answer::ReplyTo};
use crate::{
    chat::{
        ChatError,
        state::{
            marks::{Mark, Marks},
            own::Own,
        },
    },
    clock::now,
    protocol::{
        ReadMarkView,
        events::{self, UnreadView},
    },
};
use parlor_domain::{Epoch, Room, RoomId, RoomState, Seq, UserKey};

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

    /// What one has of a room for oneself is derived from rows, so it is read after the
    /// commit; where something of it changed, all of the user's connections are told.
    ///
    /// Of several that are under way only the one that began last is told: it has what the
    /// others have, and may come before them.
    pub fn tell_own(
        &mut self,
        reply: ReplyTo<ReadMark>,
        user: UserKey,
        room: Arc<Room>,
        changed: Option<Own>,
    ) {
        let (reader, key) = (self.reader.clone(), room.key);
        let turn = changed.map(|what| ((user, key, what), self.own.begin((user, key, what))));
        let reading = async move { reader.room_state(key, user).await };
        self.finishing += 1;
        self.when(reading, move |state, server| {
            let is_newest = turn.is_some_and(|(what, turn)| server.own.is_newest(what, turn));
            let told = changed.filter(|_| is_newest);
            let answer = match state {
                Ok(Some((state, last_seq))) => {
                    let epoch = server.reader.epoch_of(key);
                    let mark = ReadMark::of(room.id.clone(), &state, last_seq, epoch);
                    let frame = told.map(|what| match what {
                        Own::Unread => events::room_unread(&room.id, unread_view(&mark), now()),
                        Own::Preferences => {
                            events::room_preferences(&room.id, state.preferences, now())
                        }
                    });
                    if let Some(frame) = frame {
                        server.tell_user(user, &frame);
                    }
                    Ok(mark)
                }
                Ok(None) => Err(ChatError::NotFound("room")),
                Err(error) => Err(error.into()),
            };
            server.answer(reply, answer);
            server.finishing -= 1;
        });
    }
}

fn unread_view(mark: &ReadMark) -> UnreadView<'_> {
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
