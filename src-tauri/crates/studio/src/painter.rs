//! The seam to `salon-diffusion`: loaded models that turn a recipe and its slots into RGB values.

use std::path::{Path, PathBuf};

use salon_diffusion::{DiffusionError, GenerateRequest, Grey, Item, Pipeline, Source};
use salon_domain::{CancelToken, EmbeddingRef, LoraRef, ModelRef, Recipe, Slot, SlotPrompts};

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

/// What a batch starts from: decoded pictures of the store.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) picture: image::RgbImage,
    pub(crate) mask: Option<image::GrayImage>,
}

/// What is put on top of a model, and where it lies. A file that was changed in its place is another addition: its
/// digest tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Additions {
    pub(crate) loras: Vec<(LoraRef, PathBuf)>,
    pub(crate) embeddings: Vec<(EmbeddingRef, PathBuf)>,
}

/// A loaded model, with the refiner and the additions of the recipe that was painted last.
pub(crate) struct Painter {
    model: ModelRef,
    pipeline: Pipeline,
    refiner: Option<(ModelRef, Pipeline)>,
    /// Unknown after they could not be put on.
    additions: Option<Additions>,
    device: DevicePreference,
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

impl From<Start> for (salon_diffusion::Rgb, Option<Grey>) {
    fn from(start: Start) -> Self {
        let picture = salon_diffusion::Rgb {
            width: start.picture.width() as usize,
            height: start.picture.height() as usize,
            bytes: start.picture.into_raw(),
        };
        let mask = start.mask.map(|mask| Grey {
            width: mask.width() as usize,
            height: mask.height() as usize,
            bytes: mask.into_raw(),
        });
        (picture, mask)
    }
}

fn load(path: &Path, device: DevicePreference) -> Result<Pipeline, ApiError> {
    let device = salon_diffusion::DevicePreference::from(device).open()?;
    Ok(Pipeline::load(path, &device)?)
}

impl Painter {
    /// Loads the model at `path`.
    pub(crate) fn load(model: &ModelRef, path: &Path, device: DevicePreference) -> Result<Self, ApiError> {
        Ok(Self {
            model: model.clone(),
            pipeline: load(path, device)?,
            refiner: None,
            additions: Some(Additions::default()),
            device,
        })
    }

    /// Whether this is the painter for `model`.
    pub(crate) fn is(&self, model: &ModelRef) -> bool {
        self.model == *model
    }

    /// Sees to it that the refiner is loaded, or that none is. `find` tells where it lies.
    pub(crate) fn refine_with(
        &mut self,
        refiner: Option<&ModelRef>,
        find: impl FnOnce(&ModelRef) -> Result<PathBuf, ApiError>,
    ) -> Result<(), ApiError> {
        if self.refiner.as_ref().map(|(loaded, _)| loaded) == refiner {
            return Ok(());
        }
        // The old one goes first: three models may not fit in memory.
        self.refiner = None;
        if let Some(refiner) = refiner {
            self.refiner = Some((refiner.clone(), load(&find(refiner)?, self.device)?));
        }
        Ok(())
    }

    /// Puts exactly these additions on top of the model, which stays loaded.
    pub(crate) fn adapt(&mut self, additions: Additions) -> Result<(), ApiError> {
        if self.additions.as_ref() == Some(&additions) {
            return Ok(());
        }
        self.additions = None;
        let loras = additions.loras.iter();
        let loras: Vec<(PathBuf, f64)> = loras.map(|(lora, path)| (path.clone(), lora.weight)).collect();
        let embeddings = additions.embeddings.iter();
        let embeddings: Vec<PathBuf> = embeddings.map(|(_, path)| path.clone()).collect();
        let report = self.pipeline.adapt(&loras, &embeddings)?;
        for key in &report.unmatched {
            tracing::info!(key, "fits nothing in the model");
        }
        self.additions = Some(additions);
        Ok(())
    }

    /// Paints one picture per slot. A picture depends on the recipe, the slot's seed and its prompts alone, not on the
    /// others of its batch; one that became nothing is the reason why.
    pub(crate) fn paint(
        &self,
        recipe: &Recipe,
        slots: &[Slot],
        start: Option<Start>,
        seen: &mut (dyn FnMut(Progress) + Send),
        cancel: &CancelToken,
    ) -> Result<Vec<Result<Rgb, String>>, PaintError> {
        let variation = recipe.variation.as_ref();
        let items = slots.iter().map(|slot| {
            let SlotPrompts {
                prompt,
                negative_prompt,
            } = slot.prompts(recipe);
            Item {
                prompt,
                negative_prompt,
                seed: slot.seed,
                variation: variation.map(|variation| (variation.seed, variation.strength)),
            }
        });
        let source = recipe.source.as_ref().zip(start).map(|(source, start)| {
            let (picture, mask) = start.into();
            Source {
                picture,
                strength: source.strength,
                mask,
            }
        });
        let refiner = recipe.refiner.as_ref().zip(self.refiner.as_ref());
        let request = GenerateRequest {
            items: items.collect(),
            width: recipe.width as usize,
            height: recipe.height as usize,
            steps: recipe.steps as usize,
            guidance: recipe.guidance,
            sampler: recipe.sampler,
            clip_skip: recipe.clip_skip as usize,
            source,
            upscale: recipe.upscale,
            refiner: refiner.map(|(wish, (_, pipeline))| (pipeline, wish.switch_at)),
            tiled_decode: recipe.tiled_decode,
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
    let pixels = |width: u32, height: u32| u64::from(width) * u64::from(height);
    let enlarged = recipe
        .upscale
        .map_or(0, |upscale| pixels(upscale.width, upscale.height));
    let largest = pixels(recipe.width, recipe.height).max(enlarged).max(1);
    let fitting = (PIXELS_TOGETHER / largest).max(1);
    (fitting as usize).min(most.max(1))
}

/// What generation runs on, for people.
pub(crate) fn device_name(device: DevicePreference) -> String {
    match salon_diffusion::DevicePreference::from(device).open() {
        Ok(device) => salon_diffusion::device::describe(&device),
        Err(fault) => fault.to_string(),
    }
}

/// What pictures are made on when nothing else is asked for.
#[derive(Debug, Clone, serde::Serialize)]
pub struct DeviceReport {
    /// The device, for people.
    pub device: String,
    /// The accelerators that were looked at before it.
    pub passed_over: Vec<PassedOver>,
}

/// An accelerator that is not computed on.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PassedOver {
    /// Its interface: CUDA, Metal.
    pub name: String,
    /// Why not.
    pub reason: String,
}

/// Looks for an accelerator and tries it.
pub fn device_report() -> DeviceReport {
    let choice = salon_diffusion::device::choice();
    let passed_over = choice.passed_over.into_iter();
    DeviceReport {
        device: salon_diffusion::device::describe(&choice.device),
        passed_over: passed_over
            .map(|(name, reason)| PassedOver {
                name: name.to_owned(),
                reason,
            })
            .collect(),
    }
}
