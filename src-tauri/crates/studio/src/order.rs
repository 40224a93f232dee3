//! From an order to a recipe: names become hashes, candidates become pictures, templates become prompts.

use salon_domain::{
    CandidateId, Digest, EmbeddingRef, LoraRef, ModelRef, Origin, Recipe, Refiner, SlotPrompts,
    SourcePicture, Variation, limits,
};

use crate::api::{ApiError, ErrorCode, LoraChoice, ModelSummary, SourceChoice, StartRun, VariationChoice};
use crate::studio::Inner;
use crate::templates::Templates;

/// An order that can be written down.
pub(crate) struct Order {
    pub(crate) recipe: Recipe,
    pub(crate) count: u32,
    /// One for each slot when the recipe's prompts are templates; else empty.
    pub(crate) resolved: Vec<SlotPrompts>,
}

/// Pixels across and down.
type Size = (u32, u32);

impl Inner {
    /// Looks everything up that `request` names; refuses what is not there, what does not fit the model, and templates
    /// that cannot be resolved. Writes nothing.
    pub(crate) fn order(&self, request: &StartRun) -> Result<Order, ApiError> {
        if request.prompt.trim().is_empty() {
            return Err(ApiError::invalid_request(
                "the prompt is empty: say what the picture should show",
            ));
        }
        let model = self.shelf.find(&request.model)?;
        let used = usable(&model)?;
        let loras = self.lora_refs(&request.loras, &model)?;
        let source = request
            .source
            .as_ref()
            .map(|choice| self.source(choice))
            .transpose()?;
        let variation = request
            .variation
            .as_ref()
            .map(|choice| self.variation(choice))
            .transpose()?;
        // A picture that is varied or begun with is made again at its own size, unless another is asked for.
        let begun = variation.as_ref().map(|(_, size)| *size);
        let begun = begun.or_else(|| source.as_ref().map(|(_, size)| fitted(*size, &model)));
        let (width, height) = begun.unwrap_or((model.native_side, model.native_side));
        let mut recipe = Recipe {
            loras,
            negative_prompt: request.negative_prompt.clone(),
            sampler: request.sampler.unwrap_or(model.defaults.sampler),
            steps: request.steps.unwrap_or(model.defaults.steps),
            guidance: request.guidance.unwrap_or(model.defaults.guidance),
            seed: request.seed.unwrap_or_else(|| (self.options.seeds)()),
            source: source.map(|(source, _)| source),
            template: request.template,
            clip_skip: request.clip_skip.unwrap_or(0),
            variation: variation.map(|(variation, _)| variation),
            upscale: request.upscale,
            refiner: self.refiner(request)?,
            tiled_decode: request.tiled_decode,
            ..Recipe::plain(
                used,
                request.prompt.clone(),
                request.width.unwrap_or(width),
                request.height.unwrap_or(height),
            )
        };
        recipe.check(request.count)?;
        fits_the_model(&recipe, &model)?;
        let resolved = self.resolve(&recipe, 0..request.count)?;
        recipe.embeddings = self.embeddings_named(&recipe, &resolved);
        Ok(Order {
            recipe,
            count: request.count,
            resolved,
        })
    }

    /// What the templates of `recipe` become for these slots; nothing when its prompts are plain.
    pub(crate) fn resolve(
        &self,
        recipe: &Recipe,
        slots: std::ops::Range<u32>,
    ) -> Result<Vec<SlotPrompts>, ApiError> {
        let Some(mode) = recipe.template else {
            return Ok(Vec::new());
        };
        let templates = Templates::new(&recipe.prompt, &recipe.negative_prompt, &self.shelf.wildcards()?)?;
        slots
            .map(|slot| templates.resolve(mode, recipe.seed, slot))
            .collect()
    }

    fn lora_refs(&self, choices: &[LoraChoice], model: &ModelSummary) -> Result<Vec<LoraRef>, ApiError> {
        let mut loras: Vec<LoraRef> = Vec::with_capacity(choices.len());
        for choice in choices {
            let lora = self.shelf.lora(&choice.name)?;
            if loras.iter().any(|before| before.name == lora.name) {
                return Err(ApiError::invalid_request(format!(
                    "the LoRA `{}` is named twice: give it one weight",
                    lora.name
                )));
            }
            if let Some(reason) = self.shelf.fit(&lora, model).reason {
                return Err(ApiError::new(
                    ErrorCode::InvalidRequest,
                    format!("the LoRA `{}` does not fit `{}`: {reason}", lora.name, model.name),
                    &["Take it out of the recipe, or choose a model that it is made for."],
                ));
            }
            loras.push(LoraRef {
                name: lora.name,
                sha256: lora.sha256.unwrap_or(Digest::ZERO),
                weight: choice.weight,
            });
        }
        Ok(loras)
    }

    fn refiner(&self, request: &StartRun) -> Result<Option<Refiner>, ApiError> {
        let Some(choice) = &request.refiner else {
            return Ok(None);
        };
        Ok(Some(Refiner {
            model: usable(&self.shelf.find(&choice.model)?)?,
            switch_at: choice.switch_at,
        }))
    }

    fn source(&self, choice: &SourceChoice) -> Result<(SourcePicture, Size), ApiError> {
        let (sha256, what) = match (choice.candidate, choice.sha256) {
            (Some(id), None) => (
                self.project.candidate(id)?.candidate.sha256,
                format!("candidate {id}"),
            ),
            (None, Some(sha256)) => (sha256, format!("the source picture {sha256}")),
            _ => {
                return Err(ApiError::invalid_request(
                    "a source is either a candidate or a stored picture: name one of the two",
                ));
            }
        };
        let size = self.stored_size(&sha256, &what)?;
        if let Some(mask) = choice.mask {
            let found = self.stored_size(&mask, "the mask")?;
            if found != size {
                return Err(ApiError::invalid_request(format!(
                    "the mask has {} × {} pixels and the source {} × {}: make them the same",
                    found.0, found.1, size.0, size.1
                )));
            }
        }
        let source = SourcePicture {
            sha256,
            strength: choice.strength,
            mask: choice.mask,
            carries_traits: choice.carries_traits,
        };
        Ok((source, size))
    }

    fn stored_size(&self, sha256: &Digest, what: &str) -> Result<Size, ApiError> {
        self.project.stored_picture_size(sha256)?.ok_or_else(|| {
            let hints = ["Store the picture first, or name a candidate."];
            ApiError::new(
                ErrorCode::NotFound,
                format!("{what} is not in the picture store"),
                &hints,
            )
        })
    }

    /// What a candidate's noise was drawn from, and the size it was drawn at.
    fn variation(&self, choice: &VariationChoice) -> Result<(Variation, Size), ApiError> {
        let CandidateId(number) = choice.candidate;
        let record = self.project.candidate(choice.candidate)?;
        let (Origin::Slot { seed, .. }, Some(recipe)) = (&record.candidate.origin, &record.recipe) else {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                format!("candidate {number} was brought in: the noise it began with is not known"),
                &["Begin from its picture instead, with a strength."],
            ));
        };
        let seed = *seed;
        tracing::debug!(candidate = number, seed, "varied");
        let variation = Variation {
            of: record.candidate.sha256,
            seed,
            strength: choice.strength,
        };
        Ok((variation, (recipe.width, recipe.height)))
    }

    /// The textual inversions that the prompts name, by name.
    fn embeddings_named(&self, recipe: &Recipe, resolved: &[SlotPrompts]) -> Vec<EmbeddingRef> {
        let own = [SlotPrompts::of(recipe, None)];
        let prompts = if resolved.is_empty() { &own[..] } else { resolved };
        let is_named = |name: &str| {
            prompts.iter().any(|prompts| {
                [&prompts.prompt, &prompts.negative_prompt]
                    .into_iter()
                    .any(|prompt| salon_diffusion::text::mentions(prompt, name))
            })
        };
        let embeddings = self.shelf.embeddings().into_iter();
        embeddings
            .filter(|embedding| is_named(&embedding.name))
            .filter_map(|embedding| {
                Some(EmbeddingRef {
                    sha256: embedding.sha256?,
                    name: embedding.name,
                })
            })
            .collect()
    }
}

/// The model as recipes name it; refused with its fault when it cannot be used.
pub(crate) fn usable(model: &ModelSummary) -> Result<ModelRef, ApiError> {
    match model.sha256 {
        Some(sha256) => Ok(ModelRef {
            name: model.name.clone(),
            sha256,
        }),
        None => {
            let fault = model.fault.as_deref().unwrap_or("it cannot be read");
            Err(ApiError::new(
                ErrorCode::Model,
                format!("the model `{}` cannot be used: {fault}", model.name),
                &["Choose another model, or repair this one."],
            ))
        }
    }
}

/// What a recipe asks of its model beyond what every model can do.
fn fits_the_model(recipe: &Recipe, model: &ModelSummary) -> Result<(), ApiError> {
    let can = &model.capabilities;
    let multiple = can.side_multiple.max(limits::SIDE_MULTIPLE);
    let enlarged = recipe.upscale.map(|upscale| (upscale.width, upscale.height));
    let sizes = [Some((recipe.width, recipe.height)), enlarged];
    for (width, height) in sizes.into_iter().flatten() {
        if !width.is_multiple_of(multiple) || !height.is_multiple_of(multiple) {
            return Err(ApiError::invalid_request(format!(
                "{width} × {height} pixels: `{}` paints sides that are multiples of {multiple}",
                model.name
            )));
        }
    }
    if recipe.clip_skip > 0 && !can.clip_skip {
        return Err(ApiError::invalid_request(format!(
            "`{}` cannot leave out layers of its text encoder: set clip skip to 0",
            model.name
        )));
    }
    if can.refiner && recipe.source.is_none() {
        return Err(ApiError::invalid_request(format!(
            "`{}` refines what another model began: choose it as the refiner, or give it a source picture",
            model.name
        )));
    }
    Ok(())
}

/// The largest size of this shape that the model paints, at most the picture's own.
fn fitted((width, height): Size, model: &ModelSummary) -> Size {
    let multiple = model.capabilities.side_multiple.max(limits::SIDE_MULTIPLE);
    let most = limits::MAX_SIDE;
    let longest = width.max(height).max(1);
    let scaled = |side: u32| {
        if longest > most {
            (u64::from(side) * u64::from(most) / u64::from(longest)) as u32
        } else {
            side
        }
    };
    let down =
        |side: u32| (scaled(side) / multiple * multiple).max(limits::MIN_SIDE.next_multiple_of(multiple));
    (down(width), down(height))
}
