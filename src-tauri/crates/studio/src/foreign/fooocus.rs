//! Fooocus and its forks: a flat JSON object, whose keys were labels ("Base Model") before version 2.2.

use serde_json::Value;

use super::facts::{Facts, file_stem};
use super::json::{self, Object};

const UNDERSTOOD: [&str; 44] = [
    "prompt",
    "Prompt",
    "real_prompt",
    "full_prompt",
    "negative_prompt",
    "Negative Prompt",
    "Negative",
    "real_negative_prompt",
    "full_negative_prompt",
    "steps",
    "Steps",
    "sampler",
    "Sampler",
    "sampler_name",
    "scheduler",
    "Scheduler",
    "guidance_scale",
    "Guidance Scale",
    "cfg",
    "seed",
    "Seed",
    "resolution",
    "Resolution",
    "width",
    "height",
    "base_model",
    "Base Model",
    "base_model_name",
    "base_model_hash",
    "refiner_model",
    "Refiner Model",
    "refiner_model_hash",
    "refiner_switch",
    "Refiner Switch",
    "clip_skip",
    "metadata_scheme",
    "version",
    "Version",
    "software",
    "loras",
    "created_by",
    "image_number",
    "lcm",
    "fooocus_v2_expansion",
];

/// Reads the JSON in `text`; nothing when it is of another program.
pub(super) fn read(text: &str) -> Option<Facts> {
    let told = json::object(text)?;
    let word = |keys: &[&str]| json::first(&told, keys);
    let says_so = |key: &str| word(&[key]).is_some_and(|text| text.to_lowercase().contains("fooocus"));
    let model = word(&["base_model", "Base Model", "base_model_name"]);
    if model.is_none()
        && !["version", "Version", "software", "metadata_scheme"]
            .into_iter()
            .any(says_so)
    {
        return None;
    }
    // What the styles made of the prompt comes in parts.
    let mut facts = Facts {
        prompt: parts(&told, "full_prompt")
            .or_else(|| word(&["prompt", "Prompt", "real_prompt"]))
            .unwrap_or_default(),
        negative_prompt: parts(&told, "full_negative_prompt")
            .or_else(|| {
                word(&[
                    "negative_prompt",
                    "Negative Prompt",
                    "Negative",
                    "real_negative_prompt",
                ])
            })
            .unwrap_or_default(),
        loras: loras(&told),
        ..Facts::default()
    };
    facts.tell("Steps", word(&["steps", "Steps"]));
    facts.tell_sampler(
        word(&["sampler", "Sampler", "sampler_name"]),
        word(&["scheduler", "Scheduler"]),
    );
    facts.tell("CFG scale", word(&["guidance_scale", "Guidance Scale", "cfg"]));
    facts.tell("Seed", word(&["seed", "Seed"]));
    match word(&["resolution", "Resolution"]).as_deref().and_then(sides) {
        Some((width, height)) => facts.tell_size(Some(width), Some(height)),
        None => facts.tell_size(word(&["width"]), word(&["height"])),
    }
    facts.tell("Model", model.map(|model| file_stem(&model).to_owned()));
    facts.tell("Model hash", word(&["base_model_hash"]));
    let refiner = word(&["refiner_model", "Refiner Model"]).filter(|model| model != "None");
    if let Some(refiner) = refiner {
        facts.tell("Refiner", Some(file_stem(&refiner)));
        facts.tell("Refiner switch at", word(&["refiner_switch", "Refiner Switch"]));
    }
    facts.tell("Clip skip", word(&["clip_skip"]));
    let is_lora = |key: &str| key.starts_with("lora_combined_") || key.starts_with("LoRA ");
    let rest: Object = told
        .iter()
        .filter(|(key, _)| !is_lora(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    json::remark_rest(&mut facts, &rest, &UNDERSTOOD);
    Some(facts)
}

/// A list of texts as one.
fn parts(told: &Object, key: &str) -> Option<String> {
    let parts = told.get(key)?.as_array()?.iter().filter_map(Value::as_str);
    Some(parts.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
}

/// `(1152, 896)`.
fn sides(text: &str) -> Option<(String, String)> {
    let (width, height) = text
        .trim_matches(['(', ')', '[', ']'])
        .split_once([',', 'x', '×'])?;
    let digits = |side: &str| side.trim_matches([' ', '\'', '"']).to_owned();
    Some((digits(width), digits(height)))
}

/// `loras: [[name, weight, hash]]`, else `lora_combined_1: "name : weight"` (in front of it, whether it is used).
fn loras(told: &Object) -> Vec<(String, f64)> {
    if let Some(Value::Array(loras)) = told.get("loras") {
        let lora = |lora: &Value| {
            let name = lora.get(0)?.as_str()?;
            Some((file_stem(name).to_owned(), json::number(lora.get(1)?)?))
        };
        return loras.iter().filter_map(lora).collect();
    }
    let combined = |value: &Value| {
        let mut parts = value.as_str()?.split(" : ").collect::<Vec<_>>();
        if parts.len() == 3 && parts.remove(0) != "True" {
            return None;
        }
        let [name, weight] = parts[..] else { return None };
        Some((file_stem(name.trim()).to_owned(), weight.trim().parse().ok()?))
    };
    (1..=20)
        .filter_map(|at| {
            let value = told
                .get(&format!("lora_combined_{at}"))
                .or_else(|| told.get(&format!("LoRA {at}")))?;
            combined(value).filter(|(name, _)| name != "None")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_generations_of_keys_are_read() {
        let now = r#"{"adm_guidance": "(1.5, 0.8, 0.3)", "base_model": "juggernautXL_v8", "base_model_hash": "aeb7e9e689",
            "full_negative_prompt": ["blur"], "full_prompt": ["a fox", "cinematic"], "guidance_scale": 4.0,
            "lora_combined_1": "ink : 0.1", "loras": [["ink", 0.1, "aa"]], "metadata_scheme": "fooocus",
            "negative_prompt": "", "performance": "Speed", "prompt": "a fox", "refiner_model": "None",
            "refiner_switch": 0.5, "resolution": "(1152, 896)", "sampler": "dpmpp_2m", "scheduler": "karras",
            "seed": "42", "sharpness": 2.0, "steps": 30, "styles": "['Cinematic']", "version": "Fooocus v2.5.5"}"#;
        let before = r#"{"Prompt": "a fox, cinematic", "Negative Prompt": "blur", "Base Model": "juggernautXL_v8.safetensors",
            "Guidance Scale": 4.0, "LoRA 1": "True : ink.safetensors : 0.1", "LoRA 2": "False : gold : 1.0",
            "Resolution": "('1152', '896')", "Sampler": "dpmpp_2m", "Scheduler": "karras", "Seed": 42, "Steps": 30,
            "Performance": "Speed", "Version": "Fooocus v2.1.865"}"#;
        for text in [now, before] {
            let facts = read(text).unwrap();
            assert_eq!(
                (facts.prompt.as_str(), facts.negative_prompt.as_str()),
                ("a fox, cinematic", "blur")
            );
            assert_eq!(facts.loras, [("ink".into(), 0.1)], "{text}");
            for (name, value) in [
                ("Steps", "30"),
                ("CFG scale", "4.0"),
                ("Seed", "42"),
                ("Size", "1152x896"),
                ("Sampler", "DPM++ 2M"),
                ("Schedule type", "Karras"),
                ("Model", "juggernautXL_v8"),
                ("performance", "Speed"),
            ] {
                assert_eq!(facts.field(name), Some(value), "{name} of {facts:?}");
            }
            assert_eq!(facts.field("Refiner"), None, "`None` is no model");
        }
        assert_eq!(
            read(r#"{"prompt": "a fox", "steps": 28, "uc": "blur"}"#),
            None,
            "another program's"
        );
    }
}
