//! A stack of LoRAs, held against the networks of one model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use candle_core::{DType, Tensor};

use super::change;
use super::file::{LoraFile, Place};
use super::keys::Role;
use crate::error::{DiffusionError, Result};
use crate::single_file::names::{self, UNetLayout};
use crate::weights::{Family, Part, Weights, widened};

/// Which module of which file changes a tensor.
#[derive(Debug, Clone)]
struct Use {
    file: usize,
    place: Place,
    bias: bool,
}

/// LoRAs with their weights, matched with the tensors that they change. See [`Weights::adapted`].
#[derive(Debug, Default)]
pub struct Adapters {
    files: Vec<(LoraFile, f64)>,
    uses: BTreeMap<(Part, String), Vec<Use>>,
    unmatched: Vec<String>,
}

impl Adapters {
    /// Holds the files against the networks of a model: `parts` are all that it has and their weights, at the root of
    /// the name tree. Each file comes with the weight at which it is merged; they are added up in this order.
    ///
    /// A file of which fewer than half of the modules fit, and one that fits a tensor by name but not by shape, is an
    /// error that says for which family it looks made.
    pub fn fit(files: Vec<(LoraFile, f64)>, parts: &[(Part, &Weights)]) -> Result<Arc<Self>> {
        let targets: BTreeMap<Part, Targets> = parts
            .iter()
            .map(|(part, weights)| (*part, Targets::of(*part, weights)))
            .collect();
        let mut adapters = Self::default();
        for (index, (file, weight)) in files.iter().enumerate() {
            if !weight.is_finite() {
                return Err(DiffusionError::Request {
                    what: format!("the weight {weight} of {}", file.path().display()),
                    reason: "is no number".to_owned(),
                });
            }
            let mut missed = Vec::new();
            for (place, module) in &file.modules {
                let target = place
                    .0
                    .and_then(|part| Some((part, targets.get(&part)?)))
                    .and_then(|(part, targets)| Some((part, targets.bases.get(&place.1)?, targets)));
                let Some((part, base, targets)) = target else {
                    missed.push(file.key(place));
                    continue;
                };
                let mut used = false;
                for (ending, bias) in [("weight", false), ("bias", true)] {
                    let changes = if bias {
                        let shape = module.shapes.get(&Role::BiasDifference);
                        shape.map(|shape| (shape.first().copied().unwrap_or(0), shape.iter().product()))
                    } else {
                        change::extent(&module.shapes)
                    };
                    let name = format!("{base}.{ending}");
                    let (Some((rows, count)), Some(shape)) = (changes, targets.shapes.get(&name)) else {
                        continue;
                    };
                    if shape.first() != Some(&rows) || shape.iter().product::<usize>() != count {
                        return Err(foreign(
                            file,
                            &targets_family(parts),
                            &format!(
                                "`{}` changes {count} values in {rows} rows, but `{name}` of the model has the shape {shape:?}",
                                file.key(place)
                            ),
                        ));
                    }
                    adapters.uses.entry((part, name)).or_default().push(Use {
                        file: index,
                        place: place.clone(),
                        bias,
                    });
                    used = true;
                }
                if !used {
                    missed.push(file.key(place));
                }
            }
            let (fits, all) = (file.modules() - missed.len(), file.modules());
            if fits * 2 < all {
                let reason = format!("only {fits} of its {all} modules fit, `{}` does not", missed[0]);
                return Err(foreign(file, &targets_family(parts), &reason));
            }
            let name = file
                .path()
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            adapters
                .unmatched
                .extend(missed.iter().map(|key| format!("{name}: {key}")));
        }
        adapters.files = files;
        Ok(Arc::new(adapters))
    }

    /// Modules that fit nothing in the model, as `file: key`, in the order of the files.
    pub fn unmatched(&self) -> &[String] {
        &self.unmatched
    }

    /// Tensors that are changed.
    pub fn changed(&self) -> usize {
        self.uses.len()
    }

    /// Whether a tensor of a network is changed.
    pub fn changes(&self, part: Part, name: &str) -> bool {
        self.uses.contains_key(&(part, name.to_owned()))
    }

    /// The files and their weights.
    pub fn files(&self) -> impl Iterator<Item = (&LoraFile, f64)> {
        self.files.iter().map(|(file, weight)| (file, *weight))
    }

    /// The tensor with every change in it: in f32 if there is one, else as it came.
    pub(crate) fn merge(&self, part: Part, name: &str, tensor: Tensor) -> Result<Tensor> {
        let Some(uses) = self.uses.get(&(part, name.to_owned())) else {
            return Ok(tensor);
        };
        let mut merged = if tensor.device().is_cpu() {
            widened(&tensor)?
        } else {
            tensor.to_dtype(DType::F32)?
        };
        for each in uses {
            let (file, weight) = &self.files[each.file];
            let Some(module) = file.modules.get(&each.place) else {
                continue;
            };
            let change = if each.bias {
                file.bias_change(module, merged.dims(), *weight)?
            } else {
                Some(file.weight_change(module, merged.dims(), *weight)?)
            };
            if let Some(change) = change {
                merged = (merged + change.to_device(tensor.device())?)?;
            }
        }
        Ok(merged)
    }
}

/// The modules of one network by the names that LoRAs use, and the shapes of its tensors.
struct Targets {
    /// Underscored names, of diffusers and of the original layout, to the dotted name in the store.
    bases: BTreeMap<String, String>,
    shapes: BTreeMap<String, Vec<usize>>,
}

impl Targets {
    fn of(part: Part, weights: &Weights) -> Self {
        let names = weights.names();
        let set: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let original = match part {
            Part::UNet => names::reversed(&UNetLayout::of_diffusers(&set).table()),
            _ => names::Table::new(),
        };
        let mut bases = BTreeMap::new();
        for name in &names {
            let Some((base, "weight")) = name.rsplit_once('.') else {
                continue;
            };
            let bare = base.strip_prefix("text_model.").unwrap_or(base);
            bases.insert(bare.replace('.', "_"), base.to_owned());
            // Attention processors of old had one name for the projection and the dropout behind it.
            if let Some(start) = bare.strip_suffix(".to_out.0") {
                bases.insert(format!("{}_to_out", start.replace('.', "_")), base.to_owned());
            }
            if let Some(other) = names::renamed(&original, base) {
                bases.insert(other.replace('.', "_"), base.to_owned());
            }
        }
        let shapes = names
            .iter()
            .filter_map(|name| Some((name.clone(), weights.shape(name)?)))
            .collect();
        Self { bases, shapes }
    }
}

/// What the model is, by its U-Net.
fn targets_family(parts: &[(Part, &Weights)]) -> String {
    let width = parts
        .iter()
        .find(|(part, _)| *part == Part::UNet)
        .and_then(|(_, weights)| {
            let names = weights.names();
            let name = names.iter().find(|name| name.ends_with("attn2.to_k.weight"))?;
            weights.shape(name)?.get(1).copied()
        });
    width.map_or_else(
        || "unknown".to_owned(),
        |width| Family::of_width(width).to_string(),
    )
}

fn foreign(file: &LoraFile, model: &str, reason: &str) -> DiffusionError {
    let looks = match file.family() {
        Some(family) => format!("it looks made for {family}"),
        None => "nothing in it tells for which family it is made".to_owned(),
    };
    DiffusionError::Model {
        path: file.path().to_path_buf(),
        reason: format!(
            "does not fit this model ({model}): {reason}; {looks}, so choose a model of that family or another LoRA"
        ),
    }
}
