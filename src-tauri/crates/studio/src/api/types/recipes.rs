//! Orders, and the recipes that are kept, compared and read back from pictures.

use std::path::PathBuf;

use salon_domain::{CandidateId, Digest, SamplerKind, SlotPrompts, TemplateMode, Timestamp, Upscale};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Orders a run. Models, LoRAs and pictures are named; their hashes are looked up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct StartRun {
    /// The model's name.
    pub model: String,
    /// The prompt, or its template. Embeddings that it names are found by themselves.
    pub prompt: String,
    /// What the picture should not show; a template like the prompt.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(optional, as = "Option<String>")]
    pub negative_prompt: String,
    /// Whether prompts are templates, and how their slots draw from them; plain prompts when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub template: Option<TemplateMode>,
    /// LoRAs, in the order they are applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<LoraChoice>>")]
    pub loras: Vec<LoraChoice>,
    /// Sampler; the model's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sampler: Option<SamplerKind>,
    /// Denoising steps; the model's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub steps: Option<u32>,
    /// Guidance scale; the model's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub guidance: Option<f64>,
    /// Layers left out at the end of the text encoder; none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub clip_skip: Option<u32>,
    /// Pixels across; the source's, the varied picture's or the model's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub width: Option<u32>,
    /// Pixels down, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub height: Option<u32>,
    /// The picture to start from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub source: Option<SourceChoice>,
    /// The candidate to vary.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub variation: Option<VariationChoice>,
    /// A second pass at a larger size.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub upscale: Option<Upscale>,
    /// A second model for the last steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub refiner: Option<RefinerChoice>,
    /// Decode in overlapping tiles: less memory.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub tiled_decode: bool,
    /// How many pictures.
    pub count: u32,
    /// The run's seed; drawn when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub seed: Option<u64>,
    /// Put it before every waiting run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub first: bool,
}

/// A LoRA and how strongly it is applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct LoraChoice {
    /// Its name.
    pub name: String,
    /// 1 applies it as trained.
    pub weight: f64,
}

/// A picture to start from: a candidate, or one that was stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SourceChoice {
    /// A candidate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub candidate: Option<CandidateId>,
    /// A picture that `store_picture` took in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sha256: Option<Digest>,
    /// 0 keeps the picture, 1 forgets it.
    pub strength: f64,
    /// A stored grey picture of the same size: white is painted anew, black is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub mask: Option<Digest>,
    /// Whether the new pictures carry the traits of the layers that it was put together from.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub carries_traits: bool,
}

/// A candidate whose noise the new pictures begin with, turned towards their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct VariationChoice {
    /// The candidate.
    pub candidate: CandidateId,
    /// 0 gives it again, 1 an unrelated picture.
    pub strength: f64,
}

/// A second model and when it takes over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RefinerChoice {
    /// The model's name.
    pub model: String,
    /// Share of the noise schedule after which it takes over, 0 to 1.
    pub switch_at: f64,
}

/// Asks what the slots of a run would be painted from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ResolveTemplate {
    /// The prompt's template.
    pub prompt: String,
    /// The negative prompt's template.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub negative_prompt: String,
    /// How slots draw from them.
    pub template: TemplateMode,
    /// How many pictures.
    pub count: u32,
    /// The run's seed.
    #[ts(type = "number")]
    pub seed: u64,
}

/// What templates become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ResolvedPrompts {
    /// Of the first slots, at most twenty.
    pub prompts: Vec<SlotPrompts>,
    /// How many different prompts (of both templates together) there can be; at most 2^53 − 1.
    #[ts(type = "number")]
    pub combinations: u64,
}

/// A PNG to be stored, a mask or a picture from disk to start from: one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct StorePicture {
    /// A PNG file.
    #[ts(optional, type = "string")]
    pub path: Option<PathBuf>,
    /// A PNG's bytes in base64.
    #[ts(optional)]
    pub png: Option<String>,
}

/// A picture in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StoredPicture {
    /// SHA-256 of its PNG.
    pub sha256: Digest,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// Reads a recipe back from a picture (PNG, JPEG or WebP): one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ImportRecipe {
    /// A picture file.
    #[ts(optional, type = "string")]
    pub path: Option<PathBuf>,
    /// A picture file's bytes in base64.
    #[ts(optional)]
    pub png: Option<String>,
}

/// Which program wrote a recipe into a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum RecipeWriter {
    /// Salon: complete.
    Salon,
    /// AUTOMATIC1111's web UI, or a program that writes as it does.
    A1111,
    /// `ComfyUI`.
    ComfyUi,
    /// `InvokeAI`.
    InvokeAi,
    /// `SwarmUI`.
    SwarmUi,
    /// Fooocus, or one of its forks.
    Fooocus,
}

impl RecipeWriter {
    /// Reads [`RecipeWriter::label`] back.
    pub fn from_label(label: &str) -> Option<Self> {
        use RecipeWriter::{A1111, ComfyUi, Fooocus, InvokeAi, Salon, SwarmUi};
        let all = [Salon, A1111, ComfyUi, InvokeAi, SwarmUi, Fooocus];
        all.into_iter().find(|writer| writer.label() == label)
    }

    /// What people call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Salon => "Salon",
            Self::A1111 => "A1111",
            Self::ComfyUi => "ComfyUI",
            Self::InvokeAi => "InvokeAI",
            Self::SwarmUi => "SwarmUI",
            Self::Fooocus => "Fooocus",
        }
    }
}

/// A recipe read from a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportedRecipe {
    /// Which program wrote it.
    pub from: RecipeWriter,
    /// The order that would make the picture again.
    pub request: StartRun,
    /// What could not be taken over, or is not here.
    pub notes: Vec<String>,
}

/// An order kept under a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SavedRecipe {
    /// The name.
    pub name: String,
    /// The order.
    pub request: StartRun,
    /// When it was saved.
    pub saved_at: Timestamp,
}

/// Keeps an order under a name; what had that name before is replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SaveRecipe {
    /// The name.
    pub name: String,
    /// The order.
    pub request: StartRun,
}

/// Forgets a saved recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RemoveRecipe {
    /// The name.
    pub name: String,
}
