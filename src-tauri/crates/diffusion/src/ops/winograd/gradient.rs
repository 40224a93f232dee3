//! The kernel's gradient by the same filtering: with U the points of the kernel, dU = (A dy Aᵀ) · (Bᵀ d B)ᵀ, summed
//! over all tiles, and dw = Gᵀ dU G. Sixteen products per tile, output and input, where direct ones are 36.
//!
//! Pictures and gradients are first turned to channels last, so that what a point needs of a tile is a few additions
//! of whole vectors. Tiles are summed in slices of [`TILES`]; a slice's points are the tasks, so that no sum depends on
//! the number of threads.

use std::cell::RefCell;

use rayon::prelude::*;

use super::super::convolution::Geometry;
use super::super::kernel::{Buffer, unwritten};
use super::super::matrix::{add_product_of_panels, columns_of_rows, panels};
use super::super::wide::wide;
use super::{ABREAST, Lanes, PATCH, PIXELS, POINTS, TILES};

/// Fewest tiles for which the points' matrices are worth their memory.
const FEWEST_TILES: usize = 64;
/// Channels transposed at once.
const STRIP: usize = 16;

/// Panels of one thread: [panel][tile][lane].
#[derive(Default)]
struct Scratch {
    left: Buffer,
    right: Buffer,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Whether a kernel's gradient is made here.
pub(in super::super) fn applies(g: &Geometry) -> bool {
    let tiles = g.batch * g.out_height.div_ceil(2) * g.out_width.div_ceil(2);
    g.size == 3 && g.shape.stride == 1 && g.inputs >= 8 && tiles >= FEWEST_TILES
}

/// dweight [O, C, 3, 3] of x [B, C, H, W] and dy [B, O, H', W'].
pub(in super::super) fn weight_gradient(x: &[f32], dy: &[f32], g: &Geometry) -> Vec<f32> {
    let (tall, wide_panel) = panels();
    let pictures = Pixels::new(x, (g.inputs, wide_panel), (g.height, g.width));
    let slopes = Pixels::new(dy, (g.outputs, tall), (g.out_height, g.out_width));
    let (down, across) = (g.out_height.div_ceil(2), g.out_width.div_ceil(2));
    let all = g.batch * down * across;
    // Every point's sums lie as blocks [left panel][right panel][output][input].
    let (lefts, rights) = (g.outputs.div_ceil(tall), g.inputs.div_ceil(wide_panel));
    let block = tall * wide_panel;
    let mut sums = vec![0.0_f32; POINTS * lefts * rights * block];
    for first in (0..all).step_by(TILES) {
        let tiles: Vec<Tile> = (first..(first + TILES).min(all))
            .map(|tile| Tile {
                picture: tile / (down * across),
                row: 2 * (tile / across % down),
                column: 2 * (tile % across),
            })
            .collect();
        let depth = tiles.len();
        sums.par_chunks_mut(lefts * rights * block)
            .enumerate()
            .for_each(|(point, sums)| {
                SCRATCH.with_borrow_mut(|scratch| {
                    let right = scratch.right.take(rights * depth * wide_panel);
                    let left = scratch.left.take(lefts * depth * tall);
                    wide(|| {
                        patches(
                            &pictures,
                            g.shape.before,
                            &tiles,
                            point,
                            (&mut *right, wide_panel),
                        );
                    });
                    wide(|| spread_slopes(&slopes, &tiles, point, (&mut *left, tall)));
                    for (output, left) in left.chunks_exact(depth * tall).enumerate() {
                        let rows = tall.min(g.outputs - output * tall);
                        for (input, right) in right.chunks_exact(depth * wide_panel).enumerate() {
                            let columns = wide_panel.min(g.inputs - input * wide_panel);
                            let target = [((output * rights + input) * block, 1.0)];
                            add_product_of_panels((rows, columns, depth), left, right, sums, &target);
                        }
                    }
                });
            });
    }
    gather(&sums, g, (tall, wide_panel))
}

/// A square of 2×2 outputs: its picture, and where its first one is.
struct Tile {
    picture: usize,
    row: usize,
    column: usize,
}

/// Pictures with their channels last, as many as fill whole panels.
struct Pixels {
    values: Vec<f32>,
    /// Stands in for pixels beyond the border.
    zeros: Vec<f32>,
    height: usize,
    width: usize,
}

impl Pixels {
    /// Of `x` [B, channels, height, width].
    fn new(x: &[f32], (channels, panel): (usize, usize), (height, width): (usize, usize)) -> Self {
        let (step, pixels) = (channels.next_multiple_of(panel), height * width);
        let mut values = unwritten(x.len() / channels * step);
        values
            .par_chunks_mut(pixels * step)
            .zip(x.par_chunks(pixels * channels))
            .for_each(|(values, x)| {
                for (strip, x) in x.chunks(STRIP * pixels).enumerate() {
                    columns_of_rows(x, x.len() / pixels, pixels, &mut values[strip * STRIP..], step);
                }
                for pixel in values.chunks_exact_mut(step) {
                    pixel[channels..].fill(0.0);
                }
            });
        Self {
            values,
            zeros: vec![0.0; step],
            height,
            width,
        }
    }

    /// All channels of one pixel; zeros where the picture has none.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    fn at(&self, picture: usize, row: Option<usize>, column: Option<usize>) -> &[f32] {
        let step = self.zeros.len();
        match (row, column) {
            (Some(row), Some(column)) if row < self.height && column < self.width => {
                let pixel = (picture * self.height + row) * self.width + column;
                &self.values[pixel * step..][..step]
            }
            _ => &self.zeros,
        }
    }
}

/// Bᵀ d B at one point: `panels` [panel][tile][input].
#[inline(always)]
#[allow(clippy::inline_always)]
fn patches(
    pictures: &Pixels,
    before: usize,
    tiles: &[Tile],
    point: usize,
    (panels, lanes): (&mut [f32], usize),
) {
    let (rows, columns) = (PATCH[point / 4], PATCH[point % 4]);
    for (index, tile) in tiles.iter().enumerate() {
        let at = |row: usize, column: usize| {
            let (row, column) = (tile.row + row, tile.column + column);
            pictures.at(tile.picture, row.checked_sub(before), column.checked_sub(before))
        };
        let corners = [
            at(rows.0, columns.0),
            at(rows.1, columns.0),
            at(rows.0, columns.1),
            at(rows.1, columns.1),
        ];
        for (number, panel) in panels.chunks_exact_mut(tiles.len() * lanes).enumerate() {
            let target = &mut panel[index * lanes..][..lanes];
            let from = number * lanes;
            match (rows.2 > 0.0, columns.2 > 0.0) {
                (true, true) => combine::<true, true>(corners, from, target),
                (true, false) => combine::<true, false>(corners, from, target),
                (false, true) => combine::<false, true>(corners, from, target),
                (false, false) => combine::<false, false>(corners, from, target),
            }
        }
    }
}

#[inline(always)]
#[allow(clippy::inline_always)]
fn combine<const ROWS: bool, const COLUMNS: bool>(corners: [&[f32]; 4], from: usize, target: &mut [f32]) {
    for (index, target) in target.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let at = from + 16 * index;
        let [a, b, c, d] = [
            Lanes::<16>::of(corners[0], at),
            Lanes::<16>::of(corners[1], at),
            Lanes::<16>::of(corners[2], at),
            Lanes::<16>::of(corners[3], at),
        ];
        *target = a.with::<ROWS>(b).with::<COLUMNS>(c.with::<ROWS>(d)).0;
    }
}

/// A dy Aᵀ at one point: `panels` [panel][tile][output].
#[inline(always)]
#[allow(clippy::inline_always)]
fn spread_slopes(slopes: &Pixels, tiles: &[Tile], point: usize, (panels, lanes): (&mut [f32], usize)) {
    for (index, tile) in tiles.iter().enumerate() {
        let mut terms = [(slopes.zeros.as_slice(), 0.0); 4];
        let mut used = 0;
        for pixel in 0..4 {
            let factor = PIXELS[pixel / 2][point / 4] * PIXELS[pixel % 2][point % 4];
            if factor != 0.0 {
                let (row, column) = (tile.row + pixel / 2, tile.column + pixel % 2);
                terms[used] = (slopes.at(tile.picture, Some(row), Some(column)), factor);
                used += 1;
            }
        }
        for (number, panel) in panels.chunks_exact_mut(tiles.len() * lanes).enumerate() {
            let target = &mut panel[index * lanes..][..lanes];
            for (part, target) in target.as_chunks_mut::<ABREAST>().0.iter_mut().enumerate() {
                let at = number * lanes + part * ABREAST;
                let mut sum = Lanes([0.0; ABREAST]);
                for (term, factor) in &terms[..used] {
                    sum = sum.zip(Lanes::of(term, at), |sum, slope| sum + factor * slope);
                }
                *target = sum.0;
            }
        }
    }
}

/// Gᵀ dU G of all points' sums: dweight [O, C, 3, 3].
fn gather(sums: &[f32], g: &Geometry, (tall, wide_panel): (usize, usize)) -> Vec<f32> {
    let rights = g.inputs.div_ceil(wide_panel);
    let step = sums.len() / POINTS;
    let mut weight = unwritten(g.outputs * g.inputs * 9);
    weight
        .par_chunks_mut(g.inputs * 9)
        .enumerate()
        .for_each(|(output, weight)| {
            wide(|| {
                for (strip, weight) in weight.chunks_mut(16 * 9).enumerate() {
                    let (panel, lane) = (strip * 16 / wide_panel, strip * 16 % wide_panel);
                    let row = (output / tall * rights + panel) * tall + output % tall;
                    let at = row * wide_panel + lane;
                    let mut rows = [[Lanes([0.0; 16]); 3]; 4];
                    for (index, row) in rows.iter_mut().enumerate() {
                        let u = |column: usize| Lanes::<16>::of(sums, (4 * index + column) * step + at);
                        *row = collect(u(0), u(1), u(2), u(3));
                    }
                    for column in 0..3 {
                        let taps =
                            collect(rows[0][column], rows[1][column], rows[2][column], rows[3][column]);
                        for (index, tap) in taps.into_iter().enumerate() {
                            for (weight, value) in weight.chunks_exact_mut(9).zip(tap.0) {
                                weight[3 * index + column] = value;
                            }
                        }
                    }
                }
            });
        });
    weight
}

/// Gᵀ times a column.
#[inline(always)]
#[allow(clippy::inline_always)]
fn collect<const L: usize>(a: Lanes<L>, b: Lanes<L>, c: Lanes<L>, d: Lanes<L>) -> [Lanes<L>; 3] {
    let (both, apart) = ((b + c).half(), (b - c).half());
    [a + both, apart, both + d]
}
