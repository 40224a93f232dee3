//! What catches the eye, by the spectral residual.

/// Pixels a side of what is looked at; a power of two.
pub const SIDE: usize = 64;

/// Standard deviation of the last blur, in pixels.
const BLUR: f64 = 2.5;

/// Complex numbers of a row, turned into their Fourier transform in place (radix 2; J. W. Cooley and J. W. Tukey, 1965).
fn transform(row: &mut [(f64, f64)], inverse: bool) {
    let count = row.len();
    let mut other = 0;
    for place in 1..count {
        let mut bit = count >> 1;
        while other & bit != 0 {
            other ^= bit;
            bit >>= 1;
        }
        other |= bit;
        if place < other {
            row.swap(place, other);
        }
    }
    let mut length = 2;
    while length <= count {
        let angle = std::f64::consts::TAU / length as f64 * if inverse { 1.0 } else { -1.0 };
        for start in (0..count).step_by(length) {
            for at in 0..length / 2 {
                let (sin, cos) = (angle * at as f64).sin_cos();
                let (a, b) = (row[start + at], row[start + at + length / 2]);
                let turned = (b.0 * cos - b.1 * sin, b.0 * sin + b.1 * cos);
                row[start + at] = (a.0 + turned.0, a.1 + turned.1);
                row[start + at + length / 2] = (a.0 - turned.0, a.1 - turned.1);
            }
        }
        length *= 2;
    }
}

/// Rows, then columns.
fn transform_square(square: &mut [(f64, f64)], inverse: bool) {
    for row in square.chunks_exact_mut(SIDE) {
        transform(row, inverse);
    }
    let mut column = vec![(0.0, 0.0); SIDE];
    for x in 0..SIDE {
        for y in 0..SIDE {
            column[y] = square[y * SIDE + x];
        }
        transform(&mut column, inverse);
        for y in 0..SIDE {
            square[y * SIDE + x] = column[y];
        }
    }
}

/// The mean of 3 × 3 around each place; the square goes round.
fn smoothed(square: &[f64]) -> Vec<f64> {
    let around = |at: usize, by: usize| (at + by + SIDE - 1) % SIDE;
    let mean = |place: usize| {
        let (x, y) = (place % SIDE, place / SIDE);
        let all = (0..9).map(|at| square[around(y, at / 3) * SIDE + around(x, at % 3)]);
        all.sum::<f64>() / 9.0
    };
    (0..square.len()).map(mean).collect()
}

/// A Gaussian over rows, then columns; beyond the edge there is nothing.
fn blurred(square: &[f64]) -> Vec<f64> {
    let reach = (3.0 * BLUR).ceil() as isize;
    let weight = |at: isize| (-0.5 * (at as f64 / BLUR).powi(2)).exp();
    let weights: Vec<f64> = (-reach..=reach).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    let pass = |from: &[f64], step: usize| -> Vec<f64> {
        (0..from.len())
            .map(|place| {
                let at = (place / step % SIDE) as isize;
                let inside = (-reach..=reach).filter(|by| (0..SIDE as isize).contains(&(at + by)));
                let part = |by: isize| {
                    weights[(by + reach) as usize] * from[place.wrapping_add_signed(by * step as isize)]
                };
                inside.map(part).sum::<f64>() / sum
            })
            .collect()
    };
    pass(&pass(square, 1), SIDE)
}

/// How much of what catches the eye is gathered in one place, 0 (everywhere alike) to 1 (one point): one less the entropy of
/// the saliency map over the greatest there could be. `luma` is a picture of [`SIDE`] × [`SIDE`] pixels, any scale.
pub fn concentration(luma: &[f32]) -> f64 {
    if luma.len() != SIDE * SIDE || !luma.iter().all(|one| one.is_finite()) {
        return 0.0;
    }
    let (least, most) = luma.iter().fold((f32::MAX, f32::MIN), |(least, most), one| {
        (least.min(*one), most.max(*one))
    });
    if most - least < 1e-6 {
        return 0.0;
    }
    let mut spectrum: Vec<(f64, f64)> = luma.iter().map(|one| (f64::from(*one), 0.0)).collect();
    transform_square(&mut spectrum, false);
    let logs: Vec<f64> = spectrum
        .iter()
        .map(|(re, im)| re.hypot(*im).max(1e-9).ln())
        .collect();
    let expected = smoothed(&logs);
    for ((value, log), expected) in spectrum.iter_mut().zip(&logs).zip(expected) {
        let scale = (log - expected).exp() / value.0.hypot(value.1).max(1e-9);
        *value = (value.0 * scale, value.1 * scale);
    }
    transform_square(&mut spectrum, true);
    let energy: Vec<f64> = spectrum.iter().map(|(re, im)| re * re + im * im).collect();
    let map = blurred(&energy);
    let sum: f64 = map.iter().sum();
    if sum <= 0.0 {
        return 0.0;
    }
    let entropy: f64 = map
        .iter()
        .map(|one| one / sum)
        .filter(|share| *share > 0.0)
        .map(|p| -p * p.ln())
        .sum();
    (1.0 - entropy / ((SIDE * SIDE) as f64).ln()).clamp(0.0, 1.0)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "nothing is exactly nothing")]
mod tests {
    use super::*;

    #[test]
    fn a_square_there_and_back_is_itself() {
        let mut square: Vec<(f64, f64)> = (0..SIDE * SIDE).map(|at| ((at * 7 % 31) as f64, 0.0)).collect();
        let before = square.clone();
        transform_square(&mut square, false);
        transform_square(&mut square, true);
        let scale = (SIDE * SIDE) as f64;
        let off = square
            .iter()
            .zip(&before)
            .map(|(a, b)| (a.0 / scale - b.0).abs())
            .fold(0.0, f64::max);
        assert!(off < 1e-9, "the transform is its own way back: {off}");
    }

    #[test]
    fn one_bright_spot_is_more_gathered_than_many() {
        let picture = |spots: usize| -> Vec<f32> {
            let mut luma = vec![0.2; SIDE * SIDE];
            for spot in 0..spots {
                let (x, y) = (5 + spot * 23 % 53, 6 + spot * 37 % 51);
                for at in 0..9 {
                    luma[(y + at / 3) * SIDE + x + at % 3] = 1.0;
                }
            }
            luma
        };
        assert_eq!(
            concentration(&vec![0.5; SIDE * SIDE]),
            0.0,
            "nothing catches the eye on an even ground"
        );
        let (one, many) = (concentration(&picture(1)), concentration(&picture(24)));
        assert!(one > many + 0.05, "one spot {one:.3}, many {many:.3}");
        assert_eq!(
            concentration(&[1.0, 2.0]),
            0.0,
            "what has another size is not looked at"
        );
    }
}
