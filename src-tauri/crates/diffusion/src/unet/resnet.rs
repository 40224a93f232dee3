//! The residual layer that knows the time step.

use candle_core::{Result as TensorResult, Tensor};

use super::UNetConfig;
use crate::error::Result;
use crate::nn::{Conv2d, GroupNorm, Linear};
use crate::ops::{self, ConvShape};
use crate::weights::Weights;

/// Two convolutions around a skip, with the time step added between them.
pub(super) struct Resnet {
    norm1: GroupNorm,
    conv1: Conv2d,
    time: Linear,
    norm2: GroupNorm,
    conv2: Conv2d,
    shortcut: Option<Conv2d>,
}

impl Resnet {
    pub fn new(weights: &Weights, config: &UNetConfig, inputs: usize, outputs: usize) -> Result<Self> {
        let (groups, eps) = (config.norm_num_groups, config.norm_eps);
        let same = ConvShape::new(1, 1);
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
        let time_width = 4 * config.levels[0].channels;
        Ok(Self {
            norm1: GroupNorm::new(&weights.at("norm1"), groups, inputs, eps)?,
            conv1: Conv2d::new(&weights.at("conv1"), inputs, outputs, 3, same)?,
            time: Linear::new(&weights.at("time_emb_proj"), time_width, outputs)?,
            norm2: GroupNorm::new(&weights.at("norm2"), groups, outputs, eps)?,
            conv2: Conv2d::new(&weights.at("conv2"), outputs, outputs, 3, same)?,
            shortcut,
        })
    }

    /// `time` is the embedded time step after its SiLU, which every residual layer applies first.
    pub fn forward(&self, x: &Tensor, time: &Tensor) -> TensorResult<Tensor> {
        let h = self.conv1.forward(&self.norm1.forward_silu(x)?)?;
        let h = ops::add_per_channel(&h, &self.time.forward(time)?)?;
        let h = self.conv2.forward(&self.norm2.forward_silu(&h)?)?;
        match &self.shortcut {
            Some(shortcut) => shortcut.forward(x)? + h,
            None => x + h,
        }
    }
}
