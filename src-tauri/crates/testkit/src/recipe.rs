//! A recipe that any run can be ordered from.

use salon_domain::{Digest, ModelRef, Recipe, SamplerKind};

/// A model that exists in name only.
pub fn model() -> ModelRef {
    ModelRef {
        name: "house".into(),
        sha256: Digest::of(b"the house model"),
    }
}

/// A small, possible recipe.
pub fn recipe(seed: u64) -> Recipe {
    Recipe {
        model: model(),
        loras: vec![],
        prompt: "a fox with orange fur, star eyes and a gold crown, teal background".into(),
        negative_prompt: String::new(),
        sampler: SamplerKind::Ddim,
        steps: 20,
        guidance: 3.1,
        width: 64,
        height: 64,
        seed,
        source: None,
    }
}
