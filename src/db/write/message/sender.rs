//! Whether senders may still write, where other nodes may have decided
//! otherwise meanwhile.

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Conn, SHARES_ROOMS};
use crate::{
    db::{
        NewMessage, WriteError,
        schema::{members, rooms},
    },
    domain::{Denied, Role, RoomKind, Standing, Timestamp},
};

type Row = (i64, i64, String, Option<i64>, bool, bool, String);

/// How senders stand, read once for a batch.
pub(super) struct Senders(Option<Known>);

struct Known {
    standings: FxHashMap<(i64, i64), (Standing, RoomKind)>,
    /// Those that are there.
    rooms: FxHashSet<i64>,
}

/// Those of some rooms that have not been deleted.
fn existing(conn: &mut Conn, of: &[i64]) -> QueryResult<Vec<i64>> {
    rooms::table
        .filter(rooms::key.eq_any(of))
        .filter(rooms::id.is_not_null())
        .select(rooms::key)
        .load(conn)
}

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
                members::peer_deleted,
                rooms::kind,
            ))
            .load::<Row>(conn)?;
        let known: FxHashSet<i64> = rows.iter().map(|row| row.0).collect();
        let standing = |(room, user, role, muted_until, blocked, peer_deleted, kind): Row| {
            let role = Role::parse(&role).unwrap_or(Role::ReadOnly);
            let muted_until = muted_until.map(Timestamp);
            let kind = RoomKind::parse(&kind).unwrap_or(RoomKind::Private);
            ((room, user), (Standing { role, muted_until, blocked, peer_deleted }, kind))
        };
        let standings = rows.into_iter().map(standing).collect();
        let unknown: Vec<i64> = messages
            .iter()
            .map(|message| message.room.0)
            .filter(|room| !known.contains(room))
            .collect();
        let there = if unknown.is_empty() { Vec::new() } else { existing(conn, &unknown)? };
        Ok(Self(Some(Known { standings, rooms: known.into_iter().chain(there).collect() })))
    }

    pub fn check(&self, message: &NewMessage) -> Result<(), WriteError> {
        let Some(known) = &self.0 else { return Ok(()) };
        if message.by_admin {
            let is_there = known.rooms.contains(&message.room.0);
            return if is_there { Ok(()) } else { Err(WriteError::NoSuchRoom) };
        }
        match known.standings.get(&(message.room.0, message.sender.0)) {
            Some((standing, kind)) => {
                standing.may_write(*kind, message.created_at).map_err(WriteError::Denied)
            }
            None if known.rooms.contains(&message.room.0) => {
                Err(WriteError::Denied(Denied::Stranger))
            }
            None => Err(WriteError::NoSuchRoom),
        }
    }
}
