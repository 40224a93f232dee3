//! `InvokeAI`: `invokeai_metadata` since version 3, `sd-metadata` in version 2, a `Dream` command line before.

use serde_json::Value;

use super::facts::{Facts, file_stem};
use super::json::{self, Object};

const UNDERSTOOD: [&str; 30] = [
    "positive_prompt",
    "negative_prompt",
    "width",
    "height",
    "seed",
    "cfg_scale",
    "steps",
    "scheduler",
    "clip_skip",
    "strength",
    "app_version",
    "generation_mode",
    "rand_device",
    "type",
    "positive_style_prompt",
    "refiner_start",
    "refiner_cfg_scale",
    "refiner_steps",
    "refiner_scheduler",
    "refiner_positive_aesthetic_score",
    "refiner_negative_aesthetic_score",
    "hrf_enabled",
    "hrf_strength",
    "hrf_method",
    "hrf_width",
    "hrf_height",
    "canvas_v2_metadata",
    "prompt",
    "sampler",
    "postprocessing",
];

/// `invokeai_metadata`: one flat object.
pub(super) fn read(text: &str) -> Option<Facts> {
    let told = json::object(text)?;
    let mut facts = Facts {
        prompt: json::first(&told, &["positive_prompt"]).unwrap_or_default(),
        negative_prompt: json::first(&told, &["negative_prompt"]).unwrap_or_default(),
        ..Facts::default()
    };
    tell_common(&mut facts, &told);
    facts.tell_sampler(json::first(&told, &["scheduler"]), None);
    let (name, hash) = model(told.get("model"));
    facts.tell("Model", name);
    facts.tell("Model hash", hash);
    if let Some(skip) = told
        .get("clip_skip")
        .and_then(Value::as_u64)
        .filter(|skip| *skip > 0)
    {
        // There, 0 leaves nothing out.
        facts.tell("Clip skip", Some((skip + 1).to_string()));
    }
    let loras = told.get("loras").and_then(Value::as_array);
    for lora in loras.into_iter().flatten() {
        let (name, _) = model(lora.get("model").or_else(|| lora.get("lora")));
        let weight = lora.get("weight").and_then(json::number).unwrap_or(1.0);
        facts.loras.extend(name.map(|name| (name, weight)));
    }
    if let (Some(refiner), _) = model(told.get("refiner_model")) {
        facts.tell("Refiner", Some(refiner));
        facts.tell("Refiner switch at", json::first(&told, &["refiner_start"]));
    }
    facts.tell("Denoising strength", json::first(&told, &["strength"]));
    facts.tell("Style prompt", json::first(&told, &["positive_style_prompt"]));
    json::remark_rest(&mut facts, &told, &UNDERSTOOD);
    Some(facts)
}

/// `sd-metadata`: the picture's own settings below `image`.
pub(super) fn read_version_2(text: &str) -> Option<Facts> {
    let told = json::object(text)?;
    let image = told.get("image")?.as_object()?;
    // A prompt is a text, or its parts with their weights.
    let prompt = match image.get("prompt") {
        Some(Value::Array(parts)) => {
            let parts = parts.iter().filter_map(|part| part.get("prompt")?.as_str());
            parts.collect::<Vec<_>>().join(", ")
        }
        Some(value) => json::plain(value).unwrap_or_default(),
        None => String::new(),
    };
    let (prompt, negative_prompt) = without_brackets(&prompt);
    let mut facts = Facts {
        prompt,
        negative_prompt,
        ..Facts::default()
    };
    tell_common(&mut facts, image);
    facts.tell_sampler(json::first(image, &["sampler"]), None);
    facts.tell("Model", json::first(&told, &["model_weights"]));
    facts.tell("Model hash", json::first(&told, &["model_hash"]));
    facts.tell("Denoising strength", json::first(image, &["strength"]));
    json::remark_rest(&mut facts, image, &UNDERSTOOD);
    Some(facts)
}

/// `Dream`: `"a prompt" -s 50 -S 123 -W 512 -H 512 -C 7.5 -A k_lms`.
pub(super) fn read_dream(text: &str) -> Option<Facts> {
    let text = text.trim();
    let (prompt, switches) = match text.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some(quoted) => quoted,
        None => text.split_at(text.find(" -")?),
    };
    let (prompt, negative_prompt) = without_brackets(prompt);
    let mut facts = Facts {
        prompt,
        negative_prompt,
        ..Facts::default()
    };
    let words: Vec<&str> = switches.split_whitespace().collect();
    // Also written without a space: `-s50`.
    let after = |switch: &str| {
        words.iter().enumerate().find_map(|(at, word)| {
            let rest = word.strip_prefix(switch)?;
            let value = if rest.is_empty() {
                words.get(at + 1).copied()?
            } else {
                rest
            };
            Some(value.to_owned())
        })
    };
    facts.tell("Steps", after("-s"));
    facts.tell("Seed", after("-S"));
    facts.tell("CFG scale", after("-C"));
    facts.tell_size(after("-W"), after("-H"));
    facts.tell_sampler(after("-A"), None);
    facts.tell("Denoising strength", after("-f"));
    (facts.field("Steps").is_some() || facts.field("Seed").is_some()).then_some(facts)
}

fn tell_common(facts: &mut Facts, told: &Object) {
    facts.tell("Steps", json::first(told, &["steps"]));
    facts.tell("CFG scale", json::first(told, &["cfg_scale"]));
    facts.tell("Seed", json::first(told, &["seed"]));
    facts.tell_size(json::first(told, &["width"]), json::first(told, &["height"]));
}

/// Name and SHA-256 of a model: a name alone, or an object whose keys changed with the versions.
fn model(value: Option<&Value>) -> (Option<String>, Option<String>) {
    match value {
        Some(Value::String(name)) => (Some(file_stem(name).to_owned()), None),
        Some(Value::Object(model)) => {
            let name = json::first(model, &["name", "model_name"]);
            // Other hashes than SHA-256 say nothing here.
            let hash = json::first(model, &["hash"]);
            let hash = hash.and_then(|hash| hash.strip_prefix("sha256:").map(ToOwned::to_owned));
            (name, hash)
        }
        _ => (None, None),
    }
}

/// In version 2, what stands in square brackets is the negative prompt.
fn without_brackets(prompt: &str) -> (String, String) {
    let (mut positive, mut negative) = (String::new(), Vec::new());
    let mut rest = prompt;
    while let Some((before, after)) = rest.split_once('[') {
        positive.push_str(before);
        let (inside, behind) = after.split_once(']').unwrap_or((after, ""));
        negative.push(inside.trim());
        rest = behind;
    }
    positive.push_str(rest);
    (positive.trim().into(), negative.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_of_versions_3_to_6_is_read() {
        let text = r#"{"generation_mode": "sdxl_txt2img", "positive_prompt": "a fox", "negative_prompt": "blur",
            "width": 832, "height": 1216, "seed": 4294967295, "rand_device": "cpu", "cfg_scale": 5.5, "steps": 30,
            "scheduler": "dpmpp_2m_k", "clip_skip": 1, "seamless_x": false, "cfg_rescale_multiplier": 0.7,
            "model": {"key": "k", "hash": "blake3:aa", "name": "Juggernaut XL", "base": "sdxl", "type": "main"},
            "loras": [{"model": {"name": "ink", "hash": "blake3:bb"}, "weight": 0.75},
                      {"lora": {"model_name": "gold", "base_model": "sd-1"}, "weight": 0.5}],
            "refiner_model": {"name": "refiner"}, "refiner_start": 0.8, "app_version": "5.6.0"}"#;
        let facts = read(text).unwrap();
        assert_eq!(
            (facts.prompt.as_str(), facts.negative_prompt.as_str()),
            ("a fox", "blur")
        );
        assert_eq!(facts.loras, [("ink".into(), 0.75), ("gold".into(), 0.5)]);
        for (name, value) in [
            ("Steps", "30"),
            ("CFG scale", "5.5"),
            ("Seed", "4294967295"),
            ("Size", "832x1216"),
            ("Sampler", "DPM++ 2M"),
            ("Schedule type", "Karras"),
            ("Model", "Juggernaut XL"),
            ("Clip skip", "2"),
            ("Refiner", "refiner"),
            ("Refiner switch at", "0.8"),
            ("cfg_rescale_multiplier", "0.7"),
        ] {
            assert_eq!(facts.field(name), Some(value), "{name} of {facts:?}");
        }
        assert_eq!(facts.field("Model hash"), None, "a BLAKE3 is no SHA-256");
    }

    #[test]
    fn version_2_and_its_command_line_are_read() {
        let text = r#"{"model": "stable diffusion", "model_weights": "sd-1.5", "model_hash": "cc6cb27103417325",
            "app_id": "invoke-ai/InvokeAI", "app_version": "2.2.4", "image": {"prompt": [{"prompt": "a fox [blur]",
            "weight": 1}], "steps": 50, "cfg_scale": 7.5, "threshold": 0, "height": 512, "width": 768, "seed": 123,
            "type": "txt2img", "sampler": "k_euler_a", "variations": []}}"#;
        let dream = "\"a fox [blur]\" -s 50 -S 123 -W 768 -H 512 -C 7.5 -A k_euler_a";
        for facts in [read_version_2(text).unwrap(), read_dream(dream).unwrap()] {
            assert_eq!(
                (facts.prompt.as_str(), facts.negative_prompt.as_str()),
                ("a fox", "blur")
            );
            for (name, value) in [
                ("Steps", "50"),
                ("Seed", "123"),
                ("Size", "768x512"),
                ("Sampler", "Euler a"),
            ] {
                assert_eq!(facts.field(name), Some(value), "{name} of {facts:?}");
            }
        }
        assert_eq!(
            read_dream("a fox -s50 -S7").unwrap().field("Steps"),
            Some("50"),
            "without space and quotation"
        );
        assert_eq!(read_dream("a dream of foxes"), None, "no switches, no guess");
    }
}
