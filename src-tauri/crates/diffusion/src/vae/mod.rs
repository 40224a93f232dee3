//! `AutoencoderKL`: pictures to latents and back (Rombach et al. 2022), by the names of diffusers.

mod blocks;
mod config;
mod tiles;

use candle_core::{Result as TensorResult, Tensor, bail};

use crate::error::Result;
use crate::nn::{Conv2d, GroupNorm};
use crate::ops::{self, ConvShape};
use crate::weights::Weights;
use blocks::{EPS, MidBlock, Resnet};
pub use config::{LatentStatistics, VaeConfig};

/// What the encoder says about a picture: a diagonal normal distribution of latents, each [B, latent, H/f, W/f].
#[derive(Debug, Clone)]
pub struct LatentDistribution {
    /// Mean; also the most likely latent.
    pub mean: Tensor,
    /// Logarithm of the variance, kept within −30 and 20.
    pub logvar: Tensor,
}

impl LatentDistribution {
    /// A draw, given standard normal noise of the same shape.
    pub fn sample(&self, noise: &Tensor) -> TensorResult<Tensor> {
        &self.mean + ((&self.logvar * 0.5)?.exp()? * noise)?
    }

    /// Divergence from the standard normal, averaged over all elements (Kingma and Welling 2014, eq. 10).
    pub fn divergence(&self) -> TensorResult<Tensor> {
        (((self.mean.sqr()? + self.logvar.exp()?)? - &self.logvar)? - 1.0)?.mean_all()? * 0.5
    }
}

/// Residual layers of one resolution, then a change of resolution.
struct Block {
    resnets: Vec<Resnet>,
    resample: Option<Conv2d>,
}

struct Encoder {
    conv_in: Conv2d,
    blocks: Vec<Block>,
    mid: MidBlock,
    norm: GroupNorm,
    conv_out: Conv2d,
}

impl Encoder {
    fn new(weights: &Weights, config: &VaeConfig) -> Result<Self> {
        let same = ConvShape::new(1, 1);
        // diffusers pads below and to the right only.
        let halve = ConvShape {
            stride: 2,
            before: 0,
            after: 1,
        };
        let (groups, channels) = (config.norm_num_groups, &config.block_out_channels);
        let (first, last) = (channels[0], channels[channels.len() - 1]);
        let mut blocks = Vec::new();
        let mut inputs = first;
        for (index, &outputs) in channels.iter().enumerate() {
            let weights = weights.at("down_blocks").at(index);
            let mut resnets = Vec::new();
            for layer in 0..config.layers_per_block {
                resnets.push(Resnet::new(
                    &weights.at("resnets").at(layer),
                    inputs,
                    outputs,
                    groups,
                )?);
                inputs = outputs;
            }
            let resample = (index + 1 < channels.len())
                .then(|| Conv2d::new(&weights.at("downsamplers.0.conv"), outputs, outputs, 3, halve))
                .transpose()?;
            blocks.push(Block { resnets, resample });
        }
        Ok(Self {
            conv_in: Conv2d::new(&weights.at("conv_in"), config.in_channels, first, 3, same)?,
            blocks,
            mid: MidBlock::new(&weights.at("mid_block"), config, last)?,
            norm: GroupNorm::new(&weights.at("conv_norm_out"), groups, last, EPS)?,
            conv_out: Conv2d::new(&weights.at("conv_out"), last, 2 * config.latent_channels, 3, same)?,
        })
    }

    fn forward(&self, x: &Tensor) -> TensorResult<Tensor> {
        let mut x = self.conv_in.forward(x)?;
        for block in &self.blocks {
            for resnet in &block.resnets {
                x = resnet.forward(&x)?;
            }
            if let Some(halve) = &block.resample {
                x = halve.forward(&x)?;
            }
        }
        self.conv_out
            .forward(&self.norm.forward_silu(&self.mid.forward(&x)?)?)
    }
}

struct Decoder {
    conv_in: Conv2d,
    mid: MidBlock,
    blocks: Vec<Block>,
    norm: GroupNorm,
    conv_out: Conv2d,
}

impl Decoder {
    fn new(weights: &Weights, config: &VaeConfig) -> Result<Self> {
        let same = ConvShape::new(1, 1);
        let (groups, channels) = (config.norm_num_groups, &config.block_out_channels);
        let (first, last) = (channels[0], channels[channels.len() - 1]);
        let mut blocks = Vec::new();
        let mut inputs = last;
        for (index, &outputs) in channels.iter().rev().enumerate() {
            let weights = weights.at("up_blocks").at(index);
            let mut resnets = Vec::new();
            for layer in 0..=config.layers_per_block {
                resnets.push(Resnet::new(
                    &weights.at("resnets").at(layer),
                    inputs,
                    outputs,
                    groups,
                )?);
                inputs = outputs;
            }
            let resample = (index + 1 < channels.len())
                .then(|| Conv2d::new(&weights.at("upsamplers.0.conv"), outputs, outputs, 3, same))
                .transpose()?;
            blocks.push(Block { resnets, resample });
        }
        Ok(Self {
            conv_in: Conv2d::new(&weights.at("conv_in"), config.latent_channels, last, 3, same)?,
            mid: MidBlock::new(&weights.at("mid_block"), config, last)?,
            blocks,
            norm: GroupNorm::new(&weights.at("conv_norm_out"), groups, first, EPS)?,
            conv_out: Conv2d::new(&weights.at("conv_out"), first, config.out_channels, 3, same)?,
        })
    }

    fn forward(&self, z: &Tensor) -> TensorResult<Tensor> {
        let mut x = self.mid.forward(&self.conv_in.forward(z)?)?;
        for block in &self.blocks {
            for resnet in &block.resnets {
                x = resnet.forward(&x)?;
            }
            if let Some(conv) = &block.resample {
                x = conv.forward(&ops::upsample2(&x)?)?;
            }
        }
        self.conv_out.forward(&self.norm.forward_silu(&x)?)
    }
}

/// The autoencoder.
pub struct AutoencoderKl {
    config: VaeConfig,
    encoder: Encoder,
    quant: Option<Conv2d>,
    post_quant: Option<Conv2d>,
    decoder: Decoder,
}

impl AutoencoderKl {
    /// Takes the weights by their diffusers names.
    pub fn new(config: VaeConfig, weights: &Weights) -> Result<Self> {
        let latent = config.latent_channels;
        let one = ConvShape::new(1, 0);
        let quant = config
            .use_quant_conv
            .then(|| Conv2d::new(&weights.at("quant_conv"), 2 * latent, 2 * latent, 1, one))
            .transpose()?;
        let post_quant = config
            .use_post_quant_conv
            .then(|| Conv2d::new(&weights.at("post_quant_conv"), latent, latent, 1, one))
            .transpose()?;
        Ok(Self {
            encoder: Encoder::new(&weights.at("encoder"), &config)?,
            quant,
            post_quant,
            decoder: Decoder::new(&weights.at("decoder"), &config)?,
            config,
        })
    }

    /// The shape this autoencoder was built with.
    pub fn config(&self) -> &VaeConfig {
        &self.config
    }

    /// Pictures [B, 3, H, W] within −1 and 1 → distribution of raw latents. H and W must be multiples of
    /// [`VaeConfig::factor`].
    pub fn encode(&self, pictures: &Tensor) -> TensorResult<LatentDistribution> {
        let (_, _, height, width) = pictures.dims4()?;
        let factor = self.config.factor();
        if height % factor != 0 || width % factor != 0 {
            bail!(
                "a picture of {width}×{height} pixels cannot be encoded: both sides must be multiples of {factor}"
            );
        }
        let mut moments = self.encoder.forward(pictures)?;
        if let Some(quant) = &self.quant {
            moments = quant.forward(&moments)?;
        }
        let latent = self.config.latent_channels;
        Ok(LatentDistribution {
            mean: moments.narrow(1, 0, latent)?.contiguous()?,
            logvar: moments
                .narrow(1, latent, latent)?
                .contiguous()?
                .clamp(-30.0, 20.0)?,
        })
    }

    /// Raw latents [B, latent, h, w] → pictures [B, 3, h·f, w·f], about within −1 and 1.
    pub fn decode(&self, latents: &Tensor) -> TensorResult<Tensor> {
        match &self.post_quant {
            Some(conv) => self.decoder.forward(&conv.forward(latents)?),
            None => self.decoder.forward(latents),
        }
    }

    /// Raw latents to the scale on which the U-Net works.
    pub fn to_unet_scale(&self, latents: &Tensor) -> TensorResult<Tensor> {
        let (scale, shift) = (self.config.scaling_factor, self.config.shift_factor);
        let Some(statistics) = &self.config.statistics else {
            return latents.affine(scale, -shift * scale);
        };
        latents
            .broadcast_sub(&channels(&statistics.mean, latents)?)?
            .broadcast_div(&channels(&statistics.deviation, latents)?)?
            * scale
    }

    /// Back from the U-Net's scale.
    pub fn from_unet_scale(&self, latents: &Tensor) -> TensorResult<Tensor> {
        let (scale, shift) = (self.config.scaling_factor, self.config.shift_factor);
        let Some(statistics) = &self.config.statistics else {
            return latents.affine(1.0 / scale, shift);
        };
        (latents / scale)?
            .broadcast_mul(&channels(&statistics.deviation, latents)?)?
            .broadcast_add(&channels(&statistics.mean, latents)?)
    }
}

/// One value per channel, [1, C, 1, 1], beside `latents`.
fn channels(values: &[f64], latents: &Tensor) -> TensorResult<Tensor> {
    Tensor::new(values, latents.device())?
        .to_dtype(latents.dtype())?
        .reshape((1, values.len(), 1, 1))
}
