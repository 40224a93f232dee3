//! Group and layer normalisation, forward and backward, with SiLU fused into the group norm.
//!
//! Both normalise runs of numbers: a group norm the pixels of some channels, a layer norm one token. The backward
//! pass computes the statistics again instead of keeping them.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::kernel::{Gradients, check_per_channel, gradients, output, slice, unwritten, values};
use super::linear::column_sums;
use super::wide::{sigmoid, sum, sum_pairs, wide};

/// Mean and reciprocal standard deviation.
#[inline(always)]
#[allow(clippy::inline_always)]
fn statistics(x: &[f32], eps: f64) -> (f32, f32) {
    let mean = sum(x) / x.len() as f32;
    let variance = sum_pairs(x, x, |a, _| (a - mean) * (a - mean)) / x.len() as f32;
    (mean, (1.0 / (f64::from(variance) + eps).sqrt()) as f32)
}

struct GroupNorm {
    groups: usize,
    eps: f64,
    activate: bool,
}

impl GroupNorm {
    /// Channels per group and pixels per channel.
    fn sizes(&self, dims: &[usize], weight: &[usize], bias: &[usize]) -> Result<(usize, usize)> {
        let &[_, channels, ref pixels @ ..] = dims else {
            candle_core::bail!("a group norm needs channels, not {dims:?}")
        };
        if self.groups == 0 || channels % self.groups != 0 {
            candle_core::bail!("{} groups do not fit {dims:?}", self.groups)
        }
        check_per_channel("a group norm", channels, &[weight, bias])?;
        Ok((channels / self.groups, pixels.iter().product()))
    }

    fn forward(&self, x: &[f32], weight: &[f32], bias: &[f32], each: usize, pixels: usize) -> Vec<f32> {
        let mut y = unwritten(x.len());
        let run = each * pixels;
        y.par_chunks_mut(run)
            .zip(x.par_chunks(run))
            .enumerate()
            .for_each(|(index, (y, x))| {
                let first = index % self.groups * each;
                wide(|| {
                    let (mean, scale) = statistics(x, self.eps);
                    for (channel, (y, x)) in
                        y.chunks_exact_mut(pixels).zip(x.chunks_exact(pixels)).enumerate()
                    {
                        let gain = weight[first + channel] * scale;
                        let shift = bias[first + channel] - mean * gain;
                        if self.activate {
                            for (y, x) in y.iter_mut().zip(x) {
                                let z = x * gain + shift;
                                *y = z * sigmoid(z);
                            }
                        } else {
                            for (y, x) in y.iter_mut().zip(x) {
                                *y = x * gain + shift;
                            }
                        }
                    }
                });
            });
        y
    }

    /// dx, and for every picture and channel the sums that make dweight and dbias.
    fn backward(
        &self,
        (x, weight, bias, dy): (&[f32], &[f32], &[f32], &[f32]),
        each: usize,
        pixels: usize,
    ) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let mut dx = unwritten(x.len());
        let run = each * pixels;
        let runs = x.len() / run.max(1);
        let (mut gains, mut shifts) = (vec![0.0_f32; runs * each], vec![0.0_f32; runs * each]);
        dx.par_chunks_mut(run)
            .zip(x.par_chunks(run).zip(dy.par_chunks(run)))
            .zip(gains.par_chunks_mut(each).zip(shifts.par_chunks_mut(each)))
            .enumerate()
            .for_each(|(index, ((dx, (x, dy)), (gains, shifts)))| {
                let first = index % self.groups * each;
                wide(|| {
                    let (mean, scale) = statistics(x, self.eps);
                    let (mut along_one, mut along_x) = (0.0, 0.0);
                    for channel in 0..each {
                        let part = channel * pixels..(channel + 1) * pixels;
                        let (x, dy, dz) = (&x[part.clone()], &dy[part.clone()], &mut dx[part]);
                        let (gain, shift) = (weight[first + channel], bias[first + channel]);
                        if self.activate {
                            for ((dz, x), dy) in dz.iter_mut().zip(x).zip(dy) {
                                let z = (x - mean) * scale * gain + shift;
                                let open = sigmoid(z);
                                *dz = dy * open * (1.0 + z * (1.0 - open));
                            }
                        } else {
                            dz.copy_from_slice(dy);
                        }
                        shifts[channel] = sum(dz);
                        gains[channel] = sum_pairs(dz, x, |dz, x| dz * (x - mean)) * scale;
                        along_one += gain * shifts[channel];
                        along_x += gain * gains[channel];
                    }
                    let (along_one, along_x) = (along_one / run as f32, along_x / run as f32);
                    for channel in 0..each {
                        let part = channel * pixels..(channel + 1) * pixels;
                        let (x, dx) = (&x[part.clone()], &mut dx[part]);
                        let gain = weight[first + channel];
                        for (dx, x) in dx.iter_mut().zip(x) {
                            *dx = scale * (gain * *dx - along_one - (x - mean) * scale * along_x);
                        }
                    }
                });
            });
        let channels = self.groups * each;
        (dx, column_sums(&gains, channels), column_sums(&shifts, channels))
    }
}

impl CustomOp3 for GroupNorm {
    fn name(&self) -> &'static str {
        "group norm"
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
        let (each, pixels) = self.sizes(x_layout.dims(), weight_layout.dims(), bias_layout.dims())?;
        let (weight, bias) = (slice(weight, weight_layout)?, slice(bias, bias_layout)?);
        Ok(output(
            self.forward(slice(x, x_layout)?, weight, bias, each, pixels),
            x_layout.shape().clone(),
        ))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, bias: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Gradients> {
        let (each, pixels) = self.sizes(x.dims(), weight.dims(), bias.dims())?;
        let dy = dy.contiguous()?;
        let (x_values, dy) = (values(x)?, values(&dy)?);
        let (weights, biases) = (values(weight)?, values(bias)?);
        let (dx, dw, db) = self.backward((&x_values, &weights, &biases, &dy), each, pixels);
        gradients((x, Some(dx)), (weight, dw), (bias, db))
    }
}

/// Tokens in one task, and in one partial sum of the parameters' gradients.
const TOKENS: usize = 128;

struct LayerNorm {
    eps: f64,
}

impl LayerNorm {
    fn forward(&self, x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let mut y = unwritten(x.len());
        let width = weight.len();
        y.par_chunks_mut(TOKENS * width)
            .zip(x.par_chunks(TOKENS * width))
            .for_each(|(y, x)| {
                wide(|| {
                    for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                        let (mean, scale) = statistics(x, self.eps);
                        for (((y, x), weight), bias) in y.iter_mut().zip(x).zip(weight).zip(bias) {
                            *y = (x - mean) * scale * weight + bias;
                        }
                    }
                });
            });
        y
    }

    fn backward(&self, x: &[f32], weight: &[f32], dy: &[f32]) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let mut dx = unwritten(x.len());
        let width = weight.len();
        let block = TOKENS * width;
        let parts = x.len().div_ceil(block.max(1));
        let (mut gains, mut shifts) = (vec![0.0_f32; parts * width], vec![0.0_f32; parts * width]);
        dx.par_chunks_mut(block)
            .zip(x.par_chunks(block).zip(dy.par_chunks(block)))
            .zip(gains.par_chunks_mut(width).zip(shifts.par_chunks_mut(width)))
            .for_each(|((dx, (x, dy)), (gains, shifts))| {
                wide(|| {
                    let rows = dx
                        .chunks_exact_mut(width)
                        .zip(x.chunks_exact(width))
                        .zip(dy.chunks_exact(width));
                    for ((dx, x), dy) in rows {
                        let (mean, scale) = statistics(x, self.eps);
                        for index in 0..width {
                            let normed = (x[index] - mean) * scale;
                            gains[index] += dy[index] * normed;
                            shifts[index] += dy[index];
                            dx[index] = dy[index] * weight[index];
                        }
                        let along_one = sum(dx) / width as f32;
                        let along_x = sum_pairs(dx, x, |d, x| d * (x - mean)) * scale / width as f32;
                        for (dx, x) in dx.iter_mut().zip(x) {
                            *dx = scale * (*dx - along_one - (x - mean) * scale * along_x);
                        }
                    }
                });
            });
        (dx, column_sums(&gains, width), column_sums(&shifts, width))
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
        let &[.., width] = x_layout.dims() else {
            candle_core::bail!("a layer norm needs tokens, not a single number")
        };
        check_per_channel("a layer norm", width, &[weight_layout.dims(), bias_layout.dims()])?;
        let (weight, bias) = (slice(weight, weight_layout)?, slice(bias, bias_layout)?);
        Ok(output(
            self.forward(slice(x, x_layout)?, weight, bias),
            x_layout.shape().clone(),
        ))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, bias: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Gradients> {
        let dy = dy.contiguous()?;
        let (dx, dw, db) = self.backward(&values(x)?, &values(weight)?, &values(&dy)?);
        gradients((x, Some(dx)), (weight, dw), (bias, db))
    }
}

/// See [`super::group_norm`].
pub(super) fn group_norm(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    groups: usize,
    eps: f64,
    activate: bool,
) -> Result<Tensor> {
    x.contiguous()?.apply_op3(
        &weight.contiguous()?,
        &bias.contiguous()?,
        GroupNorm {
            groups,
            eps,
            activate,
        },
    )
}

/// See [`super::layer_norm`].
pub(super) fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    x.contiguous()?
        .apply_op3(&weight.contiguous()?, &bias.contiguous()?, LayerNorm { eps })
}
