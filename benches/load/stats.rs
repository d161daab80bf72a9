//! The clock and the histogram of latencies.

/// Sub-buckets of each power of two: a bucket is at most 1.6 % wide.
const STEPS: usize = 64;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// Nanoseconds of the monotonic clock. A plain number, as it travels inside
/// messages and comes back.
pub fn now_ns() -> u64 {
    clock_ns(libc::CLOCK_MONOTONIC)
}

/// Nanoseconds of any clock, 0 if there is no such clock (any more).
#[expect(unsafe_code, reason = "clock_gettime(2)")]
pub fn clock_ns(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is ours and outlives the call.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Counts of nanoseconds in buckets of a constant relative width, so that a
/// sample costs an addition and memory does not depend on their number.
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max: u64,
}

impl Histogram {
    pub fn new() -> Self {
        Histogram { buckets: vec![0; STEPS * 64], count: 0, max: 0 }
    }

    #[inline]
    pub fn record(&mut self, ns: u64) {
        let exponent = ns.max(STEPS as u64).ilog2();
        let step = (ns >> (exponent - STEP_BITS)) as usize % STEPS;
        self.buckets[exponent as usize * STEPS + step] += 1;
        self.count += 1;
        self.max = self.max.max(ns);
    }

    /// The value in milliseconds that the share `p` of the samples does not
    /// exceed, rounded up by at most a bucket.
    pub fn quantile_ms(&self, p: f64) -> f64 {
        let rank = ((self.count as f64 * p).ceil() as u64).max(1);
        let mut below = 0;
        let bucket = self.buckets.iter().position(|count| {
            below += count;
            below >= rank
        });
        let upper = bucket.map_or(0, |bucket| {
            let (exponent, step) = ((bucket / STEPS) as u32, (bucket % STEPS) as u64);
            (STEPS as u64 + step + 1) << exponent.saturating_sub(STEP_BITS)
        });
        upper.min(self.max) as f64 / 1e6
    }

    pub fn max_ms(&self) -> f64 {
        self.max as f64 / 1e6
    }
}
