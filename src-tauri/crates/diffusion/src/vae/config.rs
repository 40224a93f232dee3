//! `vae/config.json`.

use serde_json::{Value, json};

use crate::config::{Fields, check_groups, check_size};
use crate::error::Result;

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
        fields.refuse(&["latents_mean", "latents_std"])?;
        fields.without_effect(&["force_upcast"]);
        let config = Self {
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
            sample_size: fields.take_or("sample_size", 32)?,
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
        if !(config.scaling_factor.is_finite() && config.scaling_factor > 0.0) {
            return Err(fields.error("scaling_factor", "must be a positive number"));
        }
        fields.finish()?;
        Ok(config)
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
