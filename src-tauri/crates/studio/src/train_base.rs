//! `salon train base`: a small latent-diffusion model, from nothing, on the portraits that a folder of layers composes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use salon_diffusion::DiffusionError;
use salon_diffusion::train::Material;
use salon_domain::{CancelToken, Digest, SamplerKind};
use salon_layers::{Composition, LayerSet};
use serde::Serialize;
use serde_json::json;

use crate::api::{ApiError, ErrorCode, SamplingDefaults};

pub use salon_diffusion::train::{BaseTraining, Budget, Progress as TrainProgress, Rhythm, TrainNews};

/// Drawings with this seed are learnt from.
pub const LEARNT: u64 = 1;
/// Drawings with this seed only ever measure.
pub const HELD_OUT: u64 = 2;
/// Captions that the vocabulary is learnt from; every phrasing of every trait is in so many.
const VOCABULARY_CAPTIONS: u64 = 20_000;

/// Freed memory that a training keeps for its next step, in bytes; one step uses about as much.
const KEPT: usize = 8 << 30;

/// A training of a base model.
#[derive(Debug, Clone)]
pub struct TrainBase {
    /// Folder of layers ("assets/house").
    pub art: PathBuf,
    /// How it is trained and where it goes.
    pub training: BaseTraining,
    /// Products in bf16 where the processor has a unit for them; the same result only on such a processor.
    pub bf16: bool,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct TrainedModel {
    /// The model folder.
    pub out: PathBuf,
    /// Pictures that the autoencoder saw.
    pub vae_pictures: u64,
    /// Pictures that the decoder saw on its own after that.
    pub decoder_pictures: u64,
    /// Pictures that the U-Net saw.
    pub unet_pictures: u64,
    /// Seconds of computing, all together.
    pub seconds: f64,
    /// False when it was stopped before its time; the same command goes on.
    pub complete: bool,
}

impl From<DiffusionError> for ApiError {
    fn from(error: DiffusionError) -> Self {
        let code = match &error {
            DiffusionError::Cancelled => ErrorCode::Cancelled,
            DiffusionError::Request { .. } => ErrorCode::InvalidRequest,
            _ => ErrorCode::Model,
        };
        Self::new(code, error.to_string(), &[])
    }
}

/// Trains, or goes on with a training. `clock` gives seconds since some fixed moment.
pub fn train_base(
    order: &TrainBase,
    clock: &dyn Fn() -> f64,
    news: &mut dyn FnMut(TrainNews),
    cancel: &CancelToken,
) -> Result<TrainedModel, ApiError> {
    let set = LayerSet::load(&order.art)?;
    let size = order.training.size as u32;
    let drawing = |seed: u64, index: u64| -> Result<Vec<u8>, String> {
        let picture = set
            .render(&set.draw(seed, index), size)
            .map_err(|fault| fault.to_string())?;
        Ok(picture.into_raw())
    };
    let vocabulary: Vec<String> = (0..VOCABULARY_CAPTIONS)
        .map(|index| set.caption(&set.draw(LEARNT, index), index))
        .collect();
    let material = Material {
        learnt: &|index| drawing(LEARNT, index),
        held_out: &|index| drawing(HELD_OUT, index),
        caption: &|index, style| set.training_caption(&set.draw(LEARNT, index), style).text,
        vocabulary: &vocabulary,
    };
    salon_diffusion::ops::amx::allow_bf16(order.bf16);
    salon_diffusion::memory::keep_up_to(KEPT);
    let sheet = order.training.work.join("vae.png");
    let mut told = |event: TrainNews| match event {
        TrainNews::Sheet { width, height, rgb } => save_sheet(&sheet, width, height, rgb),
        other => news(other),
    };
    let stands = salon_diffusion::train::train_base(&order.training, material, clock, &mut told, cancel)?;
    let unet = stands.unet.as_ref();
    let trained = TrainedModel {
        out: order.training.out.clone(),
        vae_pictures: stands.vae.pictures,
        decoder_pictures: stands.decoder.as_ref().map_or(0, |position| position.pictures),
        unet_pictures: unet.map_or(0, |position| position.pictures),
        seconds: [Some(&stands.vae), stands.decoder.as_ref(), unet]
            .into_iter()
            .flatten()
            .map(|position| position.seconds)
            .sum(),
        complete: unet.is_some() && !cancel.is_cancelled(),
    };
    if unet.is_some() {
        write_recommendation(order, &set)?;
        write_provenance(order, &trained)?;
    }
    Ok(trained)
}

/// Compositions that were held out: drawn with [`HELD_OUT`], and unlike every one of the `learnt` first drawings.
pub fn held_out_compositions(set: &LayerSet, learnt: u64, count: usize) -> Vec<Composition> {
    let seen: BTreeSet<Vec<usize>> = (0..learnt).map(|index| set.draw(LEARNT, index).picks).collect();
    let fresh = (0_u64..)
        .map(|index| set.draw(HELD_OUT, index))
        .filter(|drawn| !seen.contains(&drawn.picks));
    fresh.take(count).collect()
}

/// `salon.json`: where a recipe starts when this model is chosen.
fn write_recommendation(order: &TrainBase, set: &LayerSet) -> Result<(), ApiError> {
    let defaults = SamplingDefaults {
        sampler: SamplerKind::Ddim,
        steps: 20,
        guidance: 3.0,
        example_prompt: set.caption(&set.draw(HELD_OUT, 0), 0),
    };
    write_json(&order.training.out.join("salon.json"), &json!(defaults))
}

/// `provenance.json`: what the model was made from, by hash, and what it consists of.
fn write_provenance(order: &TrainBase, trained: &TrainedModel) -> Result<(), ApiError> {
    let training = &order.training;
    let document = json!({
        "trainer": format!("salon train base, Salon {}", env!("CARGO_PKG_VERSION")),
        "seed": training.seed,
        "size": training.size,
        "bf16": order.bf16,
        "vae": {"pictures": trained.vae_pictures},
        "decoder": {"pictures": trained.decoder_pictures},
        "unet": {"pictures": trained.unet_pictures, "drawings": training.drawings},
        "seconds": trained.seconds.round(),
        "art": hashes(&order.art, &[])?,
        "model": hashes(&training.out, &["provenance.json", "README.md"])?,
    });
    write_json(&training.out.join("provenance.json"), &document)
}

pub(crate) fn write_json(path: &Path, document: &serde_json::Value) -> Result<(), ApiError> {
    fs::write(path, format!("{document:#}\n")).map_err(|fault| unusable(path, &fault))
}

/// SHA-256 of every file below `folder`, by relative path with forward slashes.
pub(crate) fn hashes(folder: &Path, except: &[&str]) -> Result<BTreeMap<String, Digest>, ApiError> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(inside) = waiting.pop() {
        for entry in fs::read_dir(&inside).map_err(|fault| unusable(&inside, &fault))? {
            let path = entry.map_err(|fault| unusable(&inside, &fault))?.path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let bytes = fs::read(&path).map_err(|fault| unusable(&path, &fault))?;
            let relative = path
                .strip_prefix(folder)
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            if !except.contains(&relative.as_str()) {
                found.insert(relative, Digest::of(&bytes));
            }
        }
    }
    Ok(found)
}

fn save_sheet(path: &Path, width: usize, height: usize, rgb: Vec<u8>) {
    let picture = image::RgbImage::from_raw(width as u32, height as u32, rgb);
    if let Some(fault) = picture.and_then(|picture| picture.save(path).err()) {
        // The sheet is for looking; the training goes on without it.
        tracing::warn!("{} could not be written: {fault}", path.display());
    }
}

fn unusable(path: &Path, fault: &std::io::Error) -> ApiError {
    let message = format!("{} could not be read or written: {fault}", path.display());
    ApiError::new(
        ErrorCode::Storage,
        message,
        &["Check the folder's permissions and the free space."],
    )
}
