//! A chunk of an import into a database that servers run on.

use parlor_domain::{Room, RoomKey, Seq};
use parlor_macros::each_backend;

use super::{ImportChunk, ImportMode, Imported};
use crate::{
    Happened,
    write::{Concern, Conn, Effects, Write, Written, on},
};

/// Stores a chunk; what was left out is no reason against the rest.
#[derive(Clone, Debug)]
pub struct ImportLive {
    pub chunk: ImportChunk,
    pub mode: ImportMode,
}

/// What came of it, and what whoever runs has to know.
#[derive(Clone, Debug)]
pub struct ImportedLive {
    pub imported: Imported,
    pub is_stored: bool,
    /// Rooms that were there, and have more now.
    pub grown: Vec<GrownRoom>,
    /// What came besides, as other nodes hear of it.
    pub happened: Vec<Happened>,
    /// Where all rooms with something new are.
    heads: Vec<(RoomKey, Seq)>,
}

/// A room, and where it is now.
#[derive(Clone, Debug)]
pub struct GrownRoom {
    pub room: Room,
    pub head: Seq,
    pub members: i64,
}

impl Write for ImportLive {
    type Outcome = ImportedLive;

    /// Users and rooms of which some are found only on the way; the lines are few.
    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Everything]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<ImportedLive> {
        Ok(on!(conn, run, self)?)
    }

    fn effects(&self, done: &ImportedLive, effects: &mut Effects) {
        for happened in &done.happened {
            effects.happened(|| happened.clone());
        }
        for (room, head) in &done.heads {
            effects.position(*room, *head);
        }
    }
}

#[each_backend]
mod backend {
    use std::collections::BTreeSet;

    use diesel::{
        Connection, ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, result::Error,
    };
    use rustc_hash::FxHashMap;

    use super::*;
    use crate::{
        backend::Conn,
        rows::room::{RoomRow, columns},
        schema::{room_heads, rooms},
        write::{
            import::{Moved, Touched, backend as lines},
            receipt::backend as receipt,
        },
    };

    /// What is not to stay is undone by itself: others are in the same transaction.
    pub(super) fn run(conn: &mut Conn, write: &ImportLive) -> QueryResult<ImportedLive> {
        let mut undone = None;
        let done = conn.transaction(|conn| {
            let imported = lines::import(conn, &write.chunk)?;
            let stays = match write.mode {
                ImportMode::Lenient => true,
                ImportMode::Strict => imported.problems.is_empty(),
                ImportMode::Dry => false,
            };
            if !stays {
                undone = Some(imported);
                return Err(Error::RollbackTransaction);
            }
            told(conn, imported)
        });
        match (done, undone) {
            (Err(Error::RollbackTransaction), Some(imported)) => Ok(ImportedLive {
                imported,
                is_stored: false,
                grown: Vec::new(),
                happened: Vec::new(),
                heads: Vec::new(),
            }),
            (done, _) => done,
        }
    }

    fn told(conn: &mut Conn, imported: Imported) -> QueryResult<ImportedLive> {
        let Touched { rooms, joined, marked, barred } = &imported.touched;
        let mut happened: Vec<Happened> =
            barred.iter().map(|user| Happened::Barred { user: user.0 }).collect();
        let counts = member_counts(conn, joined.iter().map(|(room, _)| *room))?;
        happened.extend(joined.iter().map(|(room, user)| Happened::Joined {
            room: room.0,
            user: user.0,
            members: counts.get(&room.0).copied(),
        }));
        for Moved { room, user, read, delivered } in marked {
            if let Some(by) = receipt::marker(conn, *room, *user)? {
                happened.push(by.has_moved((*room, *user), *read, *delivered));
            }
        }
        let heads = heads(conn, rooms)?;
        let grown = grown(conn, &heads)?;
        Ok(ImportedLive { imported, is_stored: true, grown, happened, heads })
    }

    /// By it a big room is told how many it has, and nobody is looked up.
    fn member_counts(
        conn: &mut Conn,
        of: impl Iterator<Item = RoomKey>,
    ) -> QueryResult<FxHashMap<i64, i64>> {
        let keys: BTreeSet<i64> = of.map(|room| room.0).collect();
        let counts = rooms::table
            .filter(rooms::key.eq_any(keys))
            .select((rooms::key, rooms::member_count))
            .load::<(i64, i64)>(conn)?;
        Ok(counts.into_iter().collect())
    }

    /// Where those of some rooms are that were elsewhere before.
    fn heads(conn: &mut Conn, before: &[(RoomKey, Seq)]) -> QueryResult<Vec<(RoomKey, Seq)>> {
        let before: FxHashMap<i64, i64> =
            before.iter().map(|(room, head)| (room.0, head.0)).collect();
        let keys: BTreeSet<i64> = before.keys().copied().collect();
        let now = room_heads::table
            .filter(room_heads::room_key.eq_any(keys))
            .select((room_heads::room_key, room_heads::last_seq))
            .load::<(i64, i64)>(conn)?;
        let moved = now.into_iter().filter(|(room, head)| before.get(room) != Some(head));
        Ok(moved.map(|(room, head)| (RoomKey(room), Seq(head))).collect())
    }

    fn grown(conn: &mut Conn, heads: &[(RoomKey, Seq)]) -> QueryResult<Vec<GrownRoom>> {
        let keys: Vec<i64> = heads.iter().map(|(room, _)| room.0).collect();
        let rows = rooms::table
            .filter(rooms::key.eq_any(keys))
            .filter(rooms::id.is_not_null())
            .select((columns(), rooms::member_count))
            .load::<(RoomRow, i64)>(conn)?;
        let heads: FxHashMap<RoomKey, Seq> = heads.iter().copied().collect();
        let of = |(row, members): (RoomRow, i64)| {
            let room = Room::from(row);
            let head = *heads.get(&room.key)?;
            Some(GrownRoom { room, head, members })
        };
        Ok(rows.into_iter().filter_map(of).collect())
    }
}
