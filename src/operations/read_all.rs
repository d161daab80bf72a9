//! Mark everything read.

use actix::Context;
use parlor_domain::{RoomId, Seq};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{clock::now, db, protocol::server_frame::Empty};

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

    fn run(self, asked: Asked<Self>, server: &mut ChatServer, _: &mut Context<ChatServer>) {
        let user = asked.from.user.key;
        let write = db::MarkAllRead { user, at: now() };
        server.write_for(asked.reply, write, move |server, reply, moved, _| {
            let rooms = server.all_read(user, moved);
            server.answer(reply, Ok(Moved(rooms)));
        });
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
