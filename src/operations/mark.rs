//! Say what one has read, and what has come.

use parlor_domain::{MessageId, ReadTarget, RoomId, Seq};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::ReadMark,
    clock::now,
    db::{self, Marked},
    protocol::{ReadMarkView, Refusal, Rules, server_frame::DeliveredView},
};

/// Moves the user's read mark to a position, to a message, or to the end; never
/// back.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MarkRead {
    room_id: RoomId,
    seq: Option<Seq>,
    message_id: Option<MessageId>,
    all: Option<bool>,
}

impl MarkRead {
    fn target(&self) -> Result<ReadTarget, Refusal> {
        let target = ReadTarget::one_of(self.seq, self.message_id, self.all.unwrap_or(false));
        target.ok_or_else(|| {
            Refusal::field("seq", "or message_id or all is needed, and only one of them")
        })
    }
}

impl Operation for MarkRead {
    type Answer = ReadMark;
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.target().map(drop)
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.member()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let Ok(target) = self.target() else {
            return server.answer(reply, Err(ChatError::Internal));
        };
        let (room, user) = (access.room, from.user.key);
        let write = db::MarkRead { room: room.key, user, target, at: now() };
        server.write_for(reply, write, move |server, reply, marked| {
            let Marked { seq, moved } = marked;
            let is_new = moved.is_some();
            if let Some(by) = moved {
                server.marks.read((room.key, &room.id), user, by, seq);
            }
            server.tell_read(reply, user, room, is_new);
        });
    }
}

impl Shown for ReadMark {
    type View<'a> = ReadMarkView<'a>;

    fn view(&self) -> ReadMarkView<'_> {
        ReadMarkView::from(self)
    }
}

/// Reports how far messages have reached the user's devices.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MarkDelivered {
    room_id: RoomId,
    seq: Seq,
}

impl Operation for MarkDelivered {
    type Answer = Delivered;
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.member()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let (room, user) = (access.room, from.user.key);
        let write = db::MarkDelivered { room: room.key, user, seq: self.seq };
        server.write_for(reply, write, move |server, reply, marked| {
            let Marked { seq, moved } = marked;
            if let Some(by) = moved {
                server.marks.delivered((room.key, &room.id), user, by, seq);
            }
            server.answer(reply, Ok(Delivered { room: room.id.clone(), seq }));
        });
    }
}

/// Where the mark is now.
#[derive(Debug)]
pub struct Delivered {
    room: RoomId,
    seq: Seq,
}

impl Shown for Delivered {
    type View<'a> = DeliveredView<'a>;

    fn view(&self) -> DeliveredView<'_> {
        DeliveredView { room_id: self.room.as_str(), delivered_seq: self.seq.0 }
    }
}
