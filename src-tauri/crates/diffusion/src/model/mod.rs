//! A model on disk: what must be in it, what is understood, and what is wrong with it. Folders in the layout of
//! diffusers and single files are opened differently and built alike.

mod assembly;
mod class;
mod folder;
mod place;
mod report;

use std::path::Path;

use crate::error::{DiffusionError, Result};

pub(crate) use assembly::Parts;
pub use report::{Capabilities, ModelReport};

/// Reads the configurations of the model at `path`, a folder or a single file, and holds every tensor against them,
/// without reading a weight.
pub fn check(path: &Path) -> Result<ModelReport> {
    Parts::inspect(path).map(|parts| parts.report)
}

fn wrong(path: &Path, reason: impl Into<String>) -> DiffusionError {
    DiffusionError::Model {
        path: path.to_path_buf(),
        reason: reason.into(),
    }
}
