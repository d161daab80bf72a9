//! The one source of chance: everything in a schedule follows from its seed.

/// SplitMix64 (Steele, Lea, Flood 2014): every seed is a good one.
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// So many milliseconds, both ends included.
    pub fn ms(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from + 1)
    }

    /// So often in a thousand.
    pub fn happens(&mut self, per_mille: u64) -> bool {
        self.next() % 1_000 < per_mille
    }

    /// Mostly short, at times long: as networks and disks are.
    pub fn delay(&mut self, usual: u64, worst: u64) -> u64 {
        if self.happens(60) { self.ms(0, worst) } else { self.ms(0, usual) }
    }
}
