//! Say which messages of a room have come.

use parlor_domain::{RoomId, RoomKey, Seq, UserKey};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    db::{Concern, Conn, Effects, Marked, Write, WriteError, Written, on},
    protocol::server_frame::DeliveredView,
};

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
        let write = Delivering { room: room.key, user, seq: self.seq };
        server.write_for(reply, write, move |server, reply, marked| {
            let Marked { seq, moved, again: _ } = marked;
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

#[derive(Clone, Copy, Debug)]
pub(super) struct Delivering {
    pub room: RoomKey,
    pub user: UserKey,
    pub seq: Seq,
}

impl Write for Delivering {
    type Outcome = Marked;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Marked> {
        on!(conn, deliver, self)
    }

    fn effects(&self, Marked { seq, moved, again: _ }: &Marked, effects: &mut Effects) {
        if let Some(by) = moved {
            effects.happened(|| by.has_received(self.room, self.user, *seq));
        }
    }
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, upsert::excluded};

    use super::{Delivering, Marked, Seq, WriteError, Written};
    use parlor_db::{
        backend::Conn,
        schema::receipts,
        write::{receipt::backend as receipt, timeline::backend as timeline},
    };

    /// Never past the head; what was read has been delivered.
    pub(super) fn deliver(conn: &mut Conn, delivering: &Delivering) -> Written<Marked> {
        let Delivering { room, user, seq } = *delivering;
        let head = timeline::head(conn, room)?.ok_or(WriteError::NoSuchRoom)?;
        let seq = seq.min(head);
        let known = receipts::table
            .find((room.0, user.0))
            .select((receipts::read_seq, receipts::delivered_seq))
            .first::<(i64, i64)>(conn)
            .optional()?;
        let known = known.map_or(0, |(read, delivered)| read.max(delivered));
        let by = if seq.0 > known { receipt::marker(conn, room, user)? } else { None };
        if by.is_none() {
            return Ok(Marked { seq: Seq(known), moved: None, again: false });
        }
        diesel::insert_into(receipts::table)
            .values((
                receipts::room_key.eq(room.0),
                receipts::user_key.eq(user.0),
                receipts::read_seq.eq(0),
                receipts::read_at.eq(0),
                receipts::delivered_seq.eq(seq.0),
            ))
            .on_conflict((receipts::room_key, receipts::user_key))
            .do_update()
            .set(receipts::delivered_seq.eq(excluded(receipts::delivered_seq)))
            .execute(conn)?;
        Ok(Marked { seq, moved: by, again: false })
    }
}
