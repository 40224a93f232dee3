//! The order behind the facts that a picture tells: names become what is here, numbers what can be painted.

use salon_domain::{Digest, SamplerKind, Upscale, limits};

use crate::api::{LoraChoice, RefinerChoice, StartRun};
use crate::foreign::Facts;
use crate::parameters::SAMPLERS;
use crate::shelf::ModelShelf;

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

/// Notes a model that is not here, or that is another of the same name.
pub(super) fn note_model(shelf: &ModelShelf, name: &str, sha256: Option<Digest>, notes: &mut Vec<String>) {
    match shelf.find(name) {
        Err(_) => notes.push(format!("there is no model `{name}` here")),
        Ok(model) if sha256.is_some() && model.sha256 != sha256 => {
            notes.push(format!("the model `{name}` here is another than the picture's"));
        }
        Ok(_) => {}
    }
}

/// The order that would make the picture again, and what of it could not be taken over.
pub(super) fn order_of(shelf: &ModelShelf, facts: &Facts) -> (StartRun, Vec<String>) {
    let mut notes = Vec::new();
    let mut request = StartRun {
        model: model_here(shelf, facts, &mut notes),
        prompt: facts.prompt.clone(),
        negative_prompt: facts.negative_prompt.clone(),
        sampler: sampler(facts, &mut notes),
        count: 1,
        ..StartRun::default()
    };
    for (name, weight) in &facts.loras {
        if let Err(fault) = shelf.lora(name) {
            notes.push(fault.message);
        }
        request.loras.push(LoraChoice {
            name: name.clone(),
            weight: *weight,
        });
    }
    request.steps =
        number(facts, "Steps", 1..=u64::from(limits::MAX_STEPS), &mut notes).map(|steps| steps as u32);
    request.seed = number(facts, "Seed", 0..=limits::MAX_SEED - 1, &mut notes);
    // There, 1 leaves nothing out.
    let most = u64::from(limits::MAX_CLIP_SKIP) + 1;
    let skip = number(facts, "Clip skip", 1..=most, &mut notes).map(|skip| skip as u32 - 1);
    request.clip_skip = skip.filter(|skip| *skip > 0);
    request.guidance = share(facts, "CFG scale", limits::MAX_GUIDANCE, &mut notes);
    if let Some((width, height)) = size(facts, "Size", &mut notes) {
        (request.width, request.height) = (Some(width), Some(height));
    }
    if let Some((width, height)) = enlarged(facts, &request, &mut notes) {
        let strength = share(facts, "Denoising strength", 1.0, &mut notes).unwrap_or(0.5);
        request.upscale = Some(Upscale {
            width,
            height,
            strength,
        });
    } else if facts.field("Denoising strength").is_some() {
        notes.push("it started from another picture, which is not in the file".into());
    }
    if facts.field("Variation seed").is_some() {
        notes.push("it is a variation: the picture that it varies must be a candidate here".into());
    }
    if let Some(model) = facts.field("Refiner") {
        let model = model.split(" [").next().unwrap_or(model).to_owned();
        note_model(shelf, &model, None, &mut notes);
        request.refiner = Some(RefinerChoice {
            model,
            switch_at: share(facts, "Refiner switch at", 1.0, &mut notes).unwrap_or(0.8),
        });
    }
    for (name, value) in &facts.fields {
        if !UNDERSTOOD.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            notes.push(format!("{name}: {value} is not taken over"));
        }
    }
    (request, notes)
}

/// The size of a second pass, which is written as it is or as a factor.
fn enlarged(facts: &Facts, request: &StartRun, notes: &mut Vec<String>) -> Option<(u32, u32)> {
    if facts.field("Hires resize").is_some() {
        return size(facts, "Hires resize", notes);
    }
    let factor = share(facts, "Hires upscale", 8.0, notes)?;
    let side = |side: u32| {
        let side = (f64::from(side) * factor) as u32 / limits::SIDE_MULTIPLE * limits::SIDE_MULTIPLE;
        side.min(limits::MAX_SIDE)
    };
    Some((side(request.width?), side(request.height?)))
}

/// The model here that has the hash, else the one that has the name.
fn model_here(shelf: &ModelShelf, facts: &Facts, notes: &mut Vec<String>) -> String {
    let (name, hash) = (facts.field("Model"), facts.field("Model hash"));
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

fn sampler(facts: &Facts, notes: &mut Vec<String>) -> Option<SamplerKind> {
    let name = facts.field("Sampler")?;
    let schedule = facts.field("Schedule type").unwrap_or_default();
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
    facts: &Facts,
    field: &str,
    range: std::ops::RangeInclusive<u64>,
    notes: &mut Vec<String>,
) -> Option<u64> {
    let text = facts.field(field)?;
    let found = text.parse().ok().filter(|number| range.contains(number));
    if found.is_none() {
        notes.push(format!("{field}: {text} is out of range"));
    }
    found
}

fn share(facts: &Facts, field: &str, most: f64, notes: &mut Vec<String>) -> Option<f64> {
    let text = facts.field(field)?;
    let found = text.parse().ok().filter(|number| (0.0..=most).contains(number));
    if found.is_none() {
        notes.push(format!("{field}: {text} is out of range"));
    }
    found
}

/// A size, brought to what can be painted.
fn size(facts: &Facts, field: &str, notes: &mut Vec<String>) -> Option<(u32, u32)> {
    let text = facts.field(field)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::a1111;

    fn shelf() -> ModelShelf {
        ModelShelf::new(Vec::new())
    }

    #[test]
    fn an_a1111_recipe_becomes_an_order_and_says_what_it_left_out() {
        let text = "a (fox:1.2) <lora:ink:0.5>\nNegative prompt: blur\nSteps: 28, Sampler: DPM++ 2M, \
                    Schedule type: Karras, CFG scale: 6.5, Seed: 123, Size: 516x768, Model hash: abcdef1234, \
                    Model: foxes, Clip skip: 2, ENSD: 31337";
        let (request, notes) = order_of(&shelf(), &a1111::read(text).unwrap());
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
            let (request, notes) = order_of(&shelf(), &a1111::read(&text).unwrap());
            let upscale = request.upscale.unwrap();
            assert_eq!(
                (upscale.width, upscale.height, upscale.strength),
                (768, 960, 0.4),
                "{hires}"
            );
            assert!(notes.iter().any(|note| note.contains("Latent")), "{notes:?}");
        }
        let (request, notes) = order_of(
            &shelf(),
            &a1111::read("x\nSteps: 9, Denoising strength: 0.4").unwrap(),
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
            let facts = a1111::read(&format!("x\nSteps: 3, Sampler: {name}")).unwrap();
            let mut notes = Vec::new();
            assert_eq!(sampler(&facts, &mut notes), Some(sampler_kind), "{name}");
            assert_eq!(notes, [""; 0], "{name}");
        }
        let facts = a1111::read("x\nSteps: 3, Sampler: Heun").unwrap();
        let mut notes = Vec::new();
        assert_eq!(sampler(&facts, &mut notes), None);
        assert!(notes[0].contains("Heun"), "{notes:?}");
    }
}
