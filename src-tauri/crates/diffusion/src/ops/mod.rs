//! The operations that the networks are made of, each with a forward and a backward pass.
//!
//! On the CPU in f32 they run kernels written here: convolution by im2col and gemm, attention without the score
//! matrix, fused norms and activations with a vectorised exponential. Everywhere else they are composed of candle's
//! own operations ([`composed`]).

#[cfg(target_arch = "x86_64")]
pub mod amx;
#[cfg(target_arch = "x86_64")]
mod bfloat;
pub mod composed;

use candle_core::{Result, Tensor};

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
        Self { stride, before: padding, after: padding }
    }
}

/// 2-D convolution: `x` [B, C, H, W], `weight` [O, C, k, k], `bias` [O] → [B, O, H', W'].
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, shape: ConvShape) -> Result<Tensor> {
    #[cfg(target_arch = "x86_64")]
    if amx::active() && composed::kernel_applies(&[x, weight]) {
        return bfloat::conv2d(x, weight, bias, shape);
    }
    composed::conv2d(x, weight, bias, shape)
}

/// `x` [.., I] · `weight`ᵀ [O, I] + `bias` [O] → [.., O].
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    #[cfg(target_arch = "x86_64")]
    if amx::active() && composed::kernel_applies(&[x, weight]) {
        return bfloat::linear(x, weight, bias);
    }
    composed::linear(x, weight, bias)
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
    composed::group_norm(x, weight, bias, groups, eps, activate)
}

/// Layer normalisation over the last axis.
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    composed::layer_norm(x, weight, bias, eps)
}

/// Scaled dot-product attention: `q` [B, L, W], `k` and `v` [B, S, W], W split into `heads` → [B, L, W]. With
/// `causal`, position i sees positions up to i only.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: usize, causal: bool) -> Result<Tensor> {
    composed::attention(q, k, v, heads, causal)
}

/// Gated GELU (Shazeer 2020), exact (erf): [.., 2 W] → [.., W], first half times GELU of the second.
pub fn geglu(x: &Tensor) -> Result<Tensor> {
    composed::geglu(x)
}

/// x · σ(x).
pub fn silu(x: &Tensor) -> Result<Tensor> {
    composed::silu(x)
}

/// x · σ(1.702 x), the GELU of the first CLIP.
pub fn quick_gelu(x: &Tensor) -> Result<Tensor> {
    composed::quick_gelu(x)
}

/// Nearest-neighbour enlargement by two: [B, C, H, W] → [B, C, 2 H, 2 W].
pub fn upsample2(x: &Tensor) -> Result<Tensor> {
    composed::upsample2(x)
}

/// Pictures to sequences: [B, C, H, W] → [B, H·W, C].
pub fn to_tokens(x: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    x.reshape((batch, channels, height * width))?.transpose(1, 2)?.contiguous()
}

/// Sequences to pictures: [B, H·W, C] → [B, C, H, W].
pub fn from_tokens(x: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    let (batch, _, channels) = x.dims3()?;
    x.transpose(1, 2)?.contiguous()?.reshape((batch, channels, height, width))
}

/// `x` [B, C, H, W] plus one value per picture and channel, `shift` [B, C].
pub fn add_per_channel(x: &Tensor, shift: &Tensor) -> Result<Tensor> {
    let (batch, channels) = shift.dims2()?;
    x.broadcast_add(&shift.reshape((batch, channels, 1, 1))?)
}
