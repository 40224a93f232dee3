//! A recipe: everything that determines a picture, and which recipes are possible.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CanonicalHasher, Digest};

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
    /// Most slots in one run.
    pub const MAX_COUNT: u32 = 100_000;
}

/// How a picture is denoised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SamplerKind {
    /// Denoising diffusion implicit models, deterministic (η = 0). Song et al. 2020, arXiv:2010.02502.
    Ddim,
    /// Euler's method on the probability-flow ODE. Karras et al. 2022, arXiv:2206.00364, algorithm 2 without churn.
    Euler,
}

impl SamplerKind {
    /// Every sampler, in the order menus show them.
    pub const ALL: [Self; 2] = [Self::Ddim, Self::Euler];

    /// The name people know.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ddim => "DDIM",
            Self::Euler => "Euler",
        }
    }

    /// The word used in the database, on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ddim => "ddim",
            Self::Euler => "euler",
        }
    }

    /// Reads [`SamplerKind::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sampler| sampler.word() == word)
    }
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

/// The picture that a generation starts from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SourcePicture {
    /// Its PNG in the picture store.
    pub sha256: Digest,
    /// 0 keeps the picture, 1 forgets it.
    pub strength: f64,
}

/// Everything that determines a picture. Slot `n` of a run is made with seed `seed + n`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Recipe {
    /// The model.
    pub model: ModelRef,
    /// Adaptations, in the order they are applied.
    pub loras: Vec<LoraRef>,
    /// The prompt template.
    pub prompt: String,
    /// What the picture should not show; may be empty.
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
}

/// Why a recipe is not possible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // Each variant's fields are spelt out in its message.
pub enum RecipeError {
    #[error(
        "{name} is {found} px: choose a multiple of {} from {} to {}",
        limits::SIDE_MULTIPLE,
        limits::MIN_SIDE,
        limits::MAX_SIDE
    )]
    Side { name: &'static str, found: u32 },
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
    #[error("{found} pictures: choose 1 to {}", limits::MAX_COUNT)]
    Count { found: u32 },
    #[error("{name} {found} is out of range: choose {range}")]
    Range {
        name: &'static str,
        found: f64,
        range: &'static str,
    },
}

impl Recipe {
    /// Checks every bound of [`limits`] for a run of `count` slots.
    pub fn check(&self, count: u32) -> Result<(), RecipeError> {
        for (name, found) in [("width", self.width), ("height", self.height)] {
            let fits = (limits::MIN_SIDE..=limits::MAX_SIDE).contains(&found);
            if !fits || !found.is_multiple_of(limits::SIDE_MULTIPLE) {
                return Err(RecipeError::Side { name, found });
            }
        }
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
        if let Some(source) = &self.source
            && !(0.0..=1.0).contains(&source.strength)
        {
            return Err(RecipeError::Range {
                name: "strength",
                found: source.strength,
                range: "0 to 1",
            });
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
        match &self.source {
            Some(source) => hasher
                .bytes(&source.sha256.0)
                .bytes(&source.strength.to_le_bytes()),
            None => hasher.optional(None),
        }
        .finish()
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
        Recipe {
            model: ModelRef {
                name: "house".into(),
                sha256: Digest::ZERO,
            },
            loras: vec![],
            prompt: "a fox".into(),
            negative_prompt: String::new(),
            sampler: SamplerKind::Ddim,
            steps: 20,
            guidance: 3.0,
            width: 128,
            height: 128,
            seed: 7,
            source: None,
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
}
