//! What one's own presence is: typing, away, and what of the inbox has come.

use parlor_domain::{RoomId, Seq, Status, UserKey};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Anywhere, Asked, ChatError, ChatServer, Operation, Requester};
use crate::{
    clock::now,
    db::{Concern, Conn, Effects, Write, Written, on},
};

/// Tells the others in a room that the user is typing, or has stopped.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Typing {
    room_id: RoomId,
    is_typing: bool,
}

impl Operation for Typing {
    type Answer = ();
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.may_take_part(now())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.typing(&asked.from, self.is_typing, asked.reply, &asked.place);
    }
}

/// Sets the presence of this device.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetPresence {
    status: Status,
}

impl Operation for SetPresence {
    type Answer = ();
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.set_presence(self.status, asked.reply);
    }
}

/// Acknowledges inbox events up to this number.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AckInbox {
    inbox_seq: Seq,
}

impl Operation for AckInbox {
    type Answer = ();
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let (user, upto) = (asked.from.user.key, self.inbox_seq);
        server.write_and_answer(asked.reply, Acking { user, upto });
    }
}

/// The user's clients have what came up to here.
#[derive(Clone, Copy, Debug)]
struct Acking {
    user: UserKey,
    upto: Seq,
}

impl Write for Acking {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, ack, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

    use super::{Acking, Written};
    use parlor_db::{backend::Conn, schema::inbox_heads};

    /// Never back, never past the head.
    pub(super) fn ack(conn: &mut Conn, Acking { user, upto }: &Acking) -> Written<()> {
        let unacked = inbox_heads::table
            .filter(inbox_heads::user_key.eq(user.0))
            .filter(inbox_heads::acked_seq.lt(upto.0))
            .filter(inbox_heads::last_seq.ge(upto.0));
        diesel::update(unacked).set(inbox_heads::acked_seq.eq(upto.0)).execute(conn)?;
        Ok(())
    }
}
