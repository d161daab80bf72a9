//! Whether senders may still write, where other nodes may have decided
//! otherwise meanwhile.

use parlor_domain::Denied;
use parlor_macros::each_backend;
use rustc_hash::{FxHashMap, FxHashSet};

use super::NewMessage;
use crate::{rows::standing::Stands, write::WriteError};

/// How senders stand, read once for a batch.
pub(super) struct Senders(Option<Known>);

struct Known {
    standings: FxHashMap<(i64, i64), Stands>,
    /// Those that are there.
    rooms: FxHashSet<i64>,
}

impl Senders {
    pub fn check(&mut self, message: &NewMessage) -> Result<(), WriteError> {
        let Some(known) = &self.0 else { return Ok(()) };
        if message.by_admin {
            let is_there = known.rooms.contains(&message.room.0);
            return if is_there { Ok(()) } else { Err(WriteError::NoSuchRoom) };
        }
        match known.standings.get(&(message.room.0, message.sender.0)) {
            Some((standing, kind, rules)) => {
                standing.may_write(*kind, *rules, message.created_at).map_err(WriteError::Denied)
            }
            None if known.rooms.contains(&message.room.0) => {
                Err(WriteError::Denied(Denied::Stranger))
            }
            None => Err(WriteError::NoSuchRoom),
        }
    }
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::{Conn, SHARES_ROOMS, standings},
        schema::rooms,
    };

    /// Those of some rooms that have not been deleted.
    fn existing(conn: &mut Conn, of: &[i64]) -> QueryResult<Vec<i64>> {
        rooms::table
            .filter(rooms::key.eq_any(of))
            .filter(rooms::id.is_not_null())
            .select(rooms::key)
            .load(conn)
    }

    /// Stores what the rooms' rules ask for of those who write now.
    pub fn note(_: &mut Conn, _: &Senders) -> QueryResult<()> {
        Ok(())
    }

    /// On one node the ChatServer knows, and nothing is read.
    pub fn of(conn: &mut Conn, messages: &[&NewMessage]) -> QueryResult<Senders> {
        if !SHARES_ROOMS {
            return Ok(Senders(None));
        }
        let mut places: Vec<(i64, i64)> =
            messages.iter().map(|message| (message.room.0, message.sender.0)).collect();
        places.sort_unstable();
        places.dedup();
        let rows = standings(conn, &places)?;
        let standings: FxHashMap<(i64, i64), Stands> = rows.into_iter().map(<_>::from).collect();
        let known: FxHashSet<i64> = standings.keys().map(|(room, _)| *room).collect();
        let unknown: Vec<i64> = messages
            .iter()
            .map(|message| message.room.0)
            .filter(|room| !known.contains(room))
            .collect();
        let there = if unknown.is_empty() { Vec::new() } else { existing(conn, &unknown)? };
        Ok(Senders(Some(Known { standings, rooms: known.into_iter().chain(there).collect() })))
    }
}
