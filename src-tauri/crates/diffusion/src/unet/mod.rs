//! `UNet2DConditionModel`: what the noise in a latent is, given the time step and the prompt (Rombach et al. 2022),
//! by the names of diffusers. Every picture of a batch has its own time step.

mod conditioning;
mod config;
mod resnet;
mod transformer;

use candle_core::{Result as TensorResult, Tensor, bail};

use crate::error::Result;
use crate::nn::{Conv2d, GroupNorm, Linear};
use crate::ops::{self, ConvShape};
use crate::weights::Weights;
pub use conditioning::{Added, Conditioning};
pub use config::{UNetConfig, UNetLevel};
use resnet::Resnet;
use transformer::Transformer;

/// A residual layer and, where the level attends, its transformer.
struct Layer {
    resnet: Resnet,
    transformer: Option<Transformer>,
}

impl Layer {
    fn forward(&self, x: &Tensor, time: &Tensor, prompt: &Tensor) -> TensorResult<Tensor> {
        let x = self.resnet.forward(x, time)?;
        match &self.transformer {
            Some(transformer) => transformer.forward(&x, prompt),
            None => Ok(x),
        }
    }
}

/// The layers of one resolution, then a change of resolution.
struct Block {
    layers: Vec<Layer>,
    resample: Option<Conv2d>,
}

/// The U-Net.
pub struct UNet {
    config: UNetConfig,
    time1: Linear,
    time2: Linear,
    conv_in: Conv2d,
    down: Vec<Block>,
    mid: (Layer, Resnet),
    up: Vec<Block>,
    norm: GroupNorm,
    conv_out: Conv2d,
}

impl UNet {
    /// Takes the weights by their diffusers names.
    pub fn new(config: UNetConfig, weights: &Weights) -> Result<Self> {
        let (first, last) = (&config.levels[0], &config.levels[config.levels.len() - 1]);
        let same = ConvShape::new(1, 1);
        let time = weights.at("time_embedding");
        let middle = weights.at("mid_block");
        let mid = (
            Layer {
                resnet: Resnet::new(&middle.at("resnets.0"), &config, last.channels, last.channels)?,
                transformer: Some(Transformer::new(&middle.at("attentions.0"), &config, last)?),
            },
            Resnet::new(&middle.at("resnets.1"), &config, last.channels, last.channels)?,
        );
        Ok(Self {
            time1: Linear::new(&time.at("linear_1"), first.channels, 4 * first.channels)?,
            time2: Linear::new(&time.at("linear_2"), 4 * first.channels, 4 * first.channels)?,
            conv_in: Conv2d::new(
                &weights.at("conv_in"),
                config.in_channels,
                first.channels,
                3,
                same,
            )?,
            down: down_blocks(&weights.at("down_blocks"), &config)?,
            mid,
            up: up_blocks(&weights.at("up_blocks"), &config)?,
            norm: GroupNorm::new(
                &weights.at("conv_norm_out"),
                config.norm_num_groups,
                first.channels,
                config.norm_eps,
            )?,
            conv_out: Conv2d::new(
                &weights.at("conv_out"),
                first.channels,
                config.out_channels,
                3,
                same,
            )?,
            config,
        })
    }

    /// The shape this U-Net was built with.
    pub fn config(&self) -> &UNetConfig {
        &self.config
    }

    /// `latents` [B, in, h, w], `timesteps` [B] (any number type) and what they depend on → prediction [B, out, h, w]
    /// of what the schedule says it predicts. h and w must be multiples of [`UNetConfig::factor`].
    pub fn forward(
        &self,
        latents: &Tensor,
        timesteps: &Tensor,
        conditioning: &Conditioning,
    ) -> TensorResult<Tensor> {
        let prompt = &conditioning.context;
        let (batch, _, height, width) = latents.dims4()?;
        let factor = self.config.factor();
        if height % factor != 0 || width % factor != 0 {
            bail!(
                "a latent of {width}×{height} does not fit this U-Net: both sides must be multiples of {factor}"
            );
        }
        if timesteps.dims() != [batch] || prompt.dim(0)? != batch {
            bail!(
                "a batch of {batch} latents needs as many time steps and prompts, not {:?} and {:?}",
                timesteps.dims(),
                prompt.dims()
            );
        }
        let time = self.embed_time(timesteps)?;
        let mut x = if self.config.center_input_sample {
            self.conv_in.forward(&latents.affine(2.0, -1.0)?)?
        } else {
            self.conv_in.forward(latents)?
        };
        let mut skips = vec![x.clone()];
        for block in &self.down {
            for layer in &block.layers {
                x = layer.forward(&x, &time, prompt)?;
                skips.push(x.clone());
            }
            if let Some(halve) = &block.resample {
                x = halve.forward(&x)?;
                skips.push(x.clone());
            }
        }
        x = self
            .mid
            .1
            .forward(&self.mid.0.forward(&x, &time, prompt)?, &time)?;
        for block in &self.up {
            for layer in &block.layers {
                // There are as many layers on the way up as tensors were kept on the way down.
                if let Some(skip) = skips.pop() {
                    x = ops::stack_channels(&x, &skip)?;
                }
                x = layer.forward(&x, &time, prompt)?;
            }
            if let Some(conv) = &block.resample {
                x = conv.forward(&ops::upsample2(&x)?)?;
            }
        }
        self.conv_out.forward(&self.norm.forward_silu(&x)?)
    }

    /// Sinusoids of the time step (Vaswani et al. 2017; base 10 000) through two linear layers and a SiLU.
    fn embed_time(&self, timesteps: &Tensor) -> TensorResult<Tensor> {
        let half = self.config.levels[0].channels / 2;
        let spread = half as f64 - self.config.freq_shift;
        let device = timesteps.device();
        let frequencies: Vec<f32> = (0..half)
            .map(|index| (-(10_000_f64.ln()) * index as f64 / spread).exp() as f32)
            .collect();
        let frequencies = Tensor::from_vec(frequencies, (1, half), device)?;
        let angles = timesteps
            .to_dtype(frequencies.dtype())?
            .reshape(((), 1))?
            .broadcast_mul(&frequencies)?;
        let (sine, cosine) = (angles.sin()?, angles.cos()?);
        let waves = if self.config.flip_sin_to_cos {
            [cosine, sine]
        } else {
            [sine, cosine]
        };
        let h = ops::silu(&self.time1.forward(&Tensor::cat(&waves, 1)?)?)?;
        ops::silu(&self.time2.forward(&h)?)
    }
}

fn down_blocks(weights: &Weights, config: &UNetConfig) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut inputs = config.levels[0].channels;
    for (index, level) in config.levels.iter().enumerate() {
        let weights = weights.at(index);
        let mut layers = Vec::new();
        for layer in 0..level.layers {
            let resnet = Resnet::new(&weights.at("resnets").at(layer), config, inputs, level.channels)?;
            let transformer = level
                .attends_down
                .then(|| Transformer::new(&weights.at("attentions").at(layer), config, level))
                .transpose()?;
            layers.push(Layer { resnet, transformer });
            inputs = level.channels;
        }
        let halve = ConvShape::new(2, 1);
        let resample = (index + 1 < config.levels.len())
            .then(|| Conv2d::new(&weights.at("downsamplers.0.conv"), inputs, inputs, 3, halve))
            .transpose()?;
        blocks.push(Block { layers, resample });
    }
    Ok(blocks)
}

fn up_blocks(weights: &Weights, config: &UNetConfig) -> Result<Vec<Block>> {
    let mut skips = skip_channels(config);
    let mut blocks = Vec::new();
    let mut inputs = config.levels[config.levels.len() - 1].channels;
    for (index, level) in config.levels.iter().rev().enumerate() {
        let weights = weights.at(index);
        let mut layers = Vec::new();
        for layer in 0..=level.layers {
            let joined = inputs + skips.pop().unwrap_or_default();
            let resnet = Resnet::new(&weights.at("resnets").at(layer), config, joined, level.channels)?;
            let transformer = level
                .attends_up
                .then(|| Transformer::new(&weights.at("attentions").at(layer), config, level))
                .transpose()?;
            layers.push(Layer { resnet, transformer });
            inputs = level.channels;
        }
        let resample = (index + 1 < config.levels.len())
            .then(|| {
                Conv2d::new(
                    &weights.at("upsamplers.0.conv"),
                    inputs,
                    inputs,
                    3,
                    ConvShape::new(1, 1),
                )
            })
            .transpose()?;
        blocks.push(Block { layers, resample });
    }
    Ok(blocks)
}

/// Channels of every tensor that the way down keeps for the way up, in order.
fn skip_channels(config: &UNetConfig) -> Vec<usize> {
    let mut channels = vec![config.levels[0].channels];
    for (index, level) in config.levels.iter().enumerate() {
        channels.extend(std::iter::repeat_n(level.channels, level.layers));
        if index + 1 < config.levels.len() {
            channels.push(level.channels);
        }
    }
    channels
}
