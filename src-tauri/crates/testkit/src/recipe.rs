//! A recipe that any run can be ordered from.

use salon_domain::{Digest, ModelRef, Recipe};

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
        guidance: 3.1,
        seed,
        ..Recipe::plain(
            model(),
            "a fox with orange fur, star eyes and a gold crown, teal background",
            64,
            64,
        )
    }
}
