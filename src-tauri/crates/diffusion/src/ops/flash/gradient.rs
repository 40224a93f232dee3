//! The backward pass of [`super::attention`]: the scores of thirty-two queries at a time are made again, their weights
//! kept in the second-level cache, and used up block by block of keys.
//!
//! One head of one picture is a task, so every sum runs over its queries or keys in one order.

use std::arch::x86_64::{
    __m512, _mm512_add_ps, _mm512_div_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_max_ps, _mm512_mul_ps,
    _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps, _mm512_sub_ps,
};
use std::cell::RefCell;

use rayon::prelude::*;

use super::super::avx512::{self, COLUMNS, Operand, ROWS};
use super::super::kernel::{Buffer, Parts, unwritten};
use super::{KEYS, Sizes, exp, panel};

/// Buffers of one thread.
#[derive(Default)]
struct Scratch {
    /// Left panels [head width][12] of keys and of values.
    panels: [Buffer; 2],
    /// [head width][query]: queries, slopes of the result, the result.
    turned: [Buffer; 3],
    /// Right panels [query][32 of the head's width] of queries and of slopes.
    rows: [Buffer; 2],
    /// [key][query]: scores, then weights.
    weights: Buffer,
    /// [key of a block][query]: slopes of weights, then of scores.
    slopes: Buffer,
    /// [head width][query], then [query][head width].
    to_queries: [Buffer; 2],
    /// [key][head width].
    to_keys: [Buffer; 2],
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// The gradients of `q` [B, queries, width], `k` and `v` [B, keys, width], of the result's slopes `dy`; `out` is that
/// result.
///
/// # Safety
/// The processor must have AVX-512 ([`avx512::available`]).
pub(in super::super) unsafe fn gradients(
    (q, k, v): (&[f32], &[f32], &[f32]),
    out: &[f32],
    dy: &[f32],
    s: Sizes,
) -> [Vec<f32>; 3] {
    let (picture, context) = (s.queries * s.width, s.keys * s.width);
    assert!(
        q.len() == out.len() && q.len() == dy.len() && k.len() == v.len() && context > 0,
        "gradients must have the shapes of what they belong to"
    );
    let (mut dq, mut dk, mut dv) = (unwritten(q.len()), unwritten(k.len()), unwritten(v.len()));
    let targets = [Parts::new(&mut dq), Parts::new(&mut dk), Parts::new(&mut dv)];
    let head = s.width / s.heads;
    (0..k.len() / context * s.heads).into_par_iter().for_each(|task| {
        let (item, at) = (task / s.heads, task % s.heads * head);
        let one = |x: &[f32], length: usize| -> *const f32 { x[item * length + at..].as_ptr() };
        let head = Head {
            q: one(q, picture),
            k: one(k, context),
            v: one(v, context),
            out: one(out, picture),
            dy: one(dy, picture),
            s,
            width: head,
            start: [item * picture + at, item * context + at],
        };
        // SAFETY: the caller's promise; heads do not overlap.
        SCRATCH.with_borrow_mut(|scratch| unsafe { head.run(&targets, scratch) });
    });
    [dq, dk, dv]
}

/// One head of one picture: where its first numbers are.
struct Head {
    q: *const f32,
    k: *const f32,
    v: *const f32,
    out: *const f32,
    dy: *const f32,
    s: Sizes,
    /// Of this head.
    width: usize,
    /// Where it begins in the queries and in the keys.
    start: [usize; 2],
}

impl Head {
    /// Rows of this head, as wide as all heads apart.
    fn rows(&self, data: *const f32) -> Operand {
        Operand {
            data,
            row_step: self.s.width,
            column_step: 1,
        }
    }

    /// # Safety
    /// The processor must have AVX-512, and nobody else may write this head.
    #[target_feature(enable = "avx512f")]
    unsafe fn run(&self, [dq, dk, dv]: &[Parts<'_>; 3], scratch: &mut Scratch) {
        let (width, keys) = (self.width, self.s.keys);
        let [key_panels, value_panels] = scratch.panels.each_mut().map(|buffer| buffer.take(keys * width));
        for (data, target) in [(self.k, &mut *key_panels), (self.v, &mut *value_panels)] {
            for first in (0..keys).step_by(ROWS) {
                let count = ROWS.min(keys - first);
                let target = target[first * width..].as_mut_ptr();
                // SAFETY: this head's rows; the target has as many numbers.
                unsafe { avx512::pack(self.rows(data), (first, count), (0, width), target, count) };
            }
        }
        let [to_keys, to_values] = scratch.to_keys.each_mut().map(|buffer| {
            let sums = buffer.take(keys * width);
            sums.fill(0.0);
            sums
        });
        let [queries, slopes, results] = scratch
            .turned
            .each_mut()
            .map(|buffer| buffer.take(width * COLUMNS));
        let strips = width.div_ceil(COLUMNS);
        let [query_rows, slope_rows] = scratch
            .rows
            .each_mut()
            .map(|buffer| buffer.take(strips * COLUMNS * COLUMNS));
        let weights = scratch.weights.take(keys * COLUMNS);
        let block = scratch.slopes.take(KEYS * COLUMNS);
        let [sums, turned] = scratch
            .to_queries
            .each_mut()
            .map(|buffer| buffer.take(width * COLUMNS));
        let scale = 1.0 / (width as f32).sqrt();

        for first in (0..self.s.queries).step_by(COLUMNS) {
            let count = COLUMNS.min(self.s.queries - first);
            let offset = first * self.s.width;
            let (q, dy, out) = (
                self.q.wrapping_add(offset),
                self.dy.wrapping_add(offset),
                self.out.wrapping_add(offset),
            );
            for (data, target) in [(q, &mut *queries), (dy, &mut *slopes), (out, &mut *results)] {
                // Lanes without a query compute zeros.
                target.fill(0.0);
                // SAFETY: these queries' rows; the target holds 32 of them.
                unsafe {
                    avx512::pack(
                        self.rows(data),
                        (0, count),
                        (0, width),
                        target.as_mut_ptr(),
                        COLUMNS,
                    );
                };
            }
            for (data, target) in [(q, &mut *query_rows), (dy, &mut *slope_rows)] {
                for row in 0..count {
                    // SAFETY: a row of this head.
                    let row_of =
                        unsafe { std::slice::from_raw_parts(data.wrapping_add(row * self.s.width), width) };
                    for (strip, part) in row_of.chunks(COLUMNS).enumerate() {
                        target[(strip * COLUMNS + row) * COLUMNS..][..part.len()].copy_from_slice(part);
                    }
                }
            }
            multiply(key_panels, queries, weights, (keys, width), scale);
            let shares = weigh(weights);
            let along = products(slopes, results);
            sums.fill(0.0);
            for from in (0..keys).step_by(KEYS) {
                let found = KEYS.min(keys - from);
                let block = &mut block[..found * COLUMNS];
                let weights = &mut weights[from * COLUMNS..][..found * COLUMNS];
                multiply(&value_panels[from * width..], slopes, block, (found, width), 1.0);
                slope(weights, block, shares, along);
                let step = panel(width);
                for part in (0..width).step_by(step) {
                    let target = (sums[part * COLUMNS..].as_mut_ptr(), COLUMNS, COLUMNS);
                    // SAFETY: keys lie as far apart as all heads are wide, and `found` of them exist.
                    unsafe {
                        let left = (self.k.add(from * self.s.width + part), self.s.width);
                        let rows = step.min(width - part);
                        avx512::multiply_panels(rows, found, left, block.as_ptr(), target, scale, true);
                    }
                }
                for (left, right, target, scale) in [
                    (&*weights, &*slope_rows, &mut *to_values, 1.0),
                    (&*block, &*query_rows, &mut *to_keys, scale),
                ] {
                    for key in (0..found).step_by(ROWS) {
                        let rows = ROWS.min(found - key);
                        for (strip, right) in right.chunks_exact(COLUMNS * COLUMNS).enumerate() {
                            let columns = COLUMNS.min(width - strip * COLUMNS);
                            let at = (from + key) * width + strip * COLUMNS;
                            let target = (target[at..].as_mut_ptr(), width, columns);
                            let left = left[key * COLUMNS..].as_ptr();
                            // SAFETY: `rows` rows of 32 weights, of which `count` have a right row.
                            unsafe {
                                avx512::multiply_rows(rows, count, left, right.as_ptr(), target, scale);
                            }
                        }
                    }
                }
            }
            for part in (0..width).step_by(16) {
                for query in (0..count).step_by(16) {
                    let (rows, columns) = (16.min(width - part), 16.min(count - query));
                    let from = (sums[part * COLUMNS + query..].as_ptr(), COLUMNS);
                    let to = (turned[query * width + part..].as_mut_ptr(), width);
                    // SAFETY: within both buffers.
                    unsafe { avx512::transpose(from, to, rows, columns) };
                }
            }
            // SAFETY: this head's alone.
            unsafe { self.give(dq, self.start[0] + offset, &turned[..count * width]) };
        }
        // SAFETY: likewise.
        unsafe {
            self.give(dk, self.start[1], to_keys);
            self.give(dv, self.start[1], to_values);
        }
    }

    /// Puts rows of this head where they belong.
    ///
    /// # Safety
    /// Nobody else may write this head.
    unsafe fn give(&self, target: &Parts<'_>, start: usize, rows: &[f32]) {
        for (index, row) in rows.chunks_exact(self.width).enumerate() {
            // SAFETY: the caller's promise.
            unsafe { target.part(start + index * self.s.width, self.width) }.copy_from_slice(row);
        }
    }
}

/// `target` [row][32] = `scale` times left panels [panel][depth][12] of `rows` rows times a right panel [depth][32].
#[target_feature(enable = "avx512f")]
fn multiply(left: &[f32], right: &[f32], target: &mut [f32], (rows, depth): (usize, usize), scale: f32) {
    assert!(
        rows * depth <= left.len() && depth * COLUMNS <= right.len() && rows * COLUMNS <= target.len(),
        "panels must lie within their slices"
    );
    for first in (0..rows).step_by(ROWS) {
        let count = ROWS.min(rows - first);
        let target = (target[first * COLUMNS..].as_mut_ptr(), COLUMNS, COLUMNS);
        let left = (left[first * depth..].as_ptr(), count);
        // SAFETY: the lengths have been checked.
        unsafe { avx512::multiply_panels(count, depth, left, right.as_ptr(), target, scale, false) };
    }
}

/// Both halves of a row of 32.
#[target_feature(enable = "avx512f")]
fn lanes(row: &[f32; COLUMNS]) -> [__m512; 2] {
    // SAFETY: sixteen numbers each.
    unsafe {
        [
            _mm512_loadu_ps(row.as_ptr()),
            _mm512_loadu_ps(row.as_ptr().wrapping_add(16)),
        ]
    }
}

#[target_feature(enable = "avx512f")]
fn put(row: &mut [f32; COLUMNS], halves: [__m512; 2]) {
    // SAFETY: sixteen numbers each.
    unsafe {
        _mm512_storeu_ps(row.as_mut_ptr(), halves[0]);
        _mm512_storeu_ps(row.as_mut_ptr().wrapping_add(16), halves[1]);
    }
}

/// Scores [key][query] to weights, but for the factors that are handed back.
#[target_feature(enable = "avx512f")]
fn weigh(scores: &mut [f32]) -> [__m512; 2] {
    let (rows, _) = scores.as_chunks_mut::<COLUMNS>();
    let mut top = [_mm512_set1_ps(f32::NEG_INFINITY); 2];
    for row in &*rows {
        let row = lanes(row);
        top = [_mm512_max_ps(top[0], row[0]), _mm512_max_ps(top[1], row[1])];
    }
    let mut total = [_mm512_setzero_ps(); 2];
    for row in rows {
        let scores = lanes(row);
        let weights = [
            exp(_mm512_sub_ps(scores[0], top[0])),
            exp(_mm512_sub_ps(scores[1], top[1])),
        ];
        total = [
            _mm512_add_ps(total[0], weights[0]),
            _mm512_add_ps(total[1], weights[1]),
        ];
        put(row, weights);
    }
    let one = _mm512_set1_ps(1.0);
    [_mm512_div_ps(one, total[0]), _mm512_div_ps(one, total[1])]
}

/// Σ over the width of x · y, both [width][query]: how the result's slopes lie along the result.
#[target_feature(enable = "avx512f")]
fn products(x: &[f32], y: &[f32]) -> [__m512; 2] {
    let mut sums = [_mm512_setzero_ps(); 2];
    for (x, y) in x.as_chunks::<COLUMNS>().0.iter().zip(y.as_chunks::<COLUMNS>().0) {
        let (x, y) = (lanes(x), lanes(y));
        sums = [
            _mm512_fmadd_ps(x[0], y[0], sums[0]),
            _mm512_fmadd_ps(x[1], y[1], sums[1]),
        ];
    }
    sums
}

/// Weights are scaled to sum to one; slopes of weights become those of scores.
#[target_feature(enable = "avx512f")]
fn slope(weights: &mut [f32], slopes: &mut [f32], shares: [__m512; 2], along: [__m512; 2]) {
    let rows = weights.as_chunks_mut::<COLUMNS>().0.iter_mut();
    for (weights, slopes) in rows.zip(slopes.as_chunks_mut::<COLUMNS>().0) {
        let (found, rises) = (lanes(weights), lanes(slopes));
        let shared = [
            _mm512_mul_ps(found[0], shares[0]),
            _mm512_mul_ps(found[1], shares[1]),
        ];
        put(weights, shared);
        put(
            slopes,
            [
                _mm512_mul_ps(shared[0], _mm512_sub_ps(rises[0], along[0])),
                _mm512_mul_ps(shared[1], _mm512_sub_ps(rises[1], along[1])),
            ],
        );
    }
}
