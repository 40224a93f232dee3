//! `import_recipe`: the recipe that a picture was made with, as an order.

mod order;

use salon_domain::{Recipe, SlotPrompts};

use crate::Studio;
use crate::api::{
    ApiError, ErrorCode, ImportRecipe, ImportedRecipe, LoraChoice, RecipeWriter, RefinerChoice, SourceChoice,
    StartRun, VariationChoice,
};
use crate::foreign;
use crate::parameters::{SALON, Written};
use crate::store_picture::given_png;
use crate::studio::Inner;
use order::{note_model, order_of};

impl Studio {
    /// Reads the recipe back from a picture of Salon or another program; what cannot be taken over is in the notes.
    pub fn import_recipe(&self, request: ImportRecipe) -> Result<ImportedRecipe, ApiError> {
        let (name, file) = given_png(request.path.as_deref(), request.png.as_deref())?;
        self.inner.recipe_in(&name, &file)
    }
}

/// Why nothing could be read.
fn no_recipe(name: &str, file: &[u8], tool: Option<RecipeWriter>) -> ApiError {
    if image::guess_format(file).is_err() {
        return ApiError::invalid_request(format!(
            "{name} is no picture that can be read: choose a PNG, JPEG or WebP file"
        ));
    }
    let message = match tool {
        Some(tool) => format!(
            "{name} was made by {}, with nodes that tell no recipe",
            tool.label()
        ),
        None => format!("{name} carries no recipe that can be read"),
    };
    ApiError::new(
        ErrorCode::NotFound,
        message,
        &["Programs that share pictures often strip it: use the file as it was made."],
    )
}

/// A recipe as an order of `count` pictures: hashes become names again. The pictures that it names by digest come back
/// as stored pictures.
pub fn request_of(recipe: &Recipe, count: u32) -> StartRun {
    StartRun {
        model: recipe.model.name.clone(),
        prompt: recipe.prompt.clone(),
        negative_prompt: recipe.negative_prompt.clone(),
        template: recipe.template,
        loras: recipe
            .loras
            .iter()
            .map(|lora| LoraChoice {
                name: lora.name.clone(),
                weight: lora.weight,
            })
            .collect(),
        sampler: Some(recipe.sampler),
        steps: Some(recipe.steps),
        guidance: Some(recipe.guidance),
        clip_skip: (recipe.clip_skip > 0).then_some(recipe.clip_skip),
        width: Some(recipe.width),
        height: Some(recipe.height),
        source: recipe.source.as_ref().map(|source| SourceChoice {
            candidate: None,
            sha256: Some(source.sha256),
            strength: source.strength,
            mask: source.mask,
            carries_traits: source.carries_traits,
        }),
        variation: None,
        upscale: recipe.upscale,
        refiner: recipe.refiner.as_ref().map(|refiner| RefinerChoice {
            model: refiner.model.name.clone(),
            switch_at: refiner.switch_at,
        }),
        tiled_decode: recipe.tiled_decode,
        count,
        seed: Some(recipe.seed),
        first: false,
    }
}

impl Inner {
    /// The recipe in a picture file; `name` is for messages.
    pub(crate) fn recipe_in(&self, name: &str, file: &[u8]) -> Result<ImportedRecipe, ApiError> {
        let found = foreign::read(file);
        if let Some(text) = found.text(SALON) {
            let written: Written = serde_json::from_str(text).map_err(|fault| {
                ApiError::invalid_request(format!("{name}: Salon's recipe in it is damaged ({fault})"))
            })?;
            return self.imported(&written);
        }
        let (Some(from), Some(facts)) = (found.tool, found.facts) else {
            return Err(no_recipe(name, file, found.tool));
        };
        let (request, notes) = order_of(&self.shelf, &facts);
        Ok(ImportedRecipe { from, request, notes })
    }

    /// The order that makes one picture again from what Salon wrote into it.
    pub(crate) fn imported(&self, written: &Written) -> Result<ImportedRecipe, ApiError> {
        let recipe = &written.recipe;
        let mut notes = Vec::new();
        let mut request = request_of(recipe, 1);
        request.seed = Some(written.seed);
        if let Some(resolved) = &written.resolved {
            notes.push(format!("the prompt is what a template became: {}", recipe.prompt));
            let SlotPrompts {
                prompt,
                negative_prompt,
            } = resolved.clone();
            request.template = None;
            (request.prompt, request.negative_prompt) = (prompt, negative_prompt);
        }
        note_model(
            &self.shelf,
            &recipe.model.name,
            Some(recipe.model.sha256),
            &mut notes,
        );
        if let Some(refiner) = &recipe.refiner {
            note_model(
                &self.shelf,
                &refiner.model.name,
                Some(refiner.model.sha256),
                &mut notes,
            );
        }
        for lora in &recipe.loras {
            note_part("LoRA", &lora.name, self.shelf.lora_path(lora), &mut notes);
        }
        for embedding in &recipe.embeddings {
            note_part(
                "embedding",
                &embedding.name,
                self.shelf.embedding_path(embedding),
                &mut notes,
            );
        }
        for picture in recipe
            .source
            .iter()
            .flat_map(|source| [Some(source.sha256), source.mask])
            .flatten()
        {
            if self.project.stored_picture_size(&picture)?.is_none() {
                notes.push(format!(
                    "the picture it starts from ({picture}) is not in this project"
                ));
                request.source = None;
            }
        }
        if let Some(variation) = &recipe.variation {
            let parent = self.project.candidate_with_picture(variation.of)?;
            match parent {
                Some(candidate) => {
                    request.variation = Some(VariationChoice {
                        candidate,
                        strength: variation.strength,
                    });
                }
                None => notes.push(format!(
                    "the picture that it varies ({}) is not in this project",
                    variation.of
                )),
            }
        }
        Ok(ImportedRecipe {
            from: RecipeWriter::Salon,
            request,
            notes,
        })
    }
}

fn note_part(what: &str, name: &str, found: Result<std::path::PathBuf, ApiError>, notes: &mut Vec<String>) {
    if let Err(fault) = found {
        notes.push(format!("the {what} `{name}`: {fault}"));
    }
}
