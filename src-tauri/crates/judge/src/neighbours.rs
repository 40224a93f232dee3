//! Nearest neighbours among embeddings: exact, by looking at every row.
//!
//! An approximate index (HNSW) answers in under a millisecond at a hundred thousand rows, at the price of building it for minutes,
//! of a second copy to keep in step with the catalogue, of neighbours that depend on the order of insertion, and of some that are
//! missing. Looking at every row takes a few milliseconds here, is right, and needs nothing kept: so that is what this does.
//!
//! The first pass reads rows of bytes, a quarter of the memory. Each row's rounding error is known, which bounds how far the quick
//! cosine can be from the true one; rows whose bound reaches the best are computed again from the floats. The answer is the exact one.

mod kernels;
mod within;

use rayon::prelude::*;
use salon_domain::CancelToken;
use serde::{Deserialize, Serialize};

use crate::{JudgeError, Result};

/// Rows that one task of the first pass looks at.
const ROWS_PER_TASK: usize = 4096;
/// Added to every bound, for the rounding of the float arithmetic itself.
const SLACK: f32 = 1e-5;

/// A row and how near it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Which row.
    pub row: usize,
    /// Cosine of the angle between the two embeddings, −1 to 1.
    pub cosine: f32,
}

/// Rows of unit length.
#[derive(Debug, Clone)]
pub(crate) struct UnitRows {
    width: usize,
    numbers: Vec<f32>,
}

/// Embeddings of unit length, row by row, to be asked for neighbours.
#[derive(Debug, Clone)]
pub struct Neighbours {
    rows: UnitRows,
    bytes: Vec<i8>,
    /// Of every row of bytes: what one step is worth, and the length of the difference to the row of floats.
    steps: Vec<(f32, f32)>,
}

impl Neighbours {
    /// Takes `vectors` as rows of `width` numbers and brings each to unit length; a row of zeros stays one and is near to nothing.
    pub fn new(width: usize, vectors: Vec<f32>) -> Result<Self> {
        if width == 0 || !vectors.len().is_multiple_of(width) {
            return Err(JudgeError::Input(format!(
                "{} numbers are no rows of {width}: embeddings of one encoder all have its width",
                vectors.len()
            )));
        }
        let mut rows = vectors;
        let broken = rows
            .par_chunks_exact_mut(width)
            .map(to_unit_length)
            .position_first(|sound| !sound);
        if let Some(row) = broken {
            return Err(JudgeError::Input(format!(
                "the embedding in row {row} holds something that is not a number; make that embedding again"
            )));
        }
        let mut bytes = vec![0; rows.len()];
        let steps = bytes
            .par_chunks_exact_mut(width)
            .zip(rows.par_chunks_exact(width))
            .map(|(bytes, row)| to_bytes(row, bytes))
            .collect();
        Ok(Self {
            rows: UnitRows { width, numbers: rows },
            bytes,
            steps,
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Numbers in a row.
    pub fn width(&self) -> usize {
        self.rows.width
    }

    /// A row, of unit length.
    pub fn row(&self, row: usize) -> &[f32] {
        self.rows.row(row)
    }

    /// Cosine between two rows; the same bits whichever comes first and whatever the processor.
    pub fn cosine(&self, a: usize, b: usize) -> f32 {
        self.rows.cosine(a, b)
    }

    /// For every row the others whose cosine to it is `least` (above 0) or more, nearest first; at most the nearest `most` of them.
    pub fn within(&self, least: f32, most: usize) -> Vec<Vec<Neighbour>> {
        self.rows.within(least, most, &CancelToken::new())
    }

    /// The rows alone, without what a search reads.
    pub(crate) fn rows(&self) -> &UnitRows {
        &self.rows
    }

    /// The `count` rows nearest to a query of the same width, nearest first; equally near ones in the order of their rows.
    pub fn nearest(&self, query: &[f32], count: usize) -> Result<Vec<Neighbour>> {
        if query.len() != self.width() {
            return Err(JudgeError::Input(format!(
                "an embedding of {} numbers was held against embeddings of {}: they come from different encoders; embed both with one",
                query.len(),
                self.width()
            )));
        }
        let mut query = query.to_vec();
        if !to_unit_length(&mut query) {
            return Err(JudgeError::Input(
                "the embedding that was asked about holds something that is not a number".into(),
            ));
        }
        Ok(self.nearest_to_unit(&query, count))
    }

    /// The `count` rows nearest to one of the rows, without itself.
    pub fn nearest_to(&self, row: usize, count: usize) -> Result<Vec<Neighbour>> {
        if row >= self.len() {
            return Err(JudgeError::Input(format!(
                "row {row} was asked for; there are {}",
                self.len()
            )));
        }
        let mut found = self.nearest_to_unit(self.row(row), count + 1);
        found.retain(|neighbour| neighbour.row != row);
        found.truncate(count);
        Ok(found)
    }

    fn nearest_to_unit(&self, query: &[f32], count: usize) -> Vec<Neighbour> {
        if count == 0 {
            return Vec::new();
        }
        let mut bytes = vec![0; self.width()];
        let (step, error) = to_bytes(query, &mut bytes);
        // |q·x − q̂·x̂| ≤ |q − q̂| |x| + |q̂| |x − x̂|, with |x| = 1 and |q̂| ≤ 1 + |q − q̂|.
        let quick: Vec<(f32, f32)> = self
            .bytes
            .par_chunks(ROWS_PER_TASK * self.width())
            .zip(self.steps.par_chunks(ROWS_PER_TASK))
            .flat_map_iter(|(rows, steps)| {
                let mut products = vec![0; steps.len()];
                kernels::byte_products(&bytes, rows, &mut products);
                products
                    .into_iter()
                    .zip(steps)
                    .map(move |(product, &(row_step, row_error))| {
                        (
                            product as f32 * step * row_step,
                            error + (1.0 + error) * row_error + SLACK,
                        )
                    })
            })
            .collect();
        let mut least: Vec<f32> = quick.iter().map(|(cosine, bound)| cosine - bound).collect();
        let worst = if least.len() > count {
            *least.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a)).1
        } else {
            f32::NEG_INFINITY
        };
        let mut found: Vec<Neighbour> = quick
            .iter()
            .enumerate()
            .filter(|(_, (cosine, bound))| cosine + bound >= worst)
            .map(|(row, _)| Neighbour {
                row,
                cosine: kernels::dot(query, self.row(row)),
            })
            .collect();
        found.sort_unstable_by(nearer);
        found.truncate(count);
        found
    }
}

impl UnitRows {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.numbers.len() / self.width
    }

    /// A row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.numbers[row * self.width..(row + 1) * self.width]
    }

    /// Cosine between two rows; the same bits whichever comes first and whatever the processor.
    pub fn cosine(&self, a: usize, b: usize) -> f32 {
        kernels::dot(self.row(a), self.row(b))
    }

    /// The same rows in another order: row `n` of the answer is row `order[n]` of these.
    pub fn reordered(&self, order: &[usize]) -> Self {
        let mut numbers = Vec::with_capacity(order.len() * self.width);
        for &row in order {
            numbers.extend_from_slice(self.row(row));
        }
        Self {
            width: self.width,
            numbers,
        }
    }
}

/// Nearest first, then in the order of the rows.
fn nearer(a: &Neighbour, b: &Neighbour) -> std::cmp::Ordering {
    b.cosine.total_cmp(&a.cosine).then(a.row.cmp(&b.row))
}

/// Brings a row to unit length; says whether all of it were numbers.
fn to_unit_length(row: &mut [f32]) -> bool {
    let squares: f64 = row.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    if squares > 0.0 {
        let scale = 1.0 / squares.sqrt();
        for value in row {
            *value = (f64::from(*value) * scale) as f32;
        }
    }
    squares.is_finite()
}

/// Rounds a row to bytes; returns what a step is worth and the length of what was rounded away.
fn to_bytes(row: &[f32], bytes: &mut [i8]) -> (f32, f32) {
    let largest = row
        .iter()
        .fold(0.0_f32, |largest, value| largest.max(value.abs()));
    if largest <= 0.0 {
        return (0.0, 0.0);
    }
    let step = largest / 127.0;
    let mut error = 0.0_f64;
    for (byte, value) in bytes.iter_mut().zip(row) {
        *byte = (value / step).round() as i8;
        error += f64::from(value - f32::from(*byte) * step).powi(2);
    }
    (step, error.sqrt() as f32)
}
