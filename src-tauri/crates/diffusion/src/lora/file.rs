//! One LoRA file, understood from its header.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use serde_json::Value;

use super::change;
use super::keys::{Factor, Key, LoraFormat, Role};
use crate::error::{DiffusionError, Result};
use crate::weights::{Family, Part, Selection, WeightFile};

/// Trigger words that are reported.
const TRIGGERS: usize = 12;

/// Largest `adapter_config.json` that is read, in bytes.
const LARGEST_CONFIG: u64 = 1 << 20;

/// All tensors of one module, by their role, with their keys.
#[derive(Debug, Default)]
pub(super) struct Module {
    pub roles: BTreeMap<Role, String>,
    pub shapes: BTreeMap<Role, Vec<usize>>,
    /// Where no tensor says it: from the configuration of PEFT, as alpha / rank.
    pub scale: Option<f64>,
}

/// Which network a module belongs to, and its name there with underscores.
pub(super) type Place = (Option<Part>, String);

/// A LoRA on disk.
#[derive(Debug)]
pub struct LoraFile {
    file: WeightFile,
    pub(super) modules: BTreeMap<Place, Module>,
    format: LoraFormat,
    family: Option<Family>,
}

impl LoraFile {
    /// Reads the header. A file that is no LoRA, or one that changes weights in a way that is not built here, is
    /// refused by name.
    pub fn open(path: &Path) -> Result<Self> {
        Self::of(WeightFile::open(path)?)
    }

    pub(crate) fn of(file: WeightFile) -> Result<Self> {
        let wrong = |reason: String| DiffusionError::Model {
            path: file.path.clone(),
            reason,
        };
        let mut modules: BTreeMap<Place, Module> = BTreeMap::new();
        let mut formats: BTreeMap<LoraFormat, usize> = BTreeMap::new();
        let mut strangers = Vec::new();
        for (name, stored) in &file.tensors {
            let Some(key) = Key::parse(name) else {
                strangers.push(name);
                continue;
            };
            match key.role {
                Role::Magnitude => {
                    return Err(wrong(format!(
                        "is a DoRA (`{name}`), which rescales whole weights; DoRA cannot be merged here, so use a \
                         version of it trained or exported as LoRA"
                    )));
                }
                Role::Unknown(what) => {
                    return Err(wrong(format!(
                        "holds `{name}`: the method behind `{what}` is not supported; use a LoRA, LoHa or LoKr"
                    )));
                }
                Role::Alpha => {}
                _ => *formats.entry(key.format).or_default() += 1,
            }
            let module = modules.entry((key.part, key.module)).or_default();
            module.roles.insert(key.role, name.clone());
            module.shapes.insert(key.role, stored.shape.clone());
        }
        // Of several formats in one file, the one that most tensors are written in.
        let format = formats
            .iter()
            .max_by_key(|(format, count)| (**count, std::cmp::Reverse(**format)))
            .map(|(format, _)| *format)
            .ok_or_else(|| wrong("is no LoRA: none of its tensors has the name of one".to_owned()))?;
        if let Some(name) = strangers.first() {
            return Err(wrong(format!(
                "holds `{name}`, which belongs to no LoRA format that is known; it cannot be used"
            )));
        }
        for module in modules.values() {
            let whole =
                change::extent(&module.shapes).is_some() || module.roles.contains_key(&Role::BiasDifference);
            if !whole && let Some(name) = module.roles.values().next() {
                return Err(wrong(format!(
                    "is incomplete: the module of `{name}` lacks its counterpart; download it again"
                )));
            }
        }
        let family = family(&file, &modules);
        let mut lora = Self {
            file,
            modules,
            format,
            family,
        };
        lora.read_scales()?;
        Ok(lora)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// How it is written.
    pub fn format(&self) -> LoraFormat {
        self.format
    }

    /// The largest rank of its modules; `None` where nothing is decomposed.
    pub fn rank(&self) -> Option<usize> {
        self.modules
            .values()
            .filter_map(|module| change::rank(&module.shapes))
            .max()
    }

    /// Weights that it changes.
    pub fn modules(&self) -> usize {
        self.modules.len()
    }

    /// The models that it looks made for; `None` if nothing tells.
    pub fn family(&self) -> Option<Family> {
        self.family
    }

    /// What the trainer wrote into the header.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.file.metadata
    }

    /// Words that call for what it learnt: the trigger phrase in the header, else the most frequent tags of its
    /// training (`ss_tag_frequency`), most frequent first.
    pub fn trigger_words(&self) -> Vec<String> {
        let metadata = self.metadata();
        for key in ["modelspec.trigger_phrase", "ss_trigger_words"] {
            if let Some(phrase) = metadata.get(key).filter(|phrase| !phrase.trim().is_empty()) {
                return vec![phrase.trim().to_owned()];
            }
        }
        let tags = metadata
            .get("ss_tag_frequency")
            .map(String::as_str)
            .unwrap_or_default();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        if let Ok(Value::Object(sets)) = serde_json::from_str(tags) {
            let tags = sets.values().filter_map(Value::as_object).flatten();
            for (tag, count) in tags {
                *counts.entry(tag.trim().to_owned()).or_default() += count.as_u64().unwrap_or(0);
            }
        }
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts.truncate(TRIGGERS);
        counts.into_iter().map(|(tag, _)| tag).collect()
    }

    /// The keys of a module.
    pub(super) fn keys(&self, place: &Place) -> Vec<String> {
        let module = self.modules.get(place);
        module.map_or_else(Vec::new, |module| module.roles.values().cloned().collect())
    }

    /// One key of a module, for messages.
    pub(super) fn key(&self, place: &Place) -> String {
        let key = self
            .modules
            .get(place)
            .and_then(|module| module.roles.values().next());
        key.cloned().unwrap_or_else(|| place.1.clone())
    }

    /// The change of a weight, scaled by alpha and `weight`.
    pub(super) fn weight_change(&self, module: &Module, shape: &[usize], weight: f64) -> Result<Tensor> {
        let mut tensors = BTreeMap::new();
        for (role, name) in &module.roles {
            if !matches!(role, Role::Alpha | Role::BiasDifference) {
                tensors.insert(*role, self.tensor(name)?);
            }
        }
        let alpha = match module.roles.get(&Role::Alpha) {
            Some(name) => Some(f64::from(
                self.tensor(name)?.flatten_all()?.get(0)?.to_scalar::<f32>()?,
            )),
            None => None,
        };
        let scale = match (alpha, module.scale) {
            (None, Some(scale)) => scale,
            (alpha, _) => change::scale(&module.shapes, alpha),
        };
        Ok((change::change(&tensors, shape)? * (scale * weight))?)
    }

    /// The change of a bias, scaled by `weight`.
    pub(super) fn bias_change(
        &self,
        module: &Module,
        shape: &[usize],
        weight: f64,
    ) -> Result<Option<Tensor>> {
        match module.roles.get(&Role::BiasDifference) {
            None => Ok(None),
            Some(name) => Ok(Some((self.tensor(name)?.reshape(shape)? * weight)?)),
        }
    }

    fn tensor(&self, name: &str) -> Result<Tensor> {
        match self.file.tensors.get(name) {
            Some(stored) => self.file.read(name, stored, Selection::Whole, true),
            None => Err(DiffusionError::Model {
                path: self.file.path.clone(),
                reason: format!("has no tensor `{name}`"),
            }),
        }
    }

    /// PEFT keeps alpha outside the tensors: in `adapter_config.json` beside the file, or, as diffusers saves it, in
    /// the header under `lora_adapter_metadata`.
    fn read_scales(&mut self) -> Result<()> {
        let beside = self.file.path.with_file_name("adapter_config.json");
        let config = match self.file.metadata.get("lora_adapter_metadata") {
            Some(text) => serde_json::from_str(text).ok(),
            None if self.format == LoraFormat::Peft && beside.is_file() => Some(read_json(&beside)?),
            None => None,
        };
        let Some(config) = config else { return Ok(()) };
        for ((part, name), module) in &mut self.modules {
            let prefix = part.map(|part| format!("{}.", part.folder())).unwrap_or_default();
            let field = |field: &str| {
                [format!("{prefix}{field}"), field.to_owned()]
                    .iter()
                    .map(|key| &config[key.as_str()])
                    .find(|value| !value.is_null())
            };
            // A pattern names the end of a module's path.
            let of_pattern = |pattern: &str| {
                let pattern = field(pattern)?.as_object()?;
                pattern.iter().find_map(|(end, value)| {
                    let end = end.trim_start_matches('^').replace('.', "_");
                    name.ends_with(&end).then(|| value.as_f64())?
                })
            };
            let alpha = of_pattern("alpha_pattern").or_else(|| field("lora_alpha")?.as_f64());
            let rank = change::rank(&module.shapes).filter(|rank| *rank > 0);
            if let (Some(alpha), Some(rank)) = (alpha, rank) {
                let rooted = field("use_rslora").and_then(Value::as_bool).unwrap_or(false);
                let rank = rank as f64;
                module.scale = Some(alpha / if rooted { rank.sqrt() } else { rank });
            }
        }
        Ok(())
    }
}

fn read_json(path: &PathBuf) -> Result<Value> {
    use std::io::Read;
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(DiffusionError::file(path))?;
    file.take(LARGEST_CONFIG)
        .read_to_end(&mut text)
        .map_err(DiffusionError::file(path))?;
    serde_json::from_slice(&text).map_err(|fault| DiffusionError::Model {
        path: path.clone(),
        reason: format!(
            "is no JSON ({fault}), so the alpha of the LoRA beside it is not known; copy it again"
        ),
    })
}

/// By the width that the prompt has in its attention, else by names, else by what the trainer wrote.
fn family(file: &WeightFile, modules: &BTreeMap<Place, Module>) -> Option<Family> {
    let width = modules.iter().find_map(|((_, name), module)| {
        let attends = name.ends_with("attn2_to_k") || name.ends_with("attn2_to_v");
        let inner = match module.shapes.get(&Role::Down) {
            Some(down) => down.get(1),
            None => module.shapes.get(&Role::HadaFirst(Factor::B))?.get(1),
        };
        inner.copied().filter(|_| attends)
    });
    if let Some(width) = width {
        return Some(Family::of_width(width));
    }
    if let Some(family) = file.tensors.keys().find_map(|name| Family::foreign(name)) {
        return Some(family);
    }
    let written = ["modelspec.architecture", "ss_base_model_version"]
        .iter()
        .find_map(|key| Family::of_architecture(file.metadata.get(*key)?));
    let two = || modules.keys().any(|(part, _)| *part == Some(Part::TextEncoder2));
    written.or_else(|| two().then_some(Family::StableDiffusionXl))
}
