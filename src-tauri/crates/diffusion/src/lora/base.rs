//! What LoRAs are held against: the names and shapes of a model's networks, without their values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::change;
use super::file::{LoraFile, Place};
use super::keys::Role;
use crate::error::Result;
use crate::model;
use crate::single_file::names::{self, UNetLayout};
use crate::weights::{Family, Part, Weights};

/// The networks of a model that LoRAs change, by the names and shapes of their tensors.
#[derive(Debug)]
pub struct Base {
    targets: BTreeMap<Part, Targets>,
    family: Family,
}

/// How a LoRA fits a model, by shapes alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fit {
    /// Tensors of the LoRA.
    pub keys: usize,
    /// Those that fit nothing in the model and are left out, by name.
    pub unmatched: Vec<String>,
}

/// What becomes of a LoRA's modules.
#[derive(Debug, Default)]
pub(super) struct Matched {
    /// The tensors that are changed: which, by which module, and whether it is a bias.
    pub uses: Vec<(Part, String, Place, bool)>,
    /// Modules that fit nothing.
    pub missed: Vec<Place>,
}

impl Base {
    /// Reads the headers of the model at `path`, a folder or a single file, and no weight.
    pub fn open(path: &Path) -> Result<Self> {
        let networks = model::headers(path)?;
        let parts: Vec<_> = networks.iter().map(|(part, weights)| (*part, weights)).collect();
        Ok(Self::of(&parts))
    }

    /// Of networks with their weights at the root of the name tree.
    pub fn of(parts: &[(Part, &Weights)]) -> Self {
        let targets: BTreeMap<Part, Targets> = parts
            .iter()
            .map(|(part, weights)| (*part, Targets::of(*part, weights)))
            .collect();
        // By the width of the text that the U-Net attends to.
        let shapes = targets.get(&Part::UNet).map(|targets| &targets.shapes);
        let width = shapes.and_then(|shapes| {
            let (_, shape) = shapes
                .iter()
                .find(|(name, _)| name.ends_with("attn2.to_k.weight"))?;
            shape.get(1).copied()
        });
        let family = width.map_or(Family::Custom, Family::of_width);
        Self { targets, family }
    }

    /// Holds a LoRA against the model. The error is the reason why it does not fit: fewer than half of its modules do,
    /// or one fits a tensor by name but not by shape. It says what the LoRA is made for, as far as it tells.
    pub fn fit(&self, file: &LoraFile) -> std::result::Result<Fit, String> {
        let matched = self.matched(file)?;
        Ok(Fit {
            keys: file.modules.values().map(|module| module.roles.len()).sum(),
            unmatched: matched.missed.iter().flat_map(|place| file.keys(place)).collect(),
        })
    }

    pub(super) fn matched(&self, file: &LoraFile) -> std::result::Result<Matched, String> {
        let mut matched = Matched::default();
        for (place, module) in &file.modules {
            let target = place
                .0
                .and_then(|part| Some((part, self.targets.get(&part)?)))
                .and_then(|(part, targets)| Some((part, targets.bases.get(&place.1)?, targets)));
            let Some((part, base, targets)) = target else {
                matched.missed.push(place.clone());
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
                    return Err(self.foreign(
                        file,
                        &format!(
                            "`{}` changes {count} values in {rows} rows, but `{name}` of the model has the shape {shape:?}",
                            file.key(place)
                        ),
                    ));
                }
                matched.uses.push((part, name, place.clone(), bias));
                used = true;
            }
            if !used {
                matched.missed.push(place.clone());
            }
        }
        let (fits, all) = (file.modules() - matched.missed.len(), file.modules());
        if fits * 2 < all {
            let first = file.key(&matched.missed[0]);
            let found = format!("only {fits} of its {all} modules fit, `{first}` does not");
            return Err(self.foreign(file, &found));
        }
        Ok(matched)
    }

    fn foreign(&self, file: &LoraFile, found: &str) -> String {
        let made = match file.family() {
            // Of one family and yet of other shapes: a custom build, or a model that was cut down.
            Some(family) if family == self.family => "it is made for a model of other shapes".to_owned(),
            Some(family) => format!("it is made for {family}, and this model is {}", self.family),
            None => format!(
                "nothing tells what it is made for, and this model is {}",
                self.family
            ),
        };
        format!("{made} ({found})")
    }
}

/// The modules of one network by the names that LoRAs use, and the shapes of its tensors.
#[derive(Debug)]
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
