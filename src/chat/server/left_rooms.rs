//! Rooms that everybody has left end, so that they do not stay for ever.

use std::sync::Arc;

use super::{ChatServer, answer::ReplyTo, maintenance::before};
use crate::{
    clock::now,
    db::{EndRoom, LeftRoom, NoteEmpty},
};
use parlor_domain::{Room, RoomKey, limits::RETENTION_ROOMS};

impl ChatServer {
    /// The last member has gone. Into a room that is not open nobody comes any
    /// more; an open one waits a while for somebody (see `look_after_left`).
    /// Which one it is is decided in the transaction, and that the
    /// application's rooms stay.
    ///
    /// Whoever left is answered behind the end: the room's id is free then.
    pub(super) fn end_if_left(&mut self, room: &Arc<Room>, member_count: i64, reply: ReplyTo<()>) {
        match member_count {
            0 => self.end_room(room.clone(), reply),
            _ => self.answer(reply, Ok(())),
        }
    }

    fn end_room(&mut self, room: Arc<Room>, reply: ReplyTo<()>) {
        let open_since = before(self.settings.empty_room_ttl);
        let key = room.key;
        self.write(EndRoom { room: key, open_since }, move |server, ended| {
            // Unless somebody has come, or it is one of the application's. Where
            // the database failed, it ends at the next look.
            if ended.is_ok_and(|ended| ended.is_some()) {
                // It had no members.
                server.tell_gone(&room, Vec::new());
                server.purge(key);
            }
            server.answer(reply, Ok(()));
        });
    }

    /// Looks at some rooms without members, then at the next ones.
    pub(super) fn look_after_left(&mut self, after: RoomKey) {
        let reader = self.reader.clone();
        let reading = async move { reader.left_rooms(after, RETENTION_ROOMS).await };
        self.when(reading, move |found, server| {
            let Ok((rooms, last)) = found else {
                server.looks_after_left = false;
                return;
            };
            for LeftRoom { room, left_at } in rooms {
                if left_at.is_none() && room.kind.is_open() {
                    server.write_and_answer(
                        ReplyTo::nobody(),
                        NoteEmpty { room: room.key, at: now() },
                    );
                } else {
                    server.end_room(Arc::new(room), ReplyTo::nobody());
                }
            }
            match last {
                Some(last) if server.draining.is_none() => server.look_after_left(last),
                _ => server.looks_after_left = false,
            }
        });
    }
}
