//! Say what one has read of a thread.

use parlor_domain::{MessageId, ReadTarget, Seq, ThreadState, Timestamp, UserKey};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Touched};
use crate::{
    clock::now,
    db::{Concern, Conn, Effects, Write, WriteError, Written, on},
    protocol::{Refusal, Rules},
};

/// Says up to where one has read a thread that one follows: up to a position, to a reply, or
/// all of it; never back. Nobody else learns of it.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MarkThreadRead {
    thread_id: MessageId,
    seq: Option<Seq>,
    message_id: Option<MessageId>,
    all: Option<bool>,
}

impl MarkThreadRead {
    fn target(&self) -> Result<ReadTarget, Refusal> {
        ReadTarget::one_of(self.seq, self.message_id, self.all.unwrap_or(false))
            .ok_or_else(Refusal::no_target)
    }
}

impl Operation for MarkThreadRead {
    type Answer = ThreadState;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.target().map(drop)
    }

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, Asked { from, reply, .. }: Asked<Self>, server: &mut ChatServer) {
        let Ok(target) = self.target() else {
            return server.answer(reply, Err(ChatError::Internal));
        };
        let user = from.user.key;
        let write = Reading { message: self.thread_id, user, target, at: now() };
        server.write_for(reply, write, move |server, reply, touched| {
            server.tell_touched(reply, user, touched);
        });
    }
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    message: MessageId,
    user: UserKey,
    target: ReadTarget,
    at: Timestamp,
}

impl Write for Reading {
    type Outcome = Touched;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::RoomOf(self.message), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Touched> {
        on!(conn, read, self)
    }

    fn effects(&self, touched: &Touched, effects: &mut Effects) {
        touched.effects(effects);
    }
}

#[each_backend]
mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension,
        QueryDsl, RunQueryDsl,
    };

    use super::{ReadTarget, Reading, Seq, Touched, WriteError, Written};
    use parlor_db::{
        Follow,
        backend::Conn,
        schema::messages,
        write::{
            follow::backend as follows, message::thread::backend as thread,
            timeline::backend as timeline,
        },
    };

    /// Never past the head.
    pub(super) fn read(conn: &mut Conn, reading: &Reading) -> Written<Touched> {
        let Reading { message, user, target, at } = *reading;
        let place = thread::of_member(conn, message, user)?;
        let (room, thread) = place.ok_or(WriteError::NoSuchMessage)?;
        let head = timeline::head(conn, room)?.ok_or(WriteError::NoSuchRoom)?;
        let target = match target {
            ReadTarget::All => head,
            ReadTarget::Seq(seq) => seq.min(head),
            ReadTarget::Message(id) => {
                let seq = messages::table
                    .filter(messages::id.eq(id.0))
                    .filter(
                        messages::id
                            .eq(thread.0)
                            .or(messages::thread_id.eq(thread.0).assume_not_null()),
                    )
                    .select(messages::seq);
                Seq(seq.first::<i64>(conn).optional()?.ok_or(WriteError::NoSuchMessage)?)
            }
        };
        let follow = Follow { user, room, thread, read: target, at };
        Ok(Touched { room, thread, change: follows::read(conn, follow)? })
    }
}
