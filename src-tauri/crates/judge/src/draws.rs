//! Random numbers as a function of what they are for: a seed, a number and a purpose name a sequence. The judge draws
//! nothing else, so the same arguments give the same answer.

use crate::numbers::{STEP, finalised, mix};

/// A sequence of random numbers: `SplitMix64` (Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub(crate) struct Draws(u64);

impl Draws {
    /// The sequence for `number` of `purpose` under `seed`.
    pub fn new(seed: u64, purpose: u64, number: u64) -> Self {
        let of_purpose = finalised(mix(seed) ^ purpose.wrapping_mul(STEP));
        Self(finalised(of_purpose ^ number.wrapping_mul(STEP)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        finalised(self.0)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// Uniform in [from, to).
    pub fn between(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * self.unit()
    }

    /// True with this chance.
    pub fn chance(&mut self, chance: f32) -> bool {
        self.unit() < chance
    }

    /// Uniform in 0..`bound`; 0 for an empty range.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Standard normal (Box and Muller 1958).
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (self.unit() + f32::EPSILON).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.unit()).cos()
    }

    /// Standard normal values.
    pub fn normals(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.normal()).collect()
    }
}
