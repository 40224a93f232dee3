//! Numbers by chance that are the same on every machine: `SplitMix64` (Steele, Lea and Flood, "Fast Splittable Pseudorandom
//! Number Generators", OOPSLA 2014). Not for secrets.

use crate::Digest;

/// What the state grows by: 2⁶⁴ divided by the golden ratio.
pub const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser: a bijection on 64 bits.
pub const fn finalised(value: u64) -> u64 {
    let mut mixed = value;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A step and the finaliser: numbers by position, for which the order of asking does not matter.
pub const fn mix(value: u64) -> u64 {
    finalised(value.wrapping_add(STEP))
}

/// A sequence of numbers.
#[derive(Debug, Clone)]
pub struct Draws(u64);

impl Draws {
    /// The sequence that starts at `state`.
    pub const fn new(state: u64) -> Self {
        Self(state)
    }

    /// The sequence that belongs to what `of` is the digest of.
    pub fn of(of: &Digest) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = of.0;
        Self(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }

    /// The next 64 bits.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        finalised(self.0)
    }

    /// Uniform in 0..`bound`; 0 for an empty range. The high half of a 128-bit product, whose bias of at most `bound` / 2⁶⁴
    /// nobody could see.
    pub const fn below(&mut self, bound: usize) -> usize {
        ((self.draw() as u128 * bound as u128) >> 64) as usize
    }

    /// Uniform in [0, 1), a multiple of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Fisher and Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_the_published_numbers() {
        // The first of seed 1234567, as in the reference implementation of Vigna (2015).
        let mut draws = Draws::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| draws.draw()).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn stays_within_bounds() {
        let mut draws = Draws::new(0);
        assert_eq!(draws.below(0), 0);
        for _ in 0..1000 {
            assert!(draws.below(7) < 7);
            assert!((0.0..1.0).contains(&draws.unit()));
        }
        let mut shuffled: Vec<u32> = (0..100).collect();
        draws.shuffle(&mut shuffled);
        assert_ne!(shuffled, (0..100).collect::<Vec<_>>(), "nothing moved");
        shuffled.sort_unstable();
        assert_eq!(shuffled, (0..100).collect::<Vec<_>>(), "something was lost");
    }
}
