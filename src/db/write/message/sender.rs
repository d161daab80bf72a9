//! Whether senders may still write, where other nodes may have decided
//! otherwise meanwhile.

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};
use rustc_hash::FxHashMap;

use super::{Conn, SHARES_ROOMS};
use crate::{
    db::{
        NewMessage, WriteError,
        schema::{members, rooms},
    },
    domain::{Denied, Role, RoomKind, Standing, Timestamp},
};

type Row = (i64, i64, String, Option<i64>, bool, String);

/// How senders stand, read once for a batch.
pub(super) struct Senders(Option<FxHashMap<(i64, i64), (Standing, RoomKind)>>);

impl Senders {
    /// On one node the ChatServer knows, and nothing is read.
    pub fn of(conn: &mut Conn, messages: &[&NewMessage]) -> QueryResult<Self> {
        if !SHARES_ROOMS {
            return Ok(Self(None));
        }
        let mut places: Vec<(i64, i64)> =
            messages.iter().map(|message| (message.room.0, message.sender.0)).collect();
        places.sort_unstable();
        places.dedup();
        let (of_rooms, users): (Vec<i64>, Vec<i64>) = places.into_iter().unzip();
        let rows = members::table
            .inner_join(rooms::table)
            .filter(members::room_key.eq_any(of_rooms))
            .filter(members::user_key.eq_any(users))
            .select((
                members::room_key,
                members::user_key,
                members::role,
                members::muted_until,
                members::blocked,
                rooms::kind,
            ))
            .load::<Row>(conn)?;
        let standing = |(room, user, role, muted_until, blocked, kind): Row| {
            let role = Role::parse(&role).unwrap_or(Role::ReadOnly);
            let muted_until = muted_until.map(Timestamp);
            let kind = RoomKind::parse(&kind).unwrap_or(RoomKind::Private);
            ((room, user), (Standing { role, muted_until, blocked }, kind))
        };
        Ok(Self(Some(rows.into_iter().map(standing).collect())))
    }

    pub fn check(&self, message: &NewMessage) -> Result<(), WriteError> {
        let Some(known) = &self.0 else { return Ok(()) };
        match known.get(&(message.room.0, message.sender.0)) {
            Some((standing, kind)) => {
                standing.may_write(*kind, message.created_at).map_err(WriteError::Denied)
            }
            None => Err(WriteError::Denied(Denied::Stranger)),
        }
    }
}
