//! Activations, element by element.

use candle_core::{CpuStorage, CustomOp1, D, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::kernel::{CHUNK, output, slice, tensor_like, unwritten, values};
use super::wide::{normal, sigmoid, wide};

/// An activation of one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Activation {
    /// x · σ(slope · x).
    Sigmoid { slope: f32 },
    /// x · Φ(x).
    Gelu,
}

/// y = f(x).
fn map(x: &[f32], f: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
    let mut y = unwritten(x.len());
    y.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .for_each(|(y, x)| {
            wide(|| {
                for (y, x) in y.iter_mut().zip(x) {
                    *y = f(*x);
                }
            });
        });
    y
}

/// dx = f(x, dy).
fn map_pairs(x: &[f32], dy: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) -> Vec<f32> {
    let mut dx = unwritten(x.len());
    dx.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .zip(dy.par_chunks(CHUNK))
        .for_each(|((dx, x), dy)| {
            wide(|| {
                for ((dx, x), dy) in dx.iter_mut().zip(x).zip(dy) {
                    *dx = f(*x, *dy);
                }
            });
        });
    dx
}

impl CustomOp1 for Activation {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = slice(x, layout)?;
        let y = match *self {
            Self::Sigmoid { slope } => map(x, |x| x * sigmoid(slope * x)),
            Self::Gelu => map(x, |x| x * normal(x).0),
        };
        Ok(output(y, layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let dy = dy.contiguous()?;
        let (x_values, dy) = (values(x)?, values(&dy)?);
        let dx = match *self {
            Self::Sigmoid { slope } => map_pairs(&x_values, &dy, |x, dy| {
                let open = sigmoid(slope * x);
                dy * open * (1.0 + slope * x * (1.0 - open))
            }),
            Self::Gelu => map_pairs(&x_values, &dy, |x, dy| {
                let (distribution, density) = normal(x);
                dy * (distribution + x * density)
            }),
        };
        Ok(Some(tensor_like(dx, x)?))
    }
}

/// See [`super::silu`], [`super::quick_gelu`] and [`super::gelu`].
pub(super) fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    x.contiguous()?.apply_op1(activation)
}

/// Rows in one task of the gated activation.
const ROWS: usize = 32;

struct Geglu;

impl CustomOp1 for Geglu {
    fn name(&self) -> &'static str {
        "geglu"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut dims = layout.dims().to_vec();
        let Some(last) = dims.last_mut().filter(|last| **last > 0 && **last % 2 == 0) else {
            candle_core::bail!("a gated activation needs an even width, not {:?}", layout.dims())
        };
        *last /= 2;
        let half = *last;
        let x = slice(x, layout)?;
        let mut y = unwritten(x.len() / 2);
        y.par_chunks_mut(ROWS * half)
            .zip(x.par_chunks(ROWS * 2 * half))
            .for_each(|(y, x)| {
                wide(|| {
                    for (y, x) in y.chunks_exact_mut(half).zip(x.chunks_exact(2 * half)) {
                        let (values, gates) = x.split_at(half);
                        for ((y, value), gate) in y.iter_mut().zip(values).zip(gates) {
                            *y = value * gate * normal(*gate).0;
                        }
                    }
                });
            });
        Ok(output(y, dims))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let half = dy.dim(D::Minus1)?;
        let dy = dy.contiguous()?;
        let (x_values, dy) = (values(x)?, values(&dy)?);
        let mut dx = unwritten(x_values.len());
        dx.par_chunks_mut(ROWS * 2 * half)
            .zip(
                x_values
                    .par_chunks(ROWS * 2 * half)
                    .zip(dy.par_chunks(ROWS * half)),
            )
            .for_each(|(dx, (x, dy))| {
                wide(|| {
                    let rows = dx.chunks_exact_mut(2 * half).zip(x.chunks_exact(2 * half));
                    for ((dx, x), dy) in rows.zip(dy.chunks_exact(half)) {
                        let (values, gates) = x.split_at(half);
                        let (to_values, to_gates) = dx.split_at_mut(half);
                        // By index: zips of five are not made vectors of.
                        for index in 0..half {
                            let (gate, slope) = (gates[index], dy[index]);
                            let (distribution, density) = normal(gate);
                            to_values[index] = slope * gate * distribution;
                            to_gates[index] = slope * values[index] * (distribution + gate * density);
                        }
                    }
                });
            });
        Ok(Some(tensor_like(dx, x)?))
    }
}

/// See [`super::geglu`].
pub(super) fn geglu(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Geglu)
}
