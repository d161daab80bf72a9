//! Several nodes: leases, the feed, Redis, and services.

use std::time::Duration;

/// Lease time of a node; when it expires, the others consider its users gone.
pub const NODE_LEASE: Duration = Duration::from_secs(10);
/// How long the number of an expired lease stays unused: two nodes never make
/// ids with the same one.
pub const NODE_NUMBER_REST: Duration = Duration::from_secs(60);
/// Number of nodes that message ids can distinguish.
pub const NODE_NUMBERS: u32 = 256;
/// How long rows stay in the feed. A node that was away for longer closes its
/// connections, so that clients resume from the database.
pub const FEED_KEPT: Duration = Duration::from_secs(600);
/// How often older ones are deleted.
pub const FEED_TRIMMED: Duration = Duration::from_secs(60);
/// Rows of the feed per read.
pub const FEED_PAGE: usize = 1_000;
/// Rows of the feed that a node remembers: because they came as hints and were not
/// read yet (beyond, hints are left to reading), and half as many that were, for hints that
/// are later than reading. Some 10 MB; at 3,000 rows a second, twenty seconds. And as
/// many of its own transactions' that it has not read: at 120 a second, as long as rows
/// stay in the feed; beyond, what the oldest say is told again when it is read. 2 MB.
pub const FEED_REMEMBERED: usize = 65_536;
/// How often a node updates its subscriptions in Redis.
pub const INTEREST_TICK: Duration = Duration::from_millis(20);
/// Time limits for connecting to Redis and for a command; then it is considered
/// unreachable.
pub const REDIS_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
pub const REDIS_RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How often an idle Redis is pinged.
pub const REDIS_PING: Duration = Duration::from_secs(1);
/// Batches that wait to be published; beyond, the hints are dropped, and the
/// others read the feed.
pub const BUS_BATCHES: usize = 4_096;
/// Batches that are published together.
pub const BUS_PIPELINE: usize = 64;
/// Rooms of a user up to which presence is published in each of them, with the list
/// of all. Beyond, it is published once for all nodes, because it would grow with
/// the square of the rooms.
pub const EPHEMERAL_CHANNELS: usize = 32;
/// Ephemeral events remembered, so that one published on several channels is
/// passed on once.
pub const EPHEMERAL_KNOWN: usize = 8_192;
/// Time limit for giving the lease back at the end.
pub const LEASE_RELEASE: Duration = Duration::from_secs(1);
/// How often a node renews its lease.
pub const NODE_RENEWAL: Duration = Duration::from_secs(2);
/// Users of a node that has gone, taken offline in one step.
pub const GONE_USERS_STEP: usize = 200;

/// How often nodes exchange what was used of rate limits.
pub const SPENT_TICK: Duration = Duration::from_millis(100);
/// Users and addresses whose use is remembered between two exchanges, sent at
/// once, and how much use by one is believed: limits are in the hundreds.
pub const SPENDERS_KEPT: usize = 100_000;
pub const SPENDERS_SENT: usize = 5_000;
pub const SPENT_MOST: u32 = 1_000;

/// Events read from a service's stream at once.
pub const SERVICE_BATCH: usize = 100;
/// What a service's channel has said and is not published yet; what comes then is lost.
pub const SERVICE_WAITING: usize = 1_000;
/// Bytes of one event of the channel: more than any that is published has.
pub const SERVICE_PAYLOAD: usize = 128 << 10;
/// How long a read waits for an event of a service: less than
/// [`REDIS_RESPONSE_TIMEOUT`].
pub const SERVICE_WAIT: Duration = Duration::from_secs(1);
/// Delay before an event that the server could not take is retried.
pub const SERVICE_PAUSE: Duration = Duration::from_millis(500);
/// An event that a node took and did not finish passes to another after this time.
pub const SERVICE_IDLE: Duration = Duration::from_secs(10);
/// Events kept that could not be published; the oldest is dropped.
pub const SERVICE_DEAD: usize = 10_000;

/// How often the node that leads looks for what applications have submitted in
/// transactions of their own: [`SUBMISSION_TICK`] for [`SUBMISSION_BUSY`] after something
/// was found, else as often as the feed is read. A look that finds nothing takes the
/// database a tenth of a millisecond.
pub const SUBMISSION_TICK: Duration = Duration::from_millis(25);
pub const SUBMISSION_BUSY: Duration = Duration::from_secs(600);
/// Rooms whose submissions are carried out at the same time, and how many of each are
/// read at once: with the largest that a function takes, 32 MiB.
pub const SUBMISSION_ROOMS: usize = 64;
pub const SUBMISSION_PAGE: usize = 8;
/// How long what was read is good: after that, another node may lead.
pub const SUBMISSION_FRESH: Duration = NODE_LEASE;
/// Time limit for carrying out one submission; then it is tried again.
pub const SUBMISSION_TIME: Duration = Duration::from_secs(30);
/// Delay before a submission that the server could not take is tried again; what follows
/// it in its room waits, other rooms go on.
pub const SUBMISSION_PAUSE: Duration = Duration::from_millis(500);
/// Refused submissions that are kept; the oldest is dropped.
pub const SUBMISSIONS_REFUSED: i64 = 10_000;
