//! `ComfyUI`: the graph of nodes that made the picture, walked from where it was saved back to its sampler.
//!
//! The graph is `{node: {class_type, inputs: {name: value | [node, output]}}}`. Nodes come from hundreds of extensions;
//! what is read here are the names of inputs, which they share, and not the classes, so that an unknown node on the way
//! is passed through. A graph may be damaged or circular: every walk is bounded.

mod workflow;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use super::facts::{Facts, file_stem};
use super::json::{self, Object};

/// Longest chain of nodes that is followed.
const DEEPEST: usize = 64;
/// Most nodes that a graph may have.
const MOST_NODES: usize = 5000;

/// Inputs that hold a seed.
const SEED: [&str; 2] = ["seed", "noise_seed"];
/// Inputs through which a sampler is told of its settings by other nodes.
const SETTINGS: [&str; 5] = ["noise", "sampler", "sigmas", "guider", "basic_pipe"];
/// Inputs that carry a latent or a picture.
const PICTURES: [&str; 8] = [
    "latent_image",
    "samples",
    "latent",
    "images",
    "image",
    "pixels",
    "optional_latent",
    "upscaled_latent",
];
/// Inputs that hold a prompt or a part of it.
const TEXTS: [&str; 13] = [
    "text",
    "text_g",
    "t5xxl",
    "clip_g",
    "prompt",
    "string",
    "value",
    "populated_text",
    "wildcard_text",
    "text_positive",
    "string_a",
    "text1",
    "text_a",
];

/// One node.
struct Node<'a> {
    class: &'a str,
    inputs: &'a Object,
}

impl<'a> Node<'a> {
    fn is(&self, part: &str) -> bool {
        self.class.contains(part)
    }

    /// The node that an input is linked to.
    fn link(&self, input: &str) -> Option<&'a str> {
        linked(self.inputs.get(input)?)
    }

    fn links(&self) -> impl Iterator<Item = &'a str> {
        self.inputs.values().filter_map(linked)
    }

    fn word(&self, input: &str) -> Option<String> {
        self.inputs.get(input).and_then(json::plain)
    }
}

fn linked(value: &Value) -> Option<&str> {
    match value.as_array()?.as_slice() {
        [node, output] if output.is_number() => node.as_str(),
        _ => None,
    }
}

/// A prompt's side: nodes that carry both are left on the side they were entered for.
#[derive(Clone, Copy)]
enum Side {
    Positive,
    Negative,
}

impl Side {
    fn input(self) -> &'static str {
        match self {
            Side::Positive => "positive",
            Side::Negative => "negative",
        }
    }
}

/// The graph of one picture.
struct Graph<'a> {
    nodes: BTreeMap<&'a str, Node<'a>>,
}

/// Reads the graph that was carried out (the chunk `prompt`).
pub(super) fn read(text: &str) -> Option<Facts> {
    Graph::of(&json::object(text)?)?.facts()
}

/// Reads the graph as it was drawn (the chunk `workflow`), for pictures that carry nothing else.
pub(super) fn read_workflow(text: &str) -> Option<Facts> {
    let drawn = workflow::as_carried_out(&json::object(text)?)?;
    Graph::of(&drawn)?.facts()
}

/// Whether `text` is a graph at all, drawn or carried out.
pub(super) fn is_graph(text: &str) -> bool {
    json::object(text).is_some_and(|told| {
        let has_class = |node: &Value| node.get("class_type").is_some();
        told.values().any(has_class) || (told.contains_key("nodes") && told.contains_key("links"))
    })
}

impl<'a> Graph<'a> {
    fn of(told: &'a Object) -> Option<Self> {
        let node = |(name, value): (&'a String, &'a Value)| {
            let class = value.get("class_type")?.as_str()?;
            let inputs = value.get("inputs")?.as_object()?;
            Some((name.as_str(), Node { class, inputs }))
        };
        let nodes: BTreeMap<_, _> = told.iter().filter_map(node).take(MOST_NODES).collect();
        (!nodes.is_empty()).then_some(Self { nodes })
    }

    fn facts(&self) -> Option<Facts> {
        let passes = self.passes();
        // The first pass makes the picture; later ones enlarge or refine it.
        let first = self.nodes.get(*passes.last()?)?;
        let mut facts = Facts {
            prompt: self.prompt(first, Side::Positive),
            negative_prompt: self.prompt(first, Side::Negative),
            ..Facts::default()
        };
        facts.tell("Steps", self.setting(first, &["steps"]));
        facts.tell_sampler(
            self.setting(first, &["sampler_name"]),
            self.setting(first, &["scheduler"]),
        );
        facts.tell("CFG scale", self.setting(first, &["cfg"]));
        facts.tell("Seed", self.setting(first, &SEED));
        let latent = self.upstream(first, &PICTURES, |node| {
            node.word("width").is_some() || node.word("empty_latent_width").is_some()
        });
        if let Some(latent) = latent {
            let side = |plain, efficient| latent.word(plain).or_else(|| latent.word(efficient));
            facts.tell_size(
                side("width", "empty_latent_width"),
                side("height", "empty_latent_height"),
            );
        }
        let model = self.model(first, &mut facts);
        facts.tell("Model", model.clone());
        if let Some(last) = passes
            .first()
            .and_then(|last| self.nodes.get(last))
            .filter(|_| passes.len() > 1)
        {
            self.tell_last_pass(&mut facts, first, last, model.as_ref());
        } else if let Some(strength) = self
            .setting(first, &["denoise"])
            .filter(|text| text.parse() != Ok(1.0))
        {
            facts.tell("Denoising strength", Some(strength));
        }
        (!facts.is_empty()).then_some(facts)
    }

    /// The samplers that the picture went through, the last first.
    fn passes(&self) -> Vec<&'a str> {
        let is_output = |node: &Node<'_>| node.is("Save") || node.is("Preview") || node.is("Output");
        let outputs = self
            .nodes
            .iter()
            .filter(|(_, node)| is_output(node))
            .map(|(name, _)| *name);
        let mut outputs: VecDeque<&str> = outputs.collect();
        if outputs.is_empty() {
            outputs.extend(self.nodes.keys());
        }
        let mut passes = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = self.nearest_sampler(outputs, &mut seen);
        while let Some(name) = next {
            passes.push(name);
            let pictures = PICTURES
                .iter()
                .filter_map(|input| self.nodes[name].link(input))
                .collect();
            next = self.nearest_sampler(pictures, &mut seen);
        }
        passes
    }

    /// The first sampler found going back from `from`; each node is looked at once.
    fn nearest_sampler(&self, mut from: VecDeque<&'a str>, seen: &mut BTreeSet<&'a str>) -> Option<&'a str> {
        while let Some(name) = from.pop_front() {
            if !seen.insert(name) {
                continue;
            }
            let Some(node) = self.nodes.get(name) else {
                continue;
            };
            if is_sampler(node) {
                return Some(name);
            }
            from.extend(node.links());
        }
        None
    }

    /// A setting of a sampler: its own, one it is linked to, or one of the nodes that it takes its settings from, the
    /// nearest first. Each node is asked once, however the graph winds.
    fn setting(&self, node: &Node<'a>, names: &[&str]) -> Option<String> {
        let mut seen = BTreeSet::new();
        let mut waiting = VecDeque::from([node]);
        while let Some(node) = waiting.pop_front() {
            for name in names {
                let linked = || self.constant(node.link(name)?, name);
                if let Some(value) = node.word(name).or_else(linked) {
                    return Some(value);
                }
            }
            let further = SETTINGS.iter().filter_map(|input| node.link(input));
            waiting.extend(
                further
                    .filter(|name| seen.insert(*name))
                    .filter_map(|name| self.nodes.get(name)),
            );
        }
        None
    }

    /// What a node that only holds a value says, or the nearest behind it that does.
    fn constant(&self, name: &'a str, wanted: &str) -> Option<String> {
        let inputs = [
            wanted,
            "value",
            "seed",
            "noise_seed",
            "int",
            "float",
            "number",
            "Number",
            "Value",
        ];
        let mut seen = BTreeSet::from([name]);
        let mut waiting = VecDeque::from([name]);
        while let Some(name) = waiting.pop_front() {
            let Some(node) = self.nodes.get(name) else {
                continue;
            };
            if let Some(value) = inputs.iter().find_map(|input| node.word(input)) {
                return Some(value);
            }
            let further = inputs.iter().filter_map(|input| node.link(input));
            waiting.extend(further.filter(|name| seen.insert(*name)));
        }
        None
    }

    /// The nearest node upstream through these inputs that is what is looked for.
    fn upstream(
        &self,
        node: &Node<'a>,
        inputs: &[&str],
        found: impl Fn(&Node<'a>) -> bool,
    ) -> Option<&Node<'a>> {
        let mut seen = BTreeSet::new();
        let mut waiting: VecDeque<&str> = inputs.iter().filter_map(|input| node.link(input)).collect();
        while let Some(name) = waiting.pop_front() {
            let Some(node) = self.nodes.get(name).filter(|_| seen.insert(name)) else {
                continue;
            };
            if found(node) {
                return Some(node);
            }
            waiting.extend(inputs.iter().filter_map(|input| node.link(input)));
        }
        None
    }

    /// The prompt on one side of a sampler, or of the guider that stands for it.
    fn prompt(&self, sampler: &Node<'a>, side: Side) -> String {
        let mut parts = Vec::new();
        let mut seen = BTreeSet::new();
        let guider = sampler.link("guider").and_then(|name| self.nodes.get(name));
        for node in [Some(sampler), guider].into_iter().flatten() {
            let alone = matches!(side, Side::Positive)
                .then(|| node.link("conditioning"))
                .flatten();
            if let Some(name) = node.link(side.input()).or(alone) {
                self.collect_text(name, side, &mut parts, &mut seen, DEEPEST);
            }
        }
        parts.dedup();
        parts.join(", ")
    }

    fn collect_text(
        &self,
        name: &'a str,
        side: Side,
        parts: &mut Vec<String>,
        seen: &mut BTreeSet<&'a str>,
        depth: usize,
    ) {
        let Some(node) = self.nodes.get(name).filter(|_| depth > 0 && seen.insert(name)) else {
            return;
        };
        // It makes nothing of what comes in.
        if node.is("ZeroOut") {
            return;
        }
        let mut follow = |input: &str, parts: &mut Vec<String>| {
            if let Some(link) = node.link(input) {
                self.collect_text(link, side, parts, seen, depth - 1);
                return true;
            }
            let text = node.inputs.get(input).and_then(Value::as_str).map(str::trim);
            parts.extend(text.filter(|text| !text.is_empty()).map(ToOwned::to_owned));
            text.is_some()
        };
        // A node that carries both sides is left on ours.
        if node.inputs.contains_key("positive") && node.inputs.contains_key("negative") {
            follow(side.input(), parts);
            return;
        }
        if let Some(text) = TEXTS.iter().find(|input| node.inputs.contains_key(**input)) {
            follow(text, parts);
            for other in ["string_b", "text2", "text_b"] {
                follow(other, parts);
            }
            return;
        }
        let conditions = node
            .inputs
            .keys()
            .filter(|input| input.starts_with("conditioning"));
        for input in conditions {
            follow(input, parts);
        }
    }

    /// Follows the model back to its file; adds the LoRAs on the way.
    fn model(&self, sampler: &Node<'a>, facts: &mut Facts) -> Option<String> {
        let entered = ["model", "guider", "basic_pipe"];
        let mut next = entered.iter().find_map(|input| sampler.link(input));
        let mut seen = BTreeSet::new();
        let mut found = None;
        while let Some(name) = next.filter(|name| seen.insert(*name)) {
            let Some(node) = self.nodes.get(name) else { break };
            facts.loras.extend(loras(node));
            let file = ["ckpt_name", "unet_name", "base_ckpt_name", "model_name"];
            found = file.iter().find_map(|input| node.word(input));
            next = ["model", "ckpt_name", "MODEL", "model1"]
                .iter()
                .find_map(|input| node.link(input));
            if found.is_some() {
                break;
            }
        }
        // They were met last first.
        facts.loras.reverse();
        found.map(|file| file_stem(&file).to_owned())
    }

    /// A last pass at a larger size, or with a second model.
    fn tell_last_pass(&self, facts: &mut Facts, first: &Node<'a>, last: &Node<'a>, model: Option<&String>) {
        let second = self.model(last, &mut Facts::default());
        let ends_at = self
            .setting(first, &["end_at_step"])
            .and_then(|step| step.parse::<f64>().ok());
        let steps = self
            .setting(first, &["steps"])
            .and_then(|steps| steps.parse::<f64>().ok());
        if let (Some(second), Some(ends_at), Some(steps)) = (&second, ends_at, steps)
            && Some(second) != model
            && ends_at < steps
        {
            facts.tell("Refiner", Some(second.clone()));
            facts.tell("Refiner switch at", Some(format!("{:.3}", ends_at / steps)));
            return;
        }
        let enlarged = self.upstream(last, &PICTURES, |node| node.is("Upscale"));
        let Some(enlarged) = enlarged else { return };
        facts.tell("Denoising strength", self.setting(last, &["denoise"]));
        facts.tell("Hires steps", self.setting(last, &["steps"]));
        if let (Some(width), Some(height)) = (enlarged.word("width"), enlarged.word("height")) {
            facts.tell("Hires resize", Some(format!("{width}x{height}")));
        } else {
            facts.tell("Hires upscale", enlarged.word("scale_by"));
        }
    }
}

fn is_sampler(node: &Node<'_>) -> bool {
    let has = |input: &str| node.inputs.contains_key(input);
    let settled = has("seed") || has("noise_seed") || has("noise");
    settled && (has("latent_image") || has("guider") || (has("positive") && has("model")))
}

/// The LoRAs that a node applies, the last first: one by name, or a stack of `lora_1: {on, lora, strength}`.
fn loras(node: &Node<'_>) -> Vec<(String, f64)> {
    let number = |input: &str| node.inputs.get(input).and_then(json::number);
    if let Some(name) = node.word("lora_name").filter(|name| name != "None") {
        let weight = number("strength_model")
            .or_else(|| number("lora_model_strength"))
            .unwrap_or(1.0);
        return vec![(file_stem(&name).to_owned(), weight)];
    }
    let stacked = node.inputs.iter().filter_map(|(input, value)| {
        let entry = value.as_object().filter(|_| input.starts_with("lora_"))?;
        if entry.get("on") == Some(&Value::Bool(false)) {
            return None;
        }
        let weight = entry.get("strength").and_then(json::number).unwrap_or(1.0);
        Some((file_stem(entry.get("lora")?.as_str()?).to_owned(), weight))
    });
    let mut stacked: Vec<_> = stacked.collect();
    stacked.reverse();
    stacked
}

#[cfg(test)]
mod tests;
