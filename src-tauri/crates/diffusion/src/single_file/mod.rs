//! Whole models in one file, in the layout of the original repositories, as most fine-tuned checkpoints are shared.
//!
//! The file is read under the names of diffusers, and the configurations that a folder would hold are derived from the
//! shapes of its tensors, so that a network is built from it as from a folder. Known are Stable Diffusion 1 and 2, SDXL
//! and its refiner, each also with the nine input channels of inpainting, as safetensors or GGUF.
//!
//! Some things cannot be seen in shapes, first of all whether the U-Net predicts noise or velocity. They are looked for
//! in the file (the marker tensors `v_pred` and `ztsnr`, `modelspec.prediction_type` in the header), then beside it:
//! in `NAME.yaml` as the original repositories ship it (`parameterization: "v"`), and in `NAME.json`, which has the
//! last word. See [`sidecar`] for its fields.

mod config;
pub(crate) mod names;
pub mod sidecar;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use candle_core::Device;
use serde_json::{Value, json};

use crate::error::{DiffusionError, Result};
use crate::weights::{Entry, Family, Files, Part, Selection, WeightFile, Weights};
use config::Shapes;
use names::{Tower, UNetLayout};
use sidecar::Sidecar;

/// Where the networks lie in the original layout: beginning of the names, network, and how the rest is written.
const PLACES: [(&str, Part, Style); 10] = [
    ("model.diffusion_model.", Part::UNet, Style::UNet),
    ("first_stage_model.", Part::Vae, Style::Vae),
    (
        "conditioner.embedders.0.transformer.",
        Part::TextEncoder,
        Style::Transformers,
    ),
    (
        "conditioner.embedders.0.model.",
        Part::TextEncoder2,
        Style::OpenClip,
    ),
    (
        "conditioner.embedders.1.model.",
        Part::TextEncoder2,
        Style::OpenClip,
    ),
    // stable-diffusion.cpp counts the text encoders of SDXL so.
    (
        "cond_stage_model.1.transformer.",
        Part::TextEncoder2,
        Style::Transformers,
    ),
    ("cond_stage_model.1.model.", Part::TextEncoder2, Style::OpenClip),
    (
        "cond_stage_model.transformer.",
        Part::TextEncoder,
        Style::Transformers,
    ),
    ("cond_stage_model.model.", Part::TextEncoder, Style::OpenClip),
    // Oldest of all: the text encoder without its own level.
    (
        "cond_stage_model.text_model.",
        Part::TextEncoder,
        Style::Transformers,
    ),
];

/// Beginnings of names that no network asks for: running averages, and the schedule as PyTorch buffers.
const UNUSED: [&str; 15] = [
    "model_ema.",
    "first_stage_model.loss.",
    "first_stage_model.model_ema.",
    "betas",
    "alphas_cumprod",
    "sqrt_",
    "log_one_minus_alphas_cumprod",
    "posterior_",
    "logvar",
    "lvlb_weights",
    "denoiser.",
    "model.denoiser.",
    "scale_factor",
    "v_pred",
    "ztsnr",
];

/// Markers of models that are sampled in ways not built here.
const REFUSED: [(&str, &str); 3] = [
    ("edm_mean", "is trained with EDM's preconditioning (Playground)"),
    (
        "edm_vpred.sigma_max",
        "is trained with EDM's preconditioning (CosXL)",
    ),
    (
        "model.diffusion_model.label_emb.weight",
        "takes class labels (an upscaler)",
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    UNet,
    Vae,
    Transformers,
    OpenClip,
}

/// Recognises the original layout by names.
pub(crate) struct Layout;

impl Layout {
    /// Whether these are names of a model in the original layout.
    pub fn is_original(names: &BTreeSet<&str>) -> bool {
        let first = names
            .range("model.diffusion_model.".."model.diffusion_model/")
            .next();
        first.is_some()
    }
}

/// One network's tensors under their names in diffusers or transformers.
type Entries = BTreeMap<String, Entry>;

/// A whole model in one file.
#[derive(Debug)]
pub struct SingleFile {
    file: Arc<WeightFile>,
    parts: BTreeMap<Part, (Value, Entries)>,
    model_index: Value,
    scheduler: Value,
    family: Family,
    inpaints: bool,
    unknown: Vec<String>,
}

/// Opens a checkpoint; see [`SingleFile`].
pub fn open(path: &Path) -> Result<SingleFile> {
    SingleFile::of(WeightFile::open(path)?)
}

impl SingleFile {
    pub(crate) fn of(file: WeightFile) -> Result<Self> {
        let path = file.path.clone();
        let wrong = |reason: &str| DiffusionError::Model {
            path: path.clone(),
            reason: reason.to_owned(),
        };
        let names: BTreeSet<&str> = file.tensors.keys().map(String::as_str).collect();
        if let Some((_, reason)) = REFUSED.iter().find(|(name, _)| names.contains(name)) {
            return Err(wrong(&format!("{reason}, which is not supported")));
        }
        if !Layout::is_original(&names) {
            return Err(wrong(
                "is no whole model: it holds no `model.diffusion_model.…`; a single file must be a checkpoint in the \
                 original layout (SD 1, SD 2 or SDXL), and a model of diffusers is added as its folder",
            ));
        }
        let Renamed {
            parts,
            open_clip,
            unknown,
        } = Renamed::of(&names);
        for part in [Part::UNet, Part::Vae] {
            if !parts.contains_key(&part) {
                let name = part.folder();
                return Err(wrong(&format!(
                    "holds no {name}; get the version of the model with everything in one file"
                )));
            }
        }
        let empty = Entries::new();
        let shapes = |part| Shapes::new(&file, parts.get(&part).unwrap_or(&empty), part);
        let unet = shapes(Part::UNet);
        let encoders = [Part::TextEncoder, Part::TextEncoder2].map(|part| parts.contains_key(&part));
        let family = unet.family(encoders)?;
        let needed: &[Part] = match family {
            Family::StableDiffusionXl => &[Part::TextEncoder, Part::TextEncoder2],
            Family::StableDiffusionXlRefiner => &[Part::TextEncoder2],
            _ => &[Part::TextEncoder],
        };
        for part in needed {
            if !parts.contains_key(part) {
                let name = part.folder();
                return Err(wrong(&format!(
                    "looks like {family}, but holds no {name}; get the version with the text encoders in it"
                )));
            }
        }
        let sidecar = Sidecar::beside(&file)?;
        let inpaints = unet.inpaints()?;
        let mut configs = vec![
            (Part::UNet, unet.unet(family, sidecar.velocity())?),
            (Part::Vae, shapes(Part::Vae).vae(family)?),
        ];
        for part in needed {
            configs.push((*part, shapes(*part).text(open_clip.contains(part))?));
        }
        let mut parts = parts;
        let mut built = BTreeMap::new();
        for (part, mut config) in configs {
            sidecar.patch(part.folder(), &mut config);
            built.insert(part, (config, parts.remove(&part).unwrap_or_default()));
        }
        let mut scheduler = sidecar.scheduler(family);
        sidecar.patch("scheduler", &mut scheduler);
        Ok(Self {
            file: Arc::new(file),
            parts: built,
            model_index: model_index(family, inpaints),
            scheduler,
            family,
            inpaints,
            unknown,
        })
    }

    /// Which models it is one of.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Whether the U-Net takes the mask and the masked picture on top of the latent.
    pub fn inpaints(&self) -> bool {
        self.inpaints
    }

    /// The networks that it holds.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.parts.keys().copied()
    }

    /// What would be `model_index.json`; of it, `_class_name`, the switches of SDXL, and what a refiner does without.
    pub fn model_index(&self) -> &Value {
        &self.model_index
    }

    /// What would be `scheduler/scheduler_config.json`.
    pub fn scheduler(&self) -> &Value {
        &self.scheduler
    }

    /// What would be `config.json` in the part's folder. The `pad_token_id` of a text encoder is the token that fills
    /// up prompts, since there is no tokenizer's configuration to say it.
    pub fn config(&self, part: Part) -> Option<&Value> {
        self.parts.get(&part).map(|(config, _)| config)
    }

    /// The part's tensors under the names of diffusers or transformers, for inference.
    pub fn weights(&self, part: Part, device: &Device) -> Weights {
        Weights::renamed(self.files(part), Some(device))
    }

    /// The same, to be held against the configuration without reading a value ([`Weights::inspect`]).
    pub fn inspect(&self, part: Part) -> Weights {
        Weights::renamed(self.files(part), None)
    }

    /// Tensors that belong to no network that is known, sorted.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    fn files(&self, part: Part) -> Files {
        Files {
            open: vec![self.file.clone()],
            entries: self
                .parts
                .get(&part)
                .map(|(_, entries)| entries.clone())
                .unwrap_or_default(),
        }
    }
}

/// Names of the original layout, sorted by network and renamed.
pub(crate) struct Renamed {
    /// The networks.
    pub parts: BTreeMap<Part, Entries>,
    /// The text encoders that are `OpenCLIP`'s towers.
    pub open_clip: BTreeSet<Part>,
    /// What is known to nobody.
    pub unknown: Vec<String>,
}

impl Renamed {
    pub fn of(names: &BTreeSet<&str>) -> Self {
        let mut places: Vec<(Part, Style, BTreeSet<&str>, &str)> = Vec::new();
        let mut unknown = Vec::new();
        for name in names {
            let place = PLACES.iter().find(|(beginning, ..)| name.starts_with(beginning));
            match place {
                Some((beginning, part, style)) => {
                    let inner = &name[beginning.len()..];
                    match places.iter_mut().find(|(.., known)| known == beginning) {
                        Some((_, _, names, _)) => {
                            names.insert(inner);
                        }
                        None => places.push((*part, *style, BTreeSet::from([inner]), beginning)),
                    }
                }
                None if UNUSED.iter().any(|beginning| name.starts_with(beginning)) => {}
                None => unknown.push((*name).to_owned()),
            }
        }
        let mut parts: BTreeMap<Part, Entries> = BTreeMap::new();
        let mut open_clip = BTreeSet::new();
        for (part, style, inner, beginning) in places {
            open_clip.extend((style == Style::OpenClip).then_some(part));
            let entries = parts.entry(part).or_default();
            let mut add = |target: String, name: &str, selection| {
                let entry = Entry {
                    file: 0,
                    stored: format!("{beginning}{name}"),
                    selection,
                };
                entries.insert(target, entry);
            };
            let table = match style {
                Style::UNet => UNetLayout::of_original(&inner).table(),
                Style::Vae => names::vae(Shapes::vae_levels(&inner)),
                Style::Transformers | Style::OpenClip => names::Table::new(),
            };
            // The second tower of SDXL is used whole; of SD 2's, all but the last layer.
            let layers = match part {
                Part::TextEncoder => Shapes::tower_layers(&inner).saturating_sub(1),
                _ => usize::MAX,
            };
            for name in &inner {
                let beside = |unknown: &mut Vec<String>| {
                    let known = UNUSED
                        .iter()
                        .any(|unused| format!("{beginning}{name}").starts_with(unused));
                    if !known {
                        unknown.push(format!("{beginning}{name}"));
                    }
                };
                match style {
                    Style::UNet | Style::Vae => match names::renamed(&table, name) {
                        Some(target) => add(target, name, Selection::Whole),
                        None => beside(&mut unknown),
                    },
                    Style::Transformers => match transformers_name(name) {
                        Tower::Whole(target) => add(target, name, Selection::Whole),
                        Tower::Transposed(target) => add(target, name, Selection::Transposed),
                        Tower::Fused(_) | Tower::Unused => {}
                    },
                    Style::OpenClip => match names::open_clip(name, layers) {
                        Some(Tower::Whole(target)) => add(target, name, Selection::Whole),
                        Some(Tower::Transposed(target)) if part == Part::TextEncoder2 => {
                            add(target, name, Selection::Transposed);
                        }
                        Some(Tower::Fused(targets)) => {
                            for (index, target) in targets.into_iter().enumerate() {
                                add(target, name, Selection::Third(index));
                            }
                        }
                        Some(Tower::Transposed(_) | Tower::Unused) => {}
                        None => beside(&mut unknown),
                    },
                }
            }
            if style == Style::Transformers && part == Part::TextEncoder {
                Shapes::drop_last_layer_of_sd2(entries);
            }
        }
        unknown.sort();
        Self {
            parts,
            open_clip,
            unknown,
        }
    }
}

/// A text encoder that is written with the names of transformers already.
fn transformers_name(name: &str) -> Tower {
    let bare = name.strip_prefix("text_model.").unwrap_or(name);
    match bare {
        "text_projection" => Tower::Transposed("text_projection.weight".to_owned()),
        "text_projection.weight" => Tower::Whole(bare.to_owned()),
        "logit_scale" => Tower::Unused,
        _ if bare.ends_with("position_ids") => Tower::Unused,
        _ => Tower::Whole(format!("text_model.{bare}")),
    }
}

fn model_index(family: Family, inpaints: bool) -> Value {
    match (family, inpaints) {
        (Family::StableDiffusionXl, false) => json!({
            "_class_name": "StableDiffusionXLPipeline",
            "force_zeros_for_empty_prompt": true,
        }),
        (Family::StableDiffusionXl, true) => json!({
            "_class_name": "StableDiffusionXLInpaintPipeline",
            "force_zeros_for_empty_prompt": true,
            "requires_aesthetics_score": false,
        }),
        (Family::StableDiffusionXlRefiner, _) => json!({
            "_class_name": "StableDiffusionXLImg2ImgPipeline",
            "text_encoder": [null, null],
            "tokenizer": [null, null],
            "force_zeros_for_empty_prompt": false,
            "requires_aesthetics_score": true,
        }),
        (_, false) => json!({"_class_name": "StableDiffusionPipeline"}),
        (_, true) => json!({"_class_name": "StableDiffusionInpaintPipeline"}),
    }
}

#[cfg(test)]
mod tests;
