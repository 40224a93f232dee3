//! Layers: parameters taken from [`Weights`] by their diffusers names, computed by [`crate::ops`].
//!
//! The large parameters (matrices, kernels, tables) may be kept in f16 or bf16, as they are stored, and are widened
//! for each use; the small ones (biases, norms) are always of the type that is computed in.

use candle_core::{Result as TensorResult, Tensor};

use crate::error::Result;
use crate::ops::{self, ConvShape};
use crate::weights::{Init, Weights, fitted, widened};

/// A linear layer; weight [out, in].
#[derive(Debug, Clone)]
pub struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// With bias.
    pub fn new(weights: &Weights, inputs: usize, outputs: usize) -> Result<Self> {
        let mut layer = Self::without_bias(weights, inputs, outputs)?;
        layer.bias = Some(weights.get("bias", [outputs], Init::kaiming(inputs))?);
        Ok(layer)
    }

    /// Without bias.
    pub fn without_bias(weights: &Weights, inputs: usize, outputs: usize) -> Result<Self> {
        Ok(Self {
            weight: weights.get_stored("weight", [outputs, inputs], Init::kaiming(inputs))?,
            bias: None,
        })
    }

    /// [.., in] → [.., out].
    pub fn forward(&self, x: &Tensor) -> TensorResult<Tensor> {
        ops::linear(x, &fitted(&self.weight, x)?, self.bias.as_ref())
    }
}

/// A convolution with bias; weight [out, in, k, k].
#[derive(Debug, Clone)]
pub struct Conv2d {
    weight: Tensor,
    bias: Tensor,
    shape: ConvShape,
}

impl Conv2d {
    /// A square kernel of `size`.
    pub fn new(
        weights: &Weights,
        inputs: usize,
        outputs: usize,
        size: usize,
        shape: ConvShape,
    ) -> Result<Self> {
        let init = Init::kaiming(inputs * size * size);
        Ok(Self {
            weight: weights.get_stored("weight", [outputs, inputs, size, size], init)?,
            bias: weights.get("bias", [outputs], init)?,
            shape,
        })
    }

    /// [B, in, H, W] → [B, out, H', W'].
    pub fn forward(&self, x: &Tensor) -> TensorResult<Tensor> {
        ops::conv2d(x, &fitted(&self.weight, x)?, Some(&self.bias), self.shape)
    }
}

/// Group normalisation with a scale and a shift per channel.
#[derive(Debug, Clone)]
pub struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
    groups: usize,
    eps: f64,
}

impl GroupNorm {
    /// `groups` must divide `channels`; configurations are checked before this is called.
    pub fn new(weights: &Weights, groups: usize, channels: usize, eps: f64) -> Result<Self> {
        Ok(Self {
            weight: weights.get("weight", [channels], Init::Ones)?,
            bias: weights.get("bias", [channels], Init::Zeros)?,
            groups,
            eps,
        })
    }

    /// Normalised, scaled, shifted.
    pub fn forward(&self, x: &Tensor) -> TensorResult<Tensor> {
        ops::group_norm(x, &self.weight, &self.bias, self.groups, self.eps, false)
    }

    /// The same with SiLU on the result, in one pass.
    pub fn forward_silu(&self, x: &Tensor) -> TensorResult<Tensor> {
        ops::group_norm(x, &self.weight, &self.bias, self.groups, self.eps, true)
    }
}

/// Layer normalisation over the last axis.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    /// With scale and shift.
    pub fn new(weights: &Weights, width: usize, eps: f64) -> Result<Self> {
        let (weight, bias) = (
            weights.get("weight", [width], Init::Ones)?,
            weights.get("bias", [width], Init::Zeros)?,
        );
        Ok(Self { weight, bias, eps })
    }

    /// Shape unchanged.
    pub fn forward(&self, x: &Tensor) -> TensorResult<Tensor> {
        ops::layer_norm(x, &self.weight, &self.bias, self.eps)
    }
}

/// A table of vectors; weight [entries, width].
#[derive(Debug, Clone)]
pub struct Embedding {
    weight: Tensor,
}

impl Embedding {
    /// `entries` vectors of `width`.
    pub fn new(weights: &Weights, entries: usize, width: usize) -> Result<Self> {
        Ok(Self {
            weight: weights.get_stored("weight", [entries, width], Init::Normal(0.02))?,
        })
    }

    /// Token numbers [B, L] (u32) → [B, L, width].
    pub fn forward(&self, tokens: &Tensor) -> TensorResult<Tensor> {
        let (batch, length) = tokens.dims2()?;
        // Only the rows that are looked up are widened.
        let rows = self.weight.index_select(&tokens.flatten_all()?, 0)?;
        widened(&rows)?.reshape((batch, length, ()))
    }
}
