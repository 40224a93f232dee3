//! A model on disk: what must be in it, what is understood, and what is wrong with it. Folders in the layout of
//! diffusers and single files are opened differently and built alike.

mod assembly;
mod class;
mod folder;
mod place;
mod report;

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{DiffusionError, Result};
use crate::weights::{Part, Weights};

pub(crate) use assembly::Parts;
pub use report::{Capabilities, ModelReport};

/// Reads the configurations of the model at `path`, a folder or a single file, and holds every tensor against them,
/// without reading a weight.
pub fn check(path: &Path) -> Result<ModelReport> {
    Parts::inspect(path).map(|parts| parts.report)
}

/// The networks of the model at `path` that LoRAs change, opened to be held against; no weight is read.
pub(crate) fn headers(path: &Path) -> Result<BTreeMap<Part, Weights>> {
    let place = place::Place::open(path)?;
    let class = class::Class::read(&place.index_path(), &place.index()?)?;
    let parts = class.encoders.iter().copied().chain([Part::UNet]);
    parts.map(|part| Ok((part, place.weights(part, None)?))).collect()
}

fn wrong(path: &Path, reason: impl Into<String>) -> DiffusionError {
    DiffusionError::Model {
        path: path.to_path_buf(),
        reason: reason.into(),
    }
}
