//! The same operations written with candle's own, for devices without a kernel of ours and for types other than f32.
//! They are also what the kernels are tested against.
//!
//! Two traps of candle are kept away from here: its fused layer norm and softmax have no backward pass (and say
//! nothing), and its CPU `matmul` is wrong for a transposed left side against a broadcast right side. So norms and
//! softmax are composed, and matrices are made contiguous and two-dimensional first.

#![allow(missing_docs)] // each function is documented where it is dispatched, in the module above

use candle_core::{D, Result, Tensor};

use super::ConvShape;

pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, shape: ConvShape) -> Result<Tensor> {
    let ConvShape {
        stride,
        before,
        after,
    } = shape;
    let y = if before == after {
        x.conv2d(weight, before, stride, 1, 1)?
    } else {
        let x = x
            .pad_with_zeros(2, before, after)?
            .pad_with_zeros(3, before, after)?;
        x.conv2d(weight, 0, stride, 1, 1)?
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
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    centred
        .broadcast_div(&(variance + eps)?.sqrt()?)?
        .broadcast_mul(weight)?
        .broadcast_add(bias)
}

pub fn softmax(x: &Tensor) -> Result<Tensor> {
    let shifted = x.broadcast_sub(&x.max_keepdim(D::Minus1)?.detach())?;
    let exponentials = shifted.exp()?;
    exponentials.broadcast_div(&exponentials.sum_keepdim(D::Minus1)?)
}

pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: usize, causal: bool) -> Result<Tensor> {
    let (batch, length, width) = q.dims3()?;
    let keys = k.dim(1)?;
    let split = |x: &Tensor, length: usize| {
        x.reshape((batch, length, heads, ()))?
            .transpose(1, 2)?
            .contiguous()?
            .reshape((batch * heads, length, ()))
    };
    let (q, k, v) = (split(q, length)?, split(k, keys)?, split(v, keys)?);
    let scale = 1.0 / (q.dim(2)? as f64).sqrt();
    let mut scores = (q * scale)?.matmul(&k.t()?.contiguous()?)?;
    if causal {
        let mask = (0..length).flat_map(|i| (0..keys).map(move |j| if j > i { -1e9_f32 } else { 0.0 }));
        let mask = Tensor::from_vec(mask.collect(), (1, length, keys), scores.device())?;
        scores = scores.broadcast_add(&mask.to_dtype(scores.dtype())?)?;
    }
    let out = softmax(&scores)?.matmul(&v)?;
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
