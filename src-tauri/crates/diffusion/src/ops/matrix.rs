//! Matrices over slices, and their product: by our own kernel on AVX-512, by the `gemm` crate elsewhere.

use gemm::Parallelism;

#[cfg(target_arch = "x86_64")]
use super::avx512;

/// Longest sum that `gemm` makes in one piece whatever the size of the matrices.
const DEPTH: usize = 512;

/// Most elements of a product that `gemm` makes by sums along vectors.
const SMALL: usize = 256;

/// A matrix somewhere in a slice.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

/// The same, to be written.
pub(super) struct MatrixMut<'a> {
    data: &'a mut [f32],
    rows: usize,
    columns: usize,
    row_step: usize,
}

fn fits(length: usize, rows: usize, columns: usize, row_step: usize, column_step: usize) -> bool {
    rows == 0 || columns == 0 || (rows - 1) * row_step + (columns - 1) * column_step < length
}

impl<'a> Matrix<'a> {
    /// Rows that follow each other `row_step` elements apart.
    pub fn new(data: &'a [f32], rows: usize, columns: usize, row_step: usize) -> Self {
        assert!(
            fits(data.len(), rows, columns, row_step, 1),
            "a matrix must lie within its slice"
        );
        Self {
            data,
            rows,
            columns,
            row_step,
            column_step: 1,
        }
    }

    /// Rows and columns exchanged.
    pub fn transposed(self) -> Self {
        let Self {
            data,
            rows,
            columns,
            row_step,
            column_step,
        } = self;
        Self {
            data,
            rows: columns,
            columns: rows,
            row_step: column_step,
            column_step: row_step,
        }
    }
}

impl<'a> MatrixMut<'a> {
    /// Rows that follow each other `row_step` elements apart.
    pub fn new(data: &'a mut [f32], rows: usize, columns: usize, row_step: usize) -> Self {
        assert!(
            fits(data.len(), rows, columns, row_step, 1),
            "a matrix must lie within its slice"
        );
        assert!(
            row_step >= columns || rows <= 1,
            "rows that are written must not overlap"
        );
        Self {
            data,
            rows,
            columns,
            row_step,
        }
    }

    /// `self` = `scale` · `a` · `b`, or added to what is there if `accumulate`.
    pub fn product(&mut self, scale: f32, a: Matrix<'_>, b: Matrix<'_>, accumulate: bool) {
        assert!(
            a.rows == self.rows && b.columns == self.columns && a.columns == b.rows && a.columns > 0,
            "matrices must fit: {}×{} = {}×{} · {}×{}",
            self.rows,
            self.columns,
            a.rows,
            a.columns,
            b.rows,
            b.columns
        );
        #[cfg(target_arch = "x86_64")]
        if avx512::available() {
            let operand = |x: Matrix<'_>| avx512::Operand {
                data: x.data.as_ptr(),
                row_step: x.row_step,
                column_step: x.column_step,
            };
            let (sizes, out) = (
                (self.rows, self.columns, a.columns),
                (self.data.as_mut_ptr(), self.row_step),
            );
            // SAFETY: as below; the processor has just been asked.
            unsafe { avx512::product(sizes, out, scale, operand(a), operand(b), accumulate) };
            return;
        }
        self.product_by_gemm(scale, a, b, accumulate);
    }

    fn product_by_gemm(&mut self, scale: f32, a: Matrix<'_>, b: Matrix<'_>, accumulate: bool) {
        if self.rows == 1 || self.columns == 1 {
            self.thin_product_by_gemm(scale, a, b, accumulate);
            return;
        }
        // A small product of rows and columns that lie in one piece is summed in another order, too; that layout is
        // taken from it.
        let turned: Vec<f32>;
        let mut a = a;
        if self.rows * self.columns <= SMALL && a.column_step == 1 && b.row_step == 1 {
            let at = |index: usize| a.data[index % a.rows * a.row_step + index / a.rows];
            turned = (0..a.rows * a.columns).map(at).collect();
            a = Matrix {
                data: &turned,
                row_step: 1,
                column_step: a.rows,
                ..a
            };
        }
        // Where `gemm` cuts long sums depends on the number of rows and columns. Cut here, a value depends on its own
        // row and column alone: not on the batch it is in.
        let piece = a.columns.div_ceil(a.columns.div_ceil(DEPTH));
        for first in (0..a.columns).step_by(piece) {
            let depth = piece.min(a.columns - first);
            // SAFETY: all three matrices were checked to lie within their slices when they were made, and the borrow
            // checker keeps the written one apart from the read ones. `first` is a column of `a` and a row of `b`.
            unsafe {
                gemm::gemm(
                    self.rows,
                    self.columns,
                    depth,
                    self.data.as_mut_ptr(),
                    1,
                    self.row_step as isize,
                    accumulate || first > 0,
                    a.data.as_ptr().wrapping_add(first * a.column_step),
                    a.column_step as isize,
                    a.row_step as isize,
                    b.data.as_ptr().wrapping_add(first * b.row_step),
                    b.column_step as isize,
                    b.row_step as isize,
                    1.0,
                    scale,
                    false,
                    false,
                    false,
                    Parallelism::None,
                );
            }
        }
    }

    /// A product of one row or one column. `gemm` would sum it in another order than the same row among others, so it
    /// is computed twice over.
    fn thin_product_by_gemm(&mut self, scale: f32, mut a: Matrix<'_>, mut b: Matrix<'_>, accumulate: bool) {
        let (rows, columns) = (self.rows.max(2), self.columns.max(2));
        if self.rows == 1 {
            (a.rows, a.row_step) = (2, 0);
        }
        if self.columns == 1 {
            (b.columns, b.column_step) = (2, 0);
        }
        let mut twice = vec![0.0; rows * columns];
        if accumulate {
            for (index, value) in twice.iter_mut().enumerate() {
                let (row, column) = (
                    (index / columns).min(self.rows - 1),
                    (index % columns).min(self.columns - 1),
                );
                *value = self.data[row * self.row_step + column];
            }
        }
        MatrixMut::new(&mut twice, rows, columns, columns).product_by_gemm(scale, a, b, accumulate);
        for (row, values) in twice.chunks_exact(columns).take(self.rows).enumerate() {
            self.data[row * self.row_step..][..self.columns].copy_from_slice(&values[..self.columns]);
        }
    }
}

/// Rows of a packed left panel and columns of a packed right one, for [`add_product_of_panels`].
pub(super) fn panels() -> (usize, usize) {
    #[cfg(target_arch = "x86_64")]
    if avx512::available() {
        return (avx512::ROWS, avx512::COLUMNS);
    }
    // `gemm` packs for itself: larger ones cost it less.
    (96, 128)
}

/// Adds the product of a left and a right panel ([depth][width] of the widths that [`panels`] gives, of which `rows` and
/// `columns` count) to `sums`, times a factor each to blocks [rows][right width] at several places.
pub(super) fn add_product_of_panels(
    (rows, columns, depth): (usize, usize, usize),
    left: &[f32],
    right: &[f32],
    sums: &mut [f32],
    targets: &[(usize, f32)],
) {
    let (tall, wide) = panels();
    let last = targets.iter().map(|(start, _)| start + rows * wide).max();
    assert!(
        depth * tall <= left.len()
            && depth * wide <= right.len()
            && rows <= tall
            && columns <= wide
            && last.is_none_or(|last| last <= sums.len()),
        "panels and what they are added to must lie within their slices"
    );
    #[cfg(target_arch = "x86_64")]
    if avx512::available() {
        let (left, right, sums) = (left.as_ptr(), right.as_ptr(), sums.as_mut_ptr());
        // SAFETY: the lengths were checked above, the processor just now.
        unsafe { avx512::add_product((rows, columns, depth), left, right, sums, targets) };
        return;
    }
    let mut product = vec![0.0; rows * columns];
    let left = Matrix::new(left, depth, rows, tall).transposed();
    let right = Matrix::new(right, depth, columns, wide);
    MatrixMut::new(&mut product, rows, columns, columns).product_by_gemm(1.0, left, right, false);
    for &(start, factor) in targets {
        for (sums, product) in sums[start..].chunks_mut(wide).zip(product.chunks_exact(columns)) {
            for (sum, value) in sums.iter_mut().zip(product) {
                *sum += factor * value;
            }
        }
    }
}

/// The first `rows` rows of `x`, at most 16 and each `columns` long, as columns: `target` [columns][width].
pub(super) fn columns_of_rows(x: &[f32], rows: usize, columns: usize, target: &mut [f32], width: usize) {
    assert!(
        rows <= width && rows * columns <= x.len() && (columns - 1) * width + rows <= target.len(),
        "rows and columns must lie within their slices"
    );
    #[cfg(target_arch = "x86_64")]
    if avx512::available() {
        let x = avx512::Operand {
            data: x.as_ptr(),
            row_step: columns,
            column_step: 1,
        };
        // SAFETY: the lengths were checked above, the processor just now.
        unsafe { avx512::pack(x, (0, rows), (0, columns), target.as_mut_ptr(), width) };
        return;
    }
    for (index, row) in x.chunks_exact(columns).take(rows).enumerate() {
        for (target, value) in target.chunks_mut(width).zip(row) {
            target[index] = *value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp)] // Small integers are exact.
    fn products_of_every_shape_are_exact_on_small_integers() {
        let number = |index: usize| ((index * 7919 + 13) % 9) as f32 - 4.0;
        for (m, n, k) in [
            (1, 1, 1),
            (3, 40, 5),
            (12, 32, 256),
            (13, 33, 257),
            (70, 17, 600),
            (500, 16, 31),
            (24, 64, 8),
        ] {
            for (a_turned, b_turned, accumulate) in [
                (false, false, false),
                (true, false, true),
                (false, true, true),
                (true, true, false),
            ] {
                // Rows lie further apart than they are long, as heads and channels do.
                let (a_shape, b_shape) = (
                    if a_turned { (k, m) } else { (m, k) },
                    if b_turned { (n, k) } else { (k, n) },
                );
                let a: Vec<f32> = (0..a_shape.0 * (a_shape.1 + 3)).map(number).collect();
                let b: Vec<f32> = (0..b_shape.0 * (b_shape.1 + 2)).map(number).collect();
                let turn = |x: Matrix<'static>, turned: bool| if turned { x.transposed() } else { x };
                let mut out = vec![1.0; m * (n + 1)];
                let (a, b): (&'static [f32], &'static [f32]) = (a.leak(), b.leak());
                let left = turn(Matrix::new(a, a_shape.0, a_shape.1, a_shape.1 + 3), a_turned);
                let right = turn(Matrix::new(b, b_shape.0, b_shape.1, b_shape.1 + 2), b_turned);
                MatrixMut::new(&mut out, m, n, n + 1).product(2.0, left, right, accumulate);
                let at = |x: Matrix<'_>, row, column| x.data[row * x.row_step + column * x.column_step];
                for row in 0..m {
                    for column in 0..n {
                        let sum: f32 = (0..k).map(|i| at(left, row, i) * at(right, i, column)).sum();
                        let expected = 2.0 * sum + f32::from(u8::from(accumulate));
                        assert_eq!(
                            out[row * (n + 1) + column],
                            expected,
                            "{m}×{n}×{k} at {row}, {column}"
                        );
                    }
                    assert_eq!(out[row * (n + 1) + n], 1.0, "what lies between rows must stay");
                }
            }
        }
    }

    /// a [rows, depth] · b [depth, columns], of which only the first row and column are the same for all sizes.
    fn corners(rows: usize, columns: usize, depth: usize, accumulate: bool) -> [u32; 2] {
        let value = |index: usize| ((index * 7919 + 13) % 1009) as f32 / 1009.0 - 0.4;
        let a: Vec<f32> = (0..rows * depth).map(value).collect();
        let b: Vec<f32> = (0..columns * depth).map(|index| value(index + 5)).collect();
        let (mut by_ours, mut by_gemm) = (vec![0.3; rows * columns], vec![0.3; rows * columns]);
        let a = Matrix::new(&a, rows, depth, depth);
        let b = Matrix::new(&b, columns, depth, depth).transposed();
        MatrixMut::new(&mut by_ours, rows, columns, columns).product(0.7, a, b, accumulate);
        MatrixMut::new(&mut by_gemm, rows, columns, columns).product_by_gemm(0.7, a, b, accumulate);
        [by_ours[0].to_bits(), by_gemm[0].to_bits()]
    }

    #[test]
    fn a_value_does_not_depend_on_how_many_others_there_are() {
        // No network here has sums of one or two, for which `gemm` has a way of its own.
        for depth in [3, 40, 512, 513, 1280, 2880] {
            for accumulate in [false, true] {
                let alone = corners(1, 1, depth, accumulate);
                for (rows, columns) in [
                    (1, 40),
                    (2, 40),
                    (63, 40),
                    (65, 40),
                    (700, 40),
                    (5, 1),
                    (9, 320),
                    (130, 320),
                ] {
                    let found = corners(rows, columns, depth, accumulate);
                    assert_eq!(
                        found, alone,
                        "{rows}×{columns}, sums of {depth}: bits of our kernel and of gemm"
                    );
                }
            }
        }
    }
}
