//! Reading from a replica what it may be asked for.
//!
//! What decides is never read here: who may do what, how far a room has come,
//! what a session has missed, what is unread, the feed, the leases.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use diesel_async::RunQueryDsl;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    Pools, ReadError, Reader, Server,
    fence::Fence,
    progress::{Mark, Progress},
    read,
};
use crate::postgres::PostgresUrl;
use parlor_domain::{
    RoomKey,
    limits::{REPLICA_POLL, REPLICA_READ_TIMEOUT},
};
use parlor_process::{
    log_throttle::LogThrottleByText,
    metrics::{ReadFrom, metrics},
};

/// What a read has to see that a replica may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// What the primary had at most so long ago as the replica may be behind.
    Recent,
    /// All that was committed in a room before the read was asked for: of what
    /// anybody has been told of it, nothing is missing and nothing is as it was.
    Room(RoomKey),
    /// All that was committed before a place in the write-ahead log.
    Committed { wal: i64 },
}

/// A replica, which is behind its primary.
pub(super) struct Replica {
    url: PostgresUrl,
    reader: Reader,
    /// How far behind it may be.
    lag_max: Duration,
    /// The newest state of the primary that it is known to have.
    seen: Mutex<Option<Mark>>,
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Nullable<BigInt>)]
    wal: Option<i64>,
}

/// Up to here all that was acknowledged is on the disk, and sent to replicas.
const COMMITTED: &str = "SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint AS wal";

/// Null where it is none, or that of another life.
const REPLAYED: &str = "SELECT CASE WHEN pg_is_in_recovery() AND EXISTS
        (SELECT FROM life WHERE id = $1)
    THEN (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint END AS wal";

impl Replica {
    fn new(url: &PostgresUrl, lag_max: Duration, primary: &Reader) -> Self {
        let reader = Reader {
            timeout: REPLICA_READ_TIMEOUT,
            server: Server::Replica,
            ..Reader::of(Pools::of_standby(url), primary.life.clone())
        };
        Self { url: url.clone(), reader, lag_max, seen: Mutex::default() }
    }

    /// What it is known to have, if that is not too old. The last of its reads
    /// may have found it gone.
    fn recent(&self, now: Instant) -> Option<Mark> {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |mark: &Mark| now.saturating_duration_since(mark.at) <= self.lag_max;
        seen.filter(|mark| is_recent(mark) && !self.reader.has_failed())
    }

    fn know(&self, seen: Option<Mark>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    fn reader(&self, fence: Fence) -> Reader {
        Reader { fence: Some(fence), ..self.reader.clone() }
    }

    async fn replayed(&self) -> Result<Option<i64>, ReadError> {
        let life = self.reader.life.as_str().to_owned();
        let query = diesel::sql_query(REPLAYED).bind::<Text, _>(life);
        let place = read!(self.reader, |conn| query.get_result::<Place>(&mut conn).await)?;
        Ok(place.wal)
    }

    /// Says where is read from now.
    fn tell(&self, is_used: bool, lag: Option<Duration>) {
        static TOLD: LogThrottleByText = LogThrottleByText::new();
        let Self { url, lag_max, .. } = self;
        let text = match (is_used, lag) {
            (true, _) => format!("history and search are read from the replica {url}"),
            (false, Some(lag)) if lag > *lag_max => {
                format!("the replica {url} is {} s behind: the primary is read", lag.as_secs())
            }
            (false, _) => format!("the replica {url} cannot be used: the primary is read"),
        };
        match TOLD.again(&text) {
            Some(times) if is_used => log::info!("{text}{times}"),
            Some(times) => log::warn!("{text}{times}"),
            None => {}
        }
    }
}

impl Reader {
    /// Lets [`Reader::offload`] read from a replica once
    /// [`Reader::watch_replica`] finds it at most so far behind.
    pub(crate) fn add_replica(&mut self, url: &PostgresUrl, lag_max: Duration) {
        self.replica = Some(Arc::new(Replica::new(url, lag_max, self)));
    }

    /// Makes a read on the replica, if there is one and it has what the read
    /// needs, and otherwise on the primary: also one that fails there, such as
    /// one that was cancelled because it stood in the way of what is replayed.
    pub async fn offload<T>(
        &self,
        needs: Needs,
        read: impl AsyncFn(&Self) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let Some(replica) = &self.replica else { return read(self).await };
        if let Some(fence) = self.fence_of(replica, needs).await?
            && let Ok(read) = read(&replica.reader(fence)).await
        {
            metrics().read_from(ReadFrom::Replica);
            return Ok(read);
        }
        metrics().read_from(ReadFrom::Primary);
        read(self).await
    }

    /// `None` if the replica is not to be asked.
    async fn fence_of(&self, replica: &Replica, needs: Needs) -> Result<Option<Fence>, ReadError> {
        let Some(seen) = replica.recent(Instant::now()) else { return Ok(None) };
        let (mut wal, mut room) = (seen.wal, None);
        match needs {
            Needs::Recent => {}
            Needs::Room(key) => match self.heads(&[key]).await?.pop() {
                Some(head) => room = Some(head),
                None => return Ok(None),
            },
            Needs::Committed { wal: needed } => wal = wal.max(needed),
        }
        Ok(Some(Fence { life: self.life.clone(), wal, room }))
    }

    /// What a read needs that sees all that is committed by now.
    pub async fn needs_all_by_now(&self) -> Result<Needs, ReadError> {
        if self.replica.is_none() {
            return Ok(Needs::Recent);
        }
        Ok(self.committed().await?.map_or(Needs::Recent, |wal| Needs::Committed { wal }))
    }

    async fn committed(&self) -> Result<Option<i64>, ReadError> {
        let query = diesel::sql_query(COMMITTED);
        Ok(read!(self, |conn| query.get_result::<Place>(&mut conn).await)?.wal)
    }

    /// Measures for as long as the server runs how far the replica is behind.
    pub async fn watch_replica(self) {
        let Some(replica) = &self.replica else { return };
        let (mut progress, mut was_used) = (Progress::default(), None);
        let started = Instant::now();
        let mut tick = interval(REPLICA_POLL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let at = Instant::now();
            // First the primary: what the replica has then, it has by then.
            if let Ok(Some(wal)) = self.committed().await {
                progress.committed(Mark { at, wal });
            }
            if let Ok(Some(wal)) = replica.replayed().await {
                progress.replayed(wal);
            }
            replica.know(progress.seen());
            let now = Instant::now();
            let lag = progress.lag(now);
            metrics().replica_lag.set(lag.unwrap_or(now - started).as_secs_f64());
            let is_used = replica.recent(now).is_some();
            if was_used.replace(is_used) != Some(is_used) {
                replica.tell(is_used, lag);
            }
        }
    }
}
