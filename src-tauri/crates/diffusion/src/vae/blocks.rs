//! The blocks that encoder and decoder share.

use candle_core::{Result as TensorResult, Tensor};

use super::VaeConfig;
use crate::error::Result;
use crate::nn::{Conv2d, GroupNorm, Linear};
use crate::ops::{self, ConvShape};
use crate::weights::Weights;

/// The epsilon of every group norm in an `AutoencoderKL`.
pub(super) const EPS: f64 = 1e-6;

/// Two convolutions around a skip.
pub(super) struct Resnet {
    norm1: GroupNorm,
    conv1: Conv2d,
    norm2: GroupNorm,
    conv2: Conv2d,
    shortcut: Option<Conv2d>,
}

impl Resnet {
    pub fn new(weights: &Weights, inputs: usize, outputs: usize, groups: usize) -> Result<Self> {
        let shape = ConvShape::new(1, 1);
        let shortcut = (inputs != outputs)
            .then(|| {
                Conv2d::new(
                    &weights.at("conv_shortcut"),
                    inputs,
                    outputs,
                    1,
                    ConvShape::new(1, 0),
                )
            })
            .transpose()?;
        Ok(Self {
            norm1: GroupNorm::new(&weights.at("norm1"), groups, inputs, EPS)?,
            conv1: Conv2d::new(&weights.at("conv1"), inputs, outputs, 3, shape)?,
            norm2: GroupNorm::new(&weights.at("norm2"), groups, outputs, EPS)?,
            conv2: Conv2d::new(&weights.at("conv2"), outputs, outputs, 3, shape)?,
            shortcut,
        })
    }

    pub fn forward(&self, x: &Tensor) -> TensorResult<Tensor> {
        let h = self.conv1.forward(&self.norm1.forward_silu(x)?)?;
        let h = self.conv2.forward(&self.norm2.forward_silu(&h)?)?;
        match &self.shortcut {
            Some(shortcut) => shortcut.forward(x)? + h,
            None => x + h,
        }
    }
}

/// Self-attention over all pixels, one head.
struct Attention {
    norm: GroupNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
}

impl Attention {
    fn new(weights: &Weights, channels: usize, groups: usize) -> Result<Self> {
        // Checkpoints from before 2023 name the projections otherwise.
        let names = if weights.contains("query.weight") {
            ["query", "key", "value", "proj_attn"]
        } else {
            ["to_q", "to_k", "to_v", "to_out.0"]
        };
        let linear = |name: &str| Linear::new(&weights.at(name), channels, channels);
        Ok(Self {
            norm: GroupNorm::new(&weights.at("group_norm"), groups, channels, EPS)?,
            query: linear(names[0])?,
            key: linear(names[1])?,
            value: linear(names[2])?,
            out: linear(names[3])?,
        })
    }

    fn forward(&self, x: &Tensor) -> TensorResult<Tensor> {
        let (_, _, height, width) = x.dims4()?;
        let tokens = ops::to_tokens(&self.norm.forward(x)?)?;
        let (q, k, v) = (
            self.query.forward(&tokens)?,
            self.key.forward(&tokens)?,
            self.value.forward(&tokens)?,
        );
        let attended = self.out.forward(&ops::attention(&q, &k, &v, 1, false)?)?;
        x + ops::from_tokens(&attended, height, width)?
    }
}

/// The coarsest level.
pub(super) struct MidBlock {
    first: Resnet,
    attention: Option<Attention>,
    second: Resnet,
}

impl MidBlock {
    pub fn new(weights: &Weights, config: &VaeConfig, channels: usize) -> Result<Self> {
        let groups = config.norm_num_groups;
        let attention = config
            .mid_block_add_attention
            .then(|| Attention::new(&weights.at("attentions.0"), channels, groups))
            .transpose()?;
        Ok(Self {
            first: Resnet::new(&weights.at("resnets.0"), channels, channels, groups)?,
            attention,
            second: Resnet::new(&weights.at("resnets.1"), channels, channels, groups)?,
        })
    }

    pub fn forward(&self, x: &Tensor) -> TensorResult<Tensor> {
        let mut x = self.first.forward(x)?;
        if let Some(attention) = &self.attention {
            x = attention.forward(&x)?;
        }
        self.second.forward(&x)
    }
}
