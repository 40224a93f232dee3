//! `model_index.json`: which pipeline a model was made for, and of what it is made.

use std::path::Path;

use serde_json::Value;

use super::wrong;
use crate::error::Result;
use crate::weights::Part;

/// Every pipeline that can be used. They differ in what they do with the networks, which is the request's choice here;
/// what matters is whether the networks are those of SDXL, and whether they are distilled.
const KNOWN: [(&str, Kind); 9] = [
    ("StableDiffusionPipeline", Kind::Plain),
    ("StableDiffusionImg2ImgPipeline", Kind::Plain),
    ("StableDiffusionInpaintPipeline", Kind::Plain),
    ("LatentConsistencyModelPipeline", Kind::LatentConsistency),
    ("LatentConsistencyModelImg2ImgPipeline", Kind::LatentConsistency),
    ("StableDiffusionXLPipeline", Kind::Xl),
    ("StableDiffusionXLImg2ImgPipeline", Kind::Xl),
    ("StableDiffusionXLInpaintPipeline", Kind::Xl),
    ("OnnxStableDiffusionPipeline", Kind::Onnx),
];

/// Parts that are left aside, and why that changes no picture.
const LEFT_ASIDE: [(&str, &str); 3] = [
    (
        "safety_checker",
        "is not run: what a picture shows is judged by the people who curate it",
    ),
    ("feature_extractor", "only serves the safety checker"),
    (
        "image_encoder",
        "only serves image prompts, which are not offered",
    ),
];

/// Parts that are opened by their names, and settings.
const UNDERSTOOD: [&str; 12] = [
    "unet",
    "vae",
    "scheduler",
    "text_encoder",
    "text_encoder_2",
    "tokenizer",
    "tokenizer_2",
    "requires_safety_checker",
    "requires_aesthetics_score",
    "force_zeros_for_empty_prompt",
    "add_watermarker",
    "force_upcast",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    LatentConsistency,
    Xl,
    Onnx,
}

/// What `model_index.json` says.
#[derive(Debug, Clone)]
pub(super) struct Class {
    kind: Kind,
    /// The text encoders, in the order in which their vectors stand.
    pub encoders: Vec<Part>,
    /// Whether an empty negative prompt of SDXL is zeros.
    pub zeros_for_nothing: bool,
    /// What is left aside, and why.
    pub notes: Vec<String>,
}

impl Class {
    /// `path` names the file in messages.
    pub fn read(path: &Path, index: &Value) -> Result<Self> {
        let name = index["_class_name"].as_str().unwrap_or("nameless pipeline");
        let kind = KNOWN
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, kind)| *kind);
        let kind = match kind {
            Some(Kind::Onnx) => {
                return Err(wrong(
                    path,
                    format!("names a {name}; get the model in safetensors, not ONNX"),
                ));
            }
            Some(kind) => kind,
            None => {
                let known: Vec<&str> = KNOWN
                    .iter()
                    .filter(|(_, kind)| *kind != Kind::Onnx)
                    .map(|(name, _)| *name)
                    .collect();
                let reason = format!("names a {name}, which is not supported; {} are", known.join(", "));
                return Err(wrong(path, reason));
            }
        };
        let mut notes = Vec::new();
        for (part, value) in index.as_object().into_iter().flatten() {
            let absent = value.is_null() || (value.is_array() && value[0].is_null());
            if absent || part.starts_with('_') || UNDERSTOOD.contains(&part.as_str()) {
                continue;
            }
            match LEFT_ASIDE.iter().find(|(aside, _)| aside == part) {
                Some((_, reason)) => notes.push(format!("{part} {reason}")),
                None => {
                    let reason = format!(
                        "`{part}` is {value}, which is not known; this model needs something not built here yet"
                    );
                    return Err(wrong(path, reason));
                }
            }
        }
        // A null stands for an encoder that the model does without; only the refiner of SDXL has one.
        let without_first = index.get("text_encoder").is_some_and(|entry| entry[0].is_null());
        let encoders = match kind {
            Kind::Xl if without_first => vec![Part::TextEncoder2],
            Kind::Xl => vec![Part::TextEncoder, Part::TextEncoder2],
            _ => vec![Part::TextEncoder],
        };
        for part in &encoders {
            let class = index[part.folder()][1].as_str().unwrap_or("CLIPTextModel");
            if !class.starts_with("CLIPTextModel") {
                let reason = format!(
                    "`{}` is a {class}; only text encoders of CLIP are supported",
                    part.folder()
                );
                return Err(wrong(path, reason));
            }
        }
        Ok(Self {
            kind,
            encoders,
            zeros_for_nothing: index["force_zeros_for_empty_prompt"].as_bool().unwrap_or(true),
            notes,
        })
    }

    /// Whether the networks are those of SDXL.
    pub fn is_xl(&self) -> bool {
        self.kind == Kind::Xl
    }

    /// Whether it was made for the LCM sampler.
    pub fn is_latent_consistency(&self) -> bool {
        self.kind == Kind::LatentConsistency
    }
}
