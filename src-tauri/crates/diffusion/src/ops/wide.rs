//! Vector arithmetic: loops compiled for the widest vectors that the processor has, and the functions they need.

/// Runs `work` compiled for AVX-512 or AVX2 where the processor has it. The closure is inlined into a copy of this
/// function that has those instructions on, so plain loops over slices become wide ones.
#[inline(always)]
#[allow(clippy::inline_always)] // the point of the function
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        fn with_avx512<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        #[target_feature(enable = "avx2,fma")]
        fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: the processor has just been asked for these features.
            return unsafe { with_avx512(work) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: as above.
            return unsafe { with_avx2(work) };
        }
    }
    work()
}

/// Numbers summed side by side, so that a sum needs no reordering to be vectorised.
const LANES: usize = 16;

/// eˣ, relative error below 2e-7, without a branch: range reduction to ±½ ln 2 and a polynomial (as in Cephes).
/// Results below 1e-38 become zero or tiny, above 3e38 they are capped.
#[inline(always)]
#[allow(clippy::inline_always, clippy::excessive_precision)]
pub fn exp(x: f32) -> f32 {
    /// Adding 1.5 · 2²³ leaves the rounded integer in the low bits.
    const ROUNDER: f32 = 12_582_912.0;
    let x = x.clamp(-87.3, 88.3);
    let shifted = x * std::f32::consts::LOG2_E + ROUNDER;
    let whole = shifted - ROUNDER;
    let r = x - whole * 0.693_359_375 + whole * 2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 0.166_666_65;
    let p = p * r + 0.5;
    let p = p * r * r + r + 1.0;
    f32::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 23))
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
#[allow(clippy::inline_always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The standard normal's distribution and density at x. Abramowitz and Stegun 7.1.26: absolute error below 2e-7.
#[inline(always)]
#[allow(clippy::inline_always)]
pub fn normal(x: f32) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let poly =
        t * (0.254_829_6 + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152_1 + t * 1.061_405_4))));
    let bell = exp(-z * z);
    let tail = 0.5 * poly * bell;
    let distribution = if x < 0.0 { tail } else { 1.0 - tail };
    (distribution, bell * 0.398_942_3)
}

/// Σ x.
#[inline(always)]
#[allow(clippy::inline_always)]
pub fn sum(x: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, value) in lanes.iter_mut().zip(chunk) {
            *sum += value;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

/// Σ f(x, y).
#[inline(always)]
#[allow(clippy::inline_always)]
pub fn sum_pairs(x: &[f32], y: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (xs, x_rest) = x.as_chunks::<LANES>();
    let (ys, y_rest) = y.as_chunks::<LANES>();
    for (xs, ys) in xs.iter().zip(ys) {
        for lane in 0..LANES {
            lanes[lane] += f(xs[lane], ys[lane]);
        }
    }
    let rest: f32 = x_rest.iter().zip(y_rest).map(|(x, y)| f(*x, *y)).sum();
    lanes.iter().sum::<f32>() + rest
}

/// The largest of x; −∞ for nothing.
#[inline(always)]
#[allow(clippy::inline_always)]
pub fn largest(x: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for (best, value) in lanes.iter_mut().zip(chunk) {
            *best = if *value > *best { *value } else { *best };
        }
    }
    lanes
        .iter()
        .chain(rest)
        .copied()
        .fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_over_its_range() {
        for step in -8600..8800 {
            let x = step as f32 / 100.0;
            let (ours, exact) = (f64::from(exp(x)), f64::from(x).exp());
            assert!(
                (ours / exact - 1.0).abs() < 3e-7,
                "exp({x}) = {ours}, exactly {exact}"
            );
        }
        assert!(
            exp(-1e30) < 1e-37 && exp(f32::NEG_INFINITY) < 1e-37,
            "far below, it vanishes"
        );
    }

    #[test]
    #[allow(clippy::excessive_precision)] // The table's digits are kept as printed.
    fn normal_agrees_with_tabled_values() {
        for (x, distribution) in [
            (0.0, 0.5),
            (1.0, 0.841_344_75),
            (-1.0, 0.158_655_25),
            (2.5, 0.993_790_33),
        ] {
            assert!(
                (normal(x).0 - distribution).abs() < 3e-7,
                "Φ({x}) = {}",
                normal(x).0
            );
        }
        assert!((normal(0.5).1 - 0.352_065_33).abs() < 1e-6);
    }

    #[test]
    #[allow(clippy::float_cmp)] // Sums of small integers are exact.
    fn sums_take_every_element() {
        let x: Vec<f32> = (0..37).map(|i| i as f32).collect();
        assert_eq!(wide(|| sum(&x)), 666.0);
        assert_eq!(wide(|| sum_pairs(&x, &x, |a, b| a - 2.0 * b)), -666.0);
        assert_eq!(wide(|| largest(&x)), 36.0);
    }
}
