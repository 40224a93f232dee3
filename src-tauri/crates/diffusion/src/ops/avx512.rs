//! The product of two f32 matrices on AVX-512.
//!
//! The usual scheme (Goto and van de Geijn 2008): of a slice of the inner dimension, the left matrix is packed into
//! panels of twelve rows for the second-level cache, the right one into panels of 32 columns for the first; a kernel
//! multiplies panel by panel with 24 vector accumulators. Every element is summed in the order of the inner dimension
//! in slices of a fixed length, so that results depend neither on the other elements computed with it nor on threads.

use std::arch::x86_64::{
    __m512, __mmask16, _mm512_castpd_ps, _mm512_castps_pd, _mm512_fmadd_ps, _mm512_loadu_ps,
    _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_mul_ps, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_shuffle_f32x4, _mm512_unpackhi_pd, _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpacklo_ps,
};
use std::cell::RefCell;

/// Rows of a left panel.
const ROWS: usize = 12;
/// Columns of a right panel: two vectors.
const COLUMNS: usize = 32;
/// Length of a slice of the inner dimension.
const DEPTH: usize = 256;
/// Rows packed at once.
const BLOCK: usize = 40 * ROWS;

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
}

thread_local! {
    static PANELS: RefCell<(Vec<f32>, Vec<f32>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// Whether the processor has the instructions.
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512f")
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
    PANELS.with_borrow_mut(|(left, right)| {
        left.resize(BLOCK * DEPTH, 0.0);
        right.resize(COLUMNS * DEPTH, 0.0);
        let (left, right) = (left.as_mut_ptr(), right.as_mut_ptr());
        for first in (0..k).step_by(DEPTH) {
            let depth = DEPTH.min(k - first);
            let add = accumulate || first > 0;
            for top in (0..m).step_by(BLOCK) {
                let rows = BLOCK.min(m - top);
                // SAFETY: the panels were made large enough; all indices stay below m, n and k.
                unsafe {
                    for row in (0..rows).step_by(ROWS) {
                        let count = ROWS.min(rows - row);
                        pack(
                            a,
                            (top + row, count),
                            (first, depth),
                            left.add(row * depth),
                            count,
                        );
                    }
                    for column in (0..n).step_by(COLUMNS) {
                        let columns = COLUMNS.min(n - column);
                        let b = Operand {
                            row_step: b.column_step,
                            column_step: b.row_step,
                            ..b
                        };
                        pack(b, (column, columns), (first, depth), right, COLUMNS);
                        for row in (0..rows).step_by(ROWS) {
                            let target = out.add((top + row) * out_row + column);
                            let count = ROWS.min(rows - row);
                            let panels = (left.add(row * depth).cast_const(), right.cast_const());
                            multiply_panels(count, depth, panels, (target, out_row, columns), scale, add);
                        }
                    }
                }
            }
        }
    });
}

/// Packs `count` rows of `x` from `first_row`, and `depth` columns from `first`, as [depth][width]. (The right
/// operand comes transposed.)
#[target_feature(enable = "avx512f")]
unsafe fn pack(
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
#[target_feature(enable = "avx512f")]
unsafe fn transpose(
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

/// The kernel for this number of rows.
unsafe fn multiply_panels(
    rows: usize,
    depth: usize,
    panels: (*const f32, *const f32),
    target: (*mut f32, usize, usize),
    scale: f32,
    add: bool,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match rows {
            1 => kernel::<1>(depth, panels, target, scale, add),
            2 => kernel::<2>(depth, panels, target, scale, add),
            3 => kernel::<3>(depth, panels, target, scale, add),
            4 => kernel::<4>(depth, panels, target, scale, add),
            5 => kernel::<5>(depth, panels, target, scale, add),
            6 => kernel::<6>(depth, panels, target, scale, add),
            7 => kernel::<7>(depth, panels, target, scale, add),
            8 => kernel::<8>(depth, panels, target, scale, add),
            9 => kernel::<9>(depth, panels, target, scale, add),
            10 => kernel::<10>(depth, panels, target, scale, add),
            11 => kernel::<11>(depth, panels, target, scale, add),
            _ => kernel::<ROWS>(depth, panels, target, scale, add),
        }
    }
}

#[target_feature(enable = "avx512f")]
unsafe fn kernel<const R: usize>(
    depth: usize,
    (mut a, mut b): (*const f32, *const f32),
    (out, out_row, columns): (*mut f32, usize, usize),
    scale: f32,
    add: bool,
) {
    let mut sums: [[__m512; 2]; R] = [[_mm512_setzero_ps(); 2]; R];
    // SAFETY: panels hold `depth` times R and 32 numbers; masks leave out the columns that do not exist.
    unsafe {
        for _ in 0..depth {
            let right = [_mm512_loadu_ps(b), _mm512_loadu_ps(b.add(16))];
            for (row, sums) in sums.iter_mut().enumerate() {
                let left = _mm512_set1_ps(*a.add(row));
                sums[0] = _mm512_fmadd_ps(left, right[0], sums[0]);
                sums[1] = _mm512_fmadd_ps(left, right[1], sums[1]);
            }
            a = a.add(R);
            b = b.add(COLUMNS);
        }
        let scale = _mm512_set1_ps(scale);
        let masks = [first_of(columns), first_of(columns.saturating_sub(16))];
        for (row, sums) in sums.iter().enumerate() {
            for half in 0..2 {
                let target = out.add(row * out_row).wrapping_add(16 * half);
                let sum = if add {
                    let before = _mm512_maskz_loadu_ps(masks[half], target);
                    _mm512_fmadd_ps(sums[half], scale, before)
                } else {
                    _mm512_mul_ps(sums[half], scale)
                };
                _mm512_mask_storeu_ps(target, masks[half], sum);
            }
        }
    }
}
