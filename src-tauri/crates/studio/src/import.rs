//! `import_recipe`: the recipe that a PNG was made with, as an order.

use std::collections::BTreeMap;
use std::io::Cursor;

use salon_domain::{Digest, Recipe, SamplerKind, SlotPrompts, Upscale, limits};

use crate::Studio;
use crate::api::{
    ApiError, ErrorCode, ImportRecipe, ImportedRecipe, LoraChoice, RecipeWriter, RefinerChoice, SourceChoice,
    StartRun, VariationChoice,
};
use crate::parameters::{A1111, Parsed, SALON, SAMPLERS, Written};
use crate::shelf::ModelShelf;
use crate::store_picture::given_png;
use crate::studio::Inner;

/// Most text that a picture's chunks may hold, in bytes.
const MOST_TEXT: usize = 4 << 20;

/// Fields of A1111 that say nothing about how the picture is made again, or that other fields are read with.
const UNDERSTOOD: [&str; 21] = [
    "Steps",
    "Sampler",
    "Schedule type",
    "CFG scale",
    "Seed",
    "Size",
    "Size-1",
    "Size-2",
    "Clip skip",
    "Model",
    "Model hash",
    "Lora hashes",
    "TI hashes",
    "Version",
    "Variation seed",
    "Variation seed strength",
    "Hires resize",
    "Hires upscale",
    "Refiner",
    "Refiner switch at",
    "Denoising strength",
];

impl Studio {
    /// Reads the recipe back from a PNG that Salon or A1111 wrote; what cannot be taken over is in the notes.
    pub fn import_recipe(&self, request: ImportRecipe) -> Result<ImportedRecipe, ApiError> {
        let inner = &self.inner;
        let (name, png) = given_png(request.path.as_deref(), request.png.as_deref())?;
        let chunks = text_chunks(&name, &png)?;
        if let Some(text) = chunks.get(SALON) {
            let written: Written = serde_json::from_str(text).map_err(|fault| {
                ApiError::invalid_request(format!("{name}: Salon's recipe in it is damaged ({fault})"))
            })?;
            return inner.imported(&written);
        }
        let parsed = chunks.get(A1111).and_then(|text| Parsed::from_a1111(text));
        let parsed = parsed.ok_or_else(|| {
            ApiError::new(
                ErrorCode::NotFound,
                format!("{name} carries no recipe of Salon or A1111"),
                &["Programs that share pictures often strip it: use the file as it was made."],
            )
        })?;
        let (request, notes) = from_a1111(&inner.shelf, &parsed);
        Ok(ImportedRecipe {
            from: RecipeWriter::A1111,
            request,
            notes,
        })
    }
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

fn note_model(shelf: &ModelShelf, name: &str, sha256: Option<Digest>, notes: &mut Vec<String>) {
    match shelf.find(name) {
        Err(_) => notes.push(format!("there is no model `{name}` here")),
        Ok(model) if sha256.is_some() && model.sha256 != sha256 => {
            notes.push(format!("the model `{name}` here is another than the picture's"));
        }
        Ok(_) => {}
    }
}

/// The order behind a recipe of A1111, and what of it could not be taken over.
fn from_a1111(shelf: &ModelShelf, parsed: &Parsed) -> (StartRun, Vec<String>) {
    let mut notes = Vec::new();
    let mut request = StartRun {
        model: model_here(shelf, parsed, &mut notes),
        prompt: parsed.prompt.clone(),
        negative_prompt: parsed.negative_prompt.clone(),
        sampler: sampler(parsed, &mut notes),
        count: 1,
        ..StartRun::default()
    };
    for (name, weight) in &parsed.loras {
        if let Err(fault) = shelf.lora(name) {
            notes.push(fault.message);
        }
        request.loras.push(LoraChoice {
            name: name.clone(),
            weight: *weight,
        });
    }
    request.steps =
        number(parsed, "Steps", 1..=u64::from(limits::MAX_STEPS), &mut notes).map(|steps| steps as u32);
    request.seed = number(parsed, "Seed", 0..=limits::MAX_SEED - 1, &mut notes);
    // There, 1 leaves nothing out.
    let most = u64::from(limits::MAX_CLIP_SKIP) + 1;
    let skip = number(parsed, "Clip skip", 1..=most, &mut notes).map(|skip| skip as u32 - 1);
    request.clip_skip = skip.filter(|skip| *skip > 0);
    request.guidance = share(parsed, "CFG scale", limits::MAX_GUIDANCE, &mut notes);
    if let Some((width, height)) = size(parsed, "Size", &mut notes) {
        (request.width, request.height) = (Some(width), Some(height));
    }
    if let Some((width, height)) = enlarged(parsed, &request, &mut notes) {
        let strength = share(parsed, "Denoising strength", 1.0, &mut notes).unwrap_or(0.5);
        request.upscale = Some(Upscale {
            width,
            height,
            strength,
        });
    } else if parsed.field("Denoising strength").is_some() {
        notes.push("it started from another picture, which is not in the file".into());
    }
    if parsed.field("Variation seed").is_some() {
        notes.push("it is a variation: the picture that it varies must be a candidate here".into());
    }
    if let Some(model) = parsed.field("Refiner") {
        let model = model.split(" [").next().unwrap_or(model).to_owned();
        note_model(shelf, &model, None, &mut notes);
        request.refiner = Some(RefinerChoice {
            model,
            switch_at: share(parsed, "Refiner switch at", 1.0, &mut notes).unwrap_or(0.8),
        });
    }
    for (name, value) in &parsed.fields {
        if !UNDERSTOOD.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            notes.push(format!("{name}: {value} is not taken over"));
        }
    }
    (request, notes)
}

/// The size of a second pass, which is written as it is or as a factor.
fn enlarged(parsed: &Parsed, request: &StartRun, notes: &mut Vec<String>) -> Option<(u32, u32)> {
    if parsed.field("Hires resize").is_some() {
        return size(parsed, "Hires resize", notes);
    }
    let factor = share(parsed, "Hires upscale", 8.0, notes)?;
    let side = |side: u32| {
        let side = (f64::from(side) * factor) as u32 / limits::SIDE_MULTIPLE * limits::SIDE_MULTIPLE;
        side.min(limits::MAX_SIDE)
    };
    Some((side(request.width?), side(request.height?)))
}

/// The model here that has the hash, else the one that has the name.
fn model_here(shelf: &ModelShelf, parsed: &Parsed, notes: &mut Vec<String>) -> String {
    let (name, hash) = (parsed.field("Model"), parsed.field("Model hash"));
    let models = shelf.list();
    let has_hash = |hash: &str| {
        let hash = hash.to_lowercase();
        let matches = move |sha256: Digest| hash.len() >= 8 && sha256.to_string().starts_with(&hash);
        models
            .iter()
            .find(move |model| model.sha256.is_some_and(&matches))
    };
    if let Some(model) = hash.and_then(has_hash) {
        return model.name.clone();
    }
    let wanted = name.unwrap_or_default();
    let stem = wanted.strip_suffix(".safetensors").unwrap_or(wanted);
    if let Some(model) = models.iter().find(|model| model.name == stem) {
        if let Some(hash) = hash {
            notes.push(format!(
                "the model `{stem}` here is another than the picture's ({hash})"
            ));
        }
        return model.name.clone();
    }
    notes.push(match hash {
        Some(hash) => format!("there is no model `{stem}` here (its hash is {hash})"),
        None => format!("there is no model `{stem}` here"),
    });
    stem.into()
}

fn sampler(parsed: &Parsed, notes: &mut Vec<String>) -> Option<SamplerKind> {
    let name = parsed.field("Sampler")?;
    let schedule = parsed.field("Schedule type").unwrap_or_default();
    // Newer versions name the noise schedule apart.
    let whole = match schedule {
        "" | "Automatic" => name.to_owned(),
        schedule if name.ends_with(schedule) => name.to_owned(),
        schedule => format!("{name} {schedule}"),
    };
    let known = |wanted: &str| {
        SAMPLERS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(wanted))
    };
    if let Some((_, kind)) = known(&whole) {
        return Some(*kind);
    }
    let (kind, instead) = match known(name) {
        Some((_, kind)) => (Some(*kind), kind.label()),
        None => (None, "the model's own"),
    };
    notes.push(format!("the sampler {whole} is not built: {instead} is taken"));
    kind
}

fn number(
    parsed: &Parsed,
    field: &str,
    range: std::ops::RangeInclusive<u64>,
    notes: &mut Vec<String>,
) -> Option<u64> {
    let text = parsed.field(field)?;
    let found = text.parse().ok().filter(|number| range.contains(number));
    if found.is_none() {
        notes.push(format!("{field}: {text} is out of range"));
    }
    found
}

fn share(parsed: &Parsed, field: &str, most: f64, notes: &mut Vec<String>) -> Option<f64> {
    let text = parsed.field(field)?;
    let found = text.parse().ok().filter(|number| (0.0..=most).contains(number));
    if found.is_none() {
        notes.push(format!("{field}: {text} is out of range"));
    }
    found
}

/// A size, brought to what can be painted.
fn size(parsed: &Parsed, field: &str, notes: &mut Vec<String>) -> Option<(u32, u32)> {
    let text = parsed.field(field)?;
    let sides = text.split_once('x');
    let sides =
        sides.and_then(|(width, height)| Some((width.trim().parse().ok()?, height.trim().parse().ok()?)));
    let Some((width, height)) = sides else {
        notes.push(format!("{field}: {text} is no size"));
        return None;
    };
    let fitting = |side: u32| {
        let side = side.clamp(limits::MIN_SIDE, limits::MAX_SIDE);
        side / limits::SIDE_MULTIPLE * limits::SIDE_MULTIPLE
    };
    let found = (fitting(width), fitting(height));
    if found != (width, height) {
        notes.push(format!("{field}: {text} became {} × {}", found.0, found.1));
    }
    Some(found)
}

/// The text chunks of a PNG by keyword, whatever their kind, wherever they stand. Of two with one keyword the first counts.
fn text_chunks(name: &str, png: &[u8]) -> Result<BTreeMap<String, String>, ApiError> {
    let told = |fault: png::DecodingError| {
        ApiError::invalid_request(format!(
            "{name} is no PNG that can be read ({fault}): choose a PNG file"
        ))
    };
    let limits = png::Limits { bytes: MOST_TEXT };
    let mut reader = png::Decoder::new_with_limits(Cursor::new(png), limits)
        .read_info()
        .map_err(told)?;
    // Some programs write their text after the pixels.
    reader.finish().map_err(told)?;
    let info = reader.info();
    let mut chunks = BTreeMap::new();
    let mut keep = |keyword: &str, text: String| {
        chunks.entry(keyword.to_owned()).or_insert(text);
    };
    for chunk in &info.uncompressed_latin1_text {
        keep(&chunk.keyword, chunk.text.clone());
    }
    for chunk in &info.utf8_text {
        keep(&chunk.keyword, chunk.get_text().map_err(told)?);
    }
    for chunk in &info.compressed_latin1_text {
        keep(&chunk.keyword, chunk.get_text().map_err(told)?);
    }
    Ok(chunks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> ModelShelf {
        ModelShelf::new(Vec::new())
    }

    #[test]
    fn an_a1111_recipe_becomes_an_order_and_says_what_it_left_out() {
        let text = "a (fox:1.2) <lora:ink:0.5>\nNegative prompt: blur\nSteps: 28, Sampler: DPM++ 2M, \
                    Schedule type: Karras, CFG scale: 6.5, Seed: 123, Size: 516x768, Model hash: abcdef1234, \
                    Model: foxes, Clip skip: 2, ENSD: 31337";
        let (request, notes) = from_a1111(&shelf(), &Parsed::from_a1111(text).unwrap());
        let expected = StartRun {
            model: "foxes".into(),
            prompt: "a (fox:1.2)".into(),
            negative_prompt: "blur".into(),
            loras: vec![LoraChoice {
                name: "ink".into(),
                weight: 0.5,
            }],
            sampler: Some(SamplerKind::DpmPlusPlus2MKarras),
            steps: Some(28),
            guidance: Some(6.5),
            clip_skip: Some(1),
            width: Some(512),
            height: Some(768),
            count: 1,
            seed: Some(123),
            ..StartRun::default()
        };
        assert_eq!(request, expected);
        for word in ["foxes", "ink", "516x768", "ENSD: 31337"] {
            assert!(
                notes.iter().any(|note| note.contains(word)),
                "{word} is noted: {notes:?}"
            );
        }
        assert_eq!(notes.len(), 4, "and nothing that was understood: {notes:?}");
    }

    #[test]
    fn a_second_pass_is_read_as_a_size_or_as_a_factor() {
        for hires in ["Hires upscale: 1.5", "Hires resize: 768x960"] {
            let text = format!(
                "x\nSteps: 9, Size: 512x640, Denoising strength: 0.4, {hires}, Hires upscaler: Latent"
            );
            let (request, notes) = from_a1111(&shelf(), &Parsed::from_a1111(&text).unwrap());
            let upscale = request.upscale.unwrap();
            assert_eq!(
                (upscale.width, upscale.height, upscale.strength),
                (768, 960, 0.4),
                "{hires}"
            );
            assert!(notes.iter().any(|note| note.contains("Latent")), "{notes:?}");
        }
        let (request, notes) = from_a1111(
            &shelf(),
            &Parsed::from_a1111("x\nSteps: 9, Denoising strength: 0.4").unwrap(),
        );
        assert_eq!(request.upscale, None);
        assert!(
            notes.iter().any(|note| note.contains("another picture")),
            "{notes:?}"
        );
    }

    #[test]
    fn every_sampler_that_is_written_is_read() {
        for sampler_kind in SamplerKind::ALL {
            let name = SAMPLERS.iter().find(|(_, kind)| *kind == sampler_kind).unwrap().0;
            let parsed = Parsed::from_a1111(&format!("x\nSteps: 3, Sampler: {name}")).unwrap();
            let mut notes = Vec::new();
            assert_eq!(sampler(&parsed, &mut notes), Some(sampler_kind), "{name}");
            assert_eq!(notes, [""; 0], "{name}");
        }
        let parsed = Parsed::from_a1111("x\nSteps: 3, Sampler: Heun").unwrap();
        let mut notes = Vec::new();
        assert_eq!(sampler(&parsed, &mut notes), None);
        assert!(notes[0].contains("Heun"), "{notes:?}");
    }
}
