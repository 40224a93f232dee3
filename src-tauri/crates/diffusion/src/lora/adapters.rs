//! A stack of LoRAs, held against the networks of one model.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::{DType, Tensor};

use super::base::Base;
use super::file::{LoraFile, Place};
use crate::error::{DiffusionError, Result};
use crate::weights::{Part, Weights, widened};

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
    /// A file that does not fit ([`Base::fit`]) is an error that says for which family it is made.
    pub fn fit(files: Vec<(LoraFile, f64)>, parts: &[(Part, &Weights)]) -> Result<Arc<Self>> {
        let base = Base::of(parts);
        let mut adapters = Self::default();
        for (index, (file, weight)) in files.iter().enumerate() {
            if !weight.is_finite() {
                return Err(DiffusionError::Request {
                    what: format!("the weight {weight} of {}", file.path().display()),
                    reason: "is no number".to_owned(),
                });
            }
            let matched = base.matched(file).map_err(|reason| DiffusionError::Model {
                path: file.path().to_path_buf(),
                reason: format!(
                    "does not fit this model: {reason}; choose a model of its family, or another LoRA"
                ),
            })?;
            for (part, name, place, bias) in matched.uses {
                adapters.uses.entry((part, name)).or_default().push(Use {
                    file: index,
                    place,
                    bias,
                });
            }
            let name = file.path().file_name().unwrap_or_default().to_string_lossy();
            let keys = matched.missed.iter().flat_map(|place| file.keys(place));
            adapters
                .unmatched
                .extend(keys.map(|key| format!("{name}: {key}")));
        }
        adapters.files = files;
        Ok(Arc::new(adapters))
    }

    /// Tensors of the files that fit nothing in the model, as `file: key`, in the order of the files.
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
