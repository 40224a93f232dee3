//! The operations that the networks are made of, each with a forward and a backward pass.
//!
//! On the CPU in f32 they run kernels written here: convolutions by minimal filtering, attention without the score
//! matrix, matrix products in panels, fused norms and activations with a vectorised exponential; for AVX-512 where the
//! processor has it, else for AVX2, else portable. Everywhere else they are composed of candle's own operations
//! ([`composed`]).

mod activation;
#[cfg(target_arch = "x86_64")]
pub mod amx;
#[cfg(not(target_arch = "x86_64"))]
pub mod amx {
    //! The tile unit, which other processors lack.

    /// Does nothing here.
    pub fn allow_bf16(_: bool) {}

    /// Never here.
    pub fn available() -> bool {
        false
    }
}
mod attention;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod bfloat;
pub mod composed;
mod convolution;
#[cfg(target_arch = "x86_64")]
mod flash;
pub(crate) mod kernel;
mod layout;
mod linear;
mod matrix;
mod normalization;
pub(crate) mod wide;
mod winograd;

use activation::Activation;
use candle_core::{DType, Result, Tensor};

/// Whether the kernels here take these tensors.
fn kernels_apply(tensors: &[&Tensor]) -> bool {
    tensors
        .iter()
        .all(|tensor| tensor.device().is_cpu() && tensor.dtype() == DType::F32)
}

/// Stride and zero padding of a convolution, the same for both axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvShape {
    /// Step between output pixels, in input pixels.
    pub stride: usize,
    /// Zeros added above and to the left.
    pub before: usize,
    /// Zeros added below and to the right.
    pub after: usize,
}

impl ConvShape {
    /// Same padding on all four sides.
    pub fn new(stride: usize, padding: usize) -> Self {
        Self {
            stride,
            before: padding,
            after: padding,
        }
    }
}

/// 2-D convolution: `x` [B, C, H, W], `weight` [O, C, k, k], `bias` [O] → [B, O, H', W'].
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, shape: ConvShape) -> Result<Tensor> {
    if !kernels_apply(&[x, weight]) {
        return composed::conv2d(x, weight, bias, shape);
    }
    let (x, weight, bias) = operands("a convolution", x, weight, bias)?;
    #[cfg(target_arch = "x86_64")]
    if amx::active() {
        return bfloat::conv2d(&x, &weight, &bias, shape);
    }
    convolution::conv2d(&x, &weight, &bias, shape)
}

/// `x` [.., I] · `weight`ᵀ [O, I] + `bias` [O] → [.., O].
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    if !kernels_apply(&[x, weight]) {
        return composed::linear(x, weight, bias);
    }
    let (x, weight, bias) = operands("a linear layer", x, weight, bias)?;
    #[cfg(target_arch = "x86_64")]
    if amx::active() {
        return bfloat::linear(&x, &weight, &bias);
    }
    linear::linear(&x, &weight, &bias)
}

/// Each in one piece, and a bias of zeros where there is none.
fn operands(
    what: &str,
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
) -> Result<(Tensor, Tensor, Tensor)> {
    let outputs = weight.dim(0)?;
    let bias = match bias {
        Some(bias) => bias.contiguous()?,
        None => Tensor::zeros(outputs, DType::F32, x.device())?,
    };
    kernel::check_per_channel(what, outputs, &[bias.dims()])?;
    Ok((x.contiguous()?, weight.contiguous()?, bias))
}

/// Group normalisation (Wu and He 2018) over [B, C, ..], with SiLU on the result if `activate`.
pub fn group_norm(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    groups: usize,
    eps: f64,
    activate: bool,
) -> Result<Tensor> {
    if kernels_apply(&[x, weight, bias]) {
        return normalization::group_norm(x, weight, bias, groups, eps, activate);
    }
    composed::group_norm(x, weight, bias, groups, eps, activate)
}

/// Layer normalisation over the last axis.
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    if kernels_apply(&[x, weight, bias]) {
        return normalization::layer_norm(x, weight, bias, eps);
    }
    composed::layer_norm(x, weight, bias, eps)
}

/// Scaled dot-product attention: `q` [B, L, W], `k` and `v` [B, S, W], W split into `heads` → [B, L, W]. With
/// `causal`, position i sees positions up to i only.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: usize, causal: bool) -> Result<Tensor> {
    if kernels_apply(&[q, k, v]) {
        return attention::attention(q, k, v, heads, causal);
    }
    composed::attention(q, k, v, heads, causal)
}

/// Gated GELU (Shazeer 2020), exact (erf): [.., 2 W] → [.., W], first half times GELU of the second.
pub fn geglu(x: &Tensor) -> Result<Tensor> {
    if kernels_apply(&[x]) {
        return activation::geglu(x);
    }
    composed::geglu(x)
}

/// x · σ(x).
pub fn silu(x: &Tensor) -> Result<Tensor> {
    if kernels_apply(&[x]) {
        return activation::activate(x, Activation::Sigmoid { slope: 1.0 });
    }
    composed::silu(x)
}

/// x · Φ(x), exact (erf).
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    if kernels_apply(&[x]) {
        return activation::activate(x, Activation::Gelu);
    }
    x.gelu_erf()
}

/// x · σ(1.702 x), the GELU of the first CLIP.
pub fn quick_gelu(x: &Tensor) -> Result<Tensor> {
    if kernels_apply(&[x]) {
        return activation::activate(x, Activation::Sigmoid { slope: 1.702 });
    }
    composed::quick_gelu(x)
}

/// Nearest-neighbour enlargement by two: [B, C, H, W] → [B, C, 2 H, 2 W].
pub fn upsample2(x: &Tensor) -> Result<Tensor> {
    if kernels_apply(&[x]) {
        return layout::upsample2(x);
    }
    composed::upsample2(x)
}

/// Pictures to sequences: [B, C, H, W] → [B, H·W, C].
pub fn to_tokens(x: &Tensor) -> Result<Tensor> {
    if kernels_apply(&[x]) {
        return layout::to_tokens(x);
    }
    x.flatten_from(2)?.transpose(1, 2)?.contiguous()
}

/// Sequences to pictures: [B, H·W, C] → [B, C, H, W].
pub fn from_tokens(x: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    if kernels_apply(&[x]) {
        return layout::from_tokens(x, height, width);
    }
    let (batch, _, channels) = x.dims3()?;
    let picture = x.transpose(1, 2)?.contiguous()?;
    picture.reshape((batch, channels, height, width))
}

/// The channels of `a` [B, C, H, W], then those of `b` [B, D, H, W] → [B, C + D, H, W].
pub fn stack_channels(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if kernels_apply(&[a, b]) {
        return layout::stack_channels(a, b);
    }
    Tensor::cat(&[a, b], 1)
}

/// `x` [B, C, H, W] plus one value per picture and channel, `shift` [B, C].
pub fn add_per_channel(x: &Tensor, shift: &Tensor) -> Result<Tensor> {
    if kernels_apply(&[x, shift]) {
        return layout::add_per_channel(x, shift);
    }
    let (batch, channels) = shift.dims2()?;
    x.broadcast_add(&shift.reshape((batch, channels, 1, 1))?)
}
