//! Say what one has read in a room.

use parlor_domain::{MessageId, ReadTarget, RoomId, RoomKey, Seq, Timestamp, UserKey};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::{Own, ReadMark},
    clock::now,
    db::{Concern, Conn, Effects, Happened, Marked, Write, WriteError, Written, on},
    protocol::{ReadMarkView, Refusal, Rules},
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
        target.ok_or_else(Refusal::no_target)
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
        let write = Reading { room: room.key, user, target, at: now() };
        server.write_for(reply, write, move |server, reply, marked| {
            let Marked { seq, moved, again } = marked;
            let is_new = moved.is_some() || again;
            if let Some(by) = moved {
                server.marks.read((room.key, &room.id), user, by, seq);
            }
            let changed = is_new.then_some(Own::Unread);
            server.tell_own(reply, user, room, changed);
        });
    }
}

impl Shown for ReadMark {
    type View<'a> = ReadMarkView<'a>;

    fn view(&self) -> ReadMarkView<'_> {
        ReadMarkView::from(self)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub room: RoomKey,
    pub user: UserKey,
    pub target: ReadTarget,
    pub at: Timestamp,
}

impl Write for Reading {
    type Outcome = Marked;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Marked> {
        on!(conn, read, self)
    }

    fn effects(&self, marked: &Marked, effects: &mut Effects) {
        if let Some(by) = &marked.moved {
            effects.happened(|| by.has_read(self.room, self.user, marked.seq));
        }
        if marked.again {
            effects.happened(|| Happened::Unread { room: self.room.0, user: self.user.0 });
        }
    }
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

    use super::{Marked, ReadTarget, Reading, Seq, WriteError, Written};
    use parlor_db::{
        backend::Conn,
        schema::messages,
        write::{receipt::backend as receipt, timeline::backend as timeline},
    };

    /// Never past the head.
    pub(super) fn read(conn: &mut Conn, reading: &Reading) -> Written<Marked> {
        let Reading { room, user, target, at } = *reading;
        let head = timeline::head(conn, room)?.ok_or(WriteError::NoSuchRoom)?;
        let target = match target {
            ReadTarget::All => head,
            ReadTarget::Seq(seq) => seq.min(head),
            ReadTarget::Message(id) => {
                let seq = messages::table
                    .filter(messages::id.eq(id.0))
                    .filter(messages::room_key.eq(room.0))
                    .select(messages::seq);
                Seq(seq.first::<i64>(conn).optional()?.ok_or(WriteError::NoSuchMessage)?)
            }
        };
        Ok(receipt::raise(conn, room, user, target, at)?)
    }
}

#[cfg(test)]
mod tests {
    use parlor_db::samples::{AT, Bench};

    use super::*;

    #[actix::test]
    async fn one_who_has_left_keeps_no_mark() {
        let mut bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        let room = bench.room("r", &ann);
        bench.say(&room, &ann, 1);
        let reading = Reading { room: room.key, user: ben.key, target: ReadTarget::All, at: AT };
        assert!(matches!(bench.one(reading), Ok(Marked { moved: None, .. })));
        let receipts = bench.database.reader.receipts(room.key, None, None, 10).await;
        assert!(receipts.expect("read").0.is_empty());
    }

    #[actix::test]
    async fn a_read_mark_rises_never_falls_and_stops_at_the_head() {
        let mut bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        let room = bench.room("r", &ann);
        bench.add(&room, &ben).expect("added");
        bench.say(&room, &ann, 5);
        let read = |target| bench.one(Reading { room: room.key, user: ben.key, target, at: AT });
        let mark = |target| {
            let Marked { seq, moved, again: _ } = read(target).expect("marked");
            (seq.0, moved.is_some())
        };
        assert_eq!(mark(ReadTarget::Seq(Seq(3))), (3, true));
        assert_eq!(mark(ReadTarget::Seq(Seq(2))), (3, false));
        let unread = bench.database.reader.room_state(room.key, ben.key).await.expect("read");
        assert_eq!(unread.expect("a member").0.unread, 2);
        assert_eq!(mark(ReadTarget::Seq(Seq(99))), (5, true));
        assert_eq!(mark(ReadTarget::All), (5, false));
        let elsewhere = ReadTarget::Message(MessageId(12_345));
        assert_eq!(read(elsewhere).err(), Some(WriteError::NoSuchMessage));
    }
}
