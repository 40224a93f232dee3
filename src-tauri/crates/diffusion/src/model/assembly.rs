//! The parts of a model, built and held against each other.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device};

use super::class::Class;
use super::place::Place;
use super::report::{Capabilities, ModelReport, time_ids};
use crate::error::Result;
use crate::lora::Adapters;
use crate::schedule::Schedule;
use crate::text::{PromptEncoder, Stage};
use crate::tokenizer::{CLIP_VOCABULARY, Padding, Tokenizer};
use crate::weights::{Part, Weights};
use crate::{AutoencoderKl, TextEncoder, TextEncoderConfig, UNet, UNetConfig, VaeConfig};

/// The parts of a model, built.
pub(crate) struct Parts {
    pub prompts: PromptEncoder,
    pub unet: UNet,
    pub vae: AutoencoderKl,
    pub schedule: Schedule,
    pub report: ModelReport,
    /// What the networks were built from; LoRAs are held against it.
    pub weights: BTreeMap<Part, Weights>,
}

impl Parts {
    /// Reads the whole model onto the device.
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        Self::new(&Place::open(path)?, Some(device))
    }

    /// Builds the model of zeros that need no memory, to see whether it can be built.
    pub fn inspect(path: &Path) -> Result<Self> {
        Self::new(&Place::open(path)?, None)
    }

    fn new(place: &Place, device: Option<&Device>) -> Result<Self> {
        // Everything small comes before the weights.
        let class = Class::read(&place.index_path(), &place.index()?)?;
        let scheduler = place.scheduler()?;
        let schedule = Schedule::from_json(&scheduler)?;
        let text_configs = class
            .encoders
            .iter()
            .map(|part| TextEncoderConfig::from_json(&place.config(*part)?))
            .collect::<Result<Vec<_>>>()?;
        let unet_config = UNetConfig::from_json(&place.config(Part::UNet)?)?;
        let vae_config = VaeConfig::from_json(&place.config(Part::Vae)?)?;
        fit_together(place, &class, &text_configs, &unet_config, &vae_config)?;
        let mut notes = class.notes.clone();
        let mut tokenizers = Vec::with_capacity(text_configs.len());
        for (part, config) in class.encoders.iter().zip(&text_configs) {
            let folder = place.tokenizer(*part);
            let (longest, vocabulary) = (config.max_position_embeddings, config.vocab_size);
            tokenizers.push(Tokenizer::find(
                &folder,
                longest,
                vocabulary,
                Padding::of(config),
            )?);
            if matches!(place, Place::Folder(_)) && !folder.is_dir() {
                let name = place.tokenizer(*part);
                let name = name.file_name().unwrap_or_default().to_string_lossy();
                notes.push(if vocabulary == CLIP_VOCABULARY {
                    format!("{name} is missing: CLIP's own is used")
                } else {
                    format!("{name} is missing: no prompt can be read until `vocab.json` and `merges.txt` are there")
                });
            }
        }
        let mut weights = BTreeMap::new();
        for part in class.encoders.iter().copied().chain([Part::UNet, Part::Vae]) {
            weights.insert(
                part,
                place.weights(part, device)?.computed_in(precision(part, device)),
            );
        }
        let mut stages = Vec::with_capacity(tokenizers.len());
        for ((part, config), tokenizer) in class.encoders.iter().zip(text_configs).zip(tokenizers) {
            let encoder = TextEncoder::new(config, &weights[part])?;
            stages.push(Stage { tokenizer, encoder });
        }
        let prompts = prompts(&class, stages)?;
        let unet = UNet::new(unet_config, &weights[&Part::UNet])?;
        let vae = AutoencoderKl::new(vae_config, &weights[&Part::Vae])?;
        if let Some(ids) = time_ids(&prompts, &unet).filter(|ids| !(5..=6).contains(ids)) {
            let reason = format!(
                "`projection_class_embeddings_input_dim` leaves room for {ids} sizes; SDXL has 6, its refiner 5"
            );
            return Err(place.wrong(Part::UNet, reason));
        }
        let schedule_class = scheduler["_class_name"].as_str().unwrap_or_default();
        let capabilities = Capabilities::of(&class, &prompts, &unet, &vae, schedule_class);
        let mut report = ModelReport::new(&prompts, &unet, &vae, &schedule, capabilities);
        report.parameters = weights.values().map(Weights::parameters).sum();
        report.notes = notes;
        report.unused = unused(place, &weights);
        Ok(Self {
            prompts,
            unet,
            vae,
            schedule,
            report,
            weights,
        })
    }

    /// Builds the networks anew with LoRAs merged in, or as they are stored. The autoencoder has no LoRAs.
    pub fn adapt(&mut self, adapters: Option<&Arc<Adapters>>) -> Result<()> {
        let view = |part: Part| {
            let weights = &self.weights[&part];
            adapters.map_or_else(|| weights.clone(), |adapters| weights.adapted(adapters, part))
        };
        let unet = UNet::new(self.unet.config().clone(), &view(Part::UNet))?;
        let encoders: Vec<Part> = [Part::TextEncoder, Part::TextEncoder2]
            .into_iter()
            .filter(|part| self.weights.contains_key(part))
            .collect();
        let mut anew = Vec::with_capacity(encoders.len());
        for (part, stage) in encoders.into_iter().zip(self.prompts.stages()) {
            anew.push(TextEncoder::new(stage.encoder.config().clone(), &view(part))?);
        }
        self.prompts.replace_encoders(anew);
        self.unet = unet;
        Ok(())
    }
}

/// What a part computes in. Accelerators multiply f16 several times faster than f32, and the denoiser is where the time
/// goes. Decoders leave the range of f16, and text encoders take no time worth it.
fn precision(part: Part, device: Option<&Device>) -> DType {
    match device {
        Some(Device::Cuda(_) | Device::Metal(_)) if part == Part::UNet => DType::F16,
        _ => DType::F32,
    }
}

fn prompts(class: &Class, mut stages: Vec<Stage>) -> Result<PromptEncoder> {
    match stages.pop() {
        Some(Stage { tokenizer, encoder }) if !class.is_xl() => Ok(PromptEncoder::new(tokenizer, encoder)),
        last => {
            stages.extend(last);
            PromptEncoder::xl(stages, class.zeros_for_nothing)
        }
    }
}

fn unused(place: &Place, weights: &BTreeMap<Part, Weights>) -> Vec<String> {
    let mut unused = Vec::new();
    for (part, weights) in weights {
        // Position numbers, which old versions of transformers stored, are no weights.
        let names = weights
            .unused()
            .into_iter()
            .filter(|name| !name.ends_with("position_ids"));
        unused.extend(names.map(|name| format!("{}: {name}", part.folder())));
    }
    unused.extend(place.unknown().iter().map(|name| format!("model: {name}")));
    unused
}

/// Whether the networks can be put together, as far as their configurations tell.
fn fit_together(
    place: &Place,
    class: &Class,
    texts: &[TextEncoderConfig],
    unet: &UNetConfig,
    vae: &VaeConfig,
) -> Result<()> {
    let latent = vae.latent_channels;
    let expect = |part: Part, field: &str, found: usize, expected: usize, other: &str| {
        if found == expected {
            return Ok(());
        }
        Err(place.wrong(
            part,
            format!("`{field}` is {found}, but must be {expected}, {other}"),
        ))
    };
    if unet.in_channels != 2 * latent + 1 {
        let other = format!(
            "the latent_channels of the VAE (or {}, with mask and masked picture, for inpainting)",
            2 * latent + 1
        );
        expect(Part::UNet, "in_channels", unet.in_channels, latent, &other)?;
    }
    let other = "the latent_channels of the VAE";
    expect(Part::UNet, "out_channels", unet.out_channels, latent, other)?;
    let width = texts.iter().map(|text| text.hidden_size).sum();
    let other = if texts.len() > 1 {
        "the hidden_size of both text encoders together"
    } else {
        "the hidden_size of the text encoder"
    };
    expect(
        Part::UNet,
        "cross_attention_dim",
        unet.cross_attention_dim,
        width,
        other,
    )?;
    let other = "the three colours of a picture";
    expect(Part::Vae, "in_channels", vae.in_channels, 3, other)?;
    expect(Part::Vae, "out_channels", vae.out_channels, 3, other)?;
    match (class.is_xl(), unet.added.is_some()) {
        (true, false) => {
            let reason = "has no `addition_embed_type: text_time`, which a pipeline of SDXL needs";
            Err(place.wrong(Part::UNet, reason))
        }
        (false, true) => {
            let reason =
                "has `addition_embed_type: text_time`, but model_index.json names no pipeline of SDXL";
            Err(place.wrong(Part::UNet, reason))
        }
        _ => Ok(()),
    }
}
