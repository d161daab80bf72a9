//! Makes sure that the PostgreSQL behind every new connection is the one that the
//! server began with.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use diesel::{
    ConnectionError, ConnectionResult, QueryResult, QueryableByName, sql_query,
    sql_types::{Array, BigInt, Bool, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio::sync::watch;

use crate::life::{Place, RENEWED};
use parlor_domain::{Life, limits::GUARDED_TIMELINES};

/// The life that this server has started in, and whether it has ended.
///
/// What the server keeps in memory, keys of users among it, is true in this
/// life only. So no connection to another one is ever used.
#[derive(Clone, Debug)]
pub(crate) struct Guard(Arc<Guarded>);

#[derive(Debug)]
struct Guarded {
    life: Life,
    identity: &'static str,
    /// The last positions that this server has committed.
    newest: Mutex<Newest>,
    ended: watch::Sender<bool>,
}

/// The last position in each of the timelines that were written to last. In
/// several, because one that a database lacks may have been deleted, or may
/// have been made since what was put back.
#[derive(Clone, Debug, Default)]
struct Newest(VecDeque<Place>);

impl Newest {
    fn note(&mut self, (timeline, seq): Place) {
        self.0.retain(|(known, _)| *known != timeline);
        self.0.push_back((timeline, seq));
        if self.0.len() > GUARDED_TIMELINES {
            self.0.pop_front();
        }
    }

    /// Rooms and inboxes, by the keys of their rows, each with its position.
    fn split(&self) -> [(Vec<i64>, Vec<i64>); 2] {
        let (mut rooms, mut inboxes) = (Vec::new(), Vec::new());
        for (timeline, seq) in &self.0 {
            match timeline.inbox_owner() {
                None => rooms.push((timeline.0, seq.0)),
                Some(user) => inboxes.push((user.0, seq.0)),
            }
        }
        [rooms, inboxes].map(|places| places.into_iter().unzip())
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Bool)]
    is_same: bool,
    #[diesel(sql_type = Bool)]
    is_stale: bool,
}

impl Guard {
    pub fn new(life: Life, identity: &'static str) -> Self {
        let ended = watch::Sender::new(false);
        Self(Arc::new(Guarded { life, identity, newest: Mutex::default(), ended }))
    }

    pub fn life(&self) -> &Life {
        &self.0.life
    }

    /// This server has committed it.
    pub fn came_to(&self, place: Place) {
        self.0.newest.lock().unwrap_or_else(PoisonError::into_inner).note(place);
    }

    /// Waits until the database is found to be in another life.
    pub async fn ended(&self) {
        let mut ended = self.0.ended.subscribe();
        // The sender lives as long as this.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Makes sure that a connection leads to the life that is guarded.
    ///
    /// # Errors
    /// It does not: then [`Guard::ended`] is over. Or it cannot be asked.
    pub async fn check(&self, conn: &mut AsyncPgConnection) -> ConnectionResult<()> {
        let is_same = self.is_same(conn).await;
        match is_same.map_err(|error| ConnectionError::BadConnection(error.to_string()))? {
            true => Ok(()),
            false => {
                self.0.ended.send_replace(true);
                let cause = "the database is another one than this server began with";
                Err(ConnectionError::BadConnection(cause.to_owned()))
            }
        }
    }

    async fn is_same(&self, conn: &mut AsyncPgConnection) -> QueryResult<bool> {
        let Guarded { life, identity, newest, .. } = &*self.0;
        let newest = newest.lock().unwrap_or_else(PoisonError::into_inner).split();
        let [(rooms, room_seqs), (inboxes, inbox_seqs)] = newest;
        // A timeline that is gone was deleted, as far as one can see.
        let query = sql_query(format!(
            "SELECT id, witness IS NOT DISTINCT FROM {identity} AS is_same,
                 EXISTS (SELECT 1 FROM unnest($1, $2) AS known (timeline, seq)
                         JOIN room_heads ON room_key = known.timeline
                         WHERE last_seq < known.seq)
                 OR EXISTS (SELECT 1 FROM unnest($3, $4) AS known (timeline, seq)
                            JOIN inbox_heads ON user_key = known.timeline
                            WHERE last_seq < known.seq) AS is_stale
             FROM life"
        ));
        let query = query.bind::<Array<BigInt>, _>(rooms).bind::<Array<BigInt>, _>(room_seqs);
        let query = query.bind::<Array<BigInt>, _>(inboxes).bind::<Array<BigInt>, _>(inbox_seqs);
        let Found { id, is_same, is_stale } = query.get_result(conn).await?;
        if id != life.as_str() || !is_same {
            return Ok(false);
        }
        if !is_stale {
            return Ok(true);
        }
        // It looks the same, and lacks what was committed: such as a snapshot
        // of its disk. Whoever starts on it next has to know.
        sql_query("UPDATE life SET witness = $1 WHERE id = $2")
            .bind::<Text, _>(RENEWED)
            .bind::<Text, _>(id)
            .execute(conn)
            .await?;
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlor_domain::{RoomKey, Seq, UserKey};

    #[test]
    fn the_last_position_of_each_of_the_last_timelines_is_known() {
        let mut newest = Newest::default();
        let last = i64::try_from(GUARDED_TIMELINES).expect("small");
        for room in 1..=last {
            newest.note((RoomKey(room), Seq(10 * room)));
        }
        newest.note((RoomKey(1), Seq(11)));
        newest.note((RoomKey::inbox_of(UserKey(7)), Seq(3)));
        let [rooms, inboxes] = newest.split();
        let expected: Vec<i64> = (3..=last).chain([1]).collect();
        assert_eq!(rooms.0, expected, "the one that was written to longest ago has gone");
        assert_eq!((rooms.1.last(), inboxes), (Some(&11), (vec![7], vec![3])));
    }
}
