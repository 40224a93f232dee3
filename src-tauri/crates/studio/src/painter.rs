//! The seam to `salon-diffusion`: a loaded model that turns a recipe and seeds into RGB values.

use std::path::Path;

use salon_domain::{CancelToken, Recipe};

use crate::DevicePreference;
use crate::api::{ApiError, ErrorCode};
use crate::picture::Rgb;

/// After a denoising step.
pub(crate) struct Progress {
    /// Steps made.
    pub(crate) step: u32,
    /// Steps in all.
    pub(crate) steps: u32,
    /// How each picture of the batch looks now, tiny; empty when nothing new is to be seen.
    pub(crate) previews: Vec<Rgb>,
}

/// Why a batch became nothing.
#[derive(Debug)]
pub(crate) enum PaintError {
    /// It was told to stop.
    Cancelled,
    /// What went wrong and what to do, for people.
    Failed(String),
}

/// A loaded model.
pub(crate) struct Painter {}

impl Painter {
    /// Loads the model in `folder`.
    pub(crate) fn load(folder: &Path, _device: DevicePreference) -> Result<Self, ApiError> {
        Err(ApiError::new(
            ErrorCode::Model,
            format!("{} cannot be loaded yet", folder.display()),
            &[],
        ))
    }

    /// Paints one picture per seed.
    pub(crate) fn paint(
        &self,
        _recipe: &Recipe,
        _seeds: &[u64],
        _seen: &mut (dyn FnMut(Progress) + Send),
        _cancel: &CancelToken,
    ) -> Result<Vec<Rgb>, PaintError> {
        Err(PaintError::Failed("no model is loaded".into()))
    }
}

/// What generation runs on, for people.
pub(crate) fn device_name(_device: DevicePreference) -> String {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("CPU, {threads} threads")
}
