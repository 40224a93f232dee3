//! The product of two f32 matrices on AVX-512.
//!
//! The usual scheme (Goto and van de Geijn 2008): of a slice of the inner dimension, the left matrix is packed into
//! panels of twelve rows for the second-level cache, the right one into panels of 32 columns for the first; a kernel
//! multiplies panel by panel with 24 vector accumulators. Every element is summed in the order of the inner dimension
//! in slices of a fixed length, so that results depend neither on the other elements computed with it nor on threads.

use std::arch::x86_64::{
    __m512, __mmask16, _MM_HINT_T0, _MM_HINT_T1, _mm_prefetch, _mm512_castpd_ps, _mm512_castps_pd,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_mul_ps,
    _mm512_set1_ps, _mm512_setzero_ps, _mm512_shuffle_f32x4, _mm512_storeu_ps, _mm512_unpackhi_pd,
    _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpacklo_ps,
};
use std::cell::RefCell;

use super::kernel::Buffer;

/// Rows of a left panel.
pub(super) const ROWS: usize = 12;
/// Columns of a right panel: two vectors.
pub(super) const COLUMNS: usize = 32;
/// Longest slice of the inner dimension.
const DEPTH: usize = 256;
/// Most of the inner dimension that is packed at once of the left matrix, if a slice is not longer: what is written has
/// left the caches when the next group adds to it.
const GROUP: usize = 640;
/// Most rows packed at once.
const BLOCK: usize = 44 * ROWS;

/// How far ahead of its use a left panel is fetched: it comes from a cache further away.
const AHEAD: usize = 512;

/// An operand: where its first element is, and how far apart rows and columns are.
#[derive(Clone, Copy)]
pub(super) struct Operand {
    pub data: *const f32,
    pub row_step: usize,
    pub column_step: usize,
}

impl Operand {
    /// SAFETY: the element must exist.
    unsafe fn at(self, row: usize, column: usize) -> *const f32 {
        unsafe { self.data.add(row * self.row_step + column * self.column_step) }
    }

    /// Rows and columns exchanged.
    fn turned(self) -> Self {
        Self {
            row_step: self.column_step,
            column_step: self.row_step,
            ..self
        }
    }
}

thread_local! {
    static PANELS: RefCell<[Buffer; 2]> = const { RefCell::new([Buffer::new(), Buffer::new()]) };
}

/// Whether the processor has the instructions.
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512f")
}

/// Length of the slices of an inner dimension of `k`. They are alike: a short last one would pay for its stores like a
/// long one.
fn slice(k: usize) -> usize {
    k.div_ceil(k.div_ceil(DEPTH).max(1)).max(1)
}

/// `out` [m, n] = `scale` · `a` [m, k] · `b` [k, n], or added to what is there.
///
/// # Safety
/// The processor must be [`available`]; all elements must exist, and those of `out` belong to the caller alone.
pub(super) unsafe fn product(
    (m, n, k): (usize, usize, usize),
    (out, out_row): (*mut f32, usize),
    scale: f32,
    a: Operand,
    b: Operand,
    accumulate: bool,
) {
    PANELS.with_borrow_mut(|[left, right]| {
        let slice = slice(k);
        let group = (GROUP / slice).max(1) * slice;
        // Blocks are alike, too: each packs the whole right matrix.
        let block = m.div_ceil(m.div_ceil(BLOCK).max(1)).next_multiple_of(ROWS);
        let left = left.take(block * group).as_mut_ptr();
        let right = right.take(COLUMNS * slice).as_mut_ptr();
        for top in (0..m).step_by(block) {
            let rows = block.min(m - top);
            for first in (0..k).step_by(group) {
                let last = (first + group).min(k);
                // SAFETY: the panels were made large enough; all indices stay below m, n and k.
                unsafe {
                    for start in (first..last).step_by(slice) {
                        let depth = slice.min(last - start);
                        for row in (0..rows).step_by(ROWS) {
                            let count = ROWS.min(rows - row);
                            let panel = left.add((start - first) * rows + row * depth);
                            pack(a, (top + row, count), (start, depth), panel, count);
                        }
                    }
                    for column in (0..n).step_by(COLUMNS) {
                        let columns = COLUMNS.min(n - column);
                        for start in (first..last).step_by(slice) {
                            let depth = slice.min(last - start);
                            pack(b.turned(), (column, columns), (start, depth), right, COLUMNS);
                            let add = accumulate || start > 0;
                            for row in (0..rows).step_by(ROWS) {
                                let target = out.add((top + row) * out_row + column);
                                let count = ROWS.min(rows - row);
                                let panel = left.add((start - first) * rows + row * depth);
                                let panel = (panel.cast_const(), count);
                                let target = (target, out_row, columns);
                                multiply_panels(count, depth, panel, right, target, scale, add);
                            }
                        }
                    }
                }
            }
        }
    });
}

/// Packs `count` rows of `x` from `first_row`, and `depth` columns from `first`, as [depth][width]. (The right
/// operand comes transposed.)
///
/// # Safety
/// The processor must be [`available`], the elements exist, and `target` hold `depth` times `width` numbers.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn pack(
    x: Operand,
    (first_row, count): (usize, usize),
    (first, depth): (usize, usize),
    target: *mut f32,
    width: usize,
) {
    // SAFETY: the caller has checked that all these rows and columns exist.
    unsafe {
        for half in (0..count).step_by(16) {
            let rows = 16.min(count - half);
            let start = x.at(first_row + half, first);
            let target = target.add(half);
            if x.row_step == 1 {
                let mask = first_of(rows);
                for column in 0..depth {
                    let values = _mm512_maskz_loadu_ps(mask, start.add(column * x.column_step));
                    _mm512_mask_storeu_ps(target.add(column * width), mask, values);
                }
            } else if x.column_step == 1 {
                for column in (0..depth).step_by(16) {
                    // The rows of the next panel, which no prefetcher of the processor would guess.
                    for row in 0..rows {
                        let next = start.wrapping_add((count + row) * x.row_step + column);
                        _mm_prefetch::<_MM_HINT_T1>(next.cast());
                    }
                    let from = (start.add(column), x.row_step);
                    transpose(
                        from,
                        (target.add(column * width), width),
                        rows,
                        16.min(depth - column),
                    );
                }
            } else {
                for column in 0..depth {
                    for row in 0..rows {
                        *target.add(column * width + row) = *x.at(first_row + half + row, first + column);
                    }
                }
            }
        }
    }
}

/// A mask of the first `count` lanes, at most sixteen.
fn first_of(count: usize) -> __mmask16 {
    ((1_u32 << count.min(16)) - 1) as __mmask16
}

/// Transposes up to 16 × 16 numbers.
///
/// # Safety
/// The processor must be [`available`], and the numbers exist on both sides.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn transpose(
    (from, from_row): (*const f32, usize),
    (to, to_row): (*mut f32, usize),
    rows: usize,
    columns: usize,
) {
    let (mut r, mut t) = ([_mm512_setzero_ps(); 16], [_mm512_setzero_ps(); 16]);
    let mask = first_of(columns);
    for (row, values) in r.iter_mut().enumerate().take(rows) {
        // SAFETY: the mask leaves out what does not exist.
        *values = unsafe { _mm512_maskz_loadu_ps(mask, from.add(row * from_row)) };
    }
    for i in 0..8 {
        t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    for i in (0..16).step_by(4) {
        let pairs = [t[i], t[i + 1], t[i + 2], t[i + 3]].map(|x| _mm512_castps_pd(x));
        r[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(pairs[0], pairs[2]));
        r[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(pairs[0], pairs[2]));
        r[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(pairs[1], pairs[3]));
        r[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(pairs[1], pairs[3]));
    }
    for j in 0..4 {
        // Quarters 0 and 2, then 1 and 3, of each pair.
        let (low, high) = (
            _mm512_shuffle_f32x4::<0x88>(r[j], r[4 + j]),
            _mm512_shuffle_f32x4::<0x88>(r[8 + j], r[12 + j]),
        );
        t[j] = _mm512_shuffle_f32x4::<0x88>(low, high);
        t[8 + j] = _mm512_shuffle_f32x4::<0xdd>(low, high);
        let (low, high) = (
            _mm512_shuffle_f32x4::<0xdd>(r[j], r[4 + j]),
            _mm512_shuffle_f32x4::<0xdd>(r[8 + j], r[12 + j]),
        );
        t[4 + j] = _mm512_shuffle_f32x4::<0x88>(low, high);
        t[12 + j] = _mm512_shuffle_f32x4::<0xdd>(low, high);
    }
    let mask = first_of(rows);
    for (column, values) in t.iter().enumerate().take(columns) {
        // SAFETY: as above.
        unsafe { _mm512_mask_storeu_ps(to.add(column * to_row), mask, *values) };
    }
}

/// A left panel [depth][[`ROWS`]] times a right panel [depth][[`COLUMNS`]], of which `rows` and `columns` count, times
/// a factor each added to blocks [rows][[`COLUMNS`]] at several places.
///
/// # Safety
/// The processor must be [`available`], and all elements exist.
pub(super) unsafe fn add_product(
    (rows, columns, depth): (usize, usize, usize),
    left: *const f32,
    right: *const f32,
    sums: *mut f32,
    targets: &[(usize, f32)],
) {
    let targets = Targets::Several(sums, targets);
    // SAFETY: the caller's promise.
    unsafe { multiply_vectors::<1>(rows, columns, depth, (left, ROWS), right, targets) };
}

/// Where a kernel's result goes.
#[derive(Clone, Copy)]
enum Targets<'a> {
    /// Where, how far apart rows are, how many columns count; times a factor, and added to what is there if so.
    One((*mut f32, usize, usize), f32, bool),
    /// Added, times a factor each, to blocks that lie this far from a start, rows [`COLUMNS`] apart.
    Several(*mut f32, &'a [(usize, f32)]),
}

/// `rows` rows of a left panel, whose columns lie a step apart, times a right panel of 32 columns; `scale` times
/// that, or added to what is there. The target is where, how far apart its rows are, and how many columns count.
///
/// # Safety
/// The processor must be [`available`], and all elements exist.
pub(super) unsafe fn multiply_panels(
    rows: usize,
    depth: usize,
    left: (*const f32, usize),
    right: *const f32,
    target: (*mut f32, usize, usize),
    scale: f32,
    add: bool,
) {
    let (columns, targets) = (target.2, Targets::One(target, scale, add));
    // SAFETY: the caller's promise.
    unsafe {
        multiply_vectors::<1>(rows, columns, depth, left, right, targets);
    }
}

/// Like [`multiply_panels`], added to what is there, of left rows that lie [`COLUMNS`] apart.
///
/// # Safety
/// The processor must be [`available`], and all elements exist.
pub(super) unsafe fn multiply_rows(
    rows: usize,
    depth: usize,
    left: *const f32,
    right: *const f32,
    target: (*mut f32, usize, usize),
    scale: f32,
) {
    let (columns, targets) = (target.2, Targets::One(target, scale, true));
    // SAFETY: the caller's promise.
    unsafe {
        multiply_vectors::<COLUMNS>(rows, columns, depth, (left, 1), right, targets);
    }
}

/// The kernel for this number of rows, which lie `STEP` apart in the left operand, and vectors.
unsafe fn multiply_vectors<const STEP: usize>(
    rows: usize,
    columns: usize,
    depth: usize,
    left: (*const f32, usize),
    right: *const f32,
    targets: Targets<'_>,
) {
    macro_rules! kernels {
        ($vectors:literal: $($rows:literal)*) => {
            match rows {
                $($rows => kernel::<$rows, $vectors, STEP>(depth, left, right, targets),)*
                _ => kernel::<ROWS, $vectors, STEP>(depth, left, right, targets),
            }
        };
    }
    // SAFETY: the caller's promise.
    unsafe {
        if columns <= 16 {
            kernels!(1: 1 2 3 4 5 6 7 8 9 10 11);
        } else {
            kernels!(2: 1 2 3 4 5 6 7 8 9 10 11);
        }
    }
}

#[target_feature(enable = "avx512f")]
unsafe fn kernel<const R: usize, const V: usize, const STEP: usize>(
    depth: usize,
    (mut a, a_step): (*const f32, usize),
    mut b: *const f32,
    targets: Targets<'_>,
) {
    let mut sums: [[__m512; V]; R] = [[_mm512_setzero_ps(); V]; R];
    // SAFETY: the left panel holds R numbers at each of `depth` steps, the right one 32; masks leave out the columns
    // that do not exist.
    unsafe {
        for _ in 0..depth {
            _mm_prefetch::<_MM_HINT_T0>(a.wrapping_add(AHEAD).cast());
            let mut right = [_mm512_setzero_ps(); V];
            for (vector, right) in right.iter_mut().enumerate() {
                *right = _mm512_loadu_ps(b.wrapping_add(16 * vector));
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let left = _mm512_set1_ps(*a.add(row * STEP));
                for (sum, right) in sums.iter_mut().zip(right) {
                    *sum = _mm512_fmadd_ps(left, right, *sum);
                }
            }
            a = a.wrapping_add(a_step);
            b = b.wrapping_add(COLUMNS);
        }
        match targets {
            Targets::One((out, out_row, columns), scale, add) => {
                let scale = _mm512_set1_ps(scale);
                for (row, sums) in sums.iter().enumerate() {
                    for (vector, sum) in sums.iter().enumerate() {
                        let mask = first_of(columns.saturating_sub(16 * vector));
                        let target = out.add(row * out_row).wrapping_add(16 * vector);
                        let sum = if add {
                            _mm512_fmadd_ps(*sum, scale, _mm512_maskz_loadu_ps(mask, target))
                        } else {
                            _mm512_mul_ps(*sum, scale)
                        };
                        _mm512_mask_storeu_ps(target, mask, sum);
                    }
                }
            }
            Targets::Several(start, targets) => {
                for &(from, factor) in targets {
                    let (start, factor) = (start.add(from), _mm512_set1_ps(factor));
                    for (row, sums) in sums.iter().enumerate() {
                        for (vector, sum) in sums.iter().enumerate() {
                            let target = start.add(row * COLUMNS + 16 * vector);
                            let sum = _mm512_fmadd_ps(*sum, factor, _mm512_loadu_ps(target));
                            _mm512_storeu_ps(target, sum);
                        }
                    }
                }
            }
        }
    }
}
