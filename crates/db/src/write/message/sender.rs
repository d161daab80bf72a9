//! Whether senders may still write, where other nodes may have decided
//! otherwise meanwhile; and whether they may write again, in slow mode.

use parlor_domain::{Denied, MessageIds, Role, RoomRules, Timestamp};
use parlor_macros::each_backend;
use rustc_hash::{FxHashMap, FxHashSet};

use super::NewMessage;
use crate::{rows::standing::Stands, write::WriteError};

/// How senders stand and when they last wrote, read once for a batch.
pub(super) struct Senders {
    /// Where there are other nodes.
    known: Option<Known>,
    /// Those who write in rooms in slow mode.
    paces: FxHashMap<(i64, i64), Pace>,
}

struct Known {
    standings: FxHashMap<(i64, i64), Stands>,
    /// Those that are there.
    rooms: FxHashSet<i64>,
}

struct Pace {
    moderates: bool,
    spoke_at: Option<Timestamp>,
    /// In this batch.
    speaks: bool,
}

fn place(message: &NewMessage) -> (i64, i64) {
    (message.room.0, message.sender.0)
}

/// When it is sent; what the application posts for somebody may have been said long
/// before.
fn sent_at(message: &NewMessage) -> Timestamp {
    match message.extras.as_ref().and_then(|extras| extras.posted.by.as_ref()) {
        Some(_) => message.created_at.max(MessageIds::time_of(message.id)),
        None => message.created_at,
    }
}

impl Senders {
    pub fn check(&mut self, message: &NewMessage) -> Result<(), WriteError> {
        self.check_standing(message)?;
        let (rules, now) = (self.rules(message), sent_at(message));
        if let Some(pace) = self.paces.get_mut(&place(message)).filter(|pace| !pace.moderates) {
            rules.may_write_again(pace.spoke_at, now).map_err(WriteError::Denied)?;
            (pace.spoke_at, pace.speaks) = (Some(now), true);
        }
        Ok(())
    }

    fn check_standing(&self, message: &NewMessage) -> Result<(), WriteError> {
        let Some(known) = &self.known else { return Ok(()) };
        if message.by_admin {
            let is_there = known.rooms.contains(&message.room.0);
            return if is_there { Ok(()) } else { Err(WriteError::NoSuchRoom) };
        }
        match known.standings.get(&place(message)) {
            Some((standing, kind, rules)) => {
                standing.may_write(*kind, *rules, sent_at(message)).map_err(WriteError::Denied)
            }
            None if known.rooms.contains(&message.room.0) => {
                Err(WriteError::Denied(Denied::Stranger))
            }
            None => Err(WriteError::NoSuchRoom),
        }
    }

    /// Those of the room, as far as they concern the sender.
    fn rules(&self, message: &NewMessage) -> RoomRules {
        let stands = self.known.as_ref().and_then(|known| known.standings.get(&place(message)));
        match stands {
            Some((_, _, rules)) if !message.by_admin => *rules,
            _ => message.rules,
        }
    }
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        schema::{members, rooms},
        write::backend::{SHARES_ROOMS, standings},
    };

    /// Those of some rooms that have not been deleted.
    fn existing(conn: &mut Conn, of: &[i64]) -> QueryResult<Vec<i64>> {
        rooms::table
            .filter(rooms::key.eq_any(of))
            .filter(rooms::id.is_not_null())
            .select(rooms::key)
            .load(conn)
    }

    /// When members wrote last in rooms in slow mode.
    fn paces(conn: &mut Conn, places: &[(i64, i64)]) -> QueryResult<FxHashMap<(i64, i64), Pace>> {
        let (rooms, users): (Vec<i64>, Vec<i64>) = places.iter().copied().unzip();
        let found = members::table
            .filter(members::room_key.eq_any(rooms))
            .filter(members::user_key.eq_any(users))
            .select((members::room_key, members::user_key, members::role, members::spoke_at))
            .load::<(i64, i64, String, Option<i64>)>(conn)?;
        let pace = |(room, user, role, spoke_at): (i64, i64, String, Option<i64>)| {
            let moderates = Role::parse(&role).is_some_and(|role| role >= Role::Moderator);
            ((room, user), Pace { moderates, spoke_at: spoke_at.map(Timestamp), speaks: false })
        };
        Ok(found.into_iter().map(pace).collect())
    }

    /// Stores when those have written who write now in a room in slow mode.
    pub fn note(conn: &mut Conn, senders: &Senders) -> QueryResult<()> {
        for (place, pace) in senders.paces.iter().filter(|(_, pace)| pace.speaks) {
            diesel::update(members::table.find(*place))
                .set(members::spoke_at.eq(pace.spoke_at.map(|at| at.0)))
                .execute(conn)?;
        }
        Ok(())
    }

    /// On one node the ChatServer knows how members stand, and for most rooms
    /// nothing is read.
    pub fn of(conn: &mut Conn, messages: &[&NewMessage]) -> QueryResult<Senders> {
        let known = if SHARES_ROOMS { Some(known(conn, messages)?) } else { None };
        let mut senders = Senders { known, paces: FxHashMap::default() };
        let is_slow = |message: &&&NewMessage| senders.rules(message).slow_mode_seconds.is_some();
        let slow: Vec<_> = messages.iter().filter(is_slow).map(|message| place(message)).collect();
        if !slow.is_empty() {
            senders.paces = paces(conn, &slow)?;
        }
        Ok(senders)
    }

    fn known(conn: &mut Conn, messages: &[&NewMessage]) -> QueryResult<Known> {
        let mut places: Vec<(i64, i64)> = messages.iter().map(|message| place(message)).collect();
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
        Ok(Known { standings, rooms: known.into_iter().chain(there).collect() })
    }
}
