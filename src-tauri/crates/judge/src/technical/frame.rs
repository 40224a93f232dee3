//! Straight lines across the whole picture: seams of tiles, borders, bars; and what sits in its corners.

use super::luma::Luma;
use crate::processor::for_every_processor;

/// A jump in luma smaller than this belongs to shading.
const STEP: u8 = 3;
/// A border's colour may waver by this much.
const BORDER_WAVER: i32 = 6;
/// What follows a border must differ from it by this much.
const BORDER_STEP: i32 = 12;
/// And along this share of its length: an arch or a frame that is drawn leaves more of it open.
const BORDER_ENDS: f32 = 0.75;
/// Lines that stand out together in greater number than this are a drawn pattern, not seams.
const MOST_SEAMS: usize = 4;

/// Seams, wrap and border of a picture.
pub(super) struct Frame {
    pub seam: f32,
    pub wrap: f32,
    pub border: f32,
}

impl Frame {
    pub fn of(luma: &Luma) -> Self {
        let (width, height) = (luma.width, luma.height);
        if width < 16 || height < 16 {
            return Self {
                seam: 0.0,
                wrap: 1.0,
                border: 0.0,
            };
        }
        let turned = turn(luma);
        let (top, bottom) = borders(luma);
        let (left, right) = borders(&turned);
        let down = seam(luma, top, bottom);
        let across = seam(&turned, left, right);
        // Bars come in pairs; a single one is more often a drawn stripe.
        let vertical = top.min(bottom) as f32 / height as f32;
        let horizontal = left.min(right) as f32 / width as f32;
        Self {
            seam: down.max(across),
            wrap: wrap(luma).max(wrap(&turned)),
            border: vertical.max(horizontal),
        }
    }
}

/// Rows become columns.
fn turn(luma: &Luma) -> Luma {
    const TILE: usize = 32;
    let (width, height) = (luma.width, luma.height);
    let mut pixels = vec![0; luma.pixels.len()];
    for top in (0..height).step_by(TILE) {
        for left in (0..width).step_by(TILE) {
            for y in top..(top + TILE).min(height) {
                for x in left..(left + TILE).min(width) {
                    pixels[x * height + y] = luma.pixels[y * width + x];
                }
            }
        }
    }
    Luma {
        width: height,
        height: width,
        pixels,
    }
}

/// Share of the length along which the strongest horizontal line of discontinuity runs, less what the fifth strongest shows: a tiled
/// picture has few seams, a striped one many lines.
fn seam(luma: &Luma, top: usize, bottom: usize) -> f32 {
    let from = top.max(2) + 2;
    let to = luma.height.saturating_sub(bottom.max(2) + 2);
    if from >= to {
        return 0.0;
    }
    let mut shares: Vec<(usize, f32)> = (from..to)
        .map(|y| {
            let steps = steps_between(luma.row(y - 2), luma.row(y - 1), luma.row(y), luma.row(y + 1));
            (y, steps as f32 / luma.width as f32)
        })
        .collect();
    shares.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    (shares[0].1 - shares.get(MOST_SEAMS).map_or(0.0, |line| line.1)).max(0.0)
}

for_every_processor! {
    /// In how many columns the luma steps from `before` to `here` by clearly more than it does around.
    steps_between / plain_steps_between, (far: &[u8], before: &[u8], here: &[u8], after: &[u8]) -> u32
}

#[inline(always)]
#[allow(clippy::inline_always)] // The body takes the instructions of the function that calls it.
fn plain_steps_between(far: &[u8], before: &[u8], here: &[u8], after: &[u8]) -> u32 {
    /// Lanes of bytes that count side by side.
    const LANES: usize = 64;
    /// So many ones fit into a byte.
    const MOST: usize = 255 * LANES;
    let steps = |far: u8, before: u8, here: u8, after: u8| {
        let around = before.abs_diff(far).max(after.abs_diff(here));
        u8::from(here.abs_diff(before) >= around.saturating_add(STEP))
    };
    let mut count = 0;
    let stretches = far
        .chunks(MOST)
        .zip(before.chunks(MOST))
        .zip(here.chunks(MOST))
        .zip(after.chunks(MOST));
    for (((far, before), here), after) in stretches {
        let (far, rest_far) = far.as_chunks::<LANES>();
        let (before, rest_before) = before.as_chunks::<LANES>();
        let (here, rest_here) = here.as_chunks::<LANES>();
        let (after, rest_after) = after.as_chunks::<LANES>();
        let mut lanes = [0_u8; LANES];
        for (((far, before), here), after) in far.iter().zip(before).zip(here).zip(after) {
            for lane in 0..LANES {
                lanes[lane] += steps(far[lane], before[lane], here[lane], after[lane]);
            }
        }
        for (((&far, &before), &here), &after) in
            rest_far.iter().zip(rest_before).zip(rest_here).zip(rest_after)
        {
            count += u32::from(steps(far, before, here, after));
        }
        count += lanes.iter().map(|&lane| u32::from(lane)).sum::<u32>();
    }
    count
}

/// Heights of the bars above and below: rows of one colour that end, all along, in something else.
fn borders(luma: &Luma) -> (usize, usize) {
    let height = luma.height;
    let count = |line: &dyn Fn(usize) -> usize| {
        let edge = luma.row(line(0));
        let colour = i32::from(edge[edge.len() / 2]);
        let off = |y: usize, by: i32| {
            luma.row(y)
                .iter()
                .filter(|&&pixel| (i32::from(pixel) - colour).abs() > by)
                .count() as f32
                / luma.width as f32
        };
        let mut width = 0;
        while width < height * 2 / 5 && off(line(width), BORDER_WAVER) <= 0.01 {
            width += 1;
        }
        // A figure that rises before a plain ground begins with a few pixels; a bar ends along its whole length. The second line
        // behind it is asked, since the first may be blended.
        let ends = width > 0 && width < height * 2 / 5 && off(line(width + 1), BORDER_STEP) >= BORDER_ENDS;
        if ends { width } else { 0 }
    };
    (count(&|y| y), count(&|y| height - 1 - y))
}

/// Mean jump from the last row to the first over the mean jump between neighbouring rows.
fn wrap(luma: &Luma) -> f32 {
    let jump = |a: usize, b: usize| -> u64 {
        luma.row(a)
            .iter()
            .zip(luma.row(b))
            .map(|(&a, &b)| u64::from(a.abs_diff(b)))
            .sum()
    };
    let rows = (1..luma.height).step_by(4);
    let lines = rows.len() as f64;
    let between = rows.map(|y| jump(y, y - 1)).sum::<u64>() as f64 / lines;
    let least = luma.width as f64 * 0.25;
    ((jump(luma.height - 1, 0) as f64 + least) / (between + least)) as f32
}

/// Share of edge pixels in the busiest of the four corners over the share along the rest of the rim.
pub(super) fn corner_mark(luma: &Luma) -> f32 {
    let (width, height) = (luma.width, luma.height);
    if width < 32 || height < 32 {
        return 0.0;
    }
    let (mark_width, mark_height) = (width / 3, height / 7);
    let mut corners = [0_u32; 4];
    let (mut rim, mut rim_pixels) = (0_u32, 0_u32);
    for y in (1..mark_height).chain(height - mark_height..height - 1) {
        let (above, row, below) = (luma.row(y - 1), luma.row(y), luma.row(y + 1));
        for x in 1..width - 1 {
            let steep = row[x + 1].abs_diff(row[x - 1]).max(below[x].abs_diff(above[x])) > 24;
            let at_side = x < mark_width || x >= width - mark_width;
            if at_side {
                corners[usize::from(y >= mark_height) * 2 + usize::from(x >= mark_width)] += u32::from(steep);
            } else {
                rim += u32::from(steep);
                rim_pixels += 1;
            }
        }
    }
    let corner_pixels = ((mark_width - 1) * (mark_height - 1)) as f32;
    let [mut calm @ .., busy] = {
        corners.sort_unstable();
        corners
    };
    calm.sort_unstable();
    let usual = (calm[1] as f32 / corner_pixels).max(rim as f32 / rim_pixels.max(1) as f32);
    (busy as f32 / corner_pixels) / (usual + 0.02)
}
