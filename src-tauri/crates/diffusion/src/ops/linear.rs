//! Linear layers: one product of two-dimensional matrices, with the bias written first.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::kernel::{Gradients, gradients, if_wanted, output, slice, unwritten, values};
use super::matrix::{Matrix, MatrixMut};
use super::wide::wide;

/// Rows in one task. The kernel is packed anew for each task, so tasks must not be small.
const ROWS: usize = 512;

/// y [N, O] = x [N, I] · wᵀ + b.
fn forward(x: &[f32], weight: &[f32], bias: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let rows = x.len() / inputs;
    let mut y = unwritten(rows * outputs);
    y.par_chunks_mut(ROWS * outputs)
        .zip(x.par_chunks(ROWS * inputs))
        .for_each(|(y, x)| {
            for row in y.chunks_exact_mut(outputs) {
                row.copy_from_slice(bias);
            }
            let rows = x.len() / inputs;
            let kernel = Matrix::new(weight, outputs, inputs, inputs).transposed();
            let x = Matrix::new(x, rows, inputs, inputs);
            MatrixMut::new(y, rows, outputs, outputs).product(1.0, x, kernel, true);
        });
    y
}

/// dx [N, I] = dy [N, O] · w.
fn input_gradient(dy: &[f32], weight: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let mut dx = unwritten(dy.len() / outputs * inputs);
    dx.par_chunks_mut(ROWS * inputs)
        .zip(dy.par_chunks(ROWS * outputs))
        .for_each(|(dx, dy)| {
            let rows = dy.len() / outputs;
            let kernel = Matrix::new(weight, outputs, inputs, inputs);
            let dy = Matrix::new(dy, rows, outputs, outputs);
            MatrixMut::new(dx, rows, inputs, inputs).product(1.0, dy, kernel, false);
        });
    dx
}

/// dw [O, I] = dyᵀ · x. Split by outputs, so that every sum runs over all rows in one order.
fn weight_gradient(x: &[f32], dy: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let rows = x.len() / inputs;
    let mut dw = unwritten(outputs * inputs);
    // Each task packs all of x.
    let block = outputs.div_ceil(rayon::current_num_threads()).max(32);
    dw.par_chunks_mut(block * inputs)
        .enumerate()
        .for_each(|(index, dw)| {
            let count = dw.len() / inputs;
            let dy = Matrix::new(&dy[index * block..], rows, count, outputs).transposed();
            let x = Matrix::new(x, rows, inputs, inputs);
            MatrixMut::new(dw, count, inputs, inputs).product(1.0, dy, x, false);
        });
    dw
}

/// Σ over rows.
pub(super) fn column_sums(dy: &[f32], columns: usize) -> Vec<f32> {
    let mut total = vec![0.0_f32; columns];
    wide(|| {
        for row in dy.chunks_exact(columns) {
            for (total, value) in total.iter_mut().zip(row) {
                *total += value;
            }
        }
    });
    total
}

pub(super) fn check(x: &[usize], weight: &[usize]) -> Result<(usize, usize)> {
    match (x, weight) {
        ([.., last], &[outputs, inputs]) if *last == inputs && inputs > 0 && outputs > 0 => {
            Ok((inputs, outputs))
        }
        _ => candle_core::bail!("a linear layer with weight {weight:?} cannot be applied to {x:?}"),
    }
}

pub(super) fn shape_out(x: &[usize], outputs: usize) -> Shape {
    let mut dims = x.to_vec();
    if let Some(last) = dims.last_mut() {
        *last = outputs;
    }
    dims.into()
}

struct Linear;

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (inputs, outputs) = check(x_layout.dims(), weight_layout.dims())?;
        let (x, weight) = (slice(x, x_layout)?, slice(weight, weight_layout)?);
        let y = forward(x, weight, slice(bias, bias_layout)?, inputs, outputs);
        Ok(output(y, shape_out(x_layout.dims(), outputs)))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, bias: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Gradients> {
        let (inputs, outputs) = check(x.dims(), weight.dims())?;
        let dy = dy.contiguous()?;
        let dy = values(&dy)?;
        let dx = if_wanted(x, || Ok(input_gradient(&dy, &values(weight)?, inputs, outputs)))?;
        let dw = weight_gradient(&values(x)?, &dy, inputs, outputs);
        gradients((x, dx), (weight, dw), (bias, column_sums(&dy, outputs)))
    }
}

/// See [`super::linear`].
pub(super) fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    x.apply_op3(weight, bias, Linear)
}
