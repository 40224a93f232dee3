//! Writes what was trained as a model folder in the diffusers layout.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use candle_core::{DType, Tensor};
use serde_json::{Value, json};

use super::TrainedUNet;
use super::vocabulary::{BEGIN, END, Vocabulary};
use crate::error::{DiffusionError, Result};
use crate::text_encoder::TextEncoderConfig;
use crate::unet::UNetConfig;
use crate::vae::VaeConfig;
use crate::weights::{save_tensors, write_whole};

/// Everything a model folder holds.
#[derive(Debug)]
pub struct ModelParts<'a> {
    /// Shape of the autoencoder.
    pub vae: &'a VaeConfig,
    /// Its weights.
    pub vae_weights: &'a BTreeMap<String, Tensor>,
    /// Shape of the U-Net.
    pub unet: &'a UNetConfig,
    /// Shape of the text encoder.
    pub text_encoder: &'a TextEncoderConfig,
    /// The weights of both.
    pub trained: &'a TrainedUNet,
    /// The tokenizer.
    pub vocabulary: &'a Vocabulary,
    /// `scheduler_config.json`.
    pub scheduler: &'a Value,
}

/// Writes the folder; weights as f16, every file whole or not at all.
pub fn write_model(folder: &Path, parts: &ModelParts) -> Result<()> {
    for part in ["scheduler", "text_encoder", "unet", "vae"] {
        let path = folder.join(part);
        fs::create_dir_all(&path).map_err(DiffusionError::file(&path))?;
    }
    let pretty =
        |name: &str, value: &Value| write_whole(&folder.join(name), format!("{value:#}\n").as_bytes());
    let index = json!({
        "_class_name": "StableDiffusionPipeline",
        "feature_extractor": [null, null],
        "image_encoder": [null, null],
        "requires_safety_checker": false,
        "safety_checker": [null, null],
        "scheduler": ["diffusers", parts.scheduler["_class_name"]],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    });
    pretty("model_index.json", &index)?;
    pretty("scheduler/scheduler_config.json", parts.scheduler)?;
    pretty("text_encoder/config.json", &parts.text_encoder.to_json())?;
    pretty("unet/config.json", &parts.unet.to_json())?;
    pretty("vae/config.json", &parts.vae.to_json())?;
    write_tokenizer(&folder.join("tokenizer"), parts.vocabulary, parts.text_encoder)?;

    let trained = parts.trained;
    save_tensors(
        parts.vae_weights,
        &folder.join("vae/diffusion_pytorch_model.safetensors"),
        DType::F16,
    )?;
    save_tensors(
        &trained.unet,
        &folder.join("unet/diffusion_pytorch_model.safetensors"),
        DType::F16,
    )?;
    save_tensors(
        &trained.text_encoder,
        &folder.join("text_encoder/model.safetensors"),
        DType::F16,
    )
}

/// Writes the files of CLIP's tokenizer.
pub fn write_tokenizer(
    folder: &Path,
    vocabulary: &Vocabulary,
    text_encoder: &TextEncoderConfig,
) -> Result<()> {
    fs::create_dir_all(folder).map_err(DiffusionError::file(folder))?;
    let write = |name: &str, text: &str| write_whole(&folder.join(name), text.as_bytes());
    let special = json!({"bos_token": BEGIN, "eos_token": END, "pad_token": END, "unk_token": END});
    let config = json!({
        "bos_token": BEGIN, "eos_token": END, "pad_token": END, "unk_token": END,
        "add_prefix_space": false, "do_lower_case": true, "errors": "replace",
        "model_max_length": text_encoder.max_position_embeddings, "tokenizer_class": "CLIPTokenizer",
    });
    write("special_tokens_map.json", &format!("{special:#}\n"))?;
    write("tokenizer_config.json", &format!("{config:#}\n"))?;
    write("vocab.json", &vocabulary.vocab_json())?;
    write("merges.txt", &vocabulary.merges_txt())
}
