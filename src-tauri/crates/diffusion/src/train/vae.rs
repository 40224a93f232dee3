//! Training of the autoencoder.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::checkpoint::Position;
use super::course::{Course, Plan, TrainingSettings};
use super::{Drawings, Surroundings, TrainEvent, reconstruction};
use crate::error::{DiffusionError, Result};
use crate::noise::Noise;
use crate::vae::{AutoencoderKl, VaeConfig};
use crate::weights::Weights;

const KIND: &str = "vae";
/// Divergence is a leash, not a goal: it keeps latents near unit size and smooth.
const DIVERGENCE_WEIGHT: f64 = 1e-4;
/// Held-out drawings in one measurement and in the sheet.
const MEASURED: u64 = 64;
const SHOWN: usize = 8;

/// An autoencoder to be trained.
#[derive(Debug, Clone)]
pub struct VaeTraining {
    /// Its shape.
    pub config: VaeConfig,
    /// Side of the drawings, in pixels.
    pub size: usize,
    /// Its pace and its place.
    pub settings: TrainingSettings,
}

/// Trains, and returns the averaged weights by name, not yet [`normalised`].
pub fn train_vae(
    training: &VaeTraining,
    drawings: Drawings,
    held_out: Drawings,
    surroundings: &mut Surroundings,
) -> Result<(Position, BTreeMap<String, Tensor>)> {
    let device = Device::Cpu;
    let weights = Weights::fresh(training.settings.seed, &device);
    let vae = AutoencoderKl::new(training.config.clone(), &weights)?;
    let plan = Plan {
        kind: KIND,
        warm_up: 200,
        floor: 0.01,
        settings: &training.settings,
    };
    let mut course = Course::new(plan, weights.named_vars(), surroundings)?;
    let noise = Noise::new(course.position.seed);
    let factor = training.config.factor();
    let latent_shape = [
        training.settings.batch,
        training.config.latent_channels,
        training.size / factor,
        training.size / factor,
    ];

    while course.goes_on() {
        let step = course.position.step;
        let first = step * training.settings.batch as u64;
        let pictures = batch(
            drawings,
            first..first + training.settings.batch as u64,
            training.size,
            &device,
        )?;
        let distribution = vae.encode(&pictures)?;
        let latents = distribution.sample(&noise.normal_tensor(step, &latent_shape, &device)?)?;
        let cost = reconstruction(&vae.decode(&latents)?, &pictures)?;
        let loss = (&cost + (distribution.divergence()? * DIVERGENCE_WEIGHT)?)?;
        if course.step(&loss, &cost)? {
            let averages = course.optimizer.averages()?;
            let (psnr, rgb) = measure_vae(&training.config, averages, held_out, training.size)?;
            let step = course.position.step;
            (course.surroundings.events)(TrainEvent::Validation { step, psnr });
            (course.surroundings.events)(TrainEvent::Sheet {
                step,
                width: SHOWN * training.size,
                height: 2 * training.size,
                rgb,
            });
            course.measured();
        }
    }
    let (position, optimizer) = course.end()?;
    Ok((position, optimizer.averages()?))
}

/// Drawings as one tensor [B, 3, size, size] within −1 and 1.
pub(super) fn batch(
    drawings: Drawings,
    indices: impl IntoIterator<Item = u64>,
    size: usize,
    device: &Device,
) -> Result<Tensor> {
    let indices: Vec<u64> = indices.into_iter().collect();
    let plane = size * size;
    let mut values = vec![0.0_f32; indices.len() * 3 * plane];
    values
        .par_chunks_mut(3 * plane)
        .zip(&indices)
        .try_for_each(|(picture, &index)| -> Result<()> {
            let rgb = drawings(index).map_err(|reason| {
                DiffusionError::config("training data", format!("drawing {index}"), reason)
            })?;
            if rgb.len() != 3 * plane {
                let reason = format!("has {} bytes instead of {}", rgb.len(), 3 * plane);
                return Err(DiffusionError::config(
                    "training data",
                    format!("drawing {index}"),
                    reason,
                ));
            }
            for (pixel, rgb) in rgb.chunks_exact(3).enumerate() {
                for (channel, &value) in rgb.iter().enumerate() {
                    picture[channel * plane + pixel] = f32::from(value) / 127.5 - 1.0;
                }
            }
            Ok(())
        })?;
    Ok(Tensor::from_vec(values, (indices.len(), 3, size, size), device)?)
}

/// Mean PSNR (dB, over 0..255 after rounding) of held-out drawings through the most likely latents, and a sheet: the
/// drawings above, what came back below.
pub fn measure_vae(
    config: &VaeConfig,
    weights: BTreeMap<String, Tensor>,
    held_out: Drawings,
    size: usize,
) -> Result<(f64, Vec<u8>)> {
    let device = Device::Cpu;
    let vae = AutoencoderKl::new(config.clone(), &Weights::from_tensors(weights, &device))?;
    let (mut decibels, mut sheet) = (0.0, vec![0_u8; SHOWN * size * 2 * size * 3]);
    for first in (0..MEASURED).step_by(SHOWN) {
        let pictures = batch(held_out, first..first + SHOWN as u64, size, &device)?;
        let back = vae.decode(&vae.encode(&pictures)?.mean)?;
        let (before, after) = (to_rgb(&pictures)?, to_rgb(&back)?);
        for (index, (before, after)) in before.iter().zip(&after).enumerate() {
            let error = before
                .iter()
                .zip(after)
                .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
                .sum::<f64>();
            decibels += 10.0 * (255.0_f64.powi(2) / (error / before.len() as f64).max(1e-3)).log10();
            if first == 0 {
                for (row, picture) in [(0, before), (1, after)] {
                    place(
                        &mut sheet,
                        SHOWN * size,
                        (index * size, row * size),
                        picture,
                        size,
                    );
                }
            }
        }
    }
    Ok((decibels / MEASURED as f64, sheet))
}

/// Copies a square picture into a larger one.
pub(super) fn place(sheet: &mut [u8], width: usize, (x, y): (usize, usize), picture: &[u8], size: usize) {
    for (row, line) in picture.chunks_exact(3 * size).enumerate() {
        sheet[3 * ((y + row) * width + x)..][..3 * size].copy_from_slice(line);
    }
}

/// Pictures [B, 3, H, W] within −1 and 1 to RGB bytes each.
pub(crate) fn to_rgb(pictures: &Tensor) -> Result<Vec<Vec<u8>>> {
    let (batch, _, height, width) = pictures.dims4()?;
    let values: Vec<f32> = pictures.contiguous()?.flatten_all()?.to_vec1()?;
    let plane = height * width;
    let picture = |index: usize| {
        let mut rgb = Vec::with_capacity(3 * plane);
        for pixel in 0..plane {
            for channel in 0..3 {
                let value = values[(index * 3 + channel) * plane + pixel];
                rgb.push(((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8);
            }
        }
        rgb
    };
    Ok((0..batch).map(picture).collect())
}

/// Moves the scale of the latents into the 1×1 convolutions on both sides, so that every latent channel has mean zero
/// and variance one over `pictures` drawings, and `scaling_factor` is 1. The autoencoder computes the same as before.
pub fn normalised(
    config: &VaeConfig,
    mut weights: BTreeMap<String, Tensor>,
    drawings: Drawings,
    size: usize,
    pictures: u64,
) -> Result<BTreeMap<String, Tensor>> {
    let device = Device::Cpu;
    let channels = config.latent_channels;
    let vae = AutoencoderKl::new(config.clone(), &Weights::from_tensors(weights.clone(), &device))?;
    let (mut sums, mut squares, mut count) = (vec![0.0_f64; channels], vec![0.0_f64; channels], 0.0);
    for first in (0..pictures).step_by(16) {
        let mean = vae
            .encode(&batch(drawings, first..first + 16, size, &device)?)?
            .mean;
        let plane = mean.dim(2)? * mean.dim(3)?;
        let values: Vec<f32> = mean.flatten_all()?.to_vec1()?;
        for (index, values) in values.chunks_exact(plane).enumerate() {
            for value in values {
                sums[index % channels] += f64::from(*value);
                squares[index % channels] += f64::from(*value).powi(2);
            }
        }
        count += 16.0 * plane as f64;
    }
    let means: Vec<f64> = sums.iter().map(|sum| sum / count).collect();
    let deviations: Vec<f64> = squares
        .iter()
        .zip(&means)
        .map(|(square, mean)| (square / count - mean * mean).max(1e-12).sqrt())
        .collect();

    // Encoder side: mean' = (mean − m) / s; log-variance' = log-variance − 2 ln s.
    edit(&mut weights, "quant_conv.weight", |index, value| {
        let row = index / (2 * channels);
        if row < channels {
            *value = (f64::from(*value) / deviations[row]) as f32;
        }
    })?;
    edit(&mut weights, "quant_conv.bias", |row, value| {
        *value = if row < channels {
            ((f64::from(*value) - means[row]) / deviations[row]) as f32
        } else {
            (f64::from(*value) - 2.0 * deviations[row - channels].ln()) as f32
        };
    })?;
    // Decoder side: W (s z' + m) + b. The bias first, while the weight is still the old one.
    let old: Vec<f32> = match weights.get("post_quant_conv.weight") {
        Some(weight) => weight.flatten_all()?.to_vec1()?,
        None => Vec::new(),
    };
    edit(&mut weights, "post_quant_conv.bias", |row, value| {
        let row = &old[row * channels..][..channels];
        *value += row
            .iter()
            .zip(&means)
            .map(|(weight, mean)| f64::from(*weight) * mean)
            .sum::<f64>() as f32;
    })?;
    edit(&mut weights, "post_quant_conv.weight", |index, value| {
        *value = (f64::from(*value) * deviations[index % channels]) as f32;
    })?;
    Ok(weights)
}

/// Changes every value of one tensor, given its flat index.
fn edit(weights: &mut BTreeMap<String, Tensor>, name: &str, change: impl Fn(usize, &mut f32)) -> Result<()> {
    let Some(tensor) = weights.get(name) else {
        return Err(DiffusionError::config(
            "VAE",
            name,
            "is missing: train with both 1×1 convolutions",
        ));
    };
    let mut values: Vec<f32> = tensor.flatten_all()?.to_vec1()?;
    values
        .iter_mut()
        .enumerate()
        .for_each(|(index, value)| change(index, value));
    let changed = Tensor::from_vec(values, tensor.dims(), tensor.device())?;
    weights.insert(name.to_owned(), changed);
    Ok(())
}
