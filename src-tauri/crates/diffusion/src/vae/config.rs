//! `vae/config.json`.

use serde_json::{Value, json};

use crate::config::{Fields, check_groups, check_size, largest_side};
use crate::error::Result;

/// Fields that may have any value, and why.
const HARMLESS: &[(&str, &str)] = &[("force_upcast", "everything is computed in f32 here")];

/// What every channel of a latent is centred and divided by, for the U-Net.
#[derive(Debug, Clone, PartialEq)]
pub struct LatentStatistics {
    /// Mean of each channel.
    pub mean: Vec<f64>,
    /// Standard deviation of each channel.
    pub deviation: Vec<f64>,
}

/// The shape of an `AutoencoderKL`.
#[derive(Debug, Clone, PartialEq)]
pub struct VaeConfig {
    /// Channels of a picture.
    pub in_channels: usize,
    /// Channels of a decoded picture.
    pub out_channels: usize,
    /// Channels of each resolution, finest first. Each but the last halves the picture once.
    pub block_out_channels: Vec<usize>,
    /// Residual layers of each encoder block; the decoder has one more.
    pub layers_per_block: usize,
    /// Channels of a latent.
    pub latent_channels: usize,
    /// Groups of the group norms.
    pub norm_num_groups: usize,
    /// Latents are multiplied by this for the U-Net.
    pub scaling_factor: f64,
    /// Subtracted from latents before scaling.
    pub shift_factor: f64,
    /// Means and deviations of the channels, where the model has them (`latents_mean`, `latents_std`).
    pub statistics: Option<LatentStatistics>,
    /// Whether a 1×1 convolution follows the encoder.
    pub use_quant_conv: bool,
    /// Whether a 1×1 convolution precedes the decoder.
    pub use_post_quant_conv: bool,
    /// Whether the coarsest level attends.
    pub mid_block_add_attention: bool,
    /// Side in pixels of the pictures that it was trained on.
    pub sample_size: usize,
}

impl VaeConfig {
    /// Reads `vae/config.json`.
    pub fn from_json(json: &Value) -> Result<Self> {
        let mut fields = Fields::new("VAE", json)?;
        let block_out_channels: Vec<usize> = fields.take_or("block_out_channels", vec![64])?;
        check_size(&fields, "block_out_channels", &block_out_channels, 1 << 14)?;
        if block_out_channels.is_empty() || block_out_channels.len() > 8 {
            return Err(fields.error("block_out_channels", "must have between 1 and 8 entries"));
        }
        for (field, understood) in [
            ("down_block_types", "DownEncoderBlock2D"),
            ("up_block_types", "UpDecoderBlock2D"),
        ] {
            let types: Vec<String> =
                fields.take_or(field, vec![understood.to_owned(); block_out_channels.len()])?;
            if let Some(other) = types.iter().find(|block| *block != understood) {
                return Err(fields.error(
                    field,
                    format!("names `{other}`; only `{understood}` is supported"),
                ));
            }
            if types.len() != block_out_channels.len() {
                return Err(fields.error(field, "must have as many entries as block_out_channels"));
            }
        }
        fields.only("_class_name", "AutoencoderKL")?;
        fields.only("act_fn", "silu")?;
        for (harmless, _) in HARMLESS {
            fields.without_effect(&[harmless]);
        }
        let config = Self {
            statistics: statistics(&mut fields)?,
            in_channels: fields.take_or("in_channels", 3)?,
            out_channels: fields.take_or("out_channels", 3)?,
            layers_per_block: fields.take_or("layers_per_block", 1)?,
            latent_channels: fields.take_or("latent_channels", 4)?,
            norm_num_groups: fields.take_or("norm_num_groups", 32)?,
            scaling_factor: fields.take_or("scaling_factor", 0.18215)?,
            shift_factor: fields.take_or("shift_factor", 0.0)?,
            use_quant_conv: fields.take_or("use_quant_conv", true)?,
            use_post_quant_conv: fields.take_or("use_post_quant_conv", true)?,
            mid_block_add_attention: fields.take_or("mid_block_add_attention", true)?,
            sample_size: largest_side(&mut fields, "sample_size", 32)?,
            block_out_channels,
        };
        check_groups(&fields, config.norm_num_groups, &config.block_out_channels)?;
        check_size(&fields, "layers_per_block", &[config.layers_per_block], 16)?;
        check_size(&fields, "latent_channels", &[config.latent_channels], 256)?;
        check_size(
            &fields,
            "in_channels",
            &[config.in_channels, config.out_channels],
            256,
        )?;
        config.check_scale(&fields)?;
        fields.finish()?;
        Ok(config)
    }

    fn check_scale(&self, fields: &Fields) -> Result<()> {
        if !(self.scaling_factor.is_finite() && self.scaling_factor > 0.0) {
            return Err(fields.error("scaling_factor", "must be a positive number"));
        }
        if !self.shift_factor.is_finite() {
            return Err(fields.error("shift_factor", "must be a number"));
        }
        let Some(statistics) = &self.statistics else {
            return Ok(());
        };
        let channels = self.latent_channels;
        for (field, values) in [
            ("latents_mean", &statistics.mean),
            ("latents_std", &statistics.deviation),
        ] {
            if values.len() != channels || !values.iter().all(|value| value.is_finite()) {
                return Err(fields.error(
                    field,
                    format!("must hold {channels} numbers, one for each latent channel"),
                ));
            }
        }
        if statistics.deviation.iter().any(|deviation| *deviation <= 0.0) {
            return Err(fields.error("latents_std", "must hold positive numbers"));
        }
        if self.shift_factor != 0.0 {
            let reason = "stands beside latents_mean; only one of them can say where latents are centred";
            return Err(fields.error("shift_factor", reason));
        }
        Ok(())
    }

    /// The `config.json` that diffusers reads.
    pub fn to_json(&self) -> Value {
        let blocks = self.block_out_channels.len();
        json!({
            "_class_name": "AutoencoderKL",
            "act_fn": "silu",
            "block_out_channels": self.block_out_channels,
            "down_block_types": vec!["DownEncoderBlock2D"; blocks],
            "force_upcast": false,
            "in_channels": self.in_channels,
            "latent_channels": self.latent_channels,
            "latents_mean": self.statistics.as_ref().map(|statistics| &statistics.mean),
            "latents_std": self.statistics.as_ref().map(|statistics| &statistics.deviation),
            "layers_per_block": self.layers_per_block,
            "mid_block_add_attention": self.mid_block_add_attention,
            "norm_num_groups": self.norm_num_groups,
            "out_channels": self.out_channels,
            "sample_size": self.sample_size,
            "scaling_factor": self.scaling_factor,
            "shift_factor": self.shift_factor,
            "up_block_types": vec!["UpDecoderBlock2D"; blocks],
            "use_post_quant_conv": self.use_post_quant_conv,
            "use_quant_conv": self.use_quant_conv,
        })
    }

    /// Pixels per latent pixel along one side.
    pub fn factor(&self) -> usize {
        1 << (self.block_out_channels.len() - 1)
    }
}

fn statistics(fields: &mut Fields) -> Result<Option<LatentStatistics>> {
    let (mean, deviation) = (fields.take("latents_mean")?, fields.take("latents_std")?);
    match (mean, deviation) {
        (None, None) => Ok(None),
        (Some(mean), Some(deviation)) => Ok(Some(LatentStatistics { mean, deviation })),
        (None, _) => Err(fields.error("latents_mean", "is missing, but latents_std is there")),
        (_, None) => Err(fields.error("latents_std", "is missing, but latents_mean is there")),
    }
}
