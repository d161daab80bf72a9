//! Numbers about what the server does.
//!
//! Plain counters that only add, one set for the process: whoever counts does
//! so with one relaxed addition, and per batch rather than per message where
//! it can. What is told of them is made where they are asked for
//! (`rest/metrics`).

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::protocol::{Close, ErrorCode};

/// A number that rises.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A number that is what it was last set to.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    pub fn set(&self, value: usize) {
        self.0.store(value as u64, Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// How many of a bucket's bounds there are at most.
const BUCKETS: usize = 14;

/// Bounds of latencies, in microseconds: from a tenth of a millisecond on,
/// which a durable write takes, to what nobody waits for.
const MICROS: [u64; BUCKETS] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 5_000_000,
];
/// Bounds of the numbers of writes in one transaction.
const SIZES: [u64; BUCKETS] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 384, 512, 640, 768, 1_024];

/// How often a value lay between which bounds.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64; BUCKETS],
    /// The last one is for what lies beyond.
    counts: [AtomicU64; BUCKETS + 1],
    sum: AtomicU64,
}

impl Histogram {
    const fn new(bounds: &'static [u64; BUCKETS]) -> Self {
        Self { bounds, counts: [const { AtomicU64::new(0) }; BUCKETS + 1], sum: AtomicU64::new(0) }
    }

    pub fn observe(&self, value: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.counts[bucket].fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    pub fn observe_time(&self, time: Duration) {
        self.observe(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Each bound with how often a value was not above it, then how often
    /// there was one at all, and the sum.
    pub fn read(&self) -> (Vec<(u64, u64)>, u64, u64) {
        let mut below = 0;
        let mut cumulative = |count: &AtomicU64| {
            below += count.load(Relaxed);
            below
        };
        let counts: Vec<u64> = self.counts.iter().map(&mut cumulative).collect();
        let buckets = self.bounds.iter().copied().zip(counts.iter().copied()).collect();
        (buckets, counts[BUCKETS], self.sum.load(Relaxed))
    }
}

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    pub started: Instant,
    /// What was published for other nodes, and how many bytes.
    pub hints_published: Counter,
    pub hint_bytes: Counter,
    pub hints_heard: Counter,
    /// Redis did not keep up; the other nodes read the feed.
    pub hints_dropped: Counter,
    /// Items of the feed that no hint had told.
    pub feed_found: Counter,
    pub connections: Counter,
    pub frames_in: Counter,
    pub bytes_in: Counter,
    pub bytes_out: Counter,
    pub messages: Counter,
    pub duplicates: Counter,
    pub broadcasts: Counter,
    pub deliveries: Counter,
    pub writes_in_flight: Gauge,
    pub fanout_backlog: Gauge,
    pub batch_size: Histogram,
    pub commit_time: Histogram,
    pub fanout_time: Histogram,
    pub read_failures: Counter,
    pub limited_connections: Counter,
    pub limited_users: Counter,
    pub limited_logins: Counter,
    pub limited_refreshes: Counter,
    pub limited_connects: Counter,
    pub limited_addresses: Counter,
    pub limited_answers: Counter,
    pub errors: [Counter; ErrorCode::ALL.len()],
    pub closes: [Counter; Close::ALL.len()],
    pub http_requests: [Counter; 5],
    pub http_time: Histogram,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| Metrics {
    hints_published: Counter::default(),
    hint_bytes: Counter::default(),
    hints_heard: Counter::default(),
    hints_dropped: Counter::default(),
    feed_found: Counter::default(),
    started: Instant::now(),
    connections: Counter::default(),
    frames_in: Counter::default(),
    bytes_in: Counter::default(),
    bytes_out: Counter::default(),
    messages: Counter::default(),
    duplicates: Counter::default(),
    broadcasts: Counter::default(),
    deliveries: Counter::default(),
    writes_in_flight: Gauge::default(),
    fanout_backlog: Gauge::default(),
    batch_size: Histogram::new(&SIZES),
    commit_time: Histogram::new(&MICROS),
    fanout_time: Histogram::new(&MICROS),
    read_failures: Counter::default(),
    limited_connections: Counter::default(),
    limited_users: Counter::default(),
    limited_logins: Counter::default(),
    limited_refreshes: Counter::default(),
    limited_connects: Counter::default(),
    limited_addresses: Counter::default(),
    limited_answers: Counter::default(),
    errors: Default::default(),
    closes: Default::default(),
    http_requests: Default::default(),
    http_time: Histogram::new(&MICROS),
});

/// The numbers of this process.
pub fn metrics() -> &'static Metrics {
    &METRICS
}

impl Metrics {
    pub fn error(&self, code: ErrorCode) {
        if let Some(at) = ErrorCode::ALL.iter().position(|one| *one == code) {
            self.errors[at].add(1);
        }
    }

    pub fn close(&self, close: Close) {
        if let Some(at) = Close::ALL.iter().position(|one| *one == close) {
            self.closes[at].add(1);
        }
    }

    /// A REST call that was answered.
    pub fn http(&self, status: u16, time: Duration) {
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        self.http_requests[class].add(1);
        self.http_time.observe_time(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_up_to_each_bound() {
        let histogram = Histogram::new(&SIZES);
        for value in [1, 1, 2, 3, 5_000] {
            histogram.observe(value);
        }
        let (buckets, count, sum) = histogram.read();
        assert_eq!(buckets[..4], [(1, 2), (2, 3), (4, 4), (8, 4)]);
        assert_eq!((count, sum), (5, 5_007));
    }
}
