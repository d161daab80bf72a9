//! What changes of a room's rules have in common.

use parlor_domain::{Denied, Room, RoomKey, RoomKind, RoomOverview, RulesChange};
use parlor_macros::each_backend;

use super::{Access, Asked, ChatServer, Operation};
use crate::db::{Concern, Conn, Effects, Happened, Write, WriteError, Written, on};

impl ChatServer {
    /// Changes the rules of a room, for one of its members. The answer is the
    /// room as they see it then.
    pub(super) fn change_rules(
        &mut self,
        asked: Asked<impl Operation<Place = Access, Answer = Box<RoomOverview>>>,
        change: RulesChange,
    ) {
        let Asked { from, place: access, reply } = asked;
        let (user, room, id) = (from.user.key, access.room.key, access.room.id.clone());
        self.write_rules(id, reply, ChangeRules { room, change }, move |server, reply, updated| {
            server.tell_updated(updated);
            server.answer_overview(reply, room, user);
        });
    }
}

/// Changes what is laid down for those who write in a room.
#[derive(Clone, Copy, Debug)]
struct ChangeRules {
    room: RoomKey,
    change: RulesChange,
}

impl Write for ChangeRules {
    type Outcome = Room;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Room> {
        on!(conn, change, self)
    }

    fn effects(&self, _: &Room, effects: &mut Effects) {
        effects.happened(|| Happened::RoomUpdated { room: self.room.0 });
    }
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

    use super::{ChangeRules, Denied, Room, RoomKind, WriteError, Written};
    use parlor_db::{
        backend::Conn, rows::room::encode_rules, schema::rooms,
        write::timeline::backend as timeline,
    };

    pub(super) fn change(
        conn: &mut Conn,
        ChangeRules { room, change }: &ChangeRules,
    ) -> Written<Room> {
        let found = timeline::find(conn, *room)?.ok_or(WriteError::NoSuchRoom)?;
        if found.kind == RoomKind::Direct {
            return Err(Denied::Direct.into());
        }
        let changed = Room { rules: found.rules.changed(*change), ..found };
        diesel::update(rooms::table.find(room.0))
            .set(rooms::rules.eq(encode_rules(&changed.rules)))
            .execute(conn)?;
        Ok(changed)
    }
}
