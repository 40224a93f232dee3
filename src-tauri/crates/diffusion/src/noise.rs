//! Random numbers by position instead of by order: Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel
//! random numbers: as easy as 1, 2, 3").
//!
//! A value depends on (seed, stream, element) alone. Noise is always made on the host, so neither the batch that a
//! picture is in, nor threads, nor the device change it.

use candle_core::{Device, Tensor};

use crate::error::Result;

/// Random numbers of one seed.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    key: [u32; 2],
}

impl Noise {
    /// The generator of one seed: a slot's seed, or a training's.
    pub fn new(seed: u64) -> Self {
        Self {
            key: [seed as u32, (seed >> 32) as u32],
        }
    }

    /// Four words for one position.
    pub fn words(&self, stream: u64, block: u64) -> [u32; 4] {
        philox(
            [
                block as u32,
                (block >> 32) as u32,
                stream as u32,
                (stream >> 32) as u32,
            ],
            self.key,
        )
    }

    /// Uniform in [0, 1).
    pub fn unit(&self, stream: u64, element: u64) -> f64 {
        let words = self.words(stream, element);
        let bits = u64::from(words[0]) << 32 | u64::from(words[1]);
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in 0..`bound`.
    pub fn below(&self, stream: u64, element: u64, bound: usize) -> usize {
        ((self.unit(stream, element) * bound as f64) as usize).min(bound.saturating_sub(1))
    }

    /// Standard normal values, the same for every length that starts with them (Box and Muller 1958, in f64).
    pub fn normals(&self, stream: u64, count: usize) -> Vec<f32> {
        let mut values = Vec::with_capacity(count.next_multiple_of(4));
        for block in 0..count.div_ceil(4) {
            let [a, b, c, d] = self.words(stream, block as u64);
            for (first, second) in [(a, b), (c, d)] {
                let unit = |word: u32| (f64::from(word) + 0.5) / 4_294_967_296.0;
                let radius = (-2.0 * unit(first).ln()).sqrt();
                let (sine, cosine) = (std::f64::consts::TAU * unit(second)).sin_cos();
                values.extend([(radius * cosine) as f32, (radius * sine) as f32]);
            }
        }
        values.truncate(count);
        values
    }

    /// Standard normal values as a tensor.
    pub fn normal_tensor(&self, stream: u64, shape: &[usize], device: &Device) -> Result<Tensor> {
        Ok(Tensor::from_vec(
            self.normals(stream, shape.iter().product()),
            shape,
            device,
        )?)
    }
}

fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let left = u64::from(counter[0]) * 0xd251_1f53;
        let right = u64::from(counter[2]) * 0xcd9e_8d57;
        counter = [
            (right >> 32) as u32 ^ counter[1] ^ key[0],
            right as u32,
            (left >> 32) as u32 ^ counter[3] ^ key[1],
            left as u32,
        ];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers of the Random123 distribution.
    #[test]
    fn philox_gives_the_published_answers() {
        assert_eq!(
            philox([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn normals_are_normal_and_do_not_depend_on_the_length() {
        let noise = Noise::new(42);
        let values = noise.normals(3, 100_000);
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / 1e5;
        let square = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / 1e5;
        let fourth = values.iter().map(|v| f64::from(*v).powi(4)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (square - 1.0).abs() < 0.02 && (fourth - 3.0).abs() < 0.15);
        assert_eq!(
            noise.normals(3, 7),
            values[..7],
            "a shorter draw is the beginning of a longer one"
        );
        assert_ne!(noise.normals(4, 7), values[..7], "streams differ");
        assert_ne!(Noise::new(43).normals(3, 7), values[..7], "seeds differ");
    }

    #[test]
    fn draws_stay_in_their_bounds() {
        let noise = Noise::new(1);
        for element in 0..2000 {
            assert!((0.0..1.0).contains(&noise.unit(0, element)));
            assert!(noise.below(1, element, 3) < 3);
        }
    }
}
