use super::*;

/// A text-to-picture graph with two LoRAs, and whatever is added to it.
fn graph(more: &str) -> String {
    format!(
        r#"{{
        "1": {{"class_type": "CheckpointLoaderSimple", "inputs": {{"ckpt_name": "xl/foxes.safetensors"}}}},
        "2": {{"class_type": "LoraLoader", "inputs": {{"lora_name": "ink.safetensors", "strength_model": 0.75,
              "strength_clip": 1.0, "model": ["1", 0], "clip": ["1", 1]}}}},
        "3": {{"class_type": "LoraLoader", "inputs": {{"lora_name": "gold.safetensors", "strength_model": 0.5,
              "model": ["2", 0], "clip": ["2", 1]}}}},
        "4": {{"class_type": "CLIPTextEncode", "inputs": {{"text": "a fox", "clip": ["3", 1]}}}},
        "5": {{"class_type": "CLIPTextEncode", "inputs": {{"text": "blur", "clip": ["3", 1]}}}},
        "6": {{"class_type": "EmptyLatentImage", "inputs": {{"width": 832, "height": 1216, "batch_size": 1}}}},
        "7": {{"class_type": "KSampler", "inputs": {{"seed": 18446744073709551615, "steps": 28, "cfg": 6.5,
              "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0, "model": ["3", 0],
              "positive": ["4", 0], "negative": ["5", 0], "latent_image": ["6", 0]}}}},
        "8": {{"class_type": "VAEDecode", "inputs": {{"samples": ["7", 0], "vae": ["1", 2]}}}}{more}}}"#
    )
}

fn check(facts: &Facts, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(facts.field(name), Some(*value), "{name} of {facts:?}");
    }
}

const SAVED: &str = r#", "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "fox", "images": ["8", 0]},
    "is_changed": [NaN]}"#;

#[test]
fn a_plain_graph_is_walked_from_the_saved_picture() {
    let facts = read(&graph(SAVED)).unwrap();
    assert_eq!(
        (facts.prompt.as_str(), facts.negative_prompt.as_str()),
        ("a fox", "blur")
    );
    assert_eq!(
        facts.loras,
        [("ink".into(), 0.75), ("gold".into(), 0.5)],
        "in the order they are applied"
    );
    check(
        &facts,
        &[
            ("Steps", "28"),
            ("CFG scale", "6.5"),
            ("Seed", "18446744073709551615"),
            ("Sampler", "DPM++ 2M"),
            ("Schedule type", "Karras"),
            ("Size", "832x1216"),
            ("Model", "foxes"),
        ],
    );
    assert_eq!(
        facts.field("Denoising strength"),
        None,
        "it began with noise alone"
    );
}

#[test]
fn a_second_pass_is_the_enlargement_of_the_first() {
    let more = r#",
        "10": {"class_type": "LatentUpscale", "inputs": {"samples": ["7", 0], "width": 1248, "height": 1824}},
        "11": {"class_type": "KSampler", "inputs": {"seed": 5, "steps": 12, "cfg": 6.5, "sampler_name": "euler",
               "scheduler": "normal", "denoise": 0.5, "model": ["3", 0], "positive": ["4", 0], "negative": ["5", 0],
               "latent_image": ["10", 0]}},
        "12": {"class_type": "VAEDecode", "inputs": {"samples": ["11", 0], "vae": ["1", 2]}},
        "13": {"class_type": "SaveImage", "inputs": {"images": ["12", 0]}}"#;
    check(
        &read(&graph(more)).unwrap(),
        &[
            ("Seed", "18446744073709551615"),
            ("Size", "832x1216"),
            ("Hires resize", "1248x1824"),
            ("Denoising strength", "0.5"),
        ],
    );
}

#[test]
fn a_refiner_takes_over_where_the_first_sampler_ends() {
    let text = r#"{
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "base.safetensors"}},
        "2": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "refiner.safetensors"}},
        "3": {"class_type": "CLIPTextEncodeSDXL", "inputs": {"text_g": "a fox", "text_l": "a fox"}},
        "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 1024, "height": 1024}},
        "5": {"class_type": "KSamplerAdvanced", "inputs": {"add_noise": "enable", "noise_seed": 7, "steps": 25,
              "cfg": 8, "sampler_name": "euler", "scheduler": "normal", "start_at_step": 0, "end_at_step": 20,
              "model": ["1", 0], "positive": ["3", 0], "negative": ["3", 0], "latent_image": ["4", 0]}},
        "6": {"class_type": "KSamplerAdvanced", "inputs": {"noise_seed": 0, "steps": 25, "cfg": 8,
              "sampler_name": "euler", "scheduler": "normal", "start_at_step": 20, "end_at_step": 10000,
              "model": ["2", 0], "positive": ["3", 0], "negative": ["3", 0], "latent_image": ["5", 0]}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0]}}}"#;
    check(
        &read(text).unwrap(),
        &[
            ("Seed", "7"),
            ("Model", "base"),
            ("Refiner", "refiner"),
            ("Refiner switch at", "0.800"),
        ],
    );
}

#[test]
fn settings_prompts_and_seeds_are_found_behind_other_nodes() {
    let text = r#"{
        "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-dev.safetensors"}},
        "2": {"class_type": "Power Lora Loader (rgthree)", "inputs": {"model": ["1", 0],
              "lora_1": {"on": true, "lora": "ink.safetensors", "strength": 0.6},
              "lora_2": {"on": false, "lora": "off.safetensors", "strength": 1}}},
        "3": {"class_type": "PrimitiveStringMultiline", "inputs": {"value": "a fox"}},
        "4": {"class_type": "StringConcatenate", "inputs": {"string_a": ["3", 0], "string_b": "in snow"}},
        "5": {"class_type": "CLIPTextEncode", "inputs": {"text": ["4", 0]}},
        "6": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["5", 0]}},
        "7": {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["5", 0]}},
        "8": {"class_type": "ControlNetApplyAdvanced", "inputs": {"positive": ["6", 0], "negative": ["7", 0]}},
        "9": {"class_type": "CFGGuider", "inputs": {"model": ["2", 0], "positive": ["8", 0], "negative": ["8", 1],
              "cfg": 1}},
        "10": {"class_type": "PrimitiveInt", "inputs": {"value": 99}},
        "11": {"class_type": "RandomNoise", "inputs": {"noise_seed": ["10", 0]}},
        "12": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
        "13": {"class_type": "BasicScheduler", "inputs": {"scheduler": "simple", "steps": 20, "denoise": 1}},
        "14": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1024, "height": 768}},
        "15": {"class_type": "SamplerCustomAdvanced", "inputs": {"noise": ["11", 0], "guider": ["9", 0],
               "sampler": ["12", 0], "sigmas": ["13", 0], "latent_image": ["14", 0]}},
        "16": {"class_type": "SomebodysSharpener", "inputs": {"whatever": ["15", 1]}},
        "17": {"class_type": "PreviewImage", "inputs": {"images": ["16", 0]}}}"#;
    let facts = read(text).unwrap();
    assert_eq!(
        (facts.prompt.as_str(), facts.negative_prompt.as_str()),
        ("a fox, in snow", "")
    );
    assert_eq!(
        facts.loras,
        [("ink".into(), 0.6)],
        "what is switched off is not applied"
    );
    check(
        &facts,
        &[
            ("Seed", "99"),
            ("Steps", "20"),
            ("Sampler", "Euler"),
            ("Schedule type", "Simple"),
            ("Size", "1024x768"),
            ("Model", "flux1-dev"),
            ("CFG scale", "1"),
        ],
    );
}

#[test]
fn a_graph_that_was_only_drawn_is_read_too() {
    let text = r#"{"nodes": [
        {"id": 1, "type": "CheckpointLoaderSimple", "widgets_values": ["foxes.safetensors"]},
        {"id": 2, "type": "CLIPTextEncode", "widgets_values": ["a fox"], "inputs": [{"name": "clip", "link": 1}]},
        {"id": 3, "type": "CLIPTextEncode", "widgets_values": ["blur"], "inputs": [{"name": "clip", "link": 2}]},
        {"id": 4, "type": "EmptyLatentImage", "widgets_values": [640, 512, 1]},
        {"id": 5, "type": "KSampler", "widgets_values": [7, "randomize", 20, 8, "euler", "normal", 1],
         "inputs": [{"name": "model", "link": 3}, {"name": "positive", "link": 4}, {"name": "negative", "link": 5},
                    {"name": "latent_image", "link": 6}]},
        {"id": 6, "type": "SaveImage", "inputs": [{"name": "images", "link": 7}]}],
        "links": [[1, 1, 1, 2, 0, "CLIP"], [2, 1, 1, 3, 0, "CLIP"], [3, 1, 0, 5, 0, "MODEL"],
                  [4, 2, 0, 5, 1, "CONDITIONING"], [5, 3, 0, 5, 2, "CONDITIONING"], [6, 4, 0, 5, 3, "LATENT"],
                  [7, 5, 0, 6, 0, "IMAGE"]], "version": 0.4}"#;
    let facts = read_workflow(text).unwrap();
    assert!(is_graph(text));
    assert_eq!(
        (facts.prompt.as_str(), facts.negative_prompt.as_str()),
        ("a fox", "blur")
    );
    check(
        &facts,
        &[
            ("Seed", "7"),
            ("Steps", "20"),
            ("CFG scale", "8"),
            ("Size", "640x512"),
            ("Model", "foxes"),
        ],
    );
}

#[test]
fn circular_and_broken_graphs_end() {
    let circular = r#"{
        "1": {"class_type": "KSampler", "inputs": {"seed": ["2", 0], "steps": ["1", 0], "latent_image": ["2", 0],
              "model": ["2", 0], "positive": ["2", 0], "negative": ["3", 0], "noise": ["1", 0], "sampler": ["2", 0]}},
        "2": {"class_type": "KSampler", "inputs": {"seed": 4, "value": ["2", 0], "model": ["1", 0], "text": ["2", 0],
              "latent_image": ["1", 0], "positive": ["1", 0], "guider": ["2", 0], "noise": ["2", 0]}},
        "3": {"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["3", 0], "conditioning_2": ["9", 0]}},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}"#;
    let facts = read(circular).unwrap();
    assert_eq!(facts.field("Seed"), Some("4"), "and what can be told is told");
    for broken in [
        "{}",
        r#"{"1": 2}"#,
        r#"{"1": {"class_type": "KSampler"}}"#,
        r#"{"1": {"inputs": {}}}"#,
        "[]",
    ] {
        assert_eq!(read(broken), None, "{broken}");
        assert_eq!(read_workflow(broken), None, "{broken}");
    }
    let long: Vec<String> = (0..20_000)
        .map(|at| {
            format!(
                r#""{at}": {{"class_type": "X", "inputs": {{"images": ["{}", 0]}}}}"#,
                at + 1
            )
        })
        .collect();
    assert_eq!(
        read(&format!("{{{}}}", long.join(","))),
        None,
        "a chain without an end is no recipe"
    );
}
