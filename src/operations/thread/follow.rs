//! Follow a thread, or leave off.

use parlor_domain::{MessageId, ThreadState, Timestamp, UserKey};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Touched};
use crate::{
    clock::now,
    db::{Concern, Conn, Effects, Write, WriteError, Written, on},
};

/// Follows a thread from here on: what is in it already counts as read.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Follow {
    thread_id: MessageId,
}

/// Does not follow a thread any more, also not if one is mentioned in it.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Unfollow {
    thread_id: MessageId,
}

impl Operation for Follow {
    type Answer = ThreadState;
    type Place = Anywhere;

    fn place(&self) {}

    /// Whose room it is in, the transaction finds out.
    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        set(self.thread_id, true, asked, server);
    }
}

impl Operation for Unfollow {
    type Answer = ThreadState;
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        set(self.thread_id, false, asked, server);
    }
}

fn set<O: Operation<Answer = ThreadState>>(
    message: MessageId,
    following: bool,
    Asked { from, reply, .. }: Asked<O>,
    server: &mut ChatServer,
) {
    let user = from.user.key;
    let write = Following { message, user, following, at: now() };
    server.write_for(reply, write, move |server, reply, touched| {
        server.tell_touched(reply, user, touched);
    });
}

#[derive(Clone, Copy, Debug)]
struct Following {
    message: MessageId,
    user: UserKey,
    following: bool,
    at: Timestamp,
}

impl Write for Following {
    type Outcome = Touched;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::RoomOf(self.message), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Touched> {
        on!(conn, follow, self)
    }

    fn effects(&self, touched: &Touched, effects: &mut Effects) {
        touched.effects(effects);
    }
}

#[each_backend]
mod backend {
    use super::{Following, Touched, WriteError, Written};
    use parlor_db::{
        Follow,
        backend::Conn,
        write::{
            follow::backend as follows, message::thread::backend as thread,
            timeline::backend as timeline,
        },
    };

    pub(super) fn follow(conn: &mut Conn, new: &Following) -> Written<Touched> {
        let Following { message, user, following, at } = *new;
        let place = thread::of_member(conn, message, user)?;
        let (room, thread) = place.ok_or(WriteError::NoSuchMessage)?;
        let read = timeline::head(conn, room)?.ok_or(WriteError::NoSuchRoom)?;
        let follow = Follow { user, room, thread, read, at };
        let change = follows::set(conn, follow, following)?;
        Ok(Touched { room, thread, change })
    }
}
