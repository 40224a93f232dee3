//! A table of positions for another grid than it was learnt on: cubic convolution (Keys 1981) with half-pixel centres,
//! as PyTorch's `interpolate(mode="bicubic", align_corners=False)` does it. DINOv2 was published with it plain; with
//! registers, it is softened first where the grid shrinks.

/// The places along one axis that make a new place, with their shares.
type Sources = Vec<(usize, f64)>;

/// Keys' kernel.
fn kernel(x: f64, a: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a
    } else {
        0.0
    }
}

/// a = −0.75 over the four neighbours; places beyond the rim repeat it.
fn plain(index: usize, from: usize, to: usize) -> Sources {
    let at = (index as f64 + 0.5) * from as f64 / to as f64 - 0.5;
    let place = |place: f64| place.clamp(0.0, (from - 1) as f64) as usize;
    [-1.0, 0.0, 1.0, 2.0]
        .map(|offset| {
            let source = at.floor() + offset;
            (place(source), kernel(at - source, -0.75))
        })
        .to_vec()
}

/// a = −0.5, as wide as the new places are; shares are of what there is within the rim.
fn softened(index: usize, from: usize, to: usize) -> Sources {
    let scale = from as f64 / to as f64;
    let wide = scale.max(1.0);
    let centre = (index as f64 + 0.5) * scale;
    let first = (centre - 2.0 * wide + 0.5).max(0.0) as usize;
    let end = ((centre + 2.0 * wide + 0.5) as usize).min(from);
    let shares: Vec<f64> = (first..end)
        .map(|place| kernel((place as f64 + 0.5 - centre) / wide, -0.5))
        .collect();
    let total: f64 = shares.iter().sum();
    (first..end)
        .zip(shares)
        .map(|(place, share)| (place, share / total))
        .collect()
}

/// `table` [from · from, width] → [to · to, width].
pub fn resized(table: &[f32], (from, to): (usize, usize), width: usize, soften: bool) -> Vec<f32> {
    let axis: Vec<Sources> = (0..to)
        .map(|index| {
            if soften {
                softened(index, from, to)
            } else {
                plain(index, from, to)
            }
        })
        .collect();
    let mut out = Vec::with_capacity(to * to * width);
    for rows in &axis {
        for columns in &axis {
            out.extend((0..width).map(|channel| {
                let mut sum = 0.0;
                for (row, row_share) in rows {
                    for (column, column_share) in columns {
                        let value = table[(row * from + column) * width + channel];
                        sum += row_share * column_share * f64::from(value);
                    }
                }
                sum as f32
            }));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_stays_and_the_same_grid_changes_nothing() {
        let table: Vec<f32> = (0..18).map(|value| value as f32).collect();
        for soften in [false, true] {
            assert_eq!(
                resized(&table, (3, 3), 2, soften),
                table,
                "the same grid, softened: {soften}"
            );
            for to in [2, 7] {
                let constant = resized(&[2.5; 9], (3, to), 1, soften);
                assert!(
                    constant.iter().all(|value| (value - 2.5).abs() < 1e-6),
                    "{constant:?}"
                );
            }
        }
    }
}
