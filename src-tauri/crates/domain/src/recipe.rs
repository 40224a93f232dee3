//! A recipe: everything that determines a picture, and which recipes are possible.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CanonicalHasher, Digest, SamplerKind};

/// The bounds inside which a recipe must stay.
pub mod limits {
    /// Width and height are multiples of this many pixels (the factor of the usual autoencoders).
    pub const SIDE_MULTIPLE: u32 = 8;
    /// Shortest side, in pixels.
    pub const MIN_SIDE: u32 = 64;
    /// Longest side, in pixels.
    pub const MAX_SIDE: u32 = 2048;
    /// Most denoising steps.
    pub const MAX_STEPS: u32 = 1000;
    /// Largest classifier-free guidance scale.
    pub const MAX_GUIDANCE: f64 = 50.0;
    /// Longest prompt, in characters; beyond it a prompt is a mistake rather than a wish.
    pub const MAX_PROMPT_CHARACTERS: usize = 4000;
    /// Largest seed: integers up to here are exact in JSON as every reader understands it (2^53 − 1).
    pub const MAX_SEED: u64 = (1 << 53) - 1;
    /// Most layers left out at the end of a text encoder.
    pub const MAX_CLIP_SKIP: u32 = 12;
    /// Most slots in one run.
    pub const MAX_COUNT: u32 = 100_000;
}

/// A model by name and by what its files hash to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub struct ModelRef {
    /// The folder's name under a models folder ("house").
    pub name: String,
    /// SHA-256 over the model's files.
    pub sha256: Digest,
}

/// A low-rank adaptation and how strongly it is applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LoraRef {
    /// File name.
    pub name: String,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Multiplier; 1 applies it as trained.
    pub weight: f64,
}

/// A textual inversion: vectors that a word of the prompt stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EmbeddingRef {
    /// The file's name without its ending: the word that prompts use.
    pub name: String,
    /// SHA-256 of the file.
    pub sha256: Digest,
}

/// The picture that a generation starts from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SourcePicture {
    /// Its PNG in the picture store.
    pub sha256: Digest,
    /// 0 keeps the picture, 1 forgets it.
    pub strength: f64,
    /// A grey PNG in the picture store: white is painted anew, black is kept. The whole picture when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<Digest>,
    /// Whether what it was put together from is true of the new pictures, too: they carry the traits of its layers.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub carries_traits: bool,
}

/// Slots are variations of one picture: each begins with that picture's noise, turned towards its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Variation {
    /// The parent's PNG in the picture store.
    pub of: Digest,
    /// The seed the parent was made with.
    #[ts(type = "number")]
    pub seed: u64,
    /// 0 gives the parent again, 1 an unrelated picture; the spherical interpolation of the two noises.
    pub strength: f64,
}

/// A second pass: the finished picture is enlarged, noised again and refined at the new size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
pub struct Upscale {
    /// Pixels across, at the end.
    pub width: u32,
    /// Pixels down, at the end.
    pub height: u32,
    /// How much of the enlarged picture is painted anew, 0 to 1.
    pub strength: f64,
}

/// A second model that takes over for the last steps (SDXL's refiner).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Refiner {
    /// The model.
    pub model: ModelRef,
    /// Share of the noise schedule after which it takes over, 0 to 1.
    pub switch_at: f64,
}

/// How a prompt template becomes the prompts of a run's slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TemplateMode {
    /// Every slot draws its own, decided by the run's seed and the slot's index.
    Random,
    /// Slots go through all combinations in turn.
    Combinatorial,
}

/// Everything that determines a picture. Slot `n` of a run is made with seed `seed + n`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Recipe {
    /// The model.
    pub model: ModelRef,
    /// Adaptations, in the order they are applied.
    pub loras: Vec<LoraRef>,
    /// The prompt, or the template of the slots' prompts when [`Recipe::template`] says so.
    pub prompt: String,
    /// What the picture should not show; may be empty. A template like the prompt.
    pub negative_prompt: String,
    /// The sampler.
    pub sampler: SamplerKind,
    /// Denoising steps.
    pub steps: u32,
    /// Classifier-free guidance scale; 1 switches guidance off. Ho and Salimans 2022, arXiv:2207.12598.
    pub guidance: f64,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The run's seed.
    #[ts(type = "number")]
    pub seed: u64,
    /// The picture it starts from, if any.
    pub source: Option<SourcePicture>,
    /// How the prompts' templates are resolved; absent when they are plain prompts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateMode>,
    /// Textual inversions that the prompts name, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub embeddings: Vec<EmbeddingRef>,
    /// Layers left out at the end of the text encoder.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clip_skip: u32,
    /// The picture that this is a variation of, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation: Option<Variation>,
    /// The second pass at a larger size, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upscale: Option<Upscale>,
    /// The second model for the last steps, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refiner: Option<Refiner>,
    /// Whether the autoencoder decodes in overlapping tiles: less memory, very slightly another picture.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tiled_decode: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // Serde hands a reference.
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // Serde hands a reference.
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Why a recipe is not possible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // Each variant's fields are spelt out in its message.
pub enum RecipeError {
    #[error(
        "{name} is {found} px: choose a multiple of {} from {least} to {}",
        limits::SIDE_MULTIPLE,
        limits::MAX_SIDE
    )]
    Side {
        name: &'static str,
        found: u32,
        least: u32,
    },
    #[error("{found} steps: choose 1 to {}", limits::MAX_STEPS)]
    Steps { found: u32 },
    #[error("guidance {found}: choose 0 to {}", limits::MAX_GUIDANCE)]
    Guidance { found: f64 },
    #[error(
        "the {name} has {found} characters: shorten it to {} or fewer",
        limits::MAX_PROMPT_CHARACTERS
    )]
    Prompt { name: &'static str, found: usize },
    #[error("seed {found} is too large: choose 0 to {}", limits::MAX_SEED)]
    Seed { found: u64 },
    #[error("clip skip {found}: choose 0 to {}", limits::MAX_CLIP_SKIP)]
    ClipSkip { found: u32 },
    #[error("{found} pictures: choose 1 to {}", limits::MAX_COUNT)]
    Count { found: u32 },
    #[error("{name} {found} is out of range: choose {range}")]
    Range {
        name: &'static str,
        found: f64,
        range: &'static str,
    },
}

fn check_side(name: &'static str, found: u32, least: u32) -> Result<(), RecipeError> {
    if (least..=limits::MAX_SIDE).contains(&found) && found.is_multiple_of(limits::SIDE_MULTIPLE) {
        return Ok(());
    }
    Err(RecipeError::Side { name, found, least })
}

impl Recipe {
    /// A recipe of nothing but its model, prompt and size, with 20 DDIM steps, guidance 7.5 and seed 0.
    pub fn plain(model: ModelRef, prompt: impl Into<String>, width: u32, height: u32) -> Self {
        Self {
            model,
            loras: Vec::new(),
            prompt: prompt.into(),
            negative_prompt: String::new(),
            sampler: SamplerKind::Ddim,
            steps: 20,
            guidance: 7.5,
            width,
            height,
            seed: 0,
            source: None,
            template: None,
            embeddings: Vec::new(),
            clip_skip: 0,
            variation: None,
            upscale: None,
            refiner: None,
            tiled_decode: false,
        }
    }

    /// The pictures that this one was made from: the source and the picture it varies.
    pub fn parents(&self) -> Vec<Digest> {
        let source = self.source.as_ref().map(|source| source.sha256);
        let mut parents: Vec<Digest> = source.into_iter().collect();
        let varied = self.variation.as_ref().map(|variation| variation.of);
        parents.extend(varied.filter(|of| !parents.contains(of)));
        parents
    }

    /// Every picture in the store that making it needs: parents and mask.
    pub fn pictures(&self) -> Vec<Digest> {
        let mut pictures = self.parents();
        pictures.extend(self.source.as_ref().and_then(|source| source.mask));
        pictures
    }

    /// Checks every bound of [`limits`] for a run of `count` slots.
    pub fn check(&self, count: u32) -> Result<(), RecipeError> {
        check_side("width", self.width, limits::MIN_SIDE)?;
        check_side("height", self.height, limits::MIN_SIDE)?;
        if !(1..=limits::MAX_STEPS).contains(&self.steps) {
            return Err(RecipeError::Steps { found: self.steps });
        }
        if !(0.0..=limits::MAX_GUIDANCE).contains(&self.guidance) {
            return Err(RecipeError::Guidance { found: self.guidance });
        }
        for (name, text) in [
            ("prompt", &self.prompt),
            ("negative prompt", &self.negative_prompt),
        ] {
            let found = text.chars().count();
            if found > limits::MAX_PROMPT_CHARACTERS {
                return Err(RecipeError::Prompt { name, found });
            }
        }
        if !(1..=limits::MAX_COUNT).contains(&count) {
            return Err(RecipeError::Count { found: count });
        }
        if self.seed > limits::MAX_SEED - u64::from(count) {
            return Err(RecipeError::Seed { found: self.seed });
        }
        for lora in &self.loras {
            if !(-4.0..=4.0).contains(&lora.weight) {
                return Err(RecipeError::Range {
                    name: "LoRA weight",
                    found: lora.weight,
                    range: "−4 to 4",
                });
            }
        }
        let shares = [
            ("strength", self.source.as_ref().map(|source| source.strength)),
            (
                "variation strength",
                self.variation.as_ref().map(|variation| variation.strength),
            ),
            ("upscale strength", self.upscale.map(|upscale| upscale.strength)),
            (
                "refiner switch",
                self.refiner.as_ref().map(|refiner| refiner.switch_at),
            ),
        ];
        for (name, share) in shares {
            if let Some(found) = share.filter(|share| !(0.0..=1.0).contains(share)) {
                let range = "0 to 1";
                return Err(RecipeError::Range { name, found, range });
            }
        }
        if self.clip_skip > limits::MAX_CLIP_SKIP {
            return Err(RecipeError::ClipSkip {
                found: self.clip_skip,
            });
        }
        if let Some(upscale) = self.upscale {
            check_side("upscaled width", upscale.width, self.width)?;
            check_side("upscaled height", upscale.height, self.height)?;
        }
        Ok(())
    }

    /// SHA-256 over every field.
    pub fn digest(&self) -> Digest {
        let mut hasher = CanonicalHasher::new("salon recipe 1")
            .text(&self.model.name)
            .bytes(&self.model.sha256.0)
            .integer(self.loras.len() as i64);
        for lora in &self.loras {
            hasher = hasher
                .text(&lora.name)
                .bytes(&lora.sha256.0)
                .bytes(&lora.weight.to_le_bytes());
        }
        hasher = hasher
            .text(&self.prompt)
            .text(&self.negative_prompt)
            .text(self.sampler.word())
            .integer(i64::from(self.steps))
            .bytes(&self.guidance.to_le_bytes())
            .integer(i64::from(self.width))
            .integer(i64::from(self.height))
            .integer(self.seed as i64);
        hasher = match &self.source {
            Some(source) => hasher
                .bytes(&source.sha256.0)
                .bytes(&source.strength.to_le_bytes()),
            None => hasher.optional(None),
        };
        self.digest_extras(hasher).finish()
    }

    /// What came after the first format. Each field is written behind its name and only when it is set, so that a
    /// recipe without them keeps the digest it always had.
    fn digest_extras(&self, mut hasher: CanonicalHasher) -> CanonicalHasher {
        if let Some(mask) = self.source.as_ref().and_then(|source| source.mask) {
            hasher = hasher.text("mask").bytes(&mask.0);
        }
        if self.source.as_ref().is_some_and(|source| source.carries_traits) {
            hasher = hasher.text("carries traits");
        }
        if let Some(mode) = self.template {
            hasher = hasher.text("template").text(match mode {
                TemplateMode::Random => "random",
                TemplateMode::Combinatorial => "combinatorial",
            });
        }
        for embedding in &self.embeddings {
            hasher = hasher
                .text("embedding")
                .text(&embedding.name)
                .bytes(&embedding.sha256.0);
        }
        if self.clip_skip > 0 {
            hasher = hasher.text("clip skip").integer(i64::from(self.clip_skip));
        }
        if let Some(variation) = &self.variation {
            hasher = hasher
                .text("variation")
                .bytes(&variation.of.0)
                .integer(variation.seed as i64)
                .bytes(&variation.strength.to_le_bytes());
        }
        if let Some(upscale) = self.upscale {
            hasher = hasher
                .text("upscale")
                .integer(i64::from(upscale.width))
                .integer(i64::from(upscale.height))
                .bytes(&upscale.strength.to_le_bytes());
        }
        if let Some(refiner) = &self.refiner {
            hasher = hasher
                .text("refiner")
                .text(&refiner.model.name)
                .bytes(&refiner.model.sha256.0)
                .bytes(&refiner.switch_at.to_le_bytes());
        }
        if self.tiled_decode {
            hasher = hasher.text("tiled decode");
        }
        hasher
    }

    /// The seed of slot `slot`.
    pub fn slot_seed(&self, slot: u32) -> u64 {
        self.seed.wrapping_add(u64::from(slot)) & limits::MAX_SEED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> Recipe {
        let model = ModelRef {
            name: "house".into(),
            sha256: Digest::ZERO,
        };
        Recipe {
            seed: 7,
            ..Recipe::plain(model, "a fox", 128, 128)
        }
    }

    #[test]
    fn a_sensible_recipe_passes_and_its_slots_count_up() {
        assert_eq!(recipe().check(64), Ok(()));
        assert_eq!(
            [recipe().slot_seed(0), recipe().slot_seed(30)],
            [7, 37],
            "slot seeds count up from the run's"
        );
    }

    #[test]
    fn absurd_numbers_are_refused_by_name() {
        type Spoil = fn(&mut Recipe);
        let cases: [(&str, Spoil, u32); 8] = [
            ("width", |recipe| recipe.width = 100, 1),
            ("height", |recipe| recipe.height = 1 << 20, 1),
            ("steps", |recipe| recipe.steps = 0, 1),
            ("guidance", |recipe| recipe.guidance = f64::NAN, 1),
            ("prompt", |recipe| recipe.prompt = "x".repeat(10_000), 1),
            ("seed", |recipe| recipe.seed = u64::MAX, 1),
            ("pictures", |_| (), 0),
            ("pictures", |_| (), u32::MAX),
        ];
        for (word, spoil, count) in cases {
            let mut spoilt = recipe();
            spoil(&mut spoilt);
            let message = spoilt
                .check(count)
                .expect_err("an absurd recipe must be refused")
                .to_string();
            assert!(message.contains(word), "`{message}` should name {word}");
        }
    }

    #[test]
    fn every_field_is_in_the_digest() {
        type Change = fn(&mut Recipe);
        let changes: [Change; 10] = [
            |recipe| recipe.template = Some(TemplateMode::Random),
            |recipe| recipe.template = Some(TemplateMode::Combinatorial),
            |recipe| {
                recipe.embeddings = vec![EmbeddingRef {
                    name: "style".into(),
                    sha256: Digest::ZERO,
                }];
            },
            |recipe| recipe.clip_skip = 1,
            |recipe| {
                recipe.variation = Some(Variation {
                    of: Digest::ZERO,
                    seed: 3,
                    strength: 0.2,
                });
            },
            |recipe| {
                recipe.upscale = Some(Upscale {
                    width: 256,
                    height: 256,
                    strength: 0.5,
                });
            },
            |recipe| {
                recipe.refiner = Some(Refiner {
                    model: recipe.model.clone(),
                    switch_at: 0.8,
                });
            },
            |recipe| recipe.tiled_decode = true,
            |recipe| {
                recipe.source = Some(SourcePicture {
                    sha256: Digest::ZERO,
                    strength: 0.5,
                    mask: Some(Digest::ZERO),
                    carries_traits: false,
                });
            },
            |recipe| {
                recipe.source = Some(SourcePicture {
                    sha256: Digest::ZERO,
                    strength: 0.5,
                    mask: None,
                    carries_traits: true,
                });
            },
        ];
        let mut digests = vec![recipe().digest()];
        for change in changes {
            let mut changed = recipe();
            change(&mut changed);
            assert!(
                !digests.contains(&changed.digest()),
                "two different recipes share a digest: {changed:?}"
            );
            assert_eq!(changed.check(4), Ok(()), "each is a possible recipe");
            digests.push(changed.digest());
        }
    }

    #[test]
    fn a_recipe_of_the_first_format_is_read_and_keeps_its_digest() {
        let json = serde_json::to_string(&recipe()).unwrap();
        assert!(
            !json.contains("clip_skip") && !json.contains("template"),
            "what is not set is not written: {json}"
        );
        let read: Recipe = serde_json::from_str(&json).unwrap();
        assert_eq!(read.digest(), recipe().digest(), "reading changes nothing");
    }
}
