//! Random numbers as a function of what they are for: a seed, a number and a purpose name a sequence. The judge draws
//! nothing else, so the same arguments give the same answer.

use salon_domain::{STEP, finalised, mix};

/// A sequence of random numbers, as 32-bit floats.
#[derive(Debug, Clone)]
pub(crate) struct Draws(salon_domain::Draws);

impl Draws {
    /// The sequence for `number` of `purpose` under `seed`.
    pub fn new(seed: u64, purpose: u64, number: u64) -> Self {
        let of_purpose = finalised(mix(seed) ^ purpose.wrapping_mul(STEP));
        Self(salon_domain::Draws::new(finalised(
            of_purpose ^ number.wrapping_mul(STEP),
        )))
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f32 {
        (self.0.draw() >> 40) as f32 / (1_u64 << 24) as f32
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
        self.0.below(bound)
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
