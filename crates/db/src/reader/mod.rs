//! Everything that only reads, on diesel-async and a pool of its own, so that
//! a long read never stands in the way of a write.

mod attachments;
mod behind;
mod blocklists;
mod counts;
mod devices;
mod drafts;
mod events;
pub(crate) mod fence;
mod identity;
mod members;
mod messages;
mod outbox;
mod own_rooms;
mod people;
pub(crate) mod pools;
mod progress;
mod push;
mod replica;
mod reports;
mod room_list;
mod rooms;
mod saved;
mod scheduled;
mod size;
mod submissions;
mod threads;
mod unread;
mod unread_told;
mod users;

use std::{
    fmt,
    future::Future,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use diesel_async::SimpleAsyncConnection;
use futures_util::FutureExt;
use tokio::{task::JoinError, time::error::Elapsed};

use super::{
    postgres::{Guard, PostgresUrl},
    sqlite::place::Place,
    write::batch::is_fault_of_a_row,
};
use parlor_domain::{
    Epoch, Life, RoomKey,
    limits::{READ_CONNECTIONS, READ_NEWS, READ_TIMEOUT},
};
use parlor_process::{clock, log_throttle::LogThrottleByText, metrics::metrics};

use counts::Counts;
use fence::Fence;
use pools::read;
use replica::Replica;

pub use events::{InboxHead, InboxPage, InboxSince};
pub use messages::{Missed, Replay};
pub use outbox::{Backlog, Letter};
pub use own_rooms::{OwnRooms, RoomPlace, RoomSort, UnreadSummary};
pub use people::{Audited, LeftRoom, Reacted, Trim};
pub(crate) use pools::Pools;
pub use push::{DuePush, PushNews};
pub use replica::Needs;
pub use reports::ReportFilter;
pub use room_list::RoomFilter;
pub use rooms::Arrival;
pub use scheduled::DueMessage;
pub use size::DatabaseSize;
pub use submissions::SubmissionBacklog;
pub use threads::FollowedThreads;
pub use users::KnownUser;

/// A handle for reading; clones share the pool.
#[derive(Clone)]
pub struct Reader {
    pub(super) pools: Pools,
    timeout: Duration,
    /// Of a file.
    place: Option<Place>,
    counts: Arc<Counts>,
    /// The one that the server has started in.
    life: Life,
    /// When the last read failed, in ms; 0 if it did not.
    failed_at: Arc<AtomicI64>,
    pub(crate) server: Server,
    /// What the server has to have: a replica may not have it yet.
    pub(crate) fence: Option<Fence>,
    /// Where some of it may be read instead.
    replica: Option<Arc<Replica>>,
}

/// Which server is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Primary,
    /// What fails there is read from the primary.
    Replica,
}

/// A read failed. The cause has been logged; for the user it is
/// `unavailable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database could not be read")]
pub struct ReadError;

/// The same, and whether it says something of the database: not only of what
/// was asked for.
pub(crate) struct Failed {
    is_broken: bool,
}

impl Failed {
    /// The server does not have yet what it has to.
    pub const BEHIND: Self = Self { is_broken: false };
}

impl Reader {
    pub(super) fn of_file(path: &Path, place: Place, life: Life) -> Self {
        Self { place: Some(place), ..Self::of(Pools::of_file(path), life) }
    }

    pub(super) fn of_postgres(url: &PostgresUrl, guard: &Guard) -> Self {
        let pools = Pools::of_postgres(url, guard, READ_CONNECTIONS);
        Self::of(pools, guard.life().clone())
    }

    fn of(pools: Pools, life: Life) -> Self {
        Self {
            pools,
            timeout: READ_TIMEOUT,
            place: None,
            counts: Arc::default(),
            life,
            failed_at: Arc::default(),
            server: Server::Primary,
            fence: None,
            replica: None,
        }
    }

    /// The same on connections of its own, of whose failures nobody else hears.
    pub(super) fn on(&self, pools: Pools) -> Self {
        Self { pools, failed_at: Arc::default(), ..self.clone() }
    }

    /// The same without what it knows.
    #[cfg(feature = "samples")]
    pub fn knowing_nothing(&self) -> Self {
        Self { counts: Arc::default(), ..self.clone() }
    }

    /// Which life of the database this is.
    pub fn life(&self) -> &Life {
        &self.life
    }

    /// Which life of a timeline its positions belong to.
    pub fn epoch_of(&self, timeline: RoomKey) -> Epoch {
        self.life.epoch_of(timeline)
    }

    /// Gives one read a time limit.
    ///
    /// It runs in a task of its own, which runs to its end even if nobody waits any
    /// more: diesel-async 0.9 panics where a query that runs is dropped on a
    /// runtime of one thread, as actix's are.
    ///
    /// Not an `async fn`: that would keep room for the read in all that wait for it,
    /// 2.5 KiB in each request, and 4 KiB in the memory of each connection that has
    /// signed in.
    pub(crate) fn bounded<T: 'static>(
        &self,
        reading: impl Future<Output = Result<T, Failed>> + 'static,
    ) -> impl Future<Output = Result<T, ReadError>> {
        let running = tokio::time::timeout(self.timeout, actix::spawn(reading));
        running.map(|ended| self.judge(ended))
    }

    fn judge<T>(
        &self,
        ended: Result<Result<Result<T, Failed>, JoinError>, Elapsed>,
    ) -> Result<T, ReadError> {
        match ended {
            Ok(Ok(Ok(read))) => {
                self.note(true);
                Ok(read)
            }
            Ok(Ok(Err(Failed { is_broken }))) => {
                if is_broken {
                    self.note(false);
                }
                Err(ReadError)
            }
            Ok(Err(error)) => {
                log::error!("a read ended without a result: {error}");
                Err(ReadError)
            }
            Err(_) => {
                self.server.log(&format!("a read took longer than {:?}", self.timeout));
                self.note(false);
                Err(ReadError)
            }
        }
    }

    /// Whether the database is where it was opened: a file may be deleted or
    /// replaced under us. Then nothing is written any more.
    pub fn is_in_place(&self) -> bool {
        self.place.as_ref().is_none_or(Place::is_kept)
    }

    fn note(&self, went: bool) {
        let at = if went { 0 } else { clock::now().0 };
        // Written only where it changes: every read comes here.
        if at != self.failed_at.load(Ordering::Relaxed) {
            self.failed_at.store(at, Ordering::Relaxed);
        }
    }

    /// Whether the last read has failed, of those that say something of it.
    fn has_failed(&self) -> bool {
        self.failed_at.load(Ordering::Relaxed) != 0
    }

    /// Whether the database answers: not if the last read has just failed,
    /// whatever this one would come to.
    pub async fn ping(&self) -> Result<(), ReadError> {
        let failed_at = self.failed_at.load(Ordering::Relaxed);
        let since = u128::from(clock::now().0.abs_diff(failed_at));
        if failed_at != 0 && since < READ_NEWS.as_millis() {
            return Err(ReadError);
        }
        read!(self, |conn| conn.batch_execute("SELECT 1").await)
    }
}

impl Server {
    pub(crate) fn failed(self, error: &diesel::result::Error) -> Failed {
        self.log(&format!("a read failed: {error}"));
        Failed { is_broken: !is_fault_of_a_row(error) }
    }

    pub(crate) fn unconnected(self, error: impl fmt::Display) -> Failed {
        self.log(&format!("no connection to read from the database: {error}"));
        Failed { is_broken: true }
    }

    /// Nobody misses what fails on a replica.
    fn log(self, what: &str) {
        static FAILED: [LogThrottleByText; 2] = [const { LogThrottleByText::new() }; 2];
        let times = FAILED[usize::from(self == Self::Replica)].again(what);
        match (self, times) {
            (Self::Primary, Some(times)) => log::error!("{what}{times}"),
            (Self::Replica, Some(times)) => log::warn!("on the replica {what}{times}"),
            (_, None) => {}
        }
        if self == Self::Primary {
            metrics().read_failures.inc();
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::{ExpressionMethods, QueryDsl};
    use diesel_async::RunQueryDsl;

    use super::*;
    use crate::{Database, DatabaseUrl, samples::Bench, schema::life};

    /// Without a task of its own a read that is dropped while it runs panics.
    #[actix::test]
    async fn a_read_that_takes_too_long_is_an_error_and_the_next_one_is_served() {
        let dir = tempfile::tempdir().expect("a directory");
        let database =
            Database::open(&DatabaseUrl::Sqlite(dir.path().join("test.db")), 1).expect("it opens");
        let reader = Reader { timeout: Duration::from_millis(1), ..database.reader.clone() };
        let slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n \
                    WHERE x < 300000) SELECT max(x) FROM n";
        let read = read!(reader, |conn| conn.batch_execute(slow).await);
        assert_eq!(read, Err(ReadError));
        assert_eq!(database.reader.ping().await, Err(ReadError), "it does not answer in time");
        let next = read!(database.reader, |conn| conn.batch_execute("SELECT 1").await);
        assert_eq!((next, database.reader.ping().await), (Ok(()), Ok(())));
    }

    #[actix::test]
    async fn a_row_that_cannot_be_read_says_nothing_of_the_database() {
        let bench = Bench::new();
        let reader = &bench.database.reader;
        let none = read!(reader, |conn| {
            let nowhere = life::table.filter(life::id.eq("nowhere")).select(life::id);
            nowhere.first::<String>(&mut conn).await
        });
        assert_eq!((none, reader.ping().await), (Err(ReadError), Ok(())));
    }
}
