//! Training of the U-Net together with the text encoder, on cached latents.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};

use super::checkpoint::Position;
use super::course::{Course, Plan, TrainingSettings};
use super::{LatentCache, Optimizer, Surroundings};
use crate::error::Result;
use crate::noise::Noise;
use crate::schedule::Schedule;
use crate::text_encoder::{TextEncoder, TextEncoderConfig};
use crate::unet::{Conditioning, UNet, UNetConfig};
use crate::weights::Weights;

const KIND: &str = "unet";
/// Share of pictures trained without their caption, so that guidance has something to push away from.
const DROPPED_CAPTIONS: f64 = 0.1;
/// Noise levels that are easy (signal far above noise) count for less: min(1, this / (SNR + 1)) of the loss in
/// velocity. The idea of Hang et al. 2023, arXiv:2303.09556, with a bound that does not vanish at zero signal.
const MAX_SIGNAL: f64 = 5.0;

// Streams of the training's generator; the step is in the low bits.
const PICTURES: u64 = 1 << 56;
const LEVELS: u64 = 2 << 56;
const NOISE: u64 = 3 << 56;
const CAPTIONS: u64 = 4 << 56;

/// A U-Net and a text encoder to be trained.
#[derive(Debug, Clone)]
pub struct UNetTraining {
    /// Shape of the U-Net.
    pub unet: UNetConfig,
    /// Shape of the text encoder.
    pub text_encoder: TextEncoderConfig,
    /// The noise that is added; must predict velocity.
    pub schedule: Schedule,
    /// Its pace and its place.
    pub settings: TrainingSettings,
}

/// Tokens of a caption of drawing `index` in the phrasing that `style` chooses; of the empty prompt for `None`.
/// Always the same length.
pub type Captions<'a> = &'a (dyn Fn(Option<(u64, u64)>) -> std::result::Result<Vec<u32>, String> + Sync);

/// Averaged weights by name.
#[derive(Debug, Clone)]
pub struct TrainedUNet {
    /// Of the U-Net.
    pub unet: BTreeMap<String, Tensor>,
    /// Of the text encoder.
    pub text_encoder: BTreeMap<String, Tensor>,
}

/// Trains on velocity; every measurement hands the averaged weights to `measure`.
pub fn train_unet(
    training: &UNetTraining,
    latents: &LatentCache,
    captions: Captions,
    measure: &mut dyn FnMut(&Position, TrainedUNet) -> Result<()>,
    surroundings: &mut Surroundings,
) -> Result<(Position, TrainedUNet)> {
    let device = Device::Cpu;
    let weights = Weights::fresh(training.settings.seed, &device);
    let unet = UNet::new(training.unet.clone(), &weights.at("unet"))?;
    let text_encoder = TextEncoder::new(training.text_encoder.clone(), &weights.at("text_encoder"))?;
    let plan = Plan {
        kind: KIND,
        warm_up: 300,
        floor: 0.02,
        settings: &training.settings,
    };
    let mut course = Course::new(plan, weights.named_vars(), surroundings)?;
    let noise = Noise::new(course.position.seed);

    while course.goes_on() {
        let batch = Batch::draw(training, latents, captions, noise, course.position.step)?;
        let prompt = Conditioning::text(text_encoder.forward(&batch.tokens)?);
        let velocity = unet.forward(&batch.noised, &batch.timesteps, &prompt)?;
        let loss = (velocity - &batch.velocity)?
            .sqr()?
            .broadcast_mul(&batch.weights)?
            .mean_all()?;
        if course.step(&loss, &loss)? {
            measure(&course.position, parts(&course.optimizer)?)?;
            course.measured();
        }
    }
    let (position, optimizer) = course.end()?;
    Ok((position, parts(&optimizer)?))
}

/// What one step learns from.
struct Batch {
    /// Noised latents [B, C, h, w].
    noised: Tensor,
    /// Their timesteps [B].
    timesteps: Tensor,
    /// What the U-Net should say [B, C, h, w].
    velocity: Tensor,
    /// How much each counts [B, 1, 1, 1].
    weights: Tensor,
    /// Captions [B, L].
    tokens: Tensor,
}

impl Batch {
    fn draw(
        training: &UNetTraining,
        latents: &LatentCache,
        captions: Captions,
        noise: Noise,
        step: u64,
    ) -> Result<Self> {
        let device = Device::Cpu;
        let batch = training.settings.batch;
        let indices: Vec<usize> = (0..batch)
            .map(|item| noise.below(PICTURES | step, item as u64, latents.count()))
            .collect();
        let mut rows = Vec::new();
        for (item, &index) in indices.iter().enumerate() {
            let style = (noise.unit(CAPTIONS | step, 2 * item as u64) * (1_u64 << 48) as f64) as u64;
            let dropped = noise.unit(CAPTIONS | step, 2 * item as u64 + 1) < DROPPED_CAPTIONS;
            let caption = (!dropped).then_some((index as u64, style));
            let row = captions(caption).map_err(|reason| {
                crate::DiffusionError::config("training data", format!("caption of drawing {index}"), reason)
            })?;
            rows.push(row);
        }
        // One noise level from each of `batch` equal parts: less chance in every step than drawing them freely.
        let bars = &training.schedule.alphas_cumprod;
        let levels: Vec<usize> = (0..batch)
            .map(|item| {
                let part = (item as f64 + noise.unit(LEVELS | step, item as u64)) / batch as f64;
                ((part * bars.len() as f64) as usize).min(bars.len() - 1)
            })
            .collect();
        let column = |value: &dyn Fn(f64) -> f64| -> Result<Tensor> {
            let values: Vec<f32> = levels.iter().map(|&level| value(bars[level]) as f32).collect();
            Ok(Tensor::from_vec(values, (batch, 1, 1, 1), &device)?)
        };
        let (picture_share, noise_share) = (column(&|bar| bar.sqrt())?, column(&|bar| (1.0 - bar).sqrt())?);
        let clean = latents.batch(&indices)?;
        let added = noise.normal_tensor(NOISE | step, clean.dims(), &device)?;
        let noised = (clean.broadcast_mul(&picture_share)? + added.broadcast_mul(&noise_share)?)?;
        let velocity = (added.broadcast_mul(&picture_share)? - clean.broadcast_mul(&noise_share)?)?;
        let timesteps: Vec<f32> = levels.iter().map(|&level| level as f32).collect();
        // SNR + 1 = 1 / (1 − ᾱ).
        let weights = column(&|bar| (MAX_SIGNAL * (1.0 - bar)).min(1.0))?;
        let tokens = Tensor::new(rows, &device)?;
        Ok(Self {
            noised,
            timesteps: Tensor::from_vec(timesteps, batch, &device)?,
            velocity,
            weights,
            tokens,
        })
    }
}

fn parts(optimizer: &Optimizer) -> Result<TrainedUNet> {
    let mut trained = TrainedUNet {
        unet: BTreeMap::new(),
        text_encoder: BTreeMap::new(),
    };
    for (name, tensor) in optimizer.averages()? {
        if let Some(name) = name.strip_prefix("unet.") {
            trained.unet.insert(name.to_owned(), tensor);
        } else if let Some(name) = name.strip_prefix("text_encoder.") {
            trained.text_encoder.insert(name.to_owned(), tensor);
        }
    }
    Ok(trained)
}
