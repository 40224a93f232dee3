//! The configurations that diffusers would write, from the shapes of tensors.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Entries;
use super::names::count;
use crate::error::{DiffusionError, Result};
use crate::weights::{Family, Part, WeightFile};

/// Width of an attention head in SD 2, SDXL and all text encoders; SD 1 has eight heads of any width instead.
const HEAD: usize = 64;

/// The shapes of one network's tensors, by their names in diffusers.
pub(super) struct Shapes<'a> {
    path: &'a std::path::Path,
    part: Part,
    sides: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Shapes<'a> {
    pub fn new(file: &'a WeightFile, entries: &'a Entries, part: Part) -> Self {
        let shape = |stored: &str| file.tensors.get(stored).map(|stored| stored.shape.clone());
        Self {
            path: &file.path,
            part,
            sides: entries
                .iter()
                .filter_map(|(name, entry)| {
                    Some((name.as_str(), entry.selection.shape(&shape(&entry.stored)?)))
                })
                .collect(),
        }
    }

    fn wrong(&self, reason: String) -> DiffusionError {
        DiffusionError::Model {
            path: self.path.to_path_buf(),
            reason,
        }
    }

    /// One side of a tensor that must be there.
    fn side(&self, name: &str, axis: usize) -> Result<usize> {
        self.find(name, axis).ok_or_else(|| {
            let part = self.part.folder();
            self.wrong(format!(
                "holds no usable `{name}` for its {part}; download it again"
            ))
        })
    }

    fn find(&self, name: &str, axis: usize) -> Option<usize> {
        self.sides.get(name)?.get(axis).copied()
    }

    fn has(&self, name: &str) -> bool {
        self.sides.contains_key(name)
    }

    fn count(&self, name: impl Fn(usize) -> String) -> usize {
        count(|index| self.has(&name(index)))
    }

    /// Width of the vectors that the U-Net attends to.
    fn cross_attention_dim(&self) -> Result<usize> {
        let name = self.sides.keys().find(|name| name.ends_with("attn2.to_k.weight"));
        match name {
            Some(name) => self.side(name, 1),
            None => {
                Err(self
                    .wrong("has a U-Net without attention to a prompt, which is not supported".to_owned()))
            }
        }
    }

    /// Which models the U-Net is one of; `encoders` says which of the two text encoders the file holds.
    pub fn family(&self, encoders: [bool; 2]) -> Result<Family> {
        let family = Family::of_width(self.cross_attention_dim()?);
        let with_sizes = self.has("add_embedding.linear_1.weight");
        let sized = matches!(
            family,
            Family::StableDiffusionXl | Family::StableDiffusionXlRefiner
        );
        match (family, with_sizes) {
            // A width of its own with the embeddings of SDXL: built like SDXL, or like its refiner.
            (Family::Custom, true) if encoders == [false, true] => Ok(Family::StableDiffusionXlRefiner),
            (Family::Custom, true) => Ok(Family::StableDiffusionXl),
            (_, true) if !sized => Err(self.wrong(format!(
                "is a {family} that takes a picture's embedding (unCLIP), which is not supported"
            ))),
            (_, false) if sized => Err(self.wrong(format!(
                "looks like {family}, but has no embedding of sizes (`label_emb`)"
            ))),
            _ => Ok(family),
        }
    }

    /// Whether the U-Net takes nine channels; any number but that and its own is refused.
    pub fn inpaints(&self) -> Result<bool> {
        let (taken, given) = (self.side("conv_in.weight", 1)?, self.side("conv_out.weight", 0)?);
        match taken {
            _ if taken == given => Ok(false),
            9 => Ok(true),
            other => Err(self.wrong(format!(
                "has a U-Net that takes {other} channels; {given} (pictures) and 9 (inpainting) are supported, depth and \
                 instruction models are not"
            ))),
        }
    }

    /// `unet/config.json`.
    pub fn unet(&self, family: Family, velocity: bool) -> Result<Value> {
        let levels = self.count(|at| format!("down_blocks.{at}.resnets.0.conv1.weight"));
        if levels == 0 || levels != self.count(|at| format!("up_blocks.{at}.resnets.0.conv1.weight")) {
            return Err(
                self.wrong("has a U-Net whose ways down and up do not match; download it again".to_owned())
            );
        }
        let mut channels = Vec::new();
        let mut layers = Vec::new();
        let mut depth = Vec::new();
        let mut types = (Vec::new(), Vec::new());
        let mid =
            self.count(|block| format!("mid_block.attentions.0.transformer_blocks.{block}.norm1.weight"));
        for at in 0..levels {
            let blocks = |way: &str, at: usize| {
                self.count(|block| format!("{way}.{at}.attentions.0.transformer_blocks.{block}.norm1.weight"))
            };
            let (down, up) = (blocks("down_blocks", at), blocks("up_blocks", levels - 1 - at));
            channels.push(self.side(&format!("down_blocks.{at}.resnets.0.conv1.weight"), 0)?);
            layers.push(self.count(|layer| format!("down_blocks.{at}.resnets.{layer}.conv1.weight")));
            // The last entry is the middle's too.
            let last = at == levels - 1;
            if (down > 0 && up > 0 && down != up) || (last && down.max(up) > 0 && down.max(up) != mid) {
                return Err(self.wrong(format!(
                    "has a U-Net with transformers of different depths at level {at}, which is not supported"
                )));
            }
            depth.push(if last { mid.max(1) } else { down.max(up).max(1) });
            types.0.push(if down > 0 {
                "CrossAttnDownBlock2D"
            } else {
                "DownBlock2D"
            });
            types
                .1
                .push(if up > 0 { "CrossAttnUpBlock2D" } else { "UpBlock2D" });
        }
        types.1.reverse();
        let linear = self
            .sides
            .iter()
            .any(|(name, shape)| name.ends_with("proj_in.weight") && shape.len() == 2);
        let heads: Vec<usize> = channels
            .iter()
            .map(|channels| if linear { (channels / HEAD).max(1) } else { 8 })
            .collect();
        let mut config = json!({
            "_class_name": "UNet2DConditionModel",
            "act_fn": "silu",
            "attention_head_dim": heads,
            "block_out_channels": channels,
            "center_input_sample": false,
            "cross_attention_dim": self.cross_attention_dim()?,
            "down_block_types": types.0,
            "downsample_padding": 1,
            "flip_sin_to_cos": true,
            "freq_shift": 0,
            "in_channels": self.side("conv_in.weight", 1)?,
            "layers_per_block": layers,
            "mid_block_scale_factor": 1,
            "mid_block_type": "UNetMidBlock2DCrossAttn",
            "norm_eps": 1e-5,
            "norm_num_groups": 32,
            "out_channels": self.side("conv_out.weight", 0)?,
            "sample_size": if velocity && family == Family::StableDiffusion2 { 96 } else { family.native_side() / 8 },
            "transformer_layers_per_block": depth,
            "up_block_types": types.1,
            "upcast_attention": family == Family::StableDiffusion2,
            "use_linear_projection": linear,
        });
        if let Some(inputs) = self.find("add_embedding.linear_1.weight", 1) {
            config["addition_embed_type"] = "text_time".into();
            config["addition_time_embed_dim"] = 256.into();
            config["projection_class_embeddings_input_dim"] = inputs.into();
        }
        if let Some(width) = self.find("time_embedding.cond_proj.weight", 1) {
            config["time_cond_proj_dim"] = width.into();
        }
        Ok(config)
    }

    /// `vae/config.json`.
    pub fn vae(&self, family: Family) -> Result<Value> {
        let levels = self.count(|at| format!("encoder.down_blocks.{at}.resnets.0.conv1.weight"));
        let channels = (0..levels)
            .map(|at| self.side(&format!("encoder.down_blocks.{at}.resnets.0.conv1.weight"), 0))
            .collect::<Result<Vec<_>>>()?;
        if channels.is_empty() {
            return Err(self.wrong("has a VAE without levels; download it again".to_owned()));
        }
        let large = matches!(
            family,
            Family::StableDiffusionXl | Family::StableDiffusionXlRefiner
        );
        Ok(json!({
            "_class_name": "AutoencoderKL",
            "act_fn": "silu",
            "block_out_channels": channels,
            "down_block_types": vec!["DownEncoderBlock2D"; levels],
            "force_upcast": large,
            "in_channels": self.side("encoder.conv_in.weight", 1)?,
            "latent_channels": self.side("decoder.conv_in.weight", 1)?,
            "layers_per_block": self.count(|layer| format!("encoder.down_blocks.0.resnets.{layer}.conv1.weight")),
            "mid_block_add_attention": self.has("encoder.mid_block.attentions.0.to_q.weight"),
            "norm_num_groups": 32,
            "out_channels": self.side("decoder.conv_out.weight", 0)?,
            "sample_size": family.native_side(),
            "scaling_factor": if large { 0.13025 } else { 0.18215 },
            "up_block_types": vec!["UpDecoderBlock2D"; levels],
            "use_post_quant_conv": self.has("post_quant_conv.weight"),
            "use_quant_conv": self.has("quant_conv.weight"),
        }))
    }

    /// `config.json` of a text encoder.
    pub fn text(&self, open_clip: bool) -> Result<Value> {
        let table = "text_model.embeddings.token_embedding.weight";
        let (entries, width) = (self.side(table, 0)?, self.side(table, 1)?);
        // OpenAI's CLIP is in SD 1 and the first of SDXL's; the others are OpenCLIP's, also where they are written with
        // the names of transformers, which stable-diffusion.cpp does: then the width of SD 2's tells.
        let original = self.part == Part::TextEncoder && !open_clip && width != 1024;
        let mut config = json!({
            "architectures": [if self.part == Part::TextEncoder2 { "CLIPTextModelWithProjection" } else { "CLIPTextModel" }],
            "model_type": "clip_text_model",
            "vocab_size": entries,
            "hidden_size": width,
            "intermediate_size": self.side("text_model.encoder.layers.0.mlp.fc1.weight", 0)?,
            "num_hidden_layers": self.count(|layer| format!("text_model.encoder.layers.{layer}.layer_norm1.weight")),
            "num_attention_heads": (width / HEAD).max(1),
            "max_position_embeddings": self.side("text_model.embeddings.position_embedding.weight", 0)?,
            "hidden_act": if original { "quick_gelu" } else { "gelu" },
            "layer_norm_eps": 1e-5,
            "projection_dim": width,
            "bos_token_id": entries.saturating_sub(2),
            "eos_token_id": entries.saturating_sub(1),
            // CLIP fills up with its end token, OpenCLIP with the first of the vocabulary.
            "pad_token_id": if original { entries.saturating_sub(1) } else { 0 },
        });
        if self.part == Part::TextEncoder2 {
            config["projection_dim"] = self.side("text_projection.weight", 0)?.into();
        }
        Ok(config)
    }

    /// Resolutions of a VAE by its original names.
    pub fn vae_levels(names: &BTreeSet<&str>) -> usize {
        count(|level| names.contains(format!("encoder.down.{level}.block.0.norm1.weight").as_str()))
    }

    /// Layers of an `OpenCLIP` tower by its original names.
    pub fn tower_layers(names: &BTreeSet<&str>) -> usize {
        count(|layer| names.contains(format!("transformer.resblocks.{layer}.ln_1.weight").as_str()))
    }

    /// SD 2's text encoder has 24 layers, of which the last is not used; one already written with the names of
    /// transformers is told by that number, which no other first encoder has.
    pub fn drop_last_layer_of_sd2(entries: &mut Entries) {
        if entries.contains_key("text_model.encoder.layers.23.layer_norm1.weight") {
            entries.retain(|name, _| !name.starts_with("text_model.encoder.layers.23."));
        }
    }
}
