//! `compare_model`: whether a model does here what it does in diffusers. For the command line.

use std::path::{Path, PathBuf};

use crate::api::{ApiError, ErrorCode};
use crate::shelf::ModelShelf;

pub use salon_diffusion::compare::Comparison;

/// Holds the model at the path `model`, or the one called so in `folders`, against a reference file: on the CPU in f32,
/// as the reference was made.
pub fn compare_model(
    model: &str,
    reference: &Path,
    tolerance: f64,
    folders: &[PathBuf],
) -> Result<Comparison, ApiError> {
    let failed =
        |error: salon_diffusion::DiffusionError| ApiError::new(ErrorCode::Model, error.to_string(), &[]);
    let path = match Path::new(model) {
        path if path.exists() => path.to_path_buf(),
        _ => ModelShelf::new(folders.to_vec()).find(model)?.path,
    };
    let device = salon_diffusion::DevicePreference::Cpu.open().map_err(failed)?;
    salon_diffusion::compare::compare(&path, reference, tolerance, &device).map_err(failed)
}
