//! The graph as it was drawn: nodes with their widgets' values in order, and links beside them.
//!
//! Which widget is which only the program knows; for the nodes that matter here it is known to us too. Others keep
//! their links, so that a walk passes through them.

use serde_json::{Map, Value, json};

use crate::foreign::json::Object;

/// Widgets of the nodes that are read, in their order; `-` is one that says nothing about the picture.
const WIDGETS: [(&str, &[&str]); 14] = [
    (
        "KSampler",
        &[
            "seed",
            "-",
            "steps",
            "cfg",
            "sampler_name",
            "scheduler",
            "denoise",
        ],
    ),
    (
        "KSamplerAdvanced",
        &[
            "-",
            "noise_seed",
            "-",
            "steps",
            "cfg",
            "sampler_name",
            "scheduler",
            "start_at_step",
            "end_at_step",
        ],
    ),
    ("CLIPTextEncode", &["text"]),
    ("CheckpointLoaderSimple", &["ckpt_name"]),
    ("UNETLoader", &["unet_name"]),
    ("LoraLoader", &["lora_name", "strength_model"]),
    ("LoraLoaderModelOnly", &["lora_name", "strength_model"]),
    ("EmptyLatentImage", &["width", "height"]),
    ("EmptySD3LatentImage", &["width", "height"]),
    ("LatentUpscale", &["-", "width", "height"]),
    ("LatentUpscaleBy", &["-", "scale_by"]),
    ("KSamplerSelect", &["sampler_name"]),
    ("BasicScheduler", &["scheduler", "steps", "denoise"]),
    ("RandomNoise", &["noise_seed"]),
];

/// Rewrites a drawn graph as one that was carried out.
pub(super) fn as_carried_out(drawn: &Object) -> Option<Object> {
    let nodes = drawn.get("nodes")?.as_array()?;
    let links = drawn.get("links")?.as_array()?;
    // A link is [its number, from node, from output, to node, to input, type].
    let source = |wanted: &Value| {
        let link = links.iter().find(|link| link.get(0) == Some(wanted))?;
        Some(json!([node_name(link.get(1)?)?, link.get(2)?]))
    };
    let mut carried_out = Map::new();
    for node in nodes.iter().take(super::MOST_NODES) {
        let (Some(name), Some(class)) = (
            node.get("id").and_then(node_name),
            node.get("type").and_then(Value::as_str),
        ) else {
            continue;
        };
        let mut inputs = Map::new();
        let widgets = WIDGETS.iter().find(|(known, _)| *known == class);
        let values = node.get("widgets_values").and_then(Value::as_array);
        if let (Some((_, widgets)), Some(values)) = (widgets, values) {
            let named = widgets.iter().zip(values).filter(|(widget, _)| **widget != "-");
            inputs.extend(named.map(|(widget, value)| ((*widget).to_owned(), value.clone())));
        }
        let linked = node.get("inputs").and_then(Value::as_array);
        for input in linked.into_iter().flatten() {
            let name = input.get("name").and_then(Value::as_str);
            let from = input.get("link").filter(|link| !link.is_null()).and_then(source);
            if let (Some(name), Some(from)) = (name, from) {
                inputs.insert(name.to_owned(), from);
            }
        }
        carried_out.insert(name, json!({ "class_type": class, "inputs": inputs }));
    }
    Some(carried_out)
}

/// A node's number as the name it has when it is carried out.
fn node_name(id: &Value) -> Option<String> {
    match id {
        Value::Number(number) => Some(number.to_string()),
        Value::String(name) => Some(name.clone()),
        _ => None,
    }
}
