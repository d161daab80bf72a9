//! Say how much of its history a room keeps.

use parlor_domain::{
    Retention, RoomId, RoomKey, Scope, Whole,
    limits::{AGE_DAYS_MAX, KEPT_MESSAGES_MAX},
};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester};
use crate::db::{Concern, Conn, Effects, Write, WriteError, Written, on};

const DAY_MS: i64 = 86_400_000;

/// How much of its history a room keeps; what is left out follows the server's
/// setting.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetRetention {
    room_id: RoomId,
    age_days: Option<Whole<1, AGE_DAYS_MAX>>,
    messages: Option<Whole<1, KEPT_MESSAGES_MAX>>,
}

impl Operation for SetRetention {
    type Answer = ();
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms];

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.administrator()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let retention = Retention {
            age_ms: self.age_days.map(|Whole(days)| days * DAY_MS),
            messages: self.messages.map(|Whole(messages)| messages),
        };
        let room = asked.place.room.key;
        server.write_and_answer(asked.reply, Retaining { room, retention });
    }
}

#[derive(Clone, Copy, Debug)]
struct Retaining {
    room: RoomKey,
    retention: Retention,
}

impl Write for Retaining {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, retain, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

    use super::{Retaining, Retention, WriteError, Written};
    use parlor_db::{backend::Conn, schema::rooms};

    pub(super) fn retain(
        conn: &mut Conn,
        Retaining { room, retention }: &Retaining,
    ) -> Written<()> {
        let there = rooms::table.find(room.0).filter(rooms::id.is_not_null());
        let Retention { age_ms, messages } = *retention;
        let set = diesel::update(there)
            .set((rooms::keep_ms.eq(age_ms), rooms::keep_messages.eq(messages)))
            .execute(conn)?;
        if set > 0 { Ok(()) } else { Err(WriteError::NoSuchRoom.into()) }
    }
}
