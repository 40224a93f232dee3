//! The residual layer that knows the time step.

use candle_core::{Result as TensorResult, Tensor};

use super::UNetConfig;
use crate::error::Result;
use crate::nn::{Conv2d, GroupNorm, Linear};
use crate::ops::{self, ConvShape};
use crate::weights::Weights;

/// Two convolutions around a skip, with the time step between them.
pub(super) struct Resnet {
    norm1: GroupNorm,
    conv1: Conv2d,
    time: Linear,
    scale_shift: bool,
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
                let one = ConvShape::new(1, 0);
                Conv2d::new(&weights.at("conv_shortcut"), inputs, outputs, 1, one)
            })
            .transpose()?;
        let time_outputs = if config.scale_shift { 2 * outputs } else { outputs };
        Ok(Self {
            norm1: GroupNorm::new(&weights.at("norm1"), groups, inputs, eps)?,
            conv1: Conv2d::new(&weights.at("conv1"), inputs, outputs, 3, same)?,
            time: Linear::new(&weights.at("time_emb_proj"), config.time_width, time_outputs)?,
            scale_shift: config.scale_shift,
            norm2: GroupNorm::new(&weights.at("norm2"), groups, outputs, eps)?,
            conv2: Conv2d::new(&weights.at("conv2"), outputs, outputs, 3, same)?,
            shortcut,
        })
    }

    /// `time` is the embedded time step after its SiLU, which every residual layer applies first.
    pub fn forward(&self, x: &Tensor, time: &Tensor) -> TensorResult<Tensor> {
        let h = self.conv1.forward(&self.norm1.forward_silu(x)?)?;
        let time = self.time.forward(time)?;
        let h = if self.scale_shift {
            let halves = time.unsqueeze(2)?.unsqueeze(3)?.chunk(2, 1)?;
            let scaled = self.norm2.forward(&h)?.broadcast_mul(&(&halves[0] + 1.0)?)?;
            ops::silu(&scaled.broadcast_add(&halves[1])?)?
        } else {
            self.norm2.forward_silu(&ops::add_per_channel(&h, &time)?)?
        };
        let h = self.conv2.forward(&h)?;
        match &self.shortcut {
            Some(shortcut) => shortcut.forward(x)? + h,
            None => x + h,
        }
    }
}
