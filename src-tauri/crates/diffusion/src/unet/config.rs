//! `unet/config.json`.

use serde_json::{Value, json};

use crate::config::{Fields, check_groups, check_size, per_block};
use crate::error::Result;

/// Features of diffusers' U-Net that are not built here; a model that uses one is refused.
const NOT_BUILT: &[&str] = &[
    "addition_embed_type",
    "addition_embed_type_num_heads",
    "addition_time_embed_dim",
    "attention_type",
    "class_embed_type",
    "class_embeddings_concat",
    "conv_in_kernel",
    "conv_out_kernel",
    "cross_attention_norm",
    "dual_cross_attention",
    "encoder_hid_dim",
    "encoder_hid_dim_type",
    "mid_block_only_cross_attention",
    "num_class_embeds",
    "only_cross_attention",
    "projection_class_embeddings_input_dim",
    "resnet_skip_time_act",
    "reverse_transformer_layers_per_block",
    "time_cond_proj_dim",
    "time_embedding_act_fn",
    "time_embedding_dim",
    "timestep_post_act",
];

/// One resolution of the U-Net.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UNetLevel {
    /// Channels.
    pub channels: usize,
    /// Residual layers on the way down; one more on the way up.
    pub layers: usize,
    /// Whether the way down attends to the prompt at this resolution.
    pub attends_down: bool,
    /// Whether the way up does.
    pub attends_up: bool,
    /// Attention heads.
    pub heads: usize,
    /// Transformer blocks after each residual layer.
    pub transformer_layers: usize,
}

/// The shape of a `UNet2DConditionModel`.
#[derive(Debug, Clone, PartialEq)]
pub struct UNetConfig {
    /// Channels of a latent (and of whatever is stacked onto it).
    pub in_channels: usize,
    /// Channels of the prediction.
    pub out_channels: usize,
    /// Resolutions, finest first; each but the last halves the latent once.
    pub levels: Vec<UNetLevel>,
    /// Width of the text encoder's vectors.
    pub cross_attention_dim: usize,
    /// Groups of the group norms.
    pub norm_num_groups: usize,
    /// Epsilon of the group norms outside the transformers.
    pub norm_eps: f64,
    /// Cosines before sines in the time embedding.
    pub flip_sin_to_cos: bool,
    /// Shift of the frequencies of the time embedding.
    pub freq_shift: f64,
    /// Latents within 0 and 1 are moved to −1 and 1 first.
    pub center_input_sample: bool,
    /// Whether the transformers' outer projections are stored as linear layers rather than 1×1 convolutions.
    pub use_linear_projection: bool,
    /// Side of the latents that it was trained on.
    pub sample_size: usize,
}

impl UNetConfig {
    /// Reads `unet/config.json`.
    pub fn from_json(json: &Value) -> Result<Self> {
        let mut fields = Fields::new("U-Net", json)?;
        fields.only("_class_name", "UNet2DConditionModel")?;
        // Two fields are written with these values by every model that does not use the feature.
        if json.get("addition_embed_type_num_heads") == Some(&Value::from(64)) {
            fields.without_effect(&["addition_embed_type_num_heads"]);
        }
        fields.only("attention_type", "default")?;
        fields.only("conv_in_kernel", 3)?;
        fields.only("conv_out_kernel", 3)?;
        fields.refuse(NOT_BUILT)?;
        fields.only("act_fn", "silu")?;
        fields.only("downsample_padding", 1)?;
        fields.only("mid_block_type", "UNetMidBlock2DCrossAttn")?;
        fields.only("mid_block_scale_factor", 1)?;
        fields.only("resnet_out_scale_factor", 1)?;
        fields.only("resnet_time_scale_shift", "default")?;
        fields.only("time_embedding_type", "positional")?;
        // Everything is computed in f32, and nothing is dropped out.
        fields.without_effect(&["upcast_attention", "dropout"]);

        let config = Self {
            levels: levels(&mut fields)?,
            in_channels: fields.take_or("in_channels", 4)?,
            out_channels: fields.take_or("out_channels", 4)?,
            cross_attention_dim: cross_attention_dim(&mut fields)?,
            norm_num_groups: fields.take_or("norm_num_groups", 32)?,
            norm_eps: fields.take_or("norm_eps", 1e-5)?,
            flip_sin_to_cos: fields.take_or("flip_sin_to_cos", true)?,
            freq_shift: fields.take_or("freq_shift", 0.0)?,
            center_input_sample: fields.take_or("center_input_sample", false)?,
            use_linear_projection: fields.take_or("use_linear_projection", false)?,
            sample_size: fields.take_or("sample_size", 64)?,
        };
        check_size(&fields, "in_channels", &[config.in_channels], 1024)?;
        check_size(&fields, "out_channels", &[config.out_channels], 1024)?;
        let channels: Vec<usize> = config.levels.iter().map(|level| level.channels).collect();
        check_groups(&fields, config.norm_num_groups, &channels)?;
        fields.finish()?;
        Ok(config)
    }

    /// The `config.json` that diffusers reads.
    pub fn to_json(&self) -> Value {
        let list = |field: fn(&UNetLevel) -> usize| self.levels.iter().map(field).collect::<Vec<_>>();
        let type_name =
            |attends, with: &str, without: &str| (if attends { with } else { without }).to_owned();
        let down = |level: &UNetLevel| type_name(level.attends_down, "CrossAttnDownBlock2D", "DownBlock2D");
        let up = |level: &UNetLevel| type_name(level.attends_up, "CrossAttnUpBlock2D", "UpBlock2D");
        json!({
            "_class_name": "UNet2DConditionModel",
            "act_fn": "silu",
            "attention_head_dim": list(|level| level.heads),
            "block_out_channels": list(|level| level.channels),
            "center_input_sample": self.center_input_sample,
            "cross_attention_dim": self.cross_attention_dim,
            "down_block_types": self.levels.iter().map(down).collect::<Vec<_>>(),
            "downsample_padding": 1,
            "flip_sin_to_cos": self.flip_sin_to_cos,
            "freq_shift": self.freq_shift,
            "in_channels": self.in_channels,
            "layers_per_block": list(|level| level.layers),
            "mid_block_scale_factor": 1,
            "mid_block_type": "UNetMidBlock2DCrossAttn",
            "norm_eps": self.norm_eps,
            "norm_num_groups": self.norm_num_groups,
            "out_channels": self.out_channels,
            "sample_size": self.sample_size,
            "transformer_layers_per_block": list(|level| level.transformer_layers),
            "up_block_types": self.levels.iter().rev().map(up).collect::<Vec<_>>(),
            "use_linear_projection": self.use_linear_projection,
        })
    }

    /// Latent sides must be multiples of this.
    pub fn factor(&self) -> usize {
        1 << (self.levels.len() - 1)
    }
}

fn levels(fields: &mut Fields) -> Result<Vec<UNetLevel>> {
    let channels: Vec<usize> = fields.take_or("block_out_channels", vec![320, 640, 1280, 1280])?;
    check_size(fields, "block_out_channels", &channels, 1 << 14)?;
    let blocks = channels.len();
    if blocks == 0 || blocks > 8 {
        return Err(fields.error("block_out_channels", "must have between 1 and 8 entries"));
    }
    if !channels[0].is_multiple_of(2) {
        return Err(fields.error(
            "block_out_channels",
            "must begin with an even number, for the time embedding",
        ));
    }
    let last_plain = |count: usize, plain: usize| (0..count).map(|index| index != plain).collect::<Vec<_>>();
    let down = block_types(
        fields,
        "down_block_types",
        ["CrossAttnDownBlock2D", "DownBlock2D"],
    )?
    .unwrap_or_else(|| last_plain(blocks, blocks - 1));
    let mut up = block_types(fields, "up_block_types", ["CrossAttnUpBlock2D", "UpBlock2D"])?
        .unwrap_or_else(|| last_plain(blocks, 0));
    up.reverse();
    for (field, types) in [("down_block_types", &down), ("up_block_types", &up)] {
        if types.len() != blocks {
            return Err(fields.error(
                field,
                format!("must have {blocks} entries, as block_out_channels has"),
            ));
        }
    }
    let layers = fields.take_or("layers_per_block", Value::from(2))?;
    let layers = per_block(fields, "layers_per_block", &layers, blocks)?;
    let depth = fields.take_or("transformer_layers_per_block", Value::from(1))?;
    let depth = per_block(fields, "transformer_layers_per_block", &depth, blocks)?;
    // For historical reasons `attention_head_dim` is the number of heads wherever `num_attention_heads` is absent.
    let head_dim = fields.take_or("attention_head_dim", Value::from(8))?;
    let heads = fields.take("num_attention_heads")?.unwrap_or(head_dim);
    let heads = per_block(fields, "attention_head_dim", &heads, blocks)?;
    check_size(fields, "layers_per_block", &layers, 16)?;
    check_size(fields, "transformer_layers_per_block", &depth, 64)?;
    let mut levels = Vec::with_capacity(blocks);
    for (index, &channels) in channels.iter().enumerate() {
        if channels % heads[index] != 0 {
            let reason = format!(
                "gives {} heads for {channels} channels, which does not divide",
                heads[index]
            );
            return Err(fields.error("attention_head_dim", reason));
        }
        levels.push(UNetLevel {
            channels,
            layers: layers[index],
            attends_down: down[index],
            attends_up: up[index],
            heads: heads[index],
            transformer_layers: depth[index],
        });
    }
    Ok(levels)
}

/// Whether each block attends; `None` if the field is absent.
fn block_types(fields: &mut Fields, field: &str, known: [&str; 2]) -> Result<Option<Vec<bool>>> {
    let Some(types) = fields.take::<Vec<String>>(field)? else {
        return Ok(None);
    };
    let mut attends = Vec::with_capacity(types.len());
    for name in &types {
        if !known.contains(&name.as_str()) {
            let reason = format!(
                "names `{name}`; only `{}` and `{}` are supported",
                known[0], known[1]
            );
            return Err(fields.error(field, reason));
        }
        attends.push(name == known[0]);
    }
    Ok(Some(attends))
}

fn cross_attention_dim(fields: &mut Fields) -> Result<usize> {
    let value = fields.take_or("cross_attention_dim", Value::from(1280))?;
    let widths: Vec<u64> = match &value {
        Value::Array(values) => values.iter().filter_map(Value::as_u64).collect(),
        one => one.as_u64().into_iter().collect(),
    };
    match widths.first() {
        Some(&width) if width > 0 && width <= 1 << 14 && widths.iter().all(|other| *other == width) => {
            Ok(width as usize)
        }
        _ => Err(fields.error(
            "cross_attention_dim",
            format!("is {value}; only one width for all blocks is supported"),
        )),
    }
}
