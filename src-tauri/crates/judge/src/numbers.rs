//! Random numbers by position instead of by order. Who is asked first changes nothing.

use salon_domain::mix;

/// The number of `seed` at a place.
pub(crate) fn at(seed: u64, place: u64) -> u64 {
    mix(mix(seed) ^ place)
}

/// A text as a place: FNV-1a.
pub(crate) fn place_of(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Uniform in the open interval (0, 1).
pub(crate) fn uniform(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// Standard normal, by Box and Muller (1958).
pub(crate) fn normal(bits: u64) -> f64 {
    let radius = (-2.0 * uniform(bits).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(mix(bits))).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normals_are_normal() {
        let drawn: Vec<f64> = (0..20_000).map(|place| normal(at(7, place))).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let variance = drawn.iter().map(|x| x * x).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.05, "variance {variance}");
    }
}
