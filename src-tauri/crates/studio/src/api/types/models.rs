//! Models, and what is put on top of them: LoRAs, embeddings, wildcards.

use std::path::PathBuf;

use salon_domain::{CandidateId, Digest, SamplerKind};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a model lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// A folder in the layout of diffusers.
    Folder,
    /// One weight file.
    File,
}

/// A model found in a models folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ModelSummary {
    /// The folder's name, or the file's without its ending.
    pub name: String,
    /// The folder or file.
    #[ts(type = "string")]
    pub path: PathBuf,
    /// How it lies on disk.
    pub kind: ModelKind,
    /// SHA-256 over its files; absent when it cannot be used.
    pub sha256: Option<Digest>,
    /// Architecture family ("Stable Diffusion, custom").
    pub family: String,
    /// Parameters in all components.
    #[ts(type = "number")]
    pub parameters: u64,
    /// Bytes on disk.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Pixels a side that it was trained at.
    pub native_side: u32,
    /// Sampler, steps and guidance that its makers recommend.
    pub defaults: SamplingDefaults,
    /// What a recipe of it may ask for.
    pub capabilities: ModelCapabilities,
    /// Licence as its model card or its metadata names it; empty when neither does.
    pub licence: String,
    /// The latest candidate of this project made with exactly this model.
    pub thumbnail: Option<CandidateId>,
    /// Names of the LoRAs that fit it, wholly or partly.
    pub loras: Vec<String>,
    /// What is worth knowing and no fault ("3 tensors are not used").
    pub notes: Vec<String>,
    /// Why it cannot be used, naming file and tensor; absent when it can.
    pub fault: Option<String>,
}

/// What a model can do.
#[allow(clippy::struct_excessive_bools)] // Independent facts, each asked for by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ModelCapabilities {
    /// It was trained to fill masks (nine input channels). Any other model fills them by blending.
    pub inpaint: bool,
    /// It refines what another model began, and cannot begin by itself.
    pub refiner: bool,
    /// It was distilled for few steps (latent consistency).
    pub latent_consistency: bool,
    /// Layers of its text encoder can be left out.
    pub clip_skip: bool,
    /// Samplers that fit it, in the order menus show them.
    pub samplers: Vec<SamplerKind>,
    /// Width and height are multiples of this many pixels.
    pub side_multiple: u32,
    /// Tokens in one stretch of a prompt, its begin and end marks included.
    pub prompt_tokens: u32,
}

/// Where a recipe starts when a model is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SamplingDefaults {
    /// Sampler.
    pub sampler: SamplerKind,
    /// Denoising steps.
    pub steps: u32,
    /// Classifier-free guidance scale.
    pub guidance: f64,
    /// A prompt that shows what the model can do.
    pub example_prompt: String,
}

/// A low-rank adaptation found in a models folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LoraSummary {
    /// The file's name without its ending.
    pub name: String,
    /// The file.
    #[ts(type = "string")]
    pub path: PathBuf,
    /// SHA-256 of the file; absent when it cannot be used.
    pub sha256: Option<Digest>,
    /// Bytes on disk.
    #[ts(type = "number")]
    pub bytes: u64,
    /// How it is written ("kohya", "PEFT", "LoHa"…); empty while unknown.
    pub format: String,
    /// Its rank; absent when its layers differ or it has none.
    pub rank: Option<u32>,
    /// The family it was made for; empty while unknown.
    pub family: String,
    /// Names of the models it fits, wholly or partly.
    pub fits: Vec<String>,
    /// How it goes with each model that can be used.
    pub models: Vec<LoraFit>,
    /// Why it cannot be used; absent when it can.
    pub fault: Option<String>,
}

/// How a LoRA goes with a model, by the names and shapes of their tensors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LoraFit {
    /// The model's name.
    pub model: String,
    /// Tensors of the LoRA; 0 when it does not fit.
    pub keys: u32,
    /// Those of them that fit nothing in the model and are left out, by name.
    pub unmatched: Vec<String>,
    /// Why it does not fit; absent when it does.
    pub reason: Option<String>,
}

/// A textual inversion found in a models folder. A prompt that names it uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EmbeddingSummary {
    /// The file's name without its ending: the word that prompts use.
    pub name: String,
    /// The file.
    #[ts(type = "string")]
    pub path: PathBuf,
    /// SHA-256 of the file; absent when it cannot be used.
    pub sha256: Option<Digest>,
    /// Tokens that it takes up in a prompt.
    pub tokens: u32,
    /// Values in each of its vectors: it fits text encoders of this width. The first when it has two (SDXL).
    pub width: u32,
    /// Why it cannot be used; absent when it can.
    pub fault: Option<String>,
}

/// A list of values that templates draw from as `__name__`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WildcardSummary {
    /// The file's name without its ending, with the folders inside `wildcards/` before it (`animals/birds`).
    pub name: String,
    /// How many values it has.
    pub values: u32,
}

/// Copies a model into the first models folder that can be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct AddModel {
    /// A diffusers folder, a checkpoint file, a LoRA, an embedding.
    #[ts(type = "string")]
    pub path: PathBuf,
    /// Its name there; the file's or folder's own when absent.
    #[ts(optional)]
    pub name: Option<String>,
}

/// What was added, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AddedModel {
    /// What it turned out to be ("model", "LoRA", "embedding").
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Where it lies now.
    #[ts(type = "string")]
    pub path: PathBuf,
}

/// How far the copy of a model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AddProgress {
    /// Its name.
    pub name: String,
    /// Bytes copied.
    #[ts(type = "number")]
    pub done: u64,
    /// Bytes in all.
    #[ts(type = "number")]
    pub total: u64,
}

/// Takes a model out of the models folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RemoveModel {
    /// Its name.
    pub name: String,
}

/// Checks a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CheckModel {
    /// Its name, or a path to a folder or file that need not be in a models folder.
    pub model: String,
}
