//! Random numbers by position instead of by order: `SplitMix64` (Steele, Lea and Flood, "Fast Splittable Pseudorandom
//! Number Generators", OOPSLA 2014). Who is asked first changes nothing.

/// What the state of `SplitMix64` grows by: 2⁶⁴ divided by the golden ratio.
pub(crate) const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A step of `SplitMix64` and its finaliser.
pub(crate) fn mix(value: u64) -> u64 {
    finalised(value.wrapping_add(STEP))
}

/// The finaliser of `SplitMix64`: a bijection on 64 bits.
pub(crate) fn finalised(value: u64) -> u64 {
    let mut mixed = value;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

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
