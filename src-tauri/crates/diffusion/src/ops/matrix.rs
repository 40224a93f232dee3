//! Matrices over slices, and their product by the `gemm` crate.

use gemm::Parallelism;

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
        self.product_with(scale, a, b, accumulate, Parallelism::None);
    }

    /// The same on several threads.
    pub fn product_with(
        &mut self,
        scale: f32,
        a: Matrix<'_>,
        b: Matrix<'_>,
        accumulate: bool,
        parallelism: Parallelism,
    ) {
        assert!(
            a.rows == self.rows && b.columns == self.columns && a.columns == b.rows,
            "matrices must fit: {}×{} = {}×{} · {}×{}",
            self.rows,
            self.columns,
            a.rows,
            a.columns,
            b.rows,
            b.columns
        );
        // SAFETY: all three matrices were checked to lie within their slices when they were made, and the borrow
        // checker keeps the written one apart from the read ones.
        unsafe {
            gemm::gemm(
                self.rows,
                self.columns,
                a.columns,
                self.data.as_mut_ptr(),
                1,
                self.row_step as isize,
                accumulate,
                a.data.as_ptr(),
                a.column_step as isize,
                a.row_step as isize,
                b.data.as_ptr(),
                b.column_step as isize,
                b.row_step as isize,
                1.0,
                scale,
                false,
                false,
                false,
                parallelism,
            );
        }
    }
}
