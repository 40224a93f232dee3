//! `SwarmUI`: JSON with `sui_image_params`, its parameters by their plain names, numbers often as text.

use serde_json::Value;

use super::a1111;
use super::facts::{Facts, file_stem};
use super::json::{self, Object};

const UNDERSTOOD: [&str; 24] = [
    "prompt",
    "negativeprompt",
    "model",
    "seed",
    "steps",
    "cfgscale",
    "width",
    "height",
    "aspectratio",
    "automaticvae",
    "sampler",
    "comfyuisampler",
    "comfysampler",
    "scheduler",
    "comfyuischeduler",
    "comfyscheduler",
    "loras",
    "loraweights",
    "initimagecreativity",
    "refinermodel",
    "refinercontrolpercentage",
    "clipstopatlayer",
    "images",
    "swarm_version",
];

/// Reads the JSON in `text`; nothing when it is of another program.
pub(super) fn read(text: &str) -> Option<Facts> {
    let told = json::object(text)?;
    let told_params = told.get("sui_image_params")?.as_object()?;
    let word = |keys: &[&str]| json::first(told_params, keys);
    let (prompt, in_prompt) = a1111::without_loras(&word(&["prompt"]).unwrap_or_default());
    let mut facts = Facts {
        prompt,
        negative_prompt: word(&["negativeprompt"]).unwrap_or_default(),
        loras: loras(told_params),
        ..Facts::default()
    };
    for lora in in_prompt {
        if !facts.loras.iter().any(|(name, _)| *name == lora.0) {
            facts.loras.push(lora);
        }
    }
    facts.tell("Steps", word(&["steps"]));
    facts.tell_sampler(
        word(&["sampler", "comfyuisampler", "comfysampler"]),
        word(&["scheduler", "comfyuischeduler", "comfyscheduler"]),
    );
    facts.tell("CFG scale", word(&["cfgscale"]));
    facts.tell("Seed", word(&["seed"]));
    facts.tell_size(word(&["width"]), word(&["height"]));
    facts.tell(
        "Model",
        word(&["model"]).map(|model| file_stem(&model).to_owned()),
    );
    facts.tell("Model hash", model_hash(&told));
    let refiner = word(&["refinermodel"]).filter(|model| !model.starts_with('('));
    if let Some(refiner) = refiner {
        facts.tell("Refiner", Some(file_stem(&refiner)));
        // There, it is the share that the refiner takes.
        let share = told_params.get("refinercontrolpercentage").and_then(json::number);
        facts.tell(
            "Refiner switch at",
            share.map(|share| format!("{:.3}", 1.0 - share)),
        );
    }
    facts.tell("Denoising strength", word(&["initimagecreativity"]));
    // There, −1 leaves nothing out.
    let layer = told_params.get("clipstopatlayer").and_then(json::number);
    facts.tell(
        "Clip skip",
        layer
            .filter(|layer| *layer < 0.0)
            .map(|layer| (-layer).to_string()),
    );
    json::remark_rest(&mut facts, told_params, &UNDERSTOOD);
    Some(facts)
}

/// Lists are JSON lists, or texts with commas.
fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(values)) => values.iter().filter_map(json::plain).collect(),
        Some(Value::String(text)) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}

fn loras(told: &Object) -> Vec<(String, f64)> {
    let weights = list(told.get("loraweights"));
    let names = list(told.get("loras"))
        .into_iter()
        .filter(|name| !name.is_empty());
    let weight = |at: usize| {
        weights
            .get(at)
            .and_then(|weight| weight.parse().ok())
            .unwrap_or(1.0)
    };
    names
        .enumerate()
        .map(|(at, name)| (file_stem(&name).to_owned(), weight(at)))
        .collect()
}

/// The hash of the model itself, of the list of everything that was loaded.
fn model_hash(told: &Object) -> Option<String> {
    let models = told.get("sui_models")?.as_array()?;
    let model = models
        .iter()
        .find(|model| model.get("param").is_some_and(|param| param == "model"))?;
    let hash = model.get("hash")?.as_str()?;
    Some(hash.strip_prefix("0x").unwrap_or(hash).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_whether_numbers_or_texts() {
        let text = r#"{"sui_image_params": {"prompt": "a fox <lora:gold:0.4>", "negativeprompt": "blur",
            "model": "XL/foxes", "seed": "1", "steps": 20, "cfgscale": "7.0", "aspectratio": "1:1", "width": 1024,
            "height": "1024", "sampler": "euler_ancestral", "scheduler": "karras", "loras": ["styles/ink"],
            "loraweights": "0.75", "automaticvae": true, "refinermodel": "XL/refiner",
            "refinercontrolpercentage": "0.2", "variationseed": 5, "swarm_version": "0.9.7.0"},
            "sui_extra_data": {"date": "2025-01-25"},
            "sui_models": [{"name": "foxes.safetensors", "param": "model", "hash": "0xd7a9"}]}"#;
        let facts = read(text).unwrap();
        assert_eq!(
            (facts.prompt.as_str(), facts.negative_prompt.as_str()),
            ("a fox", "blur")
        );
        assert_eq!(facts.loras, [("ink".into(), 0.75), ("gold".into(), 0.4)]);
        for (name, value) in [
            ("Steps", "20"),
            ("Seed", "1"),
            ("CFG scale", "7.0"),
            ("Size", "1024x1024"),
            ("Sampler", "Euler a"),
            ("Schedule type", "Karras"),
            ("Model", "foxes"),
            ("Model hash", "d7a9"),
            ("Refiner", "refiner"),
            ("Refiner switch at", "0.800"),
            ("variationseed", "5"),
        ] {
            assert_eq!(facts.field(name), Some(value), "{name} of {facts:?}");
        }
        assert_eq!(read(r#"{"prompt": "a fox"}"#), None, "another program's");
    }
}
