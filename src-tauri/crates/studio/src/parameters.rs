//! The recipe inside a PNG: as AUTOMATIC1111's web UI writes it, which other tools read, and whole for Salon itself.

use std::borrow::Cow;
use std::fmt::Write as _;

use salon_domain::{Recipe, SamplerKind, Slot, SlotPrompts};
use serde::{Deserialize, Serialize};

/// Keyword of the text chunk that A1111 and its kin read.
pub(crate) const A1111: &str = "parameters";

/// Keyword of Salon's own: a [`Written`] as JSON.
pub(crate) const SALON: &str = "salon recipe";

/// Names by which A1111 knows the samplers, the one it is written with first.
pub(crate) const SAMPLERS: [(&str, SamplerKind); 8] = [
    ("DDIM", SamplerKind::Ddim),
    ("Euler", SamplerKind::Euler),
    ("Euler a", SamplerKind::EulerAncestral),
    ("DPM++ 2M", SamplerKind::DpmPlusPlus2M),
    ("DPM++ 2M Karras", SamplerKind::DpmPlusPlus2MKarras),
    ("UniPC", SamplerKind::UniPc),
    ("LCM", SamplerKind::Lcm),
    ("Euler ancestral", SamplerKind::EulerAncestral),
];

/// Everything that made one picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Written {
    pub(crate) version: String,
    pub(crate) recipe: Recipe,
    /// The slot's own.
    pub(crate) seed: u64,
    /// What the recipe's templates became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resolved: Option<SlotPrompts>,
}

impl Written {
    pub(crate) fn of(recipe: &Recipe, slot: &Slot) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            recipe: recipe.clone(),
            seed: slot.seed,
            resolved: slot.resolved.clone(),
        }
    }

    /// The same as A1111 writes it.
    pub(crate) fn as_a1111(&self) -> String {
        let recipe = &self.recipe;
        let prompts = SlotPrompts::of(recipe, self.resolved.as_ref());
        let mut text = one_line(&prompts.prompt).into_owned();
        for lora in &recipe.loras {
            let _ = write!(text, " <lora:{}:{}>", lora.name, lora.weight);
        }
        if !prompts.negative_prompt.is_empty() {
            text.push_str("\nNegative prompt: ");
            text.push_str(&one_line(&prompts.negative_prompt));
        }
        let fields: Vec<String> = self
            .fields()
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        text.push('\n');
        text.push_str(&fields.join(", "));
        text
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let recipe = &self.recipe;
        let sampler = SAMPLERS.iter().find(|(_, kind)| *kind == recipe.sampler);
        let short = |digest: &salon_domain::Digest| digest.to_string()[..10].to_owned();
        let mut fields = vec![
            ("Steps", recipe.steps.to_string()),
            (
                "Sampler",
                sampler
                    .map_or_else(|| recipe.sampler.label(), |(name, _)| name)
                    .into(),
            ),
            ("CFG scale", recipe.guidance.to_string()),
            ("Seed", self.seed.to_string()),
            ("Size", format!("{}x{}", recipe.width, recipe.height)),
            ("Model hash", short(&recipe.model.sha256)),
            ("Model", recipe.model.name.clone()),
        ];
        if let Some(source) = &recipe.source {
            fields.push(("Denoising strength", source.strength.to_string()));
        }
        if recipe.clip_skip > 0 {
            // There, 1 leaves nothing out.
            fields.push(("Clip skip", (recipe.clip_skip + 1).to_string()));
        }
        if let Some(variation) = &recipe.variation {
            // There, the seed is the varied picture's and the variation has one of its own.
            fields[3].1 = variation.seed.to_string();
            fields.push(("Variation seed", self.seed.to_string()));
            fields.push(("Variation seed strength", variation.strength.to_string()));
        }
        if let Some(upscale) = recipe.upscale {
            fields.push(("Denoising strength", upscale.strength.to_string()));
            fields.push(("Hires resize", format!("{}x{}", upscale.width, upscale.height)));
        }
        if let Some(refiner) = &recipe.refiner {
            fields.push(("Refiner", refiner.model.name.clone()));
            fields.push(("Refiner switch at", refiner.switch_at.to_string()));
        }
        let hashes = |parts: Vec<String>| format!("\"{}\"", parts.join(", "));
        if !recipe.loras.is_empty() {
            let loras = recipe.loras.iter();
            let loras = loras.map(|lora| format!("{}: {}", lora.name, short(&lora.sha256)));
            fields.push(("Lora hashes", hashes(loras.collect())));
        }
        if !recipe.embeddings.is_empty() {
            let embeddings = recipe.embeddings.iter();
            let embeddings = embeddings.map(|one| format!("{}: {}", one.name, short(&one.sha256)));
            fields.push(("TI hashes", hashes(embeddings.collect())));
        }
        fields.push(("Version", format!("Salon {}", self.version)));
        fields
    }
}

/// Readers tell the parts apart by line; a NUL would end the chunk.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\r', '\0']) {
        Cow::Owned(text.replace(['\n', '\r', '\0'], " "))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::a1111;
    use salon_domain::{Digest, LoraRef, ModelRef, RunId, SlotState, Variation};

    fn recipe() -> Recipe {
        let model = ModelRef {
            name: "house".into(),
            sha256: Digest::ZERO,
        };
        Recipe {
            negative_prompt: "blur".into(),
            guidance: 3.5,
            ..Recipe::plain(model, "a fox", 512, 256)
        }
    }

    fn written(recipe: &Recipe) -> Written {
        let slot = Slot {
            run: RunId(1),
            index: 0,
            seed: 9,
            resolved: None,
            state: SlotState::Pending,
        };
        Written::of(recipe, &slot)
    }

    #[test]
    fn a_plain_recipe_reads_as_it_always_did() {
        let expected = format!(
            "a fox\nNegative prompt: blur\nSteps: 20, Sampler: DDIM, CFG scale: 3.5, Seed: 9, Size: 512x256, \
             Model hash: 0000000000, Model: house, Version: Salon {}",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(written(&recipe()).as_a1111(), expected);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let recipe = Recipe {
            sampler: SamplerKind::DpmPlusPlus2MKarras,
            clip_skip: 1,
            loras: vec![LoraRef {
                name: "ink".into(),
                sha256: Digest::of(b"ink"),
                weight: 0.75,
            }],
            variation: Some(Variation {
                of: Digest::ZERO,
                seed: 4,
                strength: 0.25,
            }),
            ..recipe()
        };
        let facts = a1111::read(&written(&recipe).as_a1111()).unwrap();
        assert_eq!(
            (facts.prompt.as_str(), facts.negative_prompt.as_str()),
            ("a fox", "blur")
        );
        assert_eq!(
            facts.loras,
            [("ink".into(), 0.75)],
            "LoRAs are taken out of the prompt"
        );
        for (name, value) in [
            ("Sampler", "DPM++ 2M Karras"),
            ("Seed", "4"),
            ("Variation seed", "9"),
            ("Clip skip", "2"),
            (
                "Lora hashes",
                &format!("ink: {}", &Digest::of(b"ink").to_string()[..10]),
            ),
        ] {
            assert_eq!(facts.field(name), Some(value), "{name}");
        }
    }
}
