//! Convolution by im2col and gemm, where [`super::winograd`] does not apply: 1×1 kernels (whose columns are the picture
//! itself), strides, pictures of a few pixels, and gradients of kernels.
//!
//! Pixels of several pictures (or some rows of one) are gathered as columns of a matrix that fits the second-level
//! cache, multiplied by the kernel, and spread out again with the bias added. Gathering goes over a padded copy of
//! the picture, so that the inner loop has no borders to look after.

use std::cell::RefCell;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::ConvShape;
use super::kernel::{Gradients, gradients, if_wanted, output, slice, unwritten, values};
use super::matrix::{Matrix, MatrixMut};
use super::wide::{sum, wide};
use super::winograd;

/// Floats in one gathered matrix: 512 KiB, or more for the sake of [`COLUMNS`].
const TILE: usize = 1 << 17;

/// Fewest columns of a gathered matrix: the kernel is packed anew for each.
const COLUMNS: usize = 256;

/// Partial sums of a weight gradient. A constant, so that the sum does not depend on the number of threads.
const PARTS: usize = 8;

thread_local! {
    /// Scratch memory that lives as long as the thread: fresh pages cost more than the copying.
    static SCRATCH: RefCell<[Vec<f32>; 3]> = const { RefCell::new([Vec::new(), Vec::new(), Vec::new()]) };
}

fn with_scratch<R>(sizes: [usize; 3], work: impl FnOnce(&mut [f32], &mut [f32], &mut [f32]) -> R) -> R {
    SCRATCH.with_borrow_mut(|[a, b, c]| {
        for (buffer, size) in [&mut *a, &mut *b, &mut *c].into_iter().zip(sizes) {
            if buffer.len() < size {
                buffer.resize(size, 0.0);
            }
        }
        work(&mut a[..sizes[0]], &mut b[..sizes[1]], &mut c[..sizes[2]])
    })
}

/// The sizes of one convolution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Geometry {
    pub(super) batch: usize,
    pub(super) inputs: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) outputs: usize,
    pub(super) size: usize,
    pub(super) shape: ConvShape,
    pub(super) out_height: usize,
    pub(super) out_width: usize,
}

impl Geometry {
    pub(super) fn new(x: &[usize], weight: &[usize], shape: ConvShape) -> Result<Self> {
        let (&[batch, inputs, height, width], &[outputs, expected, size, size2]) = (x, weight) else {
            candle_core::bail!(
                "a convolution needs pictures and a kernel of four axes, not {x:?} and {weight:?}"
            )
        };
        let padding = shape.before + shape.after;
        if inputs != expected || size != size2 || height + padding < size || width + padding < size {
            candle_core::bail!(
                "a convolution of {x:?} with a kernel of {weight:?} and {shape:?} is not possible"
            )
        }
        let out = |side: usize| (side + padding - size) / shape.stride + 1;
        let (out_height, out_width) = (out(height), out(width));
        Ok(Self {
            batch,
            inputs,
            height,
            width,
            outputs,
            size,
            shape,
            out_height,
            out_width,
        })
    }

    fn taps(&self) -> usize {
        self.inputs * self.size * self.size
    }

    pub(super) fn pixels_in(&self) -> usize {
        self.height * self.width
    }

    pub(super) fn pixels_out(&self) -> usize {
        self.out_height * self.out_width
    }

    fn padded(&self) -> (usize, usize) {
        let padding = self.shape.before + self.shape.after;
        (self.height + padding, self.width + padding)
    }

    /// A 1×1 kernel over every pixel: the picture is its own column matrix.
    fn is_pointwise(&self) -> bool {
        self.size == 1 && self.shape == ConvShape::new(1, 0)
    }

    /// How many pictures share a tile, and how many output rows of each it holds.
    fn tile(&self) -> (usize, usize) {
        let columns = (TILE / self.taps()).clamp(COLUMNS, 4096);
        let pixels = self.pixels_out();
        if pixels >= columns {
            (1, (columns / self.out_width).clamp(1, self.out_height))
        } else {
            // At least two tasks, so that a second core has something to do.
            (
                (columns / pixels).clamp(1, self.batch.div_ceil(2).max(1)),
                self.out_height,
            )
        }
    }
}

/// Copies one picture into the middle of a larger one, whose border is zero.
fn pad(x: &[f32], g: &Geometry, padded: &mut [f32]) {
    let (height, width) = g.padded();
    padded.fill(0.0);
    for channel in 0..g.inputs {
        for y in 0..g.height {
            let from = (channel * g.height + y) * g.width;
            let to = (channel * height + y + g.shape.before) * width + g.shape.before;
            padded[to..to + g.width].copy_from_slice(&x[from..from + g.width]);
        }
    }
}

/// Gathers output rows `rows` of one padded picture into `columns`: one row of the matrix per tap, `step` apart.
#[inline(always)]
#[allow(clippy::inline_always)]
fn gather(padded: &[f32], g: &Geometry, rows: std::ops::Range<usize>, columns: &mut [f32], step: usize) {
    let (height, width) = g.padded();
    let stride = g.shape.stride;
    let mut tap = 0;
    for channel in 0..g.inputs {
        for ky in 0..g.size {
            for kx in 0..g.size {
                let target = &mut columns[tap * step..tap * step + rows.len() * g.out_width];
                for (y, row) in rows.clone().zip(target.chunks_exact_mut(g.out_width)) {
                    let start = (channel * height + y * stride + ky) * width + kx;
                    let source = &padded[start..=start + (g.out_width - 1) * stride];
                    if stride == 1 {
                        copy(source, row);
                    } else {
                        for (value, from) in row.iter_mut().zip(source.iter().step_by(stride)) {
                            *value = *from;
                        }
                    }
                }
                tap += 1;
            }
        }
    }
}

/// A copy in vectors of eight: rows are short, and a call to memcpy for each would cost more than the copying.
#[inline(always)]
#[allow(clippy::inline_always)]
fn copy(from: &[f32], to: &mut [f32]) {
    let (from8, from_rest) = from.as_chunks::<8>();
    let (to8, to_rest) = to.as_chunks_mut::<8>();
    for (to, from) in to8.iter_mut().zip(from8) {
        *to = *from;
    }
    for (to, from) in to_rest.iter_mut().zip(from_rest) {
        *to = *from;
    }
}

/// Calls `work` for each tile of a group of pictures with the gathered columns, their number, and the output rows
/// that they stand for.
fn for_each_tile(
    x: &[f32],
    g: &Geometry,
    rows_per_tile: usize,
    scratch: (&mut [f32], &mut [f32]),
    mut work: impl FnMut(&[f32], usize, std::ops::Range<usize>),
) {
    let (padded, columns) = scratch;
    let pictures = x.len() / (g.inputs * g.pixels_in());
    let (height, width) = g.padded();
    let picture_size = g.inputs * height * width;
    for (index, picture) in x.chunks_exact(g.inputs * g.pixels_in()).enumerate() {
        pad(
            picture,
            g,
            &mut padded[index * picture_size..(index + 1) * picture_size],
        );
    }
    let mut first = 0;
    while first < g.out_height {
        let rows = first..(first + rows_per_tile).min(g.out_height);
        let each = rows.len() * g.out_width;
        let count = pictures * each;
        for (index, padded) in padded.chunks_exact(picture_size).take(pictures).enumerate() {
            wide(|| gather(padded, g, rows.clone(), &mut columns[index * each..], count));
        }
        work(&columns[..g.taps() * count], count, rows.clone());
        first = rows.end;
    }
}

fn scratch_sizes(g: &Geometry, pictures: usize, rows: usize) -> [usize; 3] {
    let (height, width) = g.padded();
    let columns = pictures * rows * g.out_width;
    [
        pictures * g.inputs * height * width,
        g.taps() * columns,
        g.outputs * columns,
    ]
}

/// y [B, O, H', W'] of x [B, C, H, W] and weight [O, C·k·k].
fn forward(x: &[f32], weight: &[f32], bias: &[f32], g: &Geometry) -> Vec<f32> {
    if winograd::applies(g) {
        return winograd::forward(x, weight, bias, g);
    }
    let mut y = unwritten(g.batch * g.outputs * g.pixels_out());
    let kernel = Matrix::new(weight, g.outputs, g.taps(), g.taps());
    let (in_size, out_size) = (g.inputs * g.pixels_in(), g.outputs * g.pixels_out());
    let pixels = g.pixels_out();
    if g.is_pointwise() {
        y.par_chunks_mut(out_size)
            .zip(x.par_chunks(in_size))
            .for_each(|(y, x)| {
                for (row, bias) in y.chunks_exact_mut(pixels).zip(bias) {
                    row.fill(*bias);
                }
                let columns = Matrix::new(x, g.inputs, pixels, pixels);
                MatrixMut::new(y, g.outputs, pixels, pixels).product(1.0, kernel, columns, !bias.is_empty());
            });
        return y;
    }
    let (group, rows_per_tile) = g.tile();
    y.par_chunks_mut(group * out_size)
        .zip(x.par_chunks(group * in_size))
        .for_each(|(y, x)| {
            with_scratch(
                scratch_sizes(g, group, rows_per_tile),
                |padded, columns, product| {
                    for_each_tile(x, g, rows_per_tile, (padded, columns), |columns, count, rows| {
                        let product = &mut product[..g.outputs * count];
                        let columns = Matrix::new(columns, g.taps(), count, count);
                        MatrixMut::new(product, g.outputs, count, count).product(1.0, kernel, columns, false);
                        let each = rows.len() * g.out_width;
                        wide(|| {
                            for (picture, y) in y.chunks_exact_mut(out_size).enumerate() {
                                for (channel, y) in y.chunks_exact_mut(pixels).enumerate() {
                                    let start = channel * count + picture * each;
                                    let from = &product[start..start + each];
                                    let shift = bias.get(channel).copied().unwrap_or_default();
                                    let to = &mut y[rows.start * g.out_width..rows.end * g.out_width];
                                    for (to, from) in to.iter_mut().zip(from) {
                                        *to = from + shift;
                                    }
                                }
                            }
                        });
                    });
                },
            );
        });
    y
}

/// The kernel that carries gradients back through a convolution of stride 1: inputs and outputs exchanged, turned
/// by half a turn.
fn turned(weight: &[f32], g: &Geometry) -> Vec<f32> {
    let area = g.size * g.size;
    let mut turned = unwritten(weight.len());
    for output in 0..g.outputs {
        for input in 0..g.inputs {
            let from = &weight[(output * g.inputs + input) * area..][..area];
            let to = &mut turned[(input * g.outputs + output) * area..][..area];
            for (to, from) in to.iter_mut().zip(from.iter().rev()) {
                *to = *from;
            }
        }
    }
    turned
}

/// dx of dy. Stride 1 is another convolution; other strides scatter the product back.
fn input_gradient(dy: &[f32], weight: &[f32], g: &Geometry) -> Vec<f32> {
    let ConvShape {
        stride,
        before,
        after,
    } = g.shape;
    if stride == 1 && before < g.size && after < g.size {
        let shape = ConvShape {
            stride: 1,
            before: g.size - 1 - before,
            after: g.size - 1 - after,
        };
        let back = Geometry {
            inputs: g.outputs,
            outputs: g.inputs,
            height: g.out_height,
            width: g.out_width,
            out_height: g.height,
            out_width: g.width,
            shape,
            ..*g
        };
        return forward(dy, &turned(weight, g), &[], &back);
    }
    let mut dx = unwritten(g.batch * g.inputs * g.pixels_in());
    let kernel = Matrix::new(weight, g.outputs, g.taps(), g.taps()).transposed();
    let (height, width) = g.padded();
    let (in_size, out_size) = (g.inputs * g.pixels_in(), g.outputs * g.pixels_out());
    dx.par_chunks_mut(in_size)
        .zip(dy.par_chunks(out_size))
        .for_each(|(dx, dy)| {
            with_scratch(
                [g.inputs * height * width, g.taps() * g.pixels_out(), 0],
                |padded, columns, _| {
                    let pixels = g.pixels_out();
                    let dy = Matrix::new(dy, g.outputs, pixels, pixels);
                    MatrixMut::new(columns, g.taps(), pixels, pixels).product(1.0, kernel, dy, false);
                    padded.fill(0.0);
                    wide(|| scatter(columns, g, padded));
                    for channel in 0..g.inputs {
                        for y in 0..g.height {
                            let from = (channel * height + y + before) * width + before;
                            let to = (channel * g.height + y) * g.width;
                            dx[to..to + g.width].copy_from_slice(&padded[from..from + g.width]);
                        }
                    }
                },
            );
        });
    dx
}

/// The reverse of [`gather`]: adds every column back to the pixels it came from.
#[inline(always)]
#[allow(clippy::inline_always)]
fn scatter(columns: &[f32], g: &Geometry, padded: &mut [f32]) {
    let (height, width) = g.padded();
    let stride = g.shape.stride;
    let mut rows = columns.chunks_exact(g.out_width);
    for channel in 0..g.inputs {
        for ky in 0..g.size {
            for kx in 0..g.size {
                for y in 0..g.out_height {
                    let start = (channel * height + y * stride + ky) * width + kx;
                    let target = &mut padded[start..=start + (g.out_width - 1) * stride];
                    if let Some(row) = rows.next() {
                        for (to, from) in target.iter_mut().step_by(stride).zip(row) {
                            *to += from;
                        }
                    }
                }
            }
        }
    }
}

/// dweight [O, C·k·k] of x and dy, summed over a fixed number of parts.
fn weight_gradient(x: &[f32], dy: &[f32], g: &Geometry) -> Vec<f32> {
    if winograd::gradient::applies(g) {
        return winograd::gradient::weight_gradient(x, dy, g);
    }
    let (in_size, out_size) = (g.inputs * g.pixels_in(), g.outputs * g.pixels_out());
    let pixels = g.pixels_out();
    let pictures = g.batch.div_ceil(PARTS);
    let (group, rows_per_tile) = g.tile();
    let group = group.min(pictures);
    let parts: Vec<Vec<f32>> = x
        .par_chunks(pictures * in_size)
        .zip(dy.par_chunks(pictures * out_size))
        .map(|(x, dy)| {
            let mut part = vec![0.0; g.outputs * g.taps()];
            for (x, dy) in x.chunks(group * in_size).zip(dy.chunks(group * out_size)) {
                let sizes = scratch_sizes(g, group, rows_per_tile);
                with_scratch(sizes, |padded, columns, gathered| {
                    for_each_tile(x, g, rows_per_tile, (padded, columns), |columns, count, rows| {
                        let each = rows.len() * g.out_width;
                        let gathered = &mut gathered[..g.outputs * count];
                        for (picture, dy) in dy.chunks_exact(out_size).enumerate() {
                            for (channel, dy) in dy.chunks_exact(pixels).enumerate() {
                                let start = channel * count + picture * each;
                                gathered[start..start + each]
                                    .copy_from_slice(&dy[rows.start * g.out_width..rows.end * g.out_width]);
                            }
                        }
                        let columns = Matrix::new(columns, g.taps(), count, count).transposed();
                        let dy = Matrix::new(gathered, g.outputs, count, count);
                        MatrixMut::new(&mut part, g.outputs, g.taps(), g.taps())
                            .product(1.0, dy, columns, true);
                    });
                });
            }
            part
        })
        .collect();
    add_up(parts)
}

/// The parts added in order.
fn add_up(parts: Vec<Vec<f32>>) -> Vec<f32> {
    let mut parts = parts.into_iter();
    let mut total = parts.next().unwrap_or_default();
    for part in parts {
        wide(|| {
            for (total, part) in total.iter_mut().zip(&part) {
                *total += part;
            }
        });
    }
    total
}

/// Σ over pictures and pixels of dy [B, O, ..].
pub(super) fn bias_gradient(dy: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    let mut total = vec![0.0; channels];
    wide(|| {
        for picture in dy.chunks_exact(channels * pixels) {
            for (total, values) in total.iter_mut().zip(picture.chunks_exact(pixels)) {
                *total += sum(values);
            }
        }
    });
    total
}

struct Convolution(ConvShape);

impl CustomOp3 for Convolution {
    fn name(&self) -> &'static str {
        "convolution"
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
        let g = Geometry::new(x_layout.dims(), weight_layout.dims(), self.0)?;
        let bias = slice(bias, bias_layout)?;
        let y = forward(slice(x, x_layout)?, slice(weight, weight_layout)?, bias, &g);
        Ok(output(y, (g.batch, g.outputs, g.out_height, g.out_width)))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, bias: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Gradients> {
        let g = Geometry::new(x.dims(), weight.dims(), self.0)?;
        let dy = dy.contiguous()?;
        let dy = values(&dy)?;
        let dx = if_wanted(x, || Ok(input_gradient(&dy, &values(weight)?, &g)))?;
        let dw = weight_gradient(&values(x)?, &dy, &g);
        let db = bias_gradient(&dy, g.outputs, g.pixels_out());
        gradients((x, dx), (weight, dw), (bias, db))
    }
}

/// See [`super::conv2d`].
pub(super) fn conv2d(x: &Tensor, weight: &Tensor, bias: &Tensor, shape: ConvShape) -> Result<Tensor> {
    x.apply_op3(weight, bias, Convolution(shape))
}
