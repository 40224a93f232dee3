//! The same operations written with candle's own, for devices without a kernel of ours and for types other than f32.
//! They are also what the kernels are tested against.
//!
//! Two traps of candle are kept away from here: its fused layer norm and softmax have no backward pass (and say
//! nothing), and its CPU `matmul` is wrong for a transposed left side against a broadcast right side. So norms and
//! softmax are composed where a gradient may be asked for, and matrices are made contiguous and two-dimensional first.
//!
//! Accelerators hold what is computed here whole: the patches of a convolution, the scores of attention. Both are made
//! in parts, so that they need a bounded amount of memory and stay within the 32-bit counters of candle's kernels.
//! Norms are computed in f32 whatever type they are handed: their sums leave the range of f16.

#![allow(missing_docs)] // each function is documented where it is dispatched, in the module above

use candle_core::{D, DType, Result, Tensor};

use super::ConvShape;

/// Values in the patches of one convolution, or in the scores of one attention: half a gigabyte in f16.
const MOST: usize = 1 << 28;

pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, shape: ConvShape) -> Result<Tensor> {
    conv2d_within(MOST, x, weight, bias, shape)
}

/// The same with patches of at most `most` values at once, where a row of one picture has no more.
fn conv2d_within(
    most: usize,
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    shape: ConvShape,
) -> Result<Tensor> {
    let ConvShape {
        stride,
        before,
        after,
    } = shape;
    let (batch, inputs, height, width) = x.dims4()?;
    let size = weight.dim(2)?;
    let out = |side: usize| (side + before + after).saturating_sub(size) / stride + 1;
    let row = inputs * size * size * out(width);
    let picture = row * out(height);
    let y = if batch > 1 && batch * picture > most {
        let together = (most / picture).max(1);
        let parts = (0..batch).step_by(together).map(|first| {
            let part = x.narrow(0, first, together.min(batch - first))?;
            conv2d_within(most, &part, weight, None, shape)
        });
        Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, 0)?
    } else if before == after && picture <= most {
        x.conv2d(weight, before, stride, 1, 1)?
    } else {
        let x = x
            .pad_with_zeros(2, before, after)?
            .pad_with_zeros(3, before, after)?;
        let rows = (most / row).max(1);
        let parts = (0..out(height)).step_by(rows).map(|first| {
            let rows = rows.min(out(height) - first);
            x.narrow(2, first * stride, (rows - 1) * stride + size)?
                .contiguous()?
                .conv2d(weight, 0, stride, 1, 1)
        });
        let parts = parts.collect::<Result<Vec<_>>>()?;
        if let [whole] = &parts[..] {
            whole.clone()
        } else {
            Tensor::cat(&parts, 2)?
        }
    };
    match bias {
        Some(bias) => y.broadcast_add(&bias.reshape((1, (), 1, 1))?),
        None => Ok(y),
    }
}

pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let mut dims = x.dims().to_vec();
    let flat = x.contiguous()?.flatten_to(D::Minus2)?;
    let y = flat.matmul(&weight.t()?)?;
    let y = match bias {
        Some(bias) => y.broadcast_add(bias)?,
        None => y,
    };
    if let Some(last) = dims.last_mut() {
        *last = weight.dim(0)?;
    }
    y.reshape(dims)
}

pub fn silu(x: &Tensor) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return x.silu();
    }
    // Not candle's own silu: on the CPU its exponential is scalar.
    x / (x.neg()?.exp()? + 1.0)?
}

pub fn quick_gelu(x: &Tensor) -> Result<Tensor> {
    x / ((x * -1.702)?.exp()? + 1.0)?
}

pub fn group_norm(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    groups: usize,
    eps: f64,
    activate: bool,
) -> Result<Tensor> {
    if is_half(x) {
        let (wide, weight, bias) = (widened(x)?, widened(weight)?, widened(bias)?);
        return group_norm(&wide, &weight, &bias, groups, eps, activate)?.to_dtype(x.dtype());
    }
    let shape = x.dims().to_vec();
    let (batch, channels) = (x.dim(0)?, x.dim(1)?);
    let grouped = x.contiguous()?.reshape((batch, groups, ()))?;
    let centred = grouped.broadcast_sub(&grouped.mean_keepdim(2)?)?;
    let variance = centred.sqr()?.mean_keepdim(2)?;
    let normed = centred
        .broadcast_div(&(variance + eps)?.sqrt()?)?
        .reshape((batch, channels, ()))?;
    let y = normed.broadcast_mul(&weight.reshape((1, channels, 1))?)?;
    let y = y
        .broadcast_add(&bias.reshape((1, channels, 1))?)?
        .reshape(shape)?;
    if activate { silu(&y) } else { Ok(y) }
}

pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    #[cfg(any(feature = "cuda", feature = "metal"))]
    if !x.device().is_cpu() && ![x, weight, bias].iter().any(|tensor| tensor.track_op()) {
        return candle_nn::ops::layer_norm(&x.contiguous()?, weight, bias, eps as f32);
    }
    if is_half(x) {
        return layer_norm(&widened(x)?, &widened(weight)?, &widened(bias)?, eps)?.to_dtype(x.dtype());
    }
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    centred
        .broadcast_div(&(variance + eps)?.sqrt()?)?
        .broadcast_mul(weight)?
        .broadcast_add(bias)
}

fn is_half(x: &Tensor) -> bool {
    matches!(x.dtype(), DType::F16 | DType::BF16)
}

fn widened(x: &Tensor) -> Result<Tensor> {
    x.to_dtype(DType::F32)
}

pub fn softmax(x: &Tensor) -> Result<Tensor> {
    #[cfg(any(feature = "cuda", feature = "metal"))]
    if !x.device().is_cpu() && !x.track_op() {
        return candle_nn::ops::softmax_last_dim(x);
    }
    if is_half(x) {
        return softmax(&widened(x)?)?.to_dtype(x.dtype());
    }
    let shifted = x.broadcast_sub(&x.max_keepdim(D::Minus1)?.detach())?;
    let exponentials = shifted.exp()?;
    exponentials.broadcast_div(&exponentials.sum_keepdim(D::Minus1)?)
}

pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: usize, causal: bool) -> Result<Tensor> {
    attention_within(MOST, q, k, v, heads, causal)
}

/// The same with at most `most` scores at once, where one query has no more.
fn attention_within(
    most: usize,
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    heads: usize,
    causal: bool,
) -> Result<Tensor> {
    let (batch, length, width) = q.dims3()?;
    let keys = k.dim(1)?;
    let split = |x: &Tensor, length: usize| {
        x.reshape((batch, length, heads, ()))?
            .transpose(1, 2)?
            .contiguous()?
            .reshape((batch * heads, length, ()))
    };
    let scale = 1.0 / ((width / heads) as f64).sqrt();
    // Scaled before they are multiplied: scores leave the range of f16 sooner than queries.
    let (q, k, v) = ((split(q, length)? * scale)?, split(k, keys)?, split(v, keys)?);
    let k = k.t()?.contiguous()?;
    let together = (most / (batch * heads * keys).max(1)).max(1);
    let parts = (0..length).step_by(together).map(|first| {
        let count = together.min(length - first);
        let queries = if count == length {
            q.clone()
        } else {
            q.narrow(1, first, count)?.contiguous()?
        };
        let mut scores = queries.matmul(&k)?;
        if causal {
            let seen = |i: usize| (0..keys).map(move |j| if j > i { -1e9_f32 } else { 0.0 });
            let mask = (first..first + count).flat_map(seen).collect();
            let mask = Tensor::from_vec(mask, (1, count, keys), scores.device())?;
            scores = scores.broadcast_add(&mask.to_dtype(scores.dtype())?)?;
        }
        softmax(&scores)?.matmul(&v)
    });
    let parts = parts.collect::<Result<Vec<_>>>()?;
    let out = if let [whole] = &parts[..] {
        whole.clone()
    } else {
        Tensor::cat(&parts, 1)?
    };
    out.reshape((batch, heads, length, ()))?
        .transpose(1, 2)?
        .contiguous()?
        .reshape((batch, length, width))
}

pub fn geglu(x: &Tensor) -> Result<Tensor> {
    let half = x.dim(D::Minus1)? / 2;
    let (value, gate) = (x.narrow(D::Minus1, 0, half)?, x.narrow(D::Minus1, half, half)?);
    value.contiguous()? * gate.contiguous()?.gelu_erf()?
}

pub fn upsample2(x: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let x = x.reshape((batch, channels, height, 1, width, 1))?;
    x.broadcast_as((batch, channels, height, 2, width, 2))?
        .reshape((batch, channels, height * 2, width * 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    /// Numbers that look random and are the same everywhere.
    fn noise(shape: &[usize], seed: u64) -> Tensor {
        let count = shape.iter().product();
        let values = crate::noise::Noise::new(seed).normals(0, count);
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    fn difference(a: &Tensor, b: &Tensor) -> f32 {
        assert_eq!(a.dims(), b.dims(), "the shapes must agree");
        let apart = (widened(a).unwrap() - widened(b).unwrap()).unwrap();
        apart
            .abs()
            .unwrap()
            .max_all()
            .unwrap()
            .to_scalar::<f32>()
            .unwrap()
    }

    #[test]
    fn convolutions_in_parts_are_the_whole() {
        let (x, bias) = (noise(&[3, 4, 9, 7], 1), noise(&[5], 3));
        for (size, shape) in [
            (1, ConvShape::new(1, 0)),
            (3, ConvShape::new(1, 1)),
            (3, ConvShape::new(2, 1)),
            (
                3,
                ConvShape {
                    stride: 2,
                    before: 0,
                    after: 1,
                },
            ),
        ] {
            let weight = noise(&[5, 4, size, size], 2);
            let whole = conv2d(&x, &weight, Some(&bias), shape).unwrap();
            for most in [1, 300, 700, 2000, 5000] {
                let parts = conv2d_within(most, &x, &weight, Some(&bias), shape).unwrap();
                let apart = difference(&whole, &parts);
                assert!(
                    apart < 1e-5,
                    "{size}×{size}, {shape:?}, {most} values at once: {apart} apart"
                );
            }
        }
    }

    #[test]
    fn attention_in_parts_is_the_whole() {
        let (q, k, v) = (noise(&[2, 9, 8], 1), noise(&[2, 9, 8], 2), noise(&[2, 9, 8], 3));
        for causal in [false, true] {
            let whole = attention(&q, &k, &v, 2, causal).unwrap();
            for most in [1, 80, 200] {
                let parts = attention_within(most, &q, &k, &v, 2, causal).unwrap();
                let apart = difference(&whole, &parts);
                assert!(
                    apart < 1e-6,
                    "causal {causal}, {most} scores at once: {apart} apart"
                );
            }
        }
    }

    #[test]
    fn norms_of_large_halves_are_computed_in_f32() {
        // Their squares are beyond f16.
        let x = (noise(&[2, 8, 6, 6], 1) * 4000.0).unwrap();
        let (weight, bias) = (noise(&[8], 2), noise(&[8], 3));
        let half = |x: &Tensor| x.to_dtype(DType::F16).unwrap();
        let wide = group_norm(&x, &weight, &bias, 4, 1e-5, true).unwrap();
        let narrow = group_norm(&half(&x), &half(&weight), &half(&bias), 4, 1e-5, true).unwrap();
        assert_eq!(narrow.dtype(), DType::F16, "what comes out is what went in");
        assert!(difference(&wide, &narrow) < 0.02, "group norm");
        let rows = x.reshape((72, 8)).unwrap();
        let wide = layer_norm(&rows, &weight, &bias, 1e-5).unwrap();
        let narrow = layer_norm(&half(&rows), &half(&weight), &half(&bias), 1e-5).unwrap();
        assert!(difference(&wide, &narrow) < 0.02, "layer norm");
    }
}
