//! `unet/config.json`.

use serde_json::{Value, json};

use super::levels::{self, MiddleBlock, UNetLevel};
use crate::config::{Fields, check_groups, check_size, largest_side};
use crate::error::Result;

/// Features of diffusers' U-Net that are not built here; a model that uses one is refused.
const NOT_BUILT: &[&str] = &[
    "class_embed_type",
    "class_embeddings_concat",
    "cross_attention_norm",
    "dual_cross_attention",
    "encoder_hid_dim",
    "encoder_hid_dim_type",
    "mid_block_only_cross_attention",
    "num_class_embeds",
    "resnet_skip_time_act",
    "time_embedding_act_fn",
    "timestep_post_act",
];

/// Fields that may have any value, and why.
const HARMLESS: &[(&str, &str)] = &[
    (
        "addition_embed_type_num_heads",
        "belongs to `addition_embed_type: text`, which is refused",
    ),
    ("dropout", "nothing is dropped out of a finished network"),
];

/// What a U-Net of the SDXL family is told besides the prompt (`addition_embed_type: text_time`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddedConfig {
    /// Width of the waves of one number of the time ids.
    pub waves: usize,
    /// Width of the pooled prompt and the waves of all time ids together.
    pub inputs: usize,
}

/// The shape of a `UNet2DConditionModel`.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // The switches that config.json has, by its own names.
pub struct UNetConfig {
    /// Channels of a latent (and of whatever is stacked onto it).
    pub in_channels: usize,
    /// Channels of the prediction.
    pub out_channels: usize,
    /// Resolutions, finest first; each but the last halves the latent once.
    pub levels: Vec<UNetLevel>,
    /// What is between the way down and the way up.
    pub middle: MiddleBlock,
    /// Width of the text encoder's vectors.
    pub cross_attention_dim: usize,
    /// Groups of the group norms.
    pub norm_num_groups: usize,
    /// Epsilon of the group norms outside the transformers.
    pub norm_eps: f64,
    /// Width of the embedded time step.
    pub time_width: usize,
    /// Cosines before sines in the time embedding.
    pub flip_sin_to_cos: bool,
    /// Shift of the frequencies of the time embedding.
    pub freq_shift: f64,
    /// Whether the time step scales and shifts what it meets in a residual layer, instead of being added to it.
    pub scale_shift: bool,
    /// Conditions of the SDXL family.
    pub added: Option<AddedConfig>,
    /// Width of the guidance embedding, for models that are told the guidance scale.
    pub time_cond_proj_dim: Option<usize>,
    /// Latents within 0 and 1 are moved to −1 and 1 first.
    pub center_input_sample: bool,
    /// Whether the transformers' outer projections are stored as linear layers rather than 1×1 convolutions.
    pub use_linear_projection: bool,
    /// Whether attention is computed in f32 where the rest is in f16: its scores leave the range of f16.
    pub upcast_attention: bool,
    /// Side of the latents that it was trained on.
    pub sample_size: usize,
}

impl UNetConfig {
    /// Reads `unet/config.json`.
    pub fn from_json(json: &Value) -> Result<Self> {
        let mut fields = Fields::new("U-Net", json)?;
        fields.only("_class_name", "UNet2DConditionModel")?;
        fields.only("attention_type", "default")?;
        fields.only("conv_in_kernel", 3)?;
        fields.only("conv_out_kernel", 3)?;
        fields.refuse(NOT_BUILT)?;
        fields.only("act_fn", "silu")?;
        fields.only("downsample_padding", 1)?;
        fields.only("mid_block_scale_factor", 1)?;
        fields.only("resnet_out_scale_factor", 1)?;
        fields.only("time_embedding_type", "positional")?;
        for (harmless, _) in HARMLESS {
            fields.without_effect(&[harmless]);
        }
        // diffusers builds something else for these where they are null, not its default.
        fields.refuse_null("norm_num_groups")?;
        fields.refuse_null("cross_attention_dim")?;

        let (levels, middle) = levels::read(&mut fields)?;
        let config = Self {
            time_width: fields.take_or("time_embedding_dim", 4 * levels[0].channels)?,
            middle,
            levels,
            in_channels: fields.take_or("in_channels", 4)?,
            out_channels: fields.take_or("out_channels", 4)?,
            cross_attention_dim: cross_attention_dim(&mut fields)?,
            norm_num_groups: fields.take_or("norm_num_groups", 32)?,
            norm_eps: fields.take_or("norm_eps", 1e-5)?,
            flip_sin_to_cos: fields.take_or("flip_sin_to_cos", true)?,
            freq_shift: fields.take_or("freq_shift", 0.0)?,
            scale_shift: scale_shift(&mut fields)?,
            added: added(&mut fields)?,
            time_cond_proj_dim: fields.take("time_cond_proj_dim")?,
            center_input_sample: fields.take_or("center_input_sample", false)?,
            use_linear_projection: fields.take_or("use_linear_projection", false)?,
            upcast_attention: fields.take_or("upcast_attention", false)?,
            sample_size: largest_side(&mut fields, "sample_size", 64)?,
        };
        config.check(&fields)?;
        fields.finish()?;
        Ok(config)
    }

    fn check(&self, fields: &Fields) -> Result<()> {
        check_size(fields, "in_channels", &[self.in_channels], 1024)?;
        check_size(fields, "out_channels", &[self.out_channels], 1024)?;
        check_size(fields, "time_embedding_dim", &[self.time_width], 1 << 16)?;
        if let Some(width) = self.time_cond_proj_dim {
            check_size(fields, "time_cond_proj_dim", &[width], 1 << 16)?;
        }
        let channels: Vec<usize> = self.levels.iter().map(|level| level.channels).collect();
        check_groups(fields, self.norm_num_groups, &channels)?;
        if !(self.norm_eps.is_finite() && self.norm_eps > 0.0) {
            return Err(fields.error("norm_eps", format!("is {}, but must be positive", self.norm_eps)));
        }
        let least = channels[0].min(self.added.map_or(usize::MAX, |added| added.waves)) as f64 / 2.0;
        if !(self.freq_shift >= 0.0 && self.freq_shift < least) {
            let reason = format!(
                "is {}, but must be at least 0 and below {least}, half the width of the waves",
                self.freq_shift
            );
            return Err(fields.error("freq_shift", reason));
        }
        Ok(())
    }

    /// The `config.json` that diffusers reads.
    pub fn to_json(&self) -> Value {
        let mut json = json!({
            "_class_name": "UNet2DConditionModel",
            "act_fn": "silu",
            "center_input_sample": self.center_input_sample,
            "cross_attention_dim": self.cross_attention_dim,
            "downsample_padding": 1,
            "flip_sin_to_cos": self.flip_sin_to_cos,
            "freq_shift": self.freq_shift,
            "in_channels": self.in_channels,
            "mid_block_scale_factor": 1,
            "norm_eps": self.norm_eps,
            "norm_num_groups": self.norm_num_groups,
            "out_channels": self.out_channels,
            "resnet_time_scale_shift": if self.scale_shift { "scale_shift" } else { "default" },
            "sample_size": self.sample_size,
            "time_cond_proj_dim": self.time_cond_proj_dim,
            "upcast_attention": self.upcast_attention,
            "use_linear_projection": self.use_linear_projection,
        });
        levels::write(&self.levels, &self.middle, &mut json);
        if self.time_width != 4 * self.levels[0].channels {
            json["time_embedding_dim"] = self.time_width.into();
        }
        if let Some(added) = self.added {
            json["addition_embed_type"] = "text_time".into();
            json["addition_time_embed_dim"] = added.waves.into();
            json["projection_class_embeddings_input_dim"] = added.inputs.into();
        }
        json
    }
}

fn scale_shift(fields: &mut Fields) -> Result<bool> {
    match fields
        .take_or("resnet_time_scale_shift", "default".to_owned())?
        .as_str()
    {
        "default" => Ok(false),
        "scale_shift" => Ok(true),
        other => Err(fields.error(
            "resnet_time_scale_shift",
            format!("is `{other}`; only `default` and `scale_shift` are supported"),
        )),
    }
}

fn added(fields: &mut Fields) -> Result<Option<AddedConfig>> {
    let kind: Option<String> = fields.take("addition_embed_type")?;
    let sizes = ["addition_time_embed_dim", "projection_class_embeddings_input_dim"];
    let Some(kind) = kind else {
        // Without the embedding that they belong to, they have no effect; diffusers writes them all the same.
        fields.without_effect(&sizes);
        return Ok(None);
    };
    if kind != "text_time" {
        let reason = format!("is `{kind}`; only `text_time`, that of the SDXL family, is supported");
        return Err(fields.error("addition_embed_type", reason));
    }
    let mut widths = [0; 2];
    for (width, field) in widths.iter_mut().zip(sizes) {
        *width = fields.take(field)?.ok_or_else(|| {
            fields.error(field, "is missing, but `addition_embed_type: text_time` needs it")
        })?;
        check_size(fields, field, &[*width], 1 << 16)?;
    }
    let [waves, inputs] = widths;
    if !waves.is_multiple_of(2) {
        return Err(fields.error(sizes[0], format!("is {waves}, but must be even")));
    }
    Ok(Some(AddedConfig { waves, inputs }))
}

fn cross_attention_dim(fields: &mut Fields) -> Result<usize> {
    let value = fields.take_or("cross_attention_dim", Value::from(1280))?;
    let widths: Option<Vec<u64>> = match &value {
        Value::Array(values) => values.iter().map(Value::as_u64).collect(),
        one => one.as_u64().map(|width| vec![width]),
    };
    match widths.as_deref() {
        Some([first, rest @ ..])
            if (1..=1 << 14).contains(first) && rest.iter().all(|other| other == first) =>
        {
            Ok(*first as usize)
        }
        _ => Err(fields.error(
            "cross_attention_dim",
            format!(
                "is {value}; only one width for all blocks, of at most {}, is supported",
                1 << 14
            ),
        )),
    }
}
