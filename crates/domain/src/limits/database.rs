//! What writing and reading the database may take.

use std::time::Duration;

/// Rows per transaction. Larger batches gain little: 111 thousand rows a second
/// at 1,024 against 88 thousand at 256 (docs/PERFORMANCE.md).
pub const BATCH_WRITES: usize = 1_024;

/// Writes that wait for which another transaction begins beside each that runs, on
/// PostgreSQL: from here on a write costs little less in a larger batch
/// (docs/PERFORMANCE.md).
pub const LANE_WRITES: usize = 16;

/// Fewer wait as long as this for those that run where the database is far away:
/// where even the quickest transaction takes longer. So several are on their way.
pub const LANE_WAIT: Duration = Duration::from_millis(5);

/// As long as this where it is nearby: there a transaction is late because the
/// processors are busy, and many small ones would keep them busier, or because it
/// waits for somebody who has stopped.
pub const LANE_LATE: Duration = Duration::from_millis(50);

/// Writes after which the write-ahead log is checkpointed, in parallel to the
/// writer.
pub const CHECKPOINT_WRITES: usize = 8_192;

/// Buckets that record how far deleted rooms had come. More buckets would keep
/// the numbers of other rooms lower, which nobody needs; these take some MiB.
pub const RETIRED_BUCKETS: i64 = 65_536;

/// Far more positions than a timeline can assign per millisecond: a whole
/// server stores some 30 messages in that time. After a restore, numbers
/// continue from the clock times this; they stay below 2^53, which JavaScript
/// represents exactly, for 4,000 years.
pub const POSITIONS_PER_MS: i64 = 64;

/// Minimum increase of the numbers after a restore, in case the clock is wrong:
/// more than a room has used since any backup.
pub const LIFE_GAP: i64 = 1 << 32;

/// Timelines whose last written position a server remembers, to detect a
/// PostgreSQL that lacks it.
pub const GUARDED_TIMELINES: usize = 8;

/// Rooms looked up with one statement, if they are not in memory; each is a
/// parameter of it.
pub const LOOKED_UP_AT_ONCE: usize = 500;

/// Time limit for connecting to PostgreSQL: as long as those wait who need the
/// connection.
pub const POSTGRES_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The least that one of several hosts is given of it.
pub const POSTGRES_HOST_TIMEOUT_MIN: Duration = Duration::from_secs(1);

/// Time limit for one of the hosts of a URL. Of several each has its part, and
/// a fifth is left for what follows: one that never answers must not use up
/// the time of the next.
pub fn postgres_host_timeout(hosts: usize) -> Duration {
    match u32::try_from(hosts).unwrap_or(u32::MAX) {
        0 | 1 => POSTGRES_CONNECT_TIMEOUT,
        hosts => (POSTGRES_CONNECT_TIMEOUT * 4 / 5 / hosts).max(POSTGRES_HOST_TIMEOUT_MIN),
    }
}
/// Time limit for a statement, including waiting for locks; PostgreSQL then
/// cancels it.
pub const POSTGRES_STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// A PostgreSQL that does not respond for longer than a statement may take is
/// considered unreachable.
pub const POSTGRES_RESPONSE_TIMEOUT: Duration = Duration::from_secs(7);
/// The same while a database is migrated or opened, or another node does that:
/// with many messages it takes as long as it takes. A server that is gone is
/// noticed before (`POSTGRES_KEEPALIVE`).
pub const POSTGRES_MIGRATION_TIMEOUT: Duration = Duration::from_secs(24 * 3_600);
/// A connection that is silent so long is asked by the system whether its other
/// end is there: routers forget connections after minutes.
pub const POSTGRES_KEEPALIVE: Duration = Duration::from_secs(30);
/// A lane that has had nothing to write so long gives its connection back.
pub const POSTGRES_IDLE: Duration = Duration::from_secs(300);
/// Time after which PostgreSQL ends an idle transaction: a node frozen within
/// one must not block others for longer.
pub const POSTGRES_IDLE_IN_TRANSACTION: Duration = Duration::from_secs(2);
/// How often a batch is retried after a deadlock.
pub const POSTGRES_RETRIES: u32 = 3;

/// Rows that `parlor copy` holds and stores at once. More are no faster, and
/// a batch has to be through within `POSTGRES_STATEMENT_TIMEOUT`.
pub const COPY_ROWS: i64 = 1_000;
/// How often `parlor copy` looks whether the leases of servers that have ended
/// are over.
pub const COPY_LEASE_POLL: Duration = Duration::from_millis(200);

/// How long SQLite waits for another process that holds the write lock.
pub const DATABASE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read may wait for a connection from the pool.
pub const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read that failed speaks for those that come, unless one of them
/// has gone well since.
pub const READ_NEWS: Duration = Duration::from_secs(2);
/// How old the news may be that writes go through. `/health/ready` then has
/// something written: often enough for a load balancer, and too seldom for
/// anybody who asks to be a burden.
pub const WRITE_NEWS: Duration = Duration::from_secs(2);
/// How long `/health/ready` waits for news before it says what was true last:
/// load balancers give up after a second.
pub const WRITE_NEWS_WAIT: Duration = Duration::from_millis(500);
/// How many wait for it. Whoever comes then hears at once what was true last.
pub const WRITE_NEWS_WAITING: usize = 64;
/// What is written to find out goes through within this time, or nothing does:
/// as long as a statement may take.
pub const WRITE_OVERDUE: Duration = POSTGRES_STATEMENT_TIMEOUT;
/// How long `/metrics` waits for the values counted in the database: Prometheus
/// gives up after ten seconds, and the other metrics are needed most at such a
/// time.
pub const METRICS_TIMEOUT: Duration = Duration::from_secs(1);
/// Connections of the read pool, and as many to a replica.
pub const READ_CONNECTIONS: usize = 8;

/// How often it is measured how far a replica is behind: two short statements.
pub const REPLICA_POLL: Duration = Duration::from_secs(1);
/// How far behind a replica may be allowed to be. With less than two
/// measurements it would be taken for late while it is not; with more it might
/// as well be a backup.
pub const REPLICA_LAG: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(2)..=Duration::from_secs(600);
/// Time limit for a read on a replica, after which the primary has its whole
/// time.
pub const REPLICA_READ_TIMEOUT: Duration = Duration::from_secs(2);
/// Measurements that are kept of where the primary was: as many as are made
/// while a replica falls behind as far as it may at the most.
pub const REPLICA_SAMPLES: usize = 600;

/// Page cache of the connection that writes, in KiB. The system caches the file
/// as well, and what is written in random order (the keys of messages) fits in neither;
/// 16 MiB took hours to fill, and looked like a leak meanwhile.
pub const WRITE_CACHE_KIB: i64 = 4 * 1024;
/// Page cache of each connection that reads, in KiB. The system caches the
/// file as well; at 2 MiB each, 5,000 idle sessions had 1.4 KiB each of this.
pub const READ_CACHE_KIB: i64 = 256;

/// Rows deleted by one `Purge`, so that the write lane is held for some ten
/// milliseconds at most (measured: 35 for 2,000 rows).
pub const PURGE_ROWS: i64 = 500;

/// Bytes free in a file from which on they are given back to the disk: fewer are soon
/// written over.
pub const RECLAIM_FROM_BYTES: i64 = 4 << 20;
/// As many stay free, for what comes next.
pub const RECLAIM_KEEP_BYTES: i64 = 1 << 20;
/// One part in so many of a file has to be free: what goes and comes every day stays.
pub const RECLAIM_SHARE: i64 = 10;
/// Pages given back in the first step; the next ones have more or fewer, by how long it took:
/// for each, SQLite may go through the whole list of what is free.
pub const RECLAIM_PAGES: u32 = 2;
/// So few at the least, and so many at the most.
pub const RECLAIM_PAGES_RANGE: std::ops::RangeInclusive<u32> = 1..=256;
/// A step is to take no longer, and a write that comes meanwhile waits for no longer
/// (measured: 4 ms for 16 pages, as for a commit without any; 8 for 64, 32 for 256).
pub const RECLAIM_STEP: Duration = Duration::from_millis(8);
/// After a step it rests this many times as long as that took.
pub const RECLAIM_REST: u32 = 4;
/// How often it is looked whether there is something to give back, where something was
/// written since.
pub const RECLAIM_LOOK: Duration = Duration::from_secs(5);

/// Rooms checked for expired messages in one step.
pub const RETENTION_ROOMS: i64 = 200;
/// Messages that one step of a user's deletion turns into tombstones.
pub const ERASE_MESSAGES: usize = 100;
/// Delay before a failed step is retried.
pub const ERASE_RETRY: Duration = Duration::from_secs(1);
/// Messages searched at once for those of a user: some 5 ms of a reading
/// connection.
pub const WRITTEN_BY_WINDOW: i64 = 20_000;
/// Messages or inbox events per part of an export: at most some 2 MiB of content.
pub const EXPORT_PIECE: usize = 100;
