//! The seam to `salon-diffusion`: a loaded model that turns a recipe and seeds into RGB values.

use std::path::Path;

use salon_diffusion::{DiffusionError, GenerateRequest, Item, Pipeline};
use salon_domain::{CancelToken, Recipe};

use crate::DevicePreference;
use crate::api::ApiError;
use crate::picture::Rgb;

/// Pixels of one batch, sixteen pictures of 256 × 256: attention's memory grows with their square.
const PIXELS_TOGETHER: u64 = 16 * 256 * 256;

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
pub(crate) struct Painter {
    pipeline: Pipeline,
}

impl From<DevicePreference> for salon_diffusion::DevicePreference {
    fn from(preference: DevicePreference) -> Self {
        match preference {
            DevicePreference::Best => Self::Auto,
            DevicePreference::Cpu => Self::Cpu,
        }
    }
}

impl From<salon_diffusion::Rgb> for Rgb {
    fn from(rgb: salon_diffusion::Rgb) -> Self {
        Self {
            width: rgb.width as u32,
            height: rgb.height as u32,
            values: rgb.bytes,
        }
    }
}

impl Painter {
    /// Loads the model in `folder`.
    pub(crate) fn load(folder: &Path, device: DevicePreference) -> Result<Self, ApiError> {
        let device = salon_diffusion::DevicePreference::from(device).open()?;
        Ok(Self {
            pipeline: Pipeline::load(folder, &device)?,
        })
    }

    /// Paints one picture per seed. A picture depends on recipe and seed alone, not on the others of its batch; one that
    /// became nothing is the reason why.
    pub(crate) fn paint(
        &self,
        recipe: &Recipe,
        seeds: &[u64],
        seen: &mut (dyn FnMut(Progress) + Send),
        cancel: &CancelToken,
    ) -> Result<Vec<Result<Rgb, String>>, PaintError> {
        let items = seeds.iter().map(|&seed| Item {
            prompt: recipe.prompt.clone(),
            negative_prompt: recipe.negative_prompt.clone(),
            seed,
            variation: None,
        });
        let request = GenerateRequest {
            items: items.collect(),
            width: recipe.width as usize,
            height: recipe.height as usize,
            steps: recipe.steps as usize,
            guidance: recipe.guidance,
            sampler: recipe.sampler,
            ..GenerateRequest::default()
        };
        let mut seen = |progress: salon_diffusion::Progress| {
            seen(Progress {
                step: progress.step as u32,
                steps: progress.steps as u32,
                previews: progress.previews.into_iter().map(Rgb::from).collect(),
            });
        };
        match self.pipeline.generate(&request, &mut seen, cancel) {
            Ok(pictures) => Ok(pictures
                .into_iter()
                .map(|made| made.map(Rgb::from).map_err(|fault| fault.to_string()))
                .collect()),
            Err(DiffusionError::Cancelled) => Err(PaintError::Cancelled),
            Err(fault) => Err(PaintError::Failed(fault.to_string())),
        }
    }
}

/// How many pictures of this recipe fit into one batch, of at most `most`.
pub(crate) fn fitting(recipe: &Recipe, most: usize) -> usize {
    let pixels = u64::from(recipe.width) * u64::from(recipe.height);
    let fitting = (PIXELS_TOGETHER / pixels.max(1)).max(1);
    (fitting as usize).min(most.max(1))
}

/// What generation runs on, for people.
pub(crate) fn device_name(device: DevicePreference) -> String {
    match salon_diffusion::DevicePreference::from(device).open() {
        Ok(device) => salon_diffusion::device::describe(&device),
        Err(fault) => fault.to_string(),
    }
}
