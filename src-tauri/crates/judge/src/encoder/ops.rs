//! The arithmetic of a vision transformer, differentiable: candle-nn's fused softmax and layer norm have no backward
//! pass, and its GELU is slow on a processor.
//!
//! On the processor each is one pass over rows, in parallel; elsewhere it is composed of candle's own operations.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, D, Layout, Result, Shape, Storage, Tensor};
use rayon::prelude::*;

/// Rows that one task takes, so that short rows do not drown in scheduling.
const VALUES_PER_TASK: usize = 1 << 14;

/// The non-linearity between the two matrices of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// x · σ(1.702 x), of the first CLIP models (Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2).
    QuickGelu,
    /// x · Φ(x).
    Gelu,
    /// x · Φ(x) with Φ by tanh.
    GeluTanh,
}

impl Activation {
    /// f(x) and f′(x).
    fn value_and_slope(self, x: f32) -> (f32, f32) {
        match self {
            Self::QuickGelu => {
                let open = sigmoid(1.702 * x);
                (x * open, open * (1.0 + 1.702 * x * (1.0 - open)))
            }
            Self::GeluTanh => {
                // ½ (1 + tanh z) = σ(2 z), z = √(2/π) (x + 0.044715 x³).
                const TWICE: f32 = 1.595_769;
                let open = sigmoid(TWICE * (x + 0.044_715 * x * x * x));
                let slope = TWICE * (1.0 + 3.0 * 0.044_715 * x * x);
                (x * open, open + x * open * (1.0 - open) * slope)
            }
            Self::Gelu => {
                let (distribution, density) = normal(x);
                (x * distribution, distribution + x * density)
            }
        }
    }
}

/// eˣ, relative error below 3e-7: range reduction to ±½ ln 2 and a polynomial (as in Cephes), without a branch.
#[inline]
fn exp(x: f32) -> f32 {
    /// Adding 1.5 · 2²³ leaves the rounded integer in the low bits.
    const ROUNDER: f32 = 12_582_912.0;
    let x = x.clamp(-87.3, 88.3);
    let shifted = x * std::f32::consts::LOG2_E + ROUNDER;
    let whole = shifted - ROUNDER;
    let r = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let p = 1.987_569_1e-4 * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 0.166_666_65;
    let p = p * r + 0.5;
    let p = p * r * r + r + 1.0;
    f32::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 23))
}

#[inline]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The standard normal's distribution and density. Abramowitz and Stegun 7.1.26: absolute error below 2e-7.
#[inline]
fn normal(x: f32) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let poly =
        t * (0.254_829_6 + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152_1 + t * 1.061_405_4))));
    let bell = exp(-z * z);
    let tail = 0.5 * poly * bell;
    (if x < 0.0 { tail } else { 1.0 - tail }, bell * 0.398_942_3)
}

/// The values of a contiguous f32 tensor on the processor.
fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => candle_core::bail!("the judge's operations take contiguous tensors"),
    }
}

/// Runs `work` on the values of each tensor.
fn on<const N: usize, R>(tensors: [&Tensor; N], work: impl FnOnce([&[f32]; N]) -> R) -> Result<R> {
    let contiguous: Vec<Tensor> = tensors
        .iter()
        .map(|one| one.contiguous())
        .collect::<Result<_>>()?;
    let guards: Vec<_> = contiguous.iter().map(Tensor::storage_and_layout).collect();
    let mut values: [&[f32]; N] = [&[]; N];
    for (place, (storage, layout)) in values.iter_mut().zip(&guards) {
        let Storage::Cpu(storage) = &**storage else {
            candle_core::bail!("the judge's operations run on the processor")
        };
        *place = slice(storage, layout)?;
    }
    Ok(work(values))
}

fn rows_per_task(width: usize) -> usize {
    (VALUES_PER_TASK / width.max(1)).max(1)
}

/// `y` row by row from `x`, in parallel.
fn by_row(x: &[f32], width: usize, each: impl Fn(&[f32], &mut [f32]) + Sync) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    let block = rows_per_task(width) * width.max(1);
    y.par_chunks_mut(block)
        .zip(x.par_chunks(block))
        .for_each(|(y, x)| {
            for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                each(x, y);
            }
        });
    y
}

/// Column sums of `x` [rows, width], always added in the same order.
fn column_sums(x: &[f32], width: usize) -> Vec<f32> {
    let partial: Vec<Vec<f32>> = x
        .par_chunks(rows_per_task(width) * width.max(1))
        .map(|block| {
            let mut sums = vec![0.0; width];
            for row in block.chunks_exact(width) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += value;
                }
            }
            sums
        })
        .collect();
    let mut total = vec![0.0; width];
    for sums in partial {
        for (total, sum) in total.iter_mut().zip(sums) {
            *total += sum;
        }
    }
    total
}

fn last(shape: &Shape) -> usize {
    shape.dims().last().copied().unwrap_or(1)
}

/// Σ f(i) over a row, in eight lanes so that it vectorises.
#[inline]
fn lanes(width: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut sums = [0.0_f32; 8];
    let whole = width / 8 * 8;
    for start in (0..whole).step_by(8) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += f(start + lane);
        }
    }
    sums.iter().sum::<f32>() + (whole..width).map(f).sum::<f32>()
}

struct Softmax;

impl CustomOp1 for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let y = by_row(slice(storage, layout)?, last(layout.shape()), |x, y| {
            let top = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for (y, x) in y.iter_mut().zip(x) {
                *y = exp(x - top);
            }
            let scale = 1.0 / lanes(y.len(), |i| y[i]);
            for y in y {
                *y *= scale;
            }
        });
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let width = last(y.shape());
        let dx = on([y, dy], |[y, dy]| {
            let mut dx = vec![0.0; y.len()];
            let block = rows_per_task(width) * width;
            let rows = y.par_chunks(block).zip(dy.par_chunks(block));
            dx.par_chunks_mut(block).zip(rows).for_each(|(dx, (y, dy))| {
                let rows = y.chunks_exact(width).zip(dy.chunks_exact(width));
                for (dx, (y, dy)) in dx.chunks_exact_mut(width).zip(rows) {
                    let along = lanes(width, |i| y[i] * dy[i]);
                    for ((dx, y), dy) in dx.iter_mut().zip(y).zip(dy) {
                        *dx = y * (dy - along);
                    }
                }
            });
            dx
        })?;
        Tensor::from_vec(dx, y.shape(), y.device()).map(Some)
    }
}

impl CustomOp1 for Activation {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        // Matched outside of the loop, so that each loop is straight.
        let run = |f: &(dyn Fn(&[f32], &mut [f32]) + Sync)| -> Result<Vec<f32>> {
            Ok(by_row(slice(storage, layout)?, last(layout.shape()), f))
        };
        let y = match self {
            Self::QuickGelu => run(&|x, y| each(x, y, |x| Self::QuickGelu.value_and_slope(x).0)),
            Self::Gelu => run(&|x, y| each(x, y, |x| Self::Gelu.value_and_slope(x).0)),
            Self::GeluTanh => run(&|x, y| each(x, y, |x| Self::GeluTanh.value_and_slope(x).0)),
        }?;
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let slopes = on([x], |[x]| {
            let width = last(dy.shape());
            match self {
                Self::QuickGelu => by_row(x, width, |x, y| {
                    each(x, y, |x| Self::QuickGelu.value_and_slope(x).1);
                }),
                Self::Gelu => by_row(x, width, |x, y| each(x, y, |x| Self::Gelu.value_and_slope(x).1)),
                Self::GeluTanh => by_row(x, width, |x, y| {
                    each(x, y, |x| Self::GeluTanh.value_and_slope(x).1);
                }),
            }
        })?;
        Ok(Some((Tensor::from_vec(slopes, x.shape(), x.device())? * dy)?))
    }
}

#[inline]
fn each(x: &[f32], y: &mut [f32], f: impl Fn(f32) -> f32) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = f(*x);
    }
}

struct AddBias;

impl CustomOp2 for AddBias {
    fn name(&self) -> &'static str {
        "add bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let bias = slice(bias, bias_layout)?;
        let y = by_row(slice(x, x_layout)?, last(x_layout.shape()), |x, y| {
            for ((y, x), bias) in y.iter_mut().zip(x).zip(bias) {
                *y = x + bias;
            }
        });
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        _: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let sums = on([dy], |[dy]| column_sums(dy, last(bias.shape())))?;
        let shift = Tensor::from_vec(sums, bias.shape(), bias.device())?;
        Ok((Some(dy.clone()), Some(shift)))
    }
}

struct LayerNorm {
    eps: f32,
}

impl LayerNorm {
    /// Mean and reciprocal standard deviation.
    fn statistics(&self, x: &[f32]) -> (f32, f32) {
        let width = x.len() as f32;
        let mean = lanes(x.len(), |i| x[i]) / width;
        let variance = lanes(x.len(), |i| (x[i] - mean) * (x[i] - mean)) / width;
        (mean, 1.0 / (variance + self.eps).sqrt())
    }
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer norm"
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
        let (weight, bias) = (slice(weight, weight_layout)?, slice(bias, bias_layout)?);
        let y = by_row(slice(x, x_layout)?, last(x_layout.shape()), |x, y| {
            let (mean, scale) = self.statistics(x);
            for (((y, x), weight), bias) in y.iter_mut().zip(x).zip(weight).zip(bias) {
                *y = (x - mean) * scale * weight + bias;
            }
        });
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let width = last(x.shape());
        let block = rows_per_task(width) * width;
        let (dx, gains, shifts) = on([x, weight, dy], |[x, weight, dy]| {
            // dy · x̂ is what the weight's gradient sums.
            let (mut dx, mut along) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            dx.par_chunks_mut(block)
                .zip(along.par_chunks_mut(block))
                .zip(x.par_chunks(block).zip(dy.par_chunks(block)))
                .for_each(|((dx, along), (x, dy))| {
                    let inputs = x.chunks_exact(width).zip(dy.chunks_exact(width));
                    let outputs = dx.chunks_exact_mut(width).zip(along.chunks_exact_mut(width));
                    for ((dx, along), (x, dy)) in outputs.zip(inputs) {
                        let (mean, scale) = self.statistics(x);
                        for ((along, x), dy) in along.iter_mut().zip(x).zip(dy) {
                            *along = (x - mean) * scale * dy;
                        }
                        let ones = lanes(width, |i| weight[i] * dy[i]) / width as f32;
                        let normed = lanes(width, |i| weight[i] * along[i]) / width as f32;
                        for (((dx, x), dy), weight) in dx.iter_mut().zip(x).zip(dy).zip(weight) {
                            *dx = scale * (weight * dy - ones - (x - mean) * scale * normed);
                        }
                    }
                });
            (dx, column_sums(&along, width), column_sums(dy, width))
        })?;
        Ok((
            Some(Tensor::from_vec(dx, x.shape(), x.device())?),
            Some(Tensor::from_vec(gains, weight.shape(), x.device())?),
            Some(Tensor::from_vec(shifts, bias.shape(), x.device())?),
        ))
    }
}

/// Softmax along the last axis.
pub fn softmax(x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() {
        return x.contiguous()?.apply_op1(Softmax);
    }
    candle_nn::ops::softmax(x, D::Minus1)
}

/// The activation, element by element.
pub fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    if x.device().is_cpu() {
        return x.contiguous()?.apply_op1(activation);
    }
    match activation {
        Activation::QuickGelu => x * candle_nn::ops::sigmoid(&(x * 1.702)?)?,
        Activation::Gelu => x.gelu_erf(),
        Activation::GeluTanh => x.gelu(),
    }
}

/// Layer normalisation along the last axis (Ba, Kiros and Hinton 2016).
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    if x.device().is_cpu() {
        let norm = LayerNorm { eps: eps as f32 };
        return x.contiguous()?.apply_op3(weight, bias, norm);
    }
    let mean = x.mean_keepdim(D::Minus1)?;
    let centred = x.broadcast_sub(&mean)?;
    let spread = (centred.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?;
    centred
        .broadcast_div(&spread)?
        .broadcast_mul(weight)?
        .broadcast_add(bias)
}

/// x Wᵀ + b, x [.., in], W [out, in]. The product is always of two matrices: candle 0.11 multiplies batches of
/// transposed matrices wrongly on the processor.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let mut dims = x.dims().to_vec();
    let (outputs, inputs) = weight.dims2()?;
    let y = x.contiguous()?.reshape(((), inputs))?.matmul(&weight.t()?)?;
    let y = match bias {
        None => y,
        Some(bias) if y.device().is_cpu() => y.apply_op2(bias, AddBias)?,
        Some(bias) => y.broadcast_add(bias)?,
    };
    if let Some(width) = dims.last_mut() {
        *width = outputs;
    }
    y.reshape(dims)
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        crate::draws::Draws::new(seed, 0, 0).normals(count)
    }

    fn variable(dims: &[usize], seed: u64) -> Var {
        Var::from_vec(numbers(dims.iter().product(), seed), dims, &Device::Cpu).unwrap()
    }

    /// The gradients of Σ y · r, and what composing the same of candle's own operations gives.
    fn same(ours: &Tensor, theirs: &Tensor, inputs: &[&Var], what: &str) {
        let pull = Tensor::from_vec(numbers(ours.elem_count(), 99), ours.shape(), &Device::Cpu).unwrap();
        let apart = |one: &Tensor, other: &Tensor| -> f32 {
            let difference = (one - other).unwrap().abs().unwrap().flatten_all().unwrap();
            difference.max(0).unwrap().to_scalar().unwrap()
        };
        let error = apart(ours, theirs);
        assert!(error < 2e-6, "{what}: {error} apart");
        let slopes = |y: &Tensor| (y * &pull).unwrap().sum_all().unwrap().backward().unwrap();
        let (our_slopes, their_slopes) = (slopes(ours), slopes(theirs));
        for (index, input) in inputs.iter().enumerate() {
            let ours = our_slopes.get(input.as_tensor()).unwrap();
            let error = apart(ours, their_slopes.get(input.as_tensor()).unwrap());
            assert!(error < 2e-5, "{what}: gradient {index} is {error} apart");
        }
    }

    #[test]
    fn values_and_gradients_are_those_of_the_composed_operations() {
        let (x, weight, bias) = (variable(&[3, 5, 19], 1), variable(&[19], 2), variable(&[19], 3));
        let theirs = candle_nn::ops::softmax(&x, D::Minus1).unwrap();
        same(&softmax(&x).unwrap(), &theirs, &[&x], "softmax");

        let composed = {
            let mean = x.mean_keepdim(D::Minus1).unwrap();
            let centred = x.broadcast_sub(&mean).unwrap();
            let spread = (centred.sqr().unwrap().mean_keepdim(D::Minus1).unwrap() + 1e-5)
                .unwrap()
                .sqrt()
                .unwrap();
            let normed = centred.broadcast_div(&spread).unwrap();
            normed
                .broadcast_mul(&weight)
                .unwrap()
                .broadcast_add(&bias)
                .unwrap()
        };
        let ours = layer_norm(&x, &weight, &bias, 1e-5).unwrap();
        same(&ours, &composed, &[&x, &weight, &bias], "layer norm");

        for (activation, theirs) in [
            (Activation::Gelu, x.gelu_erf().unwrap()),
            (Activation::GeluTanh, x.gelu().unwrap()),
            (
                Activation::QuickGelu,
                (x.as_tensor()
                    * ((x.as_tensor() * -1.702).unwrap().exp().unwrap() + 1.0)
                        .unwrap()
                        .recip()
                        .unwrap())
                .unwrap(),
            ),
        ] {
            same(
                &activate(&x, activation).unwrap(),
                &theirs,
                &[&x],
                &format!("{activation:?}"),
            );
        }

        let (matrix, shift) = (variable(&[7, 19], 4), variable(&[7], 5));
        let flat = x.reshape((15, 19)).unwrap().matmul(&matrix.t().unwrap()).unwrap();
        let theirs = flat.broadcast_add(&shift).unwrap().reshape((3, 5, 7)).unwrap();
        let ours = linear(&x, &matrix, Some(&shift)).unwrap();
        same(&ours, &theirs, &[&x, &matrix, &shift], "linear");
    }
}
