//! The innermost loops. Sums are kept in sixteen lanes whose order is fixed, so that every processor computes the same bits.

use crate::processor::for_every_processor;

/// Lanes of a sum of floats.
const LANES: usize = 16;

for_every_processor! {
    /// Scalar product of two rows of one width.
    dot / plain_dot, (a: &[f32], b: &[f32]) -> f32
}

for_every_processor! {
    /// Scalar products of a query with each of the rows.
    products / plain_products, (query: &[f32], rows: &[f32], answer: &mut [f32])
}

for_every_processor! {
    /// Scalar products of a query of bytes with each of the rows of bytes.
    byte_products / plain_byte_products, (query: &[i8], rows: &[i8], answer: &mut [i32])
}

#[inline(always)]
#[allow(clippy::inline_always)] // The point of it: the body takes the instructions of the function that calls it.
fn plain_dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (whole_a, rest_a) = a.as_chunks::<LANES>();
    let (whole_b, rest_b) = b.as_chunks::<LANES>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (a, b)) in rest_a.iter().zip(rest_b).enumerate() {
        lanes[lane] += a * b;
    }
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

#[inline(always)]
#[allow(clippy::inline_always)]
fn plain_products(query: &[f32], rows: &[f32], answer: &mut [f32]) {
    for (product, row) in answer.iter_mut().zip(rows.chunks_exact(query.len())) {
        *product = plain_dot(query, row);
    }
}

#[inline(always)]
#[allow(clippy::inline_always)]
fn plain_byte_products(query: &[i8], rows: &[i8], answer: &mut [i32]) {
    for (product, row) in answer.iter_mut().zip(rows.chunks_exact(query.len())) {
        *product = query
            .iter()
            .zip(row)
            .map(|(&a, &b)| i32::from(i16::from(a) * i16::from(b)))
            .sum();
    }
}
