//! Chance as a function of what it is for: `SplitMix64` (Steele, Lea and Flood 2014), started from a digest.

use salon_domain::Digest;

/// A sequence of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Draws(u64);

impl Draws {
    /// The sequence that belongs to `of`.
    pub(crate) fn new(of: &Digest) -> Self {
        let mut state = [0; 8];
        state.copy_from_slice(&of.0[..8]);
        Self(u64::from_le_bytes(state))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in 0..`bound`; 0 for an empty range.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
