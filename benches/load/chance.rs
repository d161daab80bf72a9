//! Numbers that look random and are the same in every run.

use std::{ops::Range, time::Duration};

/// SplitMix64.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Chance(seed)
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit.max(1)
    }

    /// Nanoseconds of a time in the range.
    pub fn time_ns(&mut self, range: Range<Duration>) -> u64 {
        let (start, end) = (range.start.as_nanos() as u64, range.end.as_nanos() as u64);
        start + self.below(end.saturating_sub(start))
    }
}
