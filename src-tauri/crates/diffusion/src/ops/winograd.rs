//! 3×3 convolutions of stride 1 by Winograd's minimal filtering F(2×2, 3×3) (Lavin and Gray 2016): every square of
//! 2×2 outputs is made of 16 products per channel instead of 36.
//!
//! The kernel is transformed to sixteen matrices [outputs, inputs], the points. For some rows of tiles, the picture's
//! overlapping patches of 4×4 are transformed point by point into panels that stay in the first-level cache,
//! multiplied by the point's matrix, and the products added at once to the pixels that they are part of: of what a
//! point needs or gives nothing is ever in memory. Transforms are sums and halves, so little is lost in precision. A
//! tile's value depends on nothing but its own patch and the kernel: not on the batch, nor on the threads.

pub(super) mod gradient;

use std::cell::RefCell;
use std::ops::{Add, Range, Sub};

use rayon::prelude::*;

use super::convolution::Geometry;
use super::kernel::{Buffer, Parts, unwritten};
use super::matrix::{add_product_of_panels, columns_of_rows, panels};
use super::wide::wide;

/// Products per tile and channel.
const POINTS: usize = 16;
/// Tiles in one task, at most about, so that their pixels stay in the second-level cache.
const TILES: usize = 256;
/// Outputs in one block, likewise.
const OUTPUTS: usize = 384;
/// Longest sum made in one piece.
const DEPTH: usize = 256;
/// Outputs whose kernels are transformed side by side: a left panel of [`panels`], or a part of one.
const ABREAST: usize = 12;
/// The matrices of the points lie this much further apart than they are long, so that a cache holds all sixteen.
const APART: usize = 80;

/// Bᵀ for one axis: which two of a patch's four rows make a point's, and the second one's sign.
const PATCH: [(usize, usize, f32); 4] = [(0, 2, -1.0), (1, 2, 1.0), (2, 1, -1.0), (1, 3, -1.0)];
/// Aᵀ for one axis: how much a point counts in the first and in the second pixel.
const PIXELS: [[f32; 4]; 2] = [[1.0, 1.0, 1.0, 0.0], [0.0, 1.0, -1.0, -1.0]];

/// Buffers of one thread.
#[derive(Default)]
struct Scratch {
    /// [picture][input][row][even columns, then odd ones].
    halves: Buffer,
    /// [input][tile] of one point.
    panel: Buffer,
    /// [pixel of a tile][right panel][output][tile].
    pixels: Buffer,
    /// Some outputs' kernels as [input and tap][output].
    kernel: Buffer,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Numbers side by side, for the compiler to keep in vectors.
#[derive(Clone, Copy)]
struct Lanes<const L: usize>([f32; L]);

impl<const L: usize> Lanes<L> {
    /// Those of `x` from `at` on, which must be there.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    fn of(x: &[f32], at: usize) -> Self {
        let mut lanes = [0.0; L];
        lanes.copy_from_slice(&x[at..at + L]);
        Self(lanes)
    }

    #[inline(always)]
    #[allow(clippy::inline_always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut lanes = [0.0; L];
        for ((lane, x), y) in lanes.iter_mut().zip(&self.0).zip(&other.0) {
            *lane = f(*x, *y);
        }
        Self(lanes)
    }

    #[inline(always)]
    #[allow(clippy::inline_always)]
    fn half(self) -> Self {
        self.zip(self, |x, _| 0.5 * x)
    }

    /// The sum, or the difference.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    fn with<const PLUS: bool>(self, other: Self) -> Self {
        if PLUS { self + other } else { self - other }
    }
}

impl<const L: usize> Add for Lanes<L> {
    type Output = Self;

    #[inline(always)]
    #[allow(clippy::inline_always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |x, y| x + y)
    }
}

impl<const L: usize> Sub for Lanes<L> {
    type Output = Self;

    #[inline(always)]
    #[allow(clippy::inline_always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |x, y| x - y)
    }
}

/// Whether a convolution is done here. Decided by a single picture's shape, for the same sums in every batch.
pub(super) fn applies(g: &Geometry) -> bool {
    g.size == 3 && g.shape.stride == 1 && g.inputs >= 8 && g.pixels_out() >= 36
}

/// y [B, O, H', W'] of x [B, C, H, W], weight [O, C, 3, 3] and bias [O] or nothing.
pub(super) fn forward(x: &[f32], weight: &[f32], bias: &[f32], g: &Geometry) -> Vec<f32> {
    let mut y = unwritten(g.batch * g.outputs * g.pixels_out());
    let target = Parts::new(&mut y);
    let (down, across) = (g.out_height.div_ceil(2), g.out_width.div_ceil(2));
    let rows = (TILES / across).clamp(1, down);
    let pictures = (TILES / (down * across)).clamp(1, g.batch);
    let chunks = g.batch.div_ceil(pictures) * down.div_ceil(rows);
    // Few tiles and several threads: each makes some of the outputs.
    let threads = rayon::current_num_threads();
    let parts = if threads == 1 {
        1
    } else {
        (2 * threads).div_ceil(chunks)
    };
    let (tall, _) = panels();
    for first in (0..g.outputs).step_by(OUTPUTS) {
        let outputs = first..(first + OUTPUTS).min(g.outputs);
        let filters = Filters::new(weight, outputs.clone(), g.inputs);
        let share = outputs.len().div_ceil(parts).next_multiple_of(tall);
        let mut tasks = Vec::new();
        for first in (0..g.batch).step_by(pictures) {
            for row in (0..down).step_by(rows) {
                for output in outputs.clone().step_by(share) {
                    tasks.push(Task {
                        g,
                        pictures: first..(first + pictures).min(g.batch),
                        rows: row..(row + rows).min(down),
                        outputs: output..(output + share).min(outputs.end),
                        across,
                    });
                }
            }
        }
        tasks.into_par_iter().for_each(|task| {
            SCRATCH.with_borrow_mut(|scratch| task.run(x, &filters, bias, &target, scratch));
        });
    }
    y
}

/// Some outputs' kernels transformed: [point][left panel][input][output].
struct Filters {
    values: Vec<f32>,
    /// From one point to the next.
    step: usize,
    /// The first output.
    first: usize,
}

impl Filters {
    fn new(weight: &[f32], outputs: Range<usize>, inputs: usize) -> Self {
        let (tall, _) = panels();
        let step = inputs * outputs.len().next_multiple_of(tall) + APART;
        let mut values = unwritten(POINTS * step);
        let parts = Parts::new(&mut values);
        let kernels = &weight[outputs.start * inputs * 9..outputs.end * inputs * 9];
        kernels
            .par_chunks(ABREAST * inputs * 9)
            .enumerate()
            .for_each(|(block, kernels)| {
                let (panel, lane) = (block * ABREAST / tall, block * ABREAST % tall);
                let at = |point: usize, input: usize| point * step + (panel * inputs + input) * tall + lane;
                SCRATCH.with_borrow_mut(|scratch| {
                    let turned = scratch.kernel.take(inputs * 9 * ABREAST);
                    let count = kernels.len() / (inputs * 9);
                    columns_of_rows(kernels, count, inputs * 9, turned, ABREAST);
                    wide(|| transform_kernels(turned, &parts, at));
                });
            });
        Self {
            values,
            step,
            first: outputs.start,
        }
    }
}

/// G g Gᵀ of kernels [input][tap][output], each point's where `at` says for an input.
#[inline(always)]
#[allow(clippy::inline_always)]
fn transform_kernels(kernels: &[f32], filters: &Parts<'_>, at: impl Fn(usize, usize) -> usize) {
    for (input, taps) in kernels.chunks_exact(9 * ABREAST).enumerate() {
        let tap = |index: usize| Lanes::<ABREAST>::of(taps, index * ABREAST);
        let [a, b, c] = [
            spread(tap(0), tap(3), tap(6)),
            spread(tap(1), tap(4), tap(7)),
            spread(tap(2), tap(5), tap(8)),
        ];
        for (row, ((a, b), c)) in a.into_iter().zip(b).zip(c).enumerate() {
            for (column, lanes) in spread(a, b, c).into_iter().enumerate() {
                // SAFETY: these inputs' and outputs' place of this point is written here alone.
                let target = unsafe { filters.part(at(4 * row + column, input), ABREAST) };
                target.copy_from_slice(&lanes.0);
            }
        }
    }
}

/// G times a column.
#[inline(always)]
#[allow(clippy::inline_always)]
fn spread<const L: usize>(a: Lanes<L>, b: Lanes<L>, c: Lanes<L>) -> [Lanes<L>; 4] {
    let (ends, middle) = ((a + c).half(), b.half());
    [a, ends + middle, ends - middle, c]
}

/// Tiles side by side in a panel and in the picture.
struct Run {
    /// Where the first one's patch begins among the halves, in the first input.
    from: usize,
    lane: usize,
    length: usize,
}

/// Some outputs of some rows of tiles of some pictures.
struct Task<'a> {
    g: &'a Geometry,
    pictures: Range<usize>,
    rows: Range<usize>,
    outputs: Range<usize>,
    across: usize,
}

impl Task<'_> {
    fn run(&self, x: &[f32], filters: &Filters, bias: &[f32], y: &Parts<'_>, scratch: &mut Scratch) {
        let (tall, wide) = panels();
        let inputs = self.g.inputs;
        let halves = scratch.halves.take(self.pictures.len() * inputs * self.plane());
        self.halve(x, halves);
        let count = self.pictures.len() * self.rows.len() * self.across;
        let panels: Vec<(Vec<Run>, usize)> = (0..count)
            .step_by(wide)
            .map(|first| (self.runs(first, wide.min(count - first)), wide.min(count - first)))
            .collect();
        let block = self.outputs.len() * wide;
        let pixels = scratch.pixels.take(4 * panels.len() * block);
        pixels.fill(0.0);
        let slice = inputs.div_ceil(inputs.div_ceil(DEPTH));
        let panel = scratch.panel.take(slice * wide);
        for start in (0..inputs).step_by(slice) {
            let depth = slice.min(inputs - start);
            for point in 0..POINTS {
                let values = &filters.values[point * filters.step..];
                for (index, (runs, columns)) in panels.iter().enumerate() {
                    self.patches(halves, runs, (start, depth), point, (&mut *panel, wide));
                    for output in (0..self.outputs.len()).step_by(tall) {
                        let rows = tall.min(self.outputs.len() - output);
                        let row = self.outputs.start - filters.first + output;
                        let left = &values[row * inputs + start * tall..];
                        let mut targets = [(0, 0.0); 4];
                        let mut used = 0;
                        for pixel in 0..4 {
                            let factor = PIXELS[pixel / 2][point / 4] * PIXELS[pixel % 2][point % 4];
                            if factor != 0.0 {
                                let at = (pixel * panels.len() + index) * block + output * wide;
                                targets[used] = (at, factor);
                                used += 1;
                            }
                        }
                        let sizes = (rows, *columns, depth);
                        add_product_of_panels(sizes, left, panel, pixels, &targets[..used]);
                    }
                }
            }
        }
        for (index, output) in self.outputs.clone().enumerate() {
            let shift = bias.get(output).copied().unwrap_or_default();
            self.give(pixels, (index, output), (block, wide), shift, y);
        }
    }

    /// Floats of one picture's input in this task, rows halved.
    fn plane(&self) -> usize {
        (2 * self.rows.len() + 2) * 2 * (self.across + 1)
    }

    /// Copies the rows that the tiles need, zeros around them, the even and the odd columns of each apart.
    fn halve(&self, x: &[f32], halves: &mut [f32]) {
        let g = self.g;
        let planes = halves.chunks_exact_mut(self.plane());
        let from = &x[self.pictures.start * g.inputs * g.pixels_in()..];
        for (halves, plane) in planes.zip(from.chunks_exact(g.pixels_in())) {
            wide(|| {
                for (row, halves) in halves.chunks_exact_mut(2 * (self.across + 1)).enumerate() {
                    let from = (2 * self.rows.start + row)
                        .checked_sub(g.shape.before)
                        .filter(|from| *from < g.height);
                    match from {
                        Some(from) => part(&plane[from * g.width..][..g.width], g.shape.before, halves),
                        None => halves.fill(0.0),
                    }
                }
            });
        }
    }

    /// The runs of the `count` tiles from `first` on.
    fn runs(&self, first: usize, count: usize) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut lane = 0;
        while lane < count {
            let tile = first + lane;
            let (row, across) = (tile / self.across, tile % self.across);
            let (picture, row) = (row / self.rows.len(), row % self.rows.len());
            let length = (self.across - across).min(count - lane);
            let picture = picture * self.g.inputs * self.plane();
            runs.push(Run {
                from: picture + 2 * row * 2 * (self.across + 1) + across,
                lane,
                length,
            });
            lane += length;
        }
        runs
    }

    /// Bᵀ d B at one point, of `depth` inputs from `start` on: `panel` [input][tile].
    fn patches(
        &self,
        halves: &[f32],
        runs: &[Run],
        (start, depth): (usize, usize),
        point: usize,
        (panel, wide_panel): (&mut [f32], usize),
    ) {
        let half = self.across + 1;
        let (rows, columns) = (PATCH[point / 4], PATCH[point % 4]);
        // Columns 2t, 2t + 1, 2t + 2, 2t + 3 of a patch lie in turns among the even and the odd ones.
        let at = |row: usize, column: usize| row * 2 * half + column % 2 * half + column / 2;
        let corners = [
            at(rows.0, columns.0),
            at(rows.1, columns.0),
            at(rows.0, columns.1),
            at(rows.1, columns.1),
        ];
        let plane = self.plane();
        wide(|| {
            for run in runs {
                for (index, target) in panel.chunks_exact_mut(wide_panel).take(depth).enumerate() {
                    let from = &halves[(start + index) * plane + run.from..];
                    let target = &mut target[run.lane..run.lane + run.length];
                    match (rows.2 > 0.0, columns.2 > 0.0) {
                        (true, true) => patch::<true, true>(from, corners, target),
                        (true, false) => patch::<true, false>(from, corners, target),
                        (false, true) => patch::<false, true>(from, corners, target),
                        (false, false) => patch::<false, false>(from, corners, target),
                    }
                }
            }
        });
    }

    /// Puts one output's pixels [pixel of a tile][panel][output][tile] where they belong.
    fn give(
        &self,
        pixels: &[f32],
        (index, output): (usize, usize),
        (block, wide_panel): (usize, usize),
        shift: f32,
        y: &Parts<'_>,
    ) {
        let g = self.g;
        let panels = pixels.len() / 4 / block;
        for (number, picture) in self.pictures.clone().enumerate() {
            for (row, down) in self.rows.clone().enumerate() {
                let start = ((picture * g.outputs + output) * g.out_height + 2 * down) * g.out_width;
                // The last row of an odd picture has none below it.
                let rows = (g.out_height - 2 * down).min(2);
                for below in 0..rows {
                    // SAFETY: no other task makes these rows of this output.
                    let y = unsafe { y.part(start + below * g.out_width, g.out_width) };
                    let mut across = 0;
                    while across < self.across {
                        let tile = (number * self.rows.len() + row) * self.across + across;
                        let (panel, lane) = (tile / wide_panel, tile % wide_panel);
                        let length = (self.across - across).min(wide_panel - lane);
                        let at = |pixel: usize| {
                            let from = (pixel * panels + panel) * block + index * wide_panel + lane;
                            &pixels[from..from + length]
                        };
                        let y = &mut y[2 * across..];
                        wide(|| woven(at(2 * below), at(2 * below + 1), shift, y));
                        across += length;
                    }
                }
            }
        }
    }
}

/// One input's patches at one point; corners are the four numbers that make one, the signs those of rows and columns.
#[inline(always)]
#[allow(clippy::inline_always)]
fn patch<const ROWS: bool, const COLUMNS: bool>(from: &[f32], corners: [usize; 4], target: &mut [f32]) {
    let mut lane = 0;
    while lane < target.len() {
        lane += match target.len() - lane {
            16.. => patch_lanes::<16, ROWS, COLUMNS>(from, corners, target, lane),
            8.. => patch_lanes::<8, ROWS, COLUMNS>(from, corners, target, lane),
            4.. => patch_lanes::<4, ROWS, COLUMNS>(from, corners, target, lane),
            _ => patch_lanes::<1, ROWS, COLUMNS>(from, corners, target, lane),
        };
    }
}

#[inline(always)]
#[allow(clippy::inline_always)]
fn patch_lanes<const L: usize, const ROWS: bool, const COLUMNS: bool>(
    from: &[f32],
    corners: [usize; 4],
    target: &mut [f32],
    lane: usize,
) -> usize {
    // One by one: a closure handed to `map` would not be compiled for the widest vectors.
    let [a, b, c, d] = [
        Lanes::<L>::of(from, corners[0] + lane),
        Lanes::<L>::of(from, corners[1] + lane),
        Lanes::<L>::of(from, corners[2] + lane),
        Lanes::<L>::of(from, corners[3] + lane),
    ];
    let sum = a.with::<ROWS>(b).with::<COLUMNS>(c.with::<ROWS>(d));
    target[lane..lane + L].copy_from_slice(&sum.0);
    L
}

/// Even and odd pixels to a row, which may lack the last one.
#[inline(always)]
#[allow(clippy::inline_always)]
fn woven(even: &[f32], odd: &[f32], shift: f32, row: &mut [f32]) {
    let (pairs, _) = row.as_chunks_mut::<2>();
    let whole = pairs.len().min(even.len());
    for ((pair, even), odd) in pairs.iter_mut().zip(even).zip(odd) {
        *pair = [even + shift, odd + shift];
    }
    if let (Some(last), Some(even)) = (row.get_mut(2 * whole), even.get(whole)) {
        *last = even + shift;
    }
}

/// Writes one row, `before` zeros ahead of it, as its even columns and then its odd ones.
#[inline(always)]
#[allow(clippy::inline_always)]
fn part(row: &[f32], before: usize, halves: &mut [f32]) {
    let (even, odd) = halves.split_at_mut(halves.len() / 2);
    let (pairs, last) = row.as_chunks::<2>();
    // Column 0 of the picture is column `before` of the padded row.
    let (first, second) = if before.is_multiple_of(2) {
        (even, odd)
    } else {
        (odd, even)
    };
    let (at_first, at_second) = (before / 2, before.div_ceil(2));
    first[..at_first].fill(0.0);
    second[..at_second].fill(0.0);
    let (first, second) = (&mut first[at_first..], &mut second[at_second..]);
    let whole = pairs.len().min(first.len()).min(second.len());
    for ((first, second), pair) in first.iter_mut().zip(&mut *second).zip(pairs) {
        *first = pair[0];
        *second = pair[1];
    }
    let (first, second) = (&mut first[whole..], &mut second[whole..]);
    first.fill(0.0);
    second.fill(0.0);
    // What is left of the row: half a pair, or the first of the pairs.
    let left = pairs.get(whole).map(|pair| pair[0]).or(last.first().copied());
    if let (Some(first), Some(left)) = (first.first_mut(), left) {
        *first = left;
    }
}
