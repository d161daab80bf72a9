//! Searching, and keeping the index.

use std::time::Duration;

/// Page cache of the connection that writes the index, in KiB.
pub const SEARCH_CACHE_KIB: i64 = 2 * 1024;
/// Bytes and terms of a search query.
pub const SEARCH_BYTES: usize = 256;
pub const SEARCH_TERMS: usize = 16;
/// Default and largest page of search results, and how far one may page.
pub const SEARCH_PAGE: i64 = 20;
pub const SEARCH_PAGE_MAX: i64 = 100;
pub const SEARCH_OFFSET_MAX: i64 = 1_000;
/// Concurrent searches, in all and per user: half, so that one user's searches
/// never keep all others waiting.
pub const SEARCH_CONNECTIONS: u32 = 4;
pub const SEARCHES_EACH: usize = 2;
/// Waiting searches, in all and per user, and for how long. Beyond, the user's
/// own are `rate_limited` and others' `unavailable`.
pub const SEARCHES_WAITING: usize = 64;
pub const SEARCHES_WAITING_EACH: usize = 4;
pub const SEARCH_QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
/// Messages of a room that are read at once for indexing.
pub const SEARCH_BATCH: i64 = 500;
/// Messages indexed in one transaction, at least if there are that many: each
/// transaction writes all entries of every word it has found, so that a message
/// costs twice as much with 100 of them as with 4,000.
pub const SEARCH_ROUND: i64 = 8_000;
/// On SQLite: bytes of entries that one transaction collects before it writes them,
/// enough for a round of short messages, and parts of the index of one size that
/// are merged into a larger one. With the defaults (1 MiB, 4) and rounds of 2,000 a
/// message took 17 µs, with these 11 (measured on SQLite's FTS5 alone).
pub const SEARCH_HASH_BYTES: i64 = 8 * 1024 * 1024;
pub const SEARCH_AUTOMERGE: i64 = 8;
/// How often new commits are looked for.
pub const SEARCH_IDLE: Duration = Duration::from_millis(100);
/// How many times as long as a round has taken the indexer rests, and how long at
/// the most: while much is said, messages have the cores.
pub const SEARCH_REST: u32 = 8;
pub const SEARCH_REST_MAX: Duration = Duration::from_secs(2);
/// How old a message may become before it can be found: from then on the indexer
/// does not rest.
pub const SEARCH_LAG: Duration = Duration::from_secs(30);
/// Rooms that the text index itself distinguishes in one search; beyond, each
/// match is checked.
pub const SEARCH_PLACES: usize = 250;
/// On SQLite: how often rooms are checked for changes, for at most this share of
/// the time.
pub const SEARCH_LOOK: Duration = Duration::from_secs(1);
pub const SEARCH_LOOK_SHARE: u32 = 30;
/// How often it is told how much is left to index.
pub const SEARCH_TOLD: Duration = Duration::from_secs(10);
/// Words of removed messages are removed from the file, too, when there is nothing
/// else to do. For that it is rewritten: after this time, and for at most this
/// share of the time.
pub const SEARCH_MERGE: Duration = Duration::from_secs(1);
pub const SEARCH_MERGE_SHARE: u32 = 100;
/// Delay before an index that failed is opened, or made, again.
pub const SEARCH_AGAIN: Duration = Duration::from_secs(1);
/// On PostgreSQL: how often all rooms are checked for what is missing from the
/// index, since the feed says what is new; and for what should not be in it.
pub const SEARCH_SCAN: Duration = Duration::from_secs(300);
pub const SEARCH_FORGET: Duration = Duration::from_secs(10);
