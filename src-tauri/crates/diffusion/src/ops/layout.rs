//! Moving numbers about: enlargement, transposition, stacking of channels, a shift per channel.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::kernel::{output, slice, tensor_like, unwritten, values};
use super::wide::{sum, wide};

struct Upsample2;

impl CustomOp1 for Upsample2 {
    fn name(&self) -> &'static str {
        "enlargement by two"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, channels, height, width) = layout.shape().dims4()?;
        let x = slice(x, layout)?;
        let mut y = unwritten(x.len() * 4);
        y.par_chunks_mut(4 * height * width)
            .zip(x.par_chunks(height * width))
            .for_each(|(y, x)| {
                wide(|| {
                    for (rows, x) in y.chunks_exact_mut(4 * width).zip(x.chunks_exact(width)) {
                        let (upper, lower) = rows.split_at_mut(2 * width);
                        for (pair, x) in upper.as_chunks_mut::<2>().0.iter_mut().zip(x) {
                            *pair = [*x, *x];
                        }
                        lower.copy_from_slice(upper);
                    }
                });
            });
        Ok(output(y, (batch, channels, 2 * height, 2 * width)))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (_, _, height, width) = x.dims4()?;
        let dy = dy.contiguous()?;
        let dy = values(&dy)?;
        let mut dx = unwritten(x.elem_count());
        dx.par_chunks_mut(height * width)
            .zip(dy.par_chunks(4 * height * width))
            .for_each(|(dx, dy)| {
                wide(|| {
                    for (dx, rows) in dx.chunks_exact_mut(width).zip(dy.chunks_exact(4 * width)) {
                        let (upper, lower) = rows.split_at(2 * width);
                        let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
                        for (dx, (upper, lower)) in dx.iter_mut().zip(pairs) {
                            *dx = (upper[0] + upper[1]) + (lower[0] + lower[1]);
                        }
                    }
                });
            });
        Ok(Some(tensor_like(dx, x)?))
    }
}

/// See [`super::upsample2`].
pub(super) fn upsample2(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Upsample2)
}

/// Side of the squares in which a matrix is transposed, so that both sides stay in cache.
const SQUARE: usize = 16;

/// [B, R, C] → [B, C, R].
fn transpose(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut y = unwritten(x.len());
    let size = (rows * columns).max(1);
    y.par_chunks_mut(size).zip(x.par_chunks(size)).for_each(|(y, x)| {
        wide(|| {
            for top in (0..rows).step_by(SQUARE) {
                for left in (0..columns).step_by(SQUARE) {
                    let (bottom, right) = ((top + SQUARE).min(rows), (left + SQUARE).min(columns));
                    for column in left..right {
                        let y = &mut y[column * rows + top..column * rows + bottom];
                        for (row, y) in (top..bottom).zip(y) {
                            *y = x[row * columns + column];
                        }
                    }
                }
            }
        });
    });
    y
}

/// A transposition of each item's matrix; pictures [H, W] and sequences [H·W] are the same to it, so that no
/// reshaping, each with gradients of its own, goes before or after.
enum Transpose {
    /// [B, C, H, W] → [B, H·W, C].
    ToTokens,
    /// [B, H·W, C] → [B, C, H, W].
    FromTokens { height: usize, width: usize },
}

impl CustomOp1 for Transpose {
    fn name(&self) -> &'static str {
        "transposition"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, columns, shape) = match *self {
            Self::ToTokens => {
                let (batch, channels, height, width) = layout.shape().dims4()?;
                let tokens = height * width;
                (channels, tokens, Shape::from((batch, tokens, channels)))
            }
            Self::FromTokens { height, width } => {
                let (batch, tokens, channels) = layout.shape().dims3()?;
                if tokens != height * width {
                    candle_core::bail!("{tokens} tokens are no picture of {width}×{height}")
                }
                (tokens, channels, Shape::from((batch, channels, height, width)))
            }
        };
        Ok(output(transpose(slice(x, layout)?, rows, columns), shape))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (rows, columns) = match self {
            Self::ToTokens => (dy.dim(1)?, dy.dim(2)?),
            Self::FromTokens { height, width } => (dy.dim(1)?, height * width),
        };
        let dy = dy.contiguous()?;
        Ok(Some(tensor_like(transpose(&values(&dy)?, rows, columns), x)?))
    }
}

/// See [`super::to_tokens`].
pub(super) fn to_tokens(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Transpose::ToTokens)
}

/// See [`super::from_tokens`].
pub(super) fn from_tokens(x: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Transpose::FromTokens { height, width })
}

struct Stack;

impl CustomOp2 for Stack {
    fn name(&self) -> &'static str {
        "stacking of channels"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (&[batch, first, height, width], &[batch2, second, height2, width2]) =
            (a_layout.dims(), b_layout.dims())
        else {
            candle_core::bail!("only pictures can be stacked")
        };
        if (batch, height, width) != (batch2, height2, width2) {
            candle_core::bail!(
                "{:?} and {:?} cannot be stacked",
                a_layout.dims(),
                b_layout.dims()
            )
        }
        let (a, b) = (slice(a, a_layout)?, slice(b, b_layout)?);
        let pixels = height * width;
        let mut y = unwritten(a.len() + b.len());
        for (index, y) in y.chunks_exact_mut(((first + second) * pixels).max(1)).enumerate() {
            let (upper, lower) = y.split_at_mut(first * pixels);
            upper.copy_from_slice(&a[index * first * pixels..][..first * pixels]);
            lower.copy_from_slice(&b[index * second * pixels..][..second * pixels]);
        }
        Ok(output(y, (batch, first + second, height, width)))
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dy = dy.contiguous()?;
        let dy = values(&dy)?;
        let (_, _, height, width) = a.dims4()?;
        let (first, second) = (a.dim(1)? * height * width, b.dim(1)? * height * width);
        let (mut da, mut db) = (
            Vec::with_capacity(a.elem_count()),
            Vec::with_capacity(b.elem_count()),
        );
        for dy in dy.chunks_exact((first + second).max(1)) {
            da.extend_from_slice(&dy[..first]);
            db.extend_from_slice(&dy[first..]);
        }
        Ok((Some(tensor_like(da, a)?), Some(tensor_like(db, b)?)))
    }
}

/// See [`super::stack_channels`].
pub(super) fn stack_channels(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    a.contiguous()?.apply_op2(&b.contiguous()?, Stack)
}

struct AddPerChannel;

impl CustomOp2 for AddPerChannel {
    fn name(&self) -> &'static str {
        "shift per channel"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        shift: &CpuStorage,
        shift_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (batch, channels, height, width) = x_layout.shape().dims4()?;
        if shift_layout.dims() != [batch, channels] {
            candle_core::bail!(
                "a shift of {:?} does not fit {:?}",
                shift_layout.dims(),
                x_layout.dims()
            )
        }
        let (x, shift) = (slice(x, x_layout)?, slice(shift, shift_layout)?);
        let mut y = x.to_vec();
        wide(|| {
            for (pixels, shift) in y.chunks_exact_mut((height * width).max(1)).zip(shift) {
                for pixel in pixels {
                    *pixel += shift;
                }
            }
        });
        Ok(output(y, x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        shift: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, _, height, width) = x.dims4()?;
        let dy = dy.contiguous()?;
        let dy_values = values(&dy)?;
        let sums = wide(|| dy_values.chunks_exact((height * width).max(1)).map(sum).collect());
        Ok((Some(dy.clone()), Some(tensor_like(sums, shift)?)))
    }
}

/// See [`super::add_per_channel`].
pub(super) fn add_per_channel(x: &Tensor, shift: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&shift.contiguous()?, AddPerChannel)
}
