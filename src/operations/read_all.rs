//! Mark everything read.

use parlor_domain::{RoomId, Seq, UserKey};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    clock::now,
    db::{self, RoomRead},
    protocol::{
        events::{self, UnreadView},
        server_frame::Empty,
    },
};

/// One step of it: some of the rooms that are behind.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MarkSomeRead {}

impl Operation for MarkSomeRead {
    type Answer = Moved;
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let user = asked.from.user.key;
        let write = db::MarkAllRead { user, at: now() };
        server.write_for(asked.reply, write, move |server, reply, moved| {
            let rooms = moved.into_iter().map(|read| server.tell_all_read(user, read)).collect();
            server.answer(reply, Ok(Moved(rooms)));
        });
    }
}

impl ChatServer {
    fn tell_all_read(&mut self, user: UserKey, read: RoomRead) -> (RoomId, Seq) {
        let RoomRead { key, room, seq, by } = read;
        self.marks.read((key, &room), user, by, seq);
        let epoch = self.reader.epoch_of(key);
        let (read_seq, epoch) = (seq.0, epoch.as_str());
        let unread = UnreadView { read_seq, unread: 0, mentions: 0, last_seq: read_seq, epoch };
        self.tell_user(user, &events::room_unread(&room, unread, now()));
        (room, seq)
    }
}

/// The rooms whose mark moved.
#[derive(Debug)]
pub struct Moved(pub Vec<(RoomId, Seq)>);

impl Shown for Moved {
    type View<'a> = Empty;

    fn view(&self) -> Empty {
        Empty {}
    }
}
