//! Fine detail: crispness, noise and the traces of 8-pixel blocks.

use super::luma::Luma;
use crate::processor::for_every_processor;

/// Side of the blocks in which crispness is read.
const CRISP_BLOCK: usize = 32;
/// Side of the blocks in which noise is read.
const NOISE_BLOCK: usize = 16;
/// Jumps in luma above this are drawn edges, not traces of compression.
const LARGEST_TRACE: u8 = 24;

/// Sharpness, read at 512 pixels.
pub(super) struct Detail {
    pub laplacian_variance: f32,
    pub crispness: f32,
    pub high_band: f32,
}

impl Detail {
    pub fn of(luma: &Luma) -> Self {
        let (width, height) = (luma.width, luma.height);
        if width < 3 || height < 3 {
            return Self {
                laplacian_variance: 0.0,
                crispness: 0.0,
                high_band: 0.0,
            };
        }
        let across = width.div_ceil(CRISP_BLOCK);
        let mut blocks = vec![(0_u64, 0_u64); across * height.div_ceil(CRISP_BLOCK)];
        let (mut sum, mut squares) = (0_i64, 0_u64);
        for y in 1..height - 1 {
            let (above, row, below) = (luma.row(y - 1), luma.row(y), luma.row(y + 1));
            let line = &mut blocks[y / CRISP_BLOCK * across..][..across];
            for (block, energy) in line.iter_mut().enumerate() {
                let from = (block * CRISP_BLOCK).max(1);
                let to = ((block + 1) * CRISP_BLOCK).min(width - 1);
                if from >= to {
                    continue;
                }
                let lines = [&above[from..to], &row[from - 1..=to], &below[from..to]];
                let (block_sum, bent, steep) = bends(lines[0], lines[1], lines[2]);
                sum += i64::from(block_sum);
                squares += u64::from(bent);
                energy.0 += u64::from(bent);
                energy.1 += u64::from(steep);
            }
        }
        let count = ((width - 2) * (height - 2)) as f64;
        let mean = sum as f64 / count;
        Self {
            laplacian_variance: (squares as f64 / count - mean * mean).max(0.0) as f32,
            crispness: crispest_tenth(&blocks),
            high_band: high_band(luma),
        }
    }
}

for_every_processor! {
    /// Sum of the Laplacian, of its square and of the squared gradient along a stretch of a row; `row` has a pixel more at both ends.
    bends / plain_bends, (above: &[u8], row: &[u8], below: &[u8]) -> (i32, u32, u32)
}

#[inline(always)]
#[allow(clippy::inline_always)] // The body takes the instructions of the function that calls it.
fn plain_bends(above: &[u8], row: &[u8], below: &[u8]) -> (i32, u32, u32) {
    let (mut sum, mut bent, mut steep) = (0_i32, 0_u32, 0_u32);
    let centre = row.iter().zip(&row[1..]).zip(&row[2..]);
    for (((&left, &here), &right), (&up, &down)) in centre.zip(above.iter().zip(below)) {
        let [left, here, right, up, down] = [left, here, right, up, down].map(i32::from);
        let laplacian = left + right + up + down - 4 * here;
        sum += laplacian;
        bent += (laplacian * laplacian) as u32;
        steep += ((right - left) * (right - left) + (down - up) * (down - up)) as u32;
    }
    (sum, bent, steep)
}

/// The ninth decile of (Laplacian energy ÷ gradient energy) over the blocks in which something is drawn at all.
fn crispest_tenth(blocks: &[(u64, u64)]) -> f32 {
    // A block counts when its gradients reach a tenth of the mean: what is nearly flat has only rounding to show.
    let mean = blocks.iter().map(|block| block.1).sum::<u64>() as f64 / blocks.len().max(1) as f64;
    let least = (mean / 10.0).max(256.0);
    let ratio = |&(bent, steep): &(u64, u64)| (bent as f64 / steep as f64) as f32;
    let ratios: Vec<f32> = blocks
        .iter()
        .filter(|block| block.1 as f64 >= least)
        .map(ratio)
        .collect();
    quantile(ratios, 0.9)
}

/// Energy lost by averaging squares of 2 × 2 pixels, over the energy of all there is beside the mean.
fn high_band(luma: &Luma) -> f32 {
    let (mut fine, mut squares, mut sum, mut count) = (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
    for y in 0..luma.height / 2 {
        let (top, bottom) = (luma.row(2 * y), luma.row(2 * y + 1));
        let (mut row_fine, mut row_squares, mut row_sum) = (0_u64, 0_u64, 0_u64);
        for (pair, other) in top.chunks_exact(2).zip(bottom.chunks_exact(2)) {
            let four = [pair[0], pair[1], other[0], other[1]].map(u32::from);
            let total: u32 = four.iter().sum();
            let energy: u32 = four.iter().map(|value| value * value).sum();
            // Σ(x − mean)² of the four, times four to stay whole.
            row_fine += u64::from(4 * energy - total * total);
            row_squares += u64::from(energy);
            row_sum += u64::from(total);
        }
        fine += row_fine as f64 / 4.0;
        squares += row_squares as f64;
        sum += row_sum as f64;
        count += (luma.width / 2 * 4) as f64;
    }
    let all = squares - sum * sum / count.max(1.0);
    if all > 1.0 { (fine / all) as f32 } else { 0.0 }
}

/// Immerkær's estimate of σ over the calmest quarter of the blocks; blocks clipped to black or white say nothing.
pub(super) fn noise(luma: &Luma) -> f32 {
    let (width, height) = (luma.width, luma.height);
    if width < 3 || height < 3 {
        return 0.0;
    }
    let side = NOISE_BLOCK.min(width - 2).min(height - 2);
    let mut blocks = Vec::new();
    for block_y in 0..(height - 2) / side {
        // Every second block, as on a chessboard: the quarter stays the same and the time halves.
        for block_x in (block_y % 2..(width - 2) / side).step_by(2) {
            let (mut strength, mut level) = (0_u32, 0_u32);
            for y in 1 + block_y * side..=(block_y + 1) * side {
                let from = block_x * side;
                let line = |y: usize| &luma.row(y)[from..from + side + 2];
                let (above, row, below) = (line(y - 1), line(y), line(y + 1));
                // The mask 1 −2 1 / −2 4 −2 / 1 −2 1, as a difference of differences.
                let column = |x: usize| i32::from(above[x]) - 2 * i32::from(row[x]) + i32::from(below[x]);
                let (mut before, mut here) = (column(0), column(1));
                for x in 2..side + 2 {
                    let next = column(x);
                    strength += (before - 2 * here + next).unsigned_abs();
                    (before, here) = (here, next);
                }
                level += row[1..=side].iter().map(|&pixel| u32::from(pixel)).sum::<u32>();
            }
            let pixels = (side * side) as f32;
            if (3.0..=252.0).contains(&(level as f32 / pixels)) {
                blocks.push((std::f32::consts::PI / 2.0).sqrt() / 6.0 * strength as f32 / pixels);
            }
        }
    }
    quantile(blocks, 0.25)
}

/// Mean small jump of luma at the borders of 8-pixel blocks over the median of the seven other places, less one.
pub(super) fn blockiness(luma: &Luma) -> f32 {
    let (width, height) = (luma.width, luma.height);
    if width < 32 || height < 32 {
        return 0.0;
    }
    let (mut across, mut down) = ([0_u64; 8], [0_u64; 8]);
    for y in (0..height).step_by(3) {
        let row = luma.row(y);
        let mut sums = [0_u32; 8];
        for (here, before) in row[8..].chunks_exact(8).zip(row[7..].chunks_exact(8)) {
            for phase in 0..8 {
                sums[phase] += u32::from(small_jump(here[phase], before[phase]));
            }
        }
        for (total, sum) in across.iter_mut().zip(sums) {
            *total += u64::from(sum);
        }
    }
    for y in 8..height / 8 * 8 {
        down[y % 8] += u64::from(small_jumps(luma.row(y), luma.row(y - 1)));
    }
    let excess = |sums: [u64; 8], lines: usize| {
        let per_line = sums.map(|sum| sum as f64 / lines.max(1) as f64);
        let between = median(per_line[1..].iter().map(|&value| value as f32).collect());
        // A jump of a twentieth of a level per pixel is what rounding leaves; below it, a ratio means nothing.
        (per_line[0] as f32 - between) / (between + 0.05)
    };
    let pixels_across = (width / 8 - 1) * height.div_ceil(3);
    let pixels_down = (height / 8 - 1) * width;
    f32::midpoint(excess(across, pixels_across), excess(down, pixels_down)).max(0.0)
}

/// The jump between two neighbours, if it may be a trace of compression.
fn small_jump(a: u8, b: u8) -> u8 {
    let jump = a.abs_diff(b);
    if jump > LARGEST_TRACE { 0 } else { jump }
}

for_every_processor! {
    /// Sum of the small jumps between two rows.
    small_jumps / plain_small_jumps, (a: &[u8], b: &[u8]) -> u32
}

#[inline(always)]
#[allow(clippy::inline_always)] // The body takes the instructions of the function that calls it.
fn plain_small_jumps(a: &[u8], b: &[u8]) -> u32 {
    a.iter().zip(b).map(|(&a, &b)| u32::from(small_jump(a, b))).sum()
}

/// The value below which `share` of the values lie; 0 of none.
pub(super) fn quantile(mut values: Vec<f32>, share: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let at = ((values.len() - 1) as f32 * share).round() as usize;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}

pub(super) fn median(values: Vec<f32>) -> f32 {
    quantile(values, 0.5)
}
