//! A model folder in the layout of diffusers: what must be in it, what is understood, and what is wrong with it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use candle_core::Device;
use serde_json::Value;

use crate::error::{DiffusionError, Result};
use crate::schedule::{Prediction, Schedule};
use crate::text::PromptEncoder;
use crate::tokenizer::{Padding, Tokenizer};
use crate::{AutoencoderKl, TextEncoder, TextEncoderConfig, UNet, UNetConfig, VaeConfig, Weights};

/// The only pipeline that is understood.
const PIPELINE: &str = "StableDiffusionPipeline";

/// Largest configuration that is read, in bytes; the index of a sharded model is the longest.
const LARGEST_CONFIG: u64 = 16 << 20;

/// Sides of pictures are multiples of at least this, as in diffusers.
const LEAST_MULTIPLE: usize = 8;

/// What a model is.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelReport {
    /// For people: "Stable Diffusion 1".
    pub family: String,
    /// Values in all three networks.
    pub parameters: u64,
    /// Side in pixels of the pictures that it was trained on.
    pub native_side: usize,
    /// Both sides of a picture must be multiples of this.
    pub side_multiple: usize,
    /// What the U-Net predicts.
    pub prediction: Prediction,
    /// Tokens of a prompt, begin and end included.
    pub prompt_tokens: usize,
    /// Tensors in the weight files that nothing asks for, as `part: name`.
    pub unused: Vec<String>,
}

/// Reads a folder's configurations and holds every weight file against them, without reading a weight.
pub fn check(folder: &Path) -> Result<ModelReport> {
    Parts::new(folder, Weights::inspect).map(|parts| parts.report)
}

/// The parts of a model, built.
pub(crate) struct Parts {
    pub prompts: PromptEncoder,
    pub unet: UNet,
    pub vae: AutoencoderKl,
    pub schedule: Schedule,
    pub report: ModelReport,
}

impl Parts {
    /// Reads the whole model.
    pub fn load(folder: &Path, device: &Device) -> Result<Self> {
        Self::new(folder, |files| Weights::load(files, device))
    }

    fn new(folder: &Path, open: impl Fn(&[PathBuf]) -> Result<Weights>) -> Result<Self> {
        let index = folder.join("model_index.json");
        let class = json(&index)?["_class_name"]
            .as_str()
            .unwrap_or("nameless pipeline")
            .to_owned();
        if class != PIPELINE {
            return Err(wrong(
                &index,
                format!("names a {class}; only {PIPELINE} can be used here"),
            ));
        }
        // Everything small comes before the weights.
        let config = |part: &str| json(&folder.join(part).join("config.json"));
        let schedule = Schedule::load(&folder.join("scheduler/scheduler_config.json"))?;
        let text_config = TextEncoderConfig::from_json(&config("text_encoder")?)?;
        let unet_config = UNetConfig::from_json(&config("unet")?)?;
        let vae_config = VaeConfig::from_json(&config("vae")?)?;
        fit_together(folder, &text_config, &unet_config, &vae_config)?;
        let (longest, vocabulary) = (text_config.max_position_embeddings, text_config.vocab_size);
        let padding = Padding::of(&text_config);
        let tokenizer = Tokenizer::find(&folder.join("tokenizer"), longest, vocabulary, padding)?;
        let files = |part: &str, stem: &str| weight_files(&folder.join(part), stem);
        let network = "diffusion_pytorch_model";
        let files = [
            files("text_encoder", "model")?,
            files("unet", network)?,
            files("vae", network)?,
        ];
        let [text_weights, unet_weights, vae_weights] =
            [open(&files[0])?, open(&files[1])?, open(&files[2])?];
        let text_encoder = TextEncoder::new(text_config, &text_weights)?;
        let unet = UNet::new(unet_config, &unet_weights)?;
        let vae = AutoencoderKl::new(vae_config, &vae_weights)?;
        let stores = [
            ("text_encoder", &text_weights),
            ("unet", &unet_weights),
            ("vae", &vae_weights),
        ];
        let unused = stores.iter().flat_map(|(part, weights)| {
            // Position numbers, which old versions of transformers stored, are no weights.
            let names = weights
                .unused()
                .into_iter()
                .filter(|name| !name.ends_with("position_ids"));
            names.map(move |name| format!("{part}: {name}"))
        });
        let factor = vae.config().factor();
        let report = ModelReport {
            family: family(unet.config().cross_attention_dim).to_owned(),
            parameters: stores.iter().map(|(_, weights)| weights.parameters()).sum(),
            native_side: unet.config().sample_size * factor,
            side_multiple: factor.max(LEAST_MULTIPLE),
            prediction: schedule.prediction,
            prompt_tokens: tokenizer.length(),
            unused: unused.collect(),
        };
        Ok(Self {
            prompts: PromptEncoder::new(tokenizer, text_encoder),
            unet,
            vae,
            schedule,
            report,
        })
    }
}

/// Whether the three networks can be put together.
fn fit_together(folder: &Path, text: &TextEncoderConfig, unet: &UNetConfig, vae: &VaeConfig) -> Result<()> {
    let agree = [
        (
            "unet/config.json",
            "in_channels",
            unet.in_channels,
            "latent_channels of the VAE",
            vae.latent_channels,
        ),
        (
            "unet/config.json",
            "out_channels",
            unet.out_channels,
            "latent_channels of the VAE",
            vae.latent_channels,
        ),
        (
            "unet/config.json",
            "cross_attention_dim",
            unet.cross_attention_dim,
            "hidden_size of the text encoder",
            text.hidden_size,
        ),
        (
            "vae/config.json",
            "out_channels",
            vae.out_channels,
            "three colours of a picture",
            3,
        ),
    ];
    match agree
        .into_iter()
        .find(|(_, _, found, _, expected)| found != expected)
    {
        None => Ok(()),
        Some((file, field, found, other, expected)) => {
            let reason = format!("`{field}` is {found}, but must be {expected}, the {other}");
            Err(wrong(&folder.join(file), reason))
        }
    }
}

fn family(cross_attention_dim: usize) -> &'static str {
    match cross_attention_dim {
        768 => "Stable Diffusion 1",
        1024 => "Stable Diffusion 2",
        _ => "Stable Diffusion, custom",
    }
}

/// The safetensors files of one part: whole, in shards, or in half precision, whichever there is first.
fn weight_files(part: &Path, stem: &str) -> Result<Vec<PathBuf>> {
    let whole = part.join(format!("{stem}.safetensors"));
    if whole.is_file() {
        return Ok(vec![whole]);
    }
    let index = part.join(format!("{stem}.safetensors.index.json"));
    if index.is_file() {
        return shards(part, &index);
    }
    let half = part.join(format!("{stem}.fp16.safetensors"));
    if half.is_file() {
        return Ok(vec![half]);
    }
    for pickle in ["bin", "ckpt", "pt", "pth"].map(|ending| part.join(format!("{stem}.{ending}"))) {
        if pickle.is_file() {
            let reason = "is a pickle, which can run code when it is opened, so it is never opened; get the model as \
                          safetensors, or convert it where you trust it: load it with diffusers and call \
                          `save_pretrained(folder, safe_serialization=True)`";
            return Err(wrong(&pickle, reason));
        }
    }
    Err(wrong(&whole, "is missing; copy the whole model folder"))
}

fn shards(part: &Path, index: &Path) -> Result<Vec<PathBuf>> {
    let json = json(index)?;
    let map = json["weight_map"]
        .as_object()
        .ok_or_else(|| wrong(index, "has no `weight_map`; copy it again"))?;
    let names: BTreeSet<&str> = map.values().filter_map(Value::as_str).collect();
    match names
        .iter()
        .find(|name| Path::new(name).file_name().is_none_or(|file| file != **name))
    {
        Some(name) => Err(wrong(
            index,
            format!("names the file `{name}`, which is not beside it"),
        )),
        None => Ok(names.into_iter().map(|name| part.join(name)).collect()),
    }
}

fn json(path: &Path) -> Result<Value> {
    let mut text = Vec::new();
    let file = File::open(path).map_err(|fault| match fault.kind() {
        std::io::ErrorKind::NotFound => wrong(path, "is missing; copy the whole model folder"),
        _ => DiffusionError::file(path)(fault),
    })?;
    file.take(LARGEST_CONFIG + 1)
        .read_to_end(&mut text)
        .map_err(DiffusionError::file(path))?;
    if text.len() as u64 > LARGEST_CONFIG {
        return Err(wrong(
            path,
            format!("is larger than {LARGEST_CONFIG} bytes, which no configuration is"),
        ));
    }
    serde_json::from_slice(&text).map_err(|fault| wrong(path, format!("is no JSON ({fault}); copy it again")))
}

fn wrong(path: &Path, reason: impl Into<String>) -> DiffusionError {
    DiffusionError::Model {
        path: path.to_path_buf(),
        reason: reason.into(),
    }
}
