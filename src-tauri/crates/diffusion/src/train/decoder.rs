//! Training the autoencoder's decoder on, while its encoder stands still: latents keep their meaning, so a U-Net that
//! was trained on them stays right, and pictures get sharper. Without the encoder a step costs little more than half.

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::{Device, Tensor, Var};

use super::checkpoint::Position;
use super::course::{Course, Plan, TrainingSettings};
use super::vae::batch;
use super::{Drawings, LatentCache, Optimizer, Surroundings, TrainEvent, measure_vae, reconstruction};
use crate::error::Result;
use crate::noise::Noise;
use crate::vae::{AutoencoderKl, VaeConfig};
use crate::weights::Weights;

const KIND: &str = "decoder";
/// Latents that a U-Net made are a little off. The decoder learns to forgive as much: noise of this deviation, where
/// the latents themselves have deviation one.
const FORGIVEN: f64 = 0.02;

// Streams of the training's generator; the step is in the low bits.
const PICTURES: u64 = 5 << 56;
const NOISE: u64 = 6 << 56;

/// A decoder to be trained on.
#[derive(Debug, Clone)]
pub struct DecoderTraining {
    /// Shape of the autoencoder.
    pub config: VaeConfig,
    /// The whole autoencoder as it stands, its latents [`super::normalised`].
    pub start: PathBuf,
    /// Side of the drawings, in pixels.
    pub size: usize,
    /// Its pace and its place.
    pub settings: TrainingSettings,
}

/// Trains the decoder on `latents` of the `drawings` with the same numbers, and returns the whole autoencoder's weights:
/// the decoder's averaged, the encoder's untouched.
pub fn train_decoder(
    training: &DecoderTraining,
    latents: &LatentCache,
    drawings: Drawings,
    held_out: Drawings,
    surroundings: &mut Surroundings,
) -> Result<(Position, BTreeMap<String, Tensor>)> {
    let device = Device::Cpu;
    let weights = Weights::load_trainable(&[&training.start], &device)?;
    let vae = AutoencoderKl::new(training.config.clone(), &weights)?;
    let (learning, still) = parted(weights.named_vars());
    let plan = Plan {
        kind: KIND,
        warm_up: 200,
        floor: 0.01,
        settings: &training.settings,
    };
    let mut course = Course::new(plan, learning, surroundings)?;
    let noise = Noise::new(course.position.seed);
    let [channels, height, width] = latents.shape();
    let shape = [training.settings.batch, channels, height, width];

    while course.goes_on() {
        let step = course.position.step;
        let chosen: Vec<usize> = (0..training.settings.batch as u64)
            .map(|item| noise.below(PICTURES | step, item, latents.count()))
            .collect();
        let pictures = batch(
            drawings,
            chosen.iter().map(|&index| index as u64),
            training.size,
            &device,
        )?;
        let off = noise.normal_tensor(NOISE | step, &shape, &device)?;
        let input = (latents.batch(&chosen)? + (off * FORGIVEN)?)?;
        let loss = reconstruction(&vae.decode(&vae.from_unet_scale(&input)?)?, &pictures)?;
        if course.step(&loss, &loss)? {
            let averages = whole(&course.optimizer, &still)?;
            let (psnr, _) = measure_vae(&training.config, averages, held_out, training.size)?;
            let step = course.position.step;
            (course.surroundings.events)(TrainEvent::Validation { step, psnr });
            course.measured();
        }
    }
    let (position, optimizer) = course.end()?;
    Ok((position, whole(&optimizer, &still)?))
}

/// The averaged decoder with the encoder that stood still.
fn whole(optimizer: &Optimizer, still: &BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
    let mut whole = optimizer.averages()?;
    whole.extend(still.iter().map(|(name, tensor)| (name.clone(), tensor.clone())));
    Ok(whole)
}

/// The decoder's variables, and the encoder's values.
fn parted(variables: BTreeMap<String, Var>) -> (BTreeMap<String, Var>, BTreeMap<String, Tensor>) {
    let (learning, still): (BTreeMap<_, _>, BTreeMap<_, _>) = variables
        .into_iter()
        .partition(|(name, _)| name.starts_with("decoder.") || name.starts_with("post_quant_conv."));
    let still = still
        .into_iter()
        .map(|(name, variable)| (name, variable.as_detached_tensor()))
        .collect();
    (learning, still)
}
