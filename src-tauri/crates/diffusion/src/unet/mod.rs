//! `UNet2DConditionModel`: what the noise in a latent is, given the time step and the prompt (Rombach et al. 2022),
//! by the names of diffusers. Every picture of a batch has its own time step.

mod conditioning;
mod config;
mod embedding;
mod levels;
mod resnet;
mod transformer;

use candle_core::{DType, Result as TensorResult, Tensor, bail};

use crate::error::Result;
use crate::nn::{Conv2d, GroupNorm};
use crate::ops::{self, ConvShape};
use crate::weights::Weights;
pub use conditioning::{AESTHETIC_SCORES, Added, Conditioning, PictureSizes};
pub use config::{AddedConfig, UNetConfig};
pub use embedding::guidance_embedding;
use embedding::{Embedding, waves};
pub use levels::{MiddleBlock, UNetLevel};
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

/// What is between the two ways.
enum Middle {
    Absent,
    Residual(Resnet),
    Attention(Box<(Layer, Resnet)>),
}

impl Middle {
    fn new(weights: &Weights, config: &UNetConfig) -> Result<Self> {
        let last = &config.levels[config.levels.len() - 1];
        let resnet = |index: usize| {
            Resnet::new(
                &weights.at("resnets").at(index),
                config,
                last.channels,
                last.channels,
            )
        };
        Ok(match config.middle {
            MiddleBlock::Absent => Self::Absent,
            MiddleBlock::Residual => Self::Residual(resnet(0)?),
            MiddleBlock::Attention(depth) => {
                let transformer = Transformer::new(&weights.at("attentions.0"), config, last, depth, false)?;
                let layer = Layer {
                    resnet: resnet(0)?,
                    transformer: Some(transformer),
                };
                Self::Attention(Box::new((layer, resnet(1)?)))
            }
        })
    }

    fn forward(&self, x: Tensor, time: &Tensor, prompt: &Tensor) -> TensorResult<Tensor> {
        match self {
            Self::Absent => Ok(x),
            Self::Residual(resnet) => resnet.forward(&x, time),
            Self::Attention(both) => both.1.forward(&both.0.forward(&x, time, prompt)?, time),
        }
    }
}

/// The U-Net.
pub struct UNet {
    config: UNetConfig,
    /// What it computes in; what goes in and what comes out is f32.
    precision: DType,
    time: Embedding,
    added: Option<Embedding>,
    conv_in: Conv2d,
    down: Vec<Block>,
    middle: Middle,
    up: Vec<Block>,
    norm: GroupNorm,
    conv_out: Conv2d,
}

impl UNet {
    /// Takes the weights by their diffusers names.
    pub fn new(config: UNetConfig, weights: &Weights) -> Result<Self> {
        let first = config.levels[0].channels;
        let same = ConvShape::new(1, 1);
        let (groups, eps) = (config.norm_num_groups, config.norm_eps);
        let added = config
            .added
            .map(|added| Embedding::new(&weights.at("add_embedding"), added.inputs, config.time_width))
            .transpose()?;
        Ok(Self {
            time: Embedding::of_time(&weights.at("time_embedding"), &config)?,
            added,
            conv_in: Conv2d::new(&weights.at("conv_in"), config.in_channels, first, 3, same)?,
            down: down_blocks(&weights.at("down_blocks"), &config)?,
            middle: Middle::new(&weights.at("mid_block"), &config)?,
            up: up_blocks(&weights.at("up_blocks"), &config)?,
            norm: GroupNorm::new(&weights.at("conv_norm_out"), groups, first, eps)?,
            conv_out: Conv2d::new(&weights.at("conv_out"), first, config.out_channels, 3, same)?,
            precision: weights.precision(),
            config,
        })
    }

    /// The shape this U-Net was built with.
    pub fn config(&self) -> &UNetConfig {
        &self.config
    }

    /// `latents` [B, in, h, w], `timesteps` [B] (any number type) and what they depend on → prediction [B, out, h, w]
    /// of what the schedule says it predicts. h and w may be any: where halving rounded up, the way up is cut to size.
    pub fn forward(
        &self,
        latents: &Tensor,
        timesteps: &Tensor,
        conditioning: &Conditioning,
    ) -> TensorResult<Tensor> {
        let prompt = &conditioning.context.to_dtype(self.precision)?;
        let batch = latents.dim(0)?;
        if timesteps.dims() != [batch] || prompt.dim(0)? != batch {
            bail!(
                "a batch of {batch} latents needs as many time steps and prompts, not {:?} and {:?}",
                timesteps.dims(),
                prompt.dims()
            );
        }
        let time = self.embed_time(timesteps, conditioning)?;
        let latents = latents.to_dtype(self.precision)?;
        let mut x = if self.config.center_input_sample {
            self.conv_in.forward(&latents.affine(2.0, -1.0)?)?
        } else {
            self.conv_in.forward(&latents)?
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
        x = self.middle.forward(x, &time, prompt)?;
        for block in &self.up {
            for layer in &block.layers {
                // There are as many layers on the way up as tensors were kept on the way down.
                if let Some(skip) = skips.pop() {
                    x = ops::stack_channels(&x, &skip)?;
                }
                x = layer.forward(&x, &time, prompt)?;
            }
            if let Some(conv) = &block.resample {
                x = ops::upsample2(&x)?;
                if let Some(skip) = skips.last() {
                    x = cut(x, skip)?;
                }
                x = conv.forward(&x)?;
            }
        }
        self.conv_out
            .forward(&self.norm.forward_silu(&x)?)?
            .to_dtype(DType::F32)
    }

    /// The time step and everything else that acts on whole pictures, embedded and through the SiLU with which every
    /// residual layer begins: [B, `time_width`].
    fn embed_time(&self, timesteps: &Tensor, conditioning: &Conditioning) -> TensorResult<Tensor> {
        let config = &self.config;
        let (flip, shift) = (config.flip_sin_to_cos, config.freq_shift);
        let fitted = |x: &Tensor| x.to_dtype(self.precision);
        let steps = fitted(&waves(timesteps, config.levels[0].channels, flip, shift)?)?;
        let guidance = conditioning.guidance_embedding.as_ref().map(fitted).transpose()?;
        if guidance.is_some() && !self.time.is_conditional() {
            bail!("this U-Net cannot be told a guidance scale: its config.json has no time_cond_proj_dim");
        }
        let mut time = self.time.forward(&steps, guidance.as_ref())?;
        match (&self.added, config.added, &conditioning.added) {
            (Some(layers), Some(shape), Some(added)) => {
                let (batch, count) = added.time_ids.dims2()?;
                let pooled = added.text_embeds.dim(1)?;
                if pooled + count * shape.waves != shape.inputs {
                    bail!(
                        "this U-Net takes {} values of pooled prompt and sizes, but a pooled prompt of {pooled} and \
                         {count} sizes of {} values each were given",
                        shape.inputs,
                        shape.waves
                    );
                }
                let sizes = waves(&added.time_ids.flatten_all()?, shape.waves, flip, shift)?;
                let sizes = sizes.reshape((batch, count * shape.waves))?;
                let told = fitted(&Tensor::cat(&[&added.text_embeds, &sizes], 1)?)?;
                time = (time + layers.forward(&told, None)?)?;
            }
            (None, _, None) => {}
            (None, _, Some(_)) => bail!("this U-Net takes no pooled prompt and no sizes, but was given them"),
            _ => bail!(
                "this U-Net needs the pooled prompt and the sizes of the picture, but was given neither"
            ),
        }
        ops::silu(&time)
    }
}

/// `x` without the row and the column that it has more than `skip`, after an odd side was halved and doubled again.
fn cut(x: Tensor, skip: &Tensor) -> TensorResult<Tensor> {
    let ((_, _, height, width), (_, _, rows, columns)) = (x.dims4()?, skip.dims4()?);
    if (height, width) == (rows, columns) {
        return Ok(x);
    }
    x.narrow(2, 0, rows)?.narrow(3, 0, columns)?.contiguous()
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
                .then(|| {
                    let (depth, only_cross) = (level.depths_down[layer], level.only_cross_attention);
                    Transformer::new(
                        &weights.at("attentions").at(layer),
                        config,
                        level,
                        depth,
                        only_cross,
                    )
                })
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
                .then(|| {
                    let (depth, only_cross) = (level.depths_up[layer], level.only_cross_attention);
                    Transformer::new(
                        &weights.at("attentions").at(layer),
                        config,
                        level,
                        depth,
                        only_cross,
                    )
                })
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
