//! Attention without scores in memory, on AVX-512 (after Dao et al. 2022).
//!
//! Thirty-two queries at a time, one in every lane of two vectors: against a block of keys, their scores are made,
//! turned into weights relative to the largest so far, and used up while they lie in the first-level cache; what was
//! summed before is scaled down when a larger score turns up. Lanes never meet, so a query's result depends on the
//! keys alone, not on the batch, the other queries or the threads.

pub(super) mod gradient;

use std::arch::x86_64::{
    __m512, _mm512_add_epi32, _mm512_add_ps, _mm512_castps_si512, _mm512_castsi512_ps, _mm512_div_ps,
    _mm512_fmadd_ps, _mm512_fnmadd_ps, _mm512_loadu_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps,
    _mm512_set1_ps, _mm512_setzero_ps, _mm512_slli_epi32, _mm512_storeu_ps, _mm512_sub_ps,
};
use std::cell::RefCell;

use rayon::prelude::*;

use super::avx512::{self, COLUMNS, Operand, ROWS};
use super::kernel::{Buffer, unwritten};

/// Keys in one block: ten left panels; scores of 15 KiB.
const KEYS: usize = 10 * ROWS;
/// Queries in one task: several, so that one head's keys and values are read from a cache near by.
const QUERIES: usize = 4 * COLUMNS;

/// The sizes of one call; every picture has as many queries and keys as the others.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub queries: usize,
    pub keys: usize,
    /// Of a query, all heads together.
    pub width: usize,
    pub heads: usize,
}

/// Buffers of one thread.
#[derive(Default)]
struct Scratch {
    /// [head width][query].
    queries: Buffer,
    /// [key][query]: scores, then weights.
    scores: Buffer,
    /// [head width][query].
    sums: Buffer,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Rows of a left panel over the `head` elements of a value: near twelve, all but the last alike.
fn panel(head: usize) -> usize {
    head.div_ceil(head.div_ceil(ROWS))
}

/// softmax(q kᵀ / √head) v, of `q` [B, queries, width], `k` and `v` [B, keys, width].
///
/// # Safety
/// The processor must have AVX-512 ([`avx512::available`]).
pub(super) unsafe fn attention(q: &[f32], k: &[f32], v: &[f32], s: Sizes) -> Vec<f32> {
    let head = s.width / s.heads;
    let context = s.keys * s.width;
    let picture = s.queries * s.width;
    // Every head's keys as left panels [head width][12], and its values in one piece.
    let (mut keys, mut values) = (unwritten(k.len()), unwritten(v.len()));
    keys.par_chunks_mut(s.keys * head)
        .zip(values.par_chunks_mut(s.keys * head))
        .enumerate()
        .for_each(|(index, (keys, values))| {
            let at = index / s.heads * context + index % s.heads * head;
            let from = Operand {
                data: k[at..].as_ptr(),
                row_step: s.width,
                column_step: 1,
            };
            for first in (0..s.keys).step_by(ROWS) {
                let count = ROWS.min(s.keys - first);
                // SAFETY: the rows are this picture's, the columns this head's; the target has as many numbers.
                unsafe {
                    let target = keys[first * head..].as_mut_ptr();
                    avx512::pack(from, (first, count), (0, head), target, count);
                }
            }
            for (values, row) in values.chunks_exact_mut(head).zip(v[at..].chunks(s.width)) {
                values.copy_from_slice(&row[..head]);
            }
        });

    let mut out = unwritten(q.len());
    let blocks = s.queries.div_ceil(QUERIES).max(1);
    let tasks: Vec<(usize, &mut [f32])> = out
        .chunks_mut(picture.max(1))
        .flat_map(|picture| picture.chunks_mut(QUERIES * s.width))
        .enumerate()
        .collect();
    tasks.into_par_iter().for_each(|(index, out)| {
        let (item, first) = (index / blocks, index % blocks * QUERIES);
        let q = &q[item * picture + first * s.width..][..out.len()];
        SCRATCH.with_borrow_mut(|scratch| {
            for number in 0..s.heads {
                let pack = (item * s.heads + number) * s.keys * head;
                let (keys, values) = (&keys[pack..][..s.keys * head], &values[pack..][..s.keys * head]);
                let rows = q.chunks(COLUMNS * s.width).zip(out.chunks_mut(COLUMNS * s.width));
                for (q, out) in rows {
                    let at = number * head;
                    // SAFETY: the caller's promise about the processor.
                    unsafe { block(&q[at..], keys, values, &mut out[at..], (s.width, head), scratch) };
                }
            }
        });
    });
    out
}

/// One head of up to 32 queries; `q` and `out` begin at its first element, queries lie `width` apart.
#[target_feature(enable = "avx512f")]
unsafe fn block(
    q: &[f32],
    keys: &[f32],
    values: &[f32],
    out: &mut [f32],
    (width, head): (usize, usize),
    scratch: &mut Scratch,
) {
    let count = q.len().div_ceil(width);
    assert!(
        (1..=COLUMNS).contains(&count) && (count - 1) * width + head <= q.len() && q.len() == out.len(),
        "a block's queries must lie within it"
    );
    let queries = scratch.queries.take(head * COLUMNS);
    let scores = scratch.scores.take(KEYS * COLUMNS);
    let sums = scratch.sums.take(head * COLUMNS);
    // Lanes without a query compute zeros.
    queries.fill(0.0);
    sums.fill(0.0);
    let from = Operand {
        data: q.as_ptr(),
        row_step: width,
        column_step: 1,
    };
    // SAFETY: checked above.
    unsafe { avx512::pack(from, (0, count), (0, head), queries.as_mut_ptr(), COLUMNS) };

    let scale = 1.0 / (head as f32).sqrt();
    let mut top = [_mm512_set1_ps(f32::NEG_INFINITY); 2];
    let mut total = [_mm512_setzero_ps(); 2];
    let step = panel(head);
    for (keys, values) in keys.chunks(KEYS * head).zip(values.chunks(KEYS * head)) {
        let found = keys.len() / head;
        for (index, keys) in keys.chunks(ROWS * head).enumerate() {
            let rows = keys.len() / head;
            let target = (scores[index * ROWS * COLUMNS..].as_mut_ptr(), COLUMNS, COLUMNS);
            // SAFETY: a panel is `head` long and `rows` wide, and there are as many scores.
            unsafe {
                let left = (keys.as_ptr(), rows);
                avx512::multiply_panels(rows, head, left, queries.as_ptr(), target, scale, false);
            }
        }
        let scores = &mut scores[..found * COLUMNS];
        weigh(scores, sums, &mut top, &mut total);
        for first in (0..head).step_by(step) {
            let rows = step.min(head - first);
            let target = (sums[first * COLUMNS..].as_mut_ptr(), COLUMNS, COLUMNS);
            // SAFETY: values lie `head` apart, `found` of them, and so do the rows of scores.
            unsafe {
                let left = (values[first..].as_ptr(), head);
                avx512::multiply_panels(rows, found, left, scores.as_ptr(), target, 1.0, true);
            }
        }
    }

    let one = _mm512_set1_ps(1.0);
    let shares = [_mm512_div_ps(one, total[0]), _mm512_div_ps(one, total[1])];
    for row in sums.chunks_exact_mut(COLUMNS) {
        scale_row(row, shares);
    }
    for first in (0..head).step_by(16) {
        for query in (0..count).step_by(16) {
            let (rows, columns) = (16.min(head - first), 16.min(count - query));
            // SAFETY: inside the block, as checked above.
            unsafe {
                let from = (sums[first * COLUMNS + query..].as_ptr(), COLUMNS);
                let to = (out[query * width + first..].as_mut_ptr(), width);
                avx512::transpose(from, to, rows, columns);
            }
        }
    }
}

/// A row of 32, each lane times its own factor.
#[target_feature(enable = "avx512f")]
fn scale_row(row: &mut [f32], factors: [__m512; 2]) {
    for (half, factor) in row.as_chunks_mut::<16>().0.iter_mut().zip(factors) {
        // SAFETY: sixteen numbers.
        unsafe {
            let scaled = _mm512_mul_ps(_mm512_loadu_ps(half.as_ptr()), factor);
            _mm512_storeu_ps(half.as_mut_ptr(), scaled);
        }
    }
}

/// Scores [key][query] to weights relative to the largest score so far; what was summed before is scaled to match.
#[target_feature(enable = "avx512f")]
fn weigh(scores: &mut [f32], sums: &mut [f32], top: &mut [__m512; 2], total: &mut [__m512; 2]) {
    for half in 0..2 {
        let lanes = |row: &[f32; COLUMNS]| {
            // SAFETY: sixteen of the row's 32 numbers.
            unsafe { _mm512_loadu_ps(row.as_ptr().wrapping_add(16 * half)) }
        };
        let (rows, _) = scores.as_chunks_mut::<COLUMNS>();
        let mut largest = top[half];
        for row in &*rows {
            largest = _mm512_max_ps(largest, lanes(row));
        }
        let mut sum = _mm512_setzero_ps();
        for row in rows {
            let weight = exp(_mm512_sub_ps(lanes(row), largest));
            sum = _mm512_add_ps(sum, weight);
            // SAFETY: as above.
            unsafe { _mm512_storeu_ps(row.as_mut_ptr().wrapping_add(16 * half), weight) };
        }
        let faded = exp(_mm512_sub_ps(top[half], largest));
        top[half] = largest;
        total[half] = _mm512_fmadd_ps(total[half], faded, sum);
        for row in sums.as_chunks_mut::<COLUMNS>().0 {
            let scaled = _mm512_mul_ps(lanes(row), faded);
            // SAFETY: as above.
            unsafe { _mm512_storeu_ps(row.as_mut_ptr().wrapping_add(16 * half), scaled) };
        }
    }
}

/// [`super::wide::exp`] of sixteen numbers.
#[target_feature(enable = "avx512f")]
#[allow(clippy::excessive_precision)]
fn exp(x: __m512) -> __m512 {
    let number = |x: f32| _mm512_set1_ps(x);
    // In this order of arguments what is not a number stays so.
    let x = _mm512_max_ps(number(-87.3), _mm512_min_ps(number(88.3), x));
    let rounder = number(12_582_912.0);
    let shifted = _mm512_fmadd_ps(x, number(std::f32::consts::LOG2_E), rounder);
    let whole = _mm512_sub_ps(shifted, rounder);
    let r = _mm512_fnmadd_ps(whole, number(0.693_359_375), x);
    let r = _mm512_fmadd_ps(whole, number(2.121_944_4e-4), r);
    let mut p = number(1.987_569_1e-4);
    for factor in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        p = _mm512_fmadd_ps(p, r, number(factor));
    }
    let p = _mm512_fmadd_ps(_mm512_mul_ps(p, r), r, _mm512_add_ps(r, number(1.0)));
    let power = _mm512_slli_epi32::<23>(_mm512_castps_si512(shifted));
    _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p), power))
}
