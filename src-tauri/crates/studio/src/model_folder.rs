//! One model folder: its hash, what its makers recommend, and what is wrong with it.

use std::fs;
use std::path::Path;

use salon_domain::{CanonicalHasher, Digest, SamplerKind};
use serde::Deserialize;

use crate::api::SamplingDefaults;
use crate::models::Facts;

impl Default for SamplingDefaults {
    fn default() -> Self {
        Self { sampler: SamplerKind::Ddim, steps: 20, guidance: 7.5, example_prompt: String::new() }
    }
}

/// Everything that can be known without painting; or what is wrong, naming the file.
pub(crate) fn look(path: &Path, files: &[&Path]) -> Result<Facts, String> {
    if path.is_file() {
        return Err(lone_file(path));
    }
    let _ = (files, CanonicalHasher::new("salon model 1"), Digest::ZERO);
    Err("models cannot be read yet".into())
}

/// Why a single weight file is no model.
fn lone_file(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending {
        "safetensors" => format!(
            "{name} holds weights alone: a model is a diffusers folder (model_index.json, unet/, vae/, text_encoder/, \
             tokenizer/, scheduler/); convert it with diffusers' `from_single_file` and `save_pretrained`"
        ),
        "gguf" => format!("{name} is a GGUF file, which is not supported: use the model's diffusers folder"),
        _ => format!(
            "{name} is a pickle, which can run code when it is opened, so it is never opened: get the model as \
             safetensors, in a diffusers folder"
        ),
    }
}

/// What a model's makers recommend: `salon.json` in its folder, every field optional.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Recommended {
    sampler: Option<SamplerKind>,
    steps: Option<u32>,
    guidance: Option<f64>,
    example_prompt: Option<String>,
}
