//! The trait probe: a small classifier that reads the traits off a picture. It measures how well a trained model does
//! what its prompts say, and knows nothing of that model: it learns from drawings alone, blurred and noised a little.

use std::path::Path;

use candle_core::{D, DType, Device, Result as TensorResult, Tensor};

use crate::error::{DiffusionError, Result};
use crate::model::Parts;
use crate::nn::{Conv2d, GroupNorm, Linear};
use crate::noise::Noise;
use crate::ops::{self, ConvShape};
use crate::train::{Optimizer, OptimizerConfig, to_rgb};
use crate::weights::{Weights, save_tensors};

/// Side of the pictures that it reads, in pixels.
pub const PROBE_SIZE: usize = 128;
/// Channels of its four halvings.
const CHANNELS: [usize; 4] = [16, 32, 64, 96];
/// Channels that the last layer sees at each of 8 × 8 places: every trait has its place.
const PLACES: usize = 16;

/// A drawing with the index of its value in every layer.
pub type Labelled<'a> = &'a (dyn Fn(u64) -> std::result::Result<(Vec<u8>, Vec<usize>), String> + Sync);

/// The classifier.
pub struct TraitProbe {
    classes: Vec<usize>,
    halvings: Vec<(Conv2d, GroupNorm)>,
    places: Conv2d,
    head: Linear,
}

impl TraitProbe {
    /// `classes` says how many values each layer has.
    pub fn new(classes: &[usize], weights: &Weights) -> Result<Self> {
        let mut halvings = Vec::new();
        let mut inputs = 3;
        for (index, outputs) in CHANNELS.into_iter().enumerate() {
            let weights = weights.at(index);
            let conv = Conv2d::new(&weights.at("conv"), inputs, outputs, 3, ConvShape::new(2, 1))?;
            halvings.push((conv, GroupNorm::new(&weights.at("norm"), 8, outputs, 1e-5)?));
            inputs = outputs;
        }
        let side = PROBE_SIZE >> CHANNELS.len();
        Ok(Self {
            classes: classes.to_vec(),
            halvings,
            places: Conv2d::new(&weights.at("places"), inputs, PLACES, 1, ConvShape::new(1, 0))?,
            head: Linear::new(&weights.at("head"), PLACES * side * side, classes.iter().sum())?,
        })
    }

    /// Reads a probe that [`train_probe`] made.
    pub fn load(path: &Path, classes: &[usize]) -> Result<Self> {
        Self::new(classes, &Weights::load(&[path], &Device::Cpu)?)
    }

    /// Pictures [B, 3, 128, 128] within −1 and 1 → scores [B, values of all layers].
    fn scores(&self, pictures: &Tensor) -> TensorResult<Tensor> {
        let mut x = pictures.clone();
        for (conv, norm) in &self.halvings {
            x = norm.forward_silu(&conv.forward(&x)?)?;
        }
        self.head
            .forward(&ops::silu(&self.places.forward(&x)?)?.flatten_from(1)?)
    }

    /// The value that it sees in every layer of every picture (RGB bytes, 128 × 128).
    pub fn read(&self, pictures: &[Vec<u8>]) -> Result<Vec<Vec<usize>>> {
        let mut read = Vec::with_capacity(pictures.len());
        for some in pictures.chunks(32) {
            for row in self.scores(&tensor(some)?)?.to_vec2::<f32>()? {
                let mut first = 0;
                let best = self.classes.iter().map(|&count| {
                    let scores = &row[first..first + count];
                    first += count;
                    (0..count)
                        .max_by(|&a, &b| scores[a].total_cmp(&scores[b]))
                        .unwrap_or(0)
                });
                read.push(best.collect());
            }
        }
        Ok(read)
    }

    /// Mean over the layers of the cross entropy.
    fn loss(&self, pictures: &Tensor, labels: &[Vec<usize>]) -> Result<Tensor> {
        let scores = self.scores(pictures)?;
        let mut costs = Vec::new();
        let mut first = 0;
        for (layer, &count) in self.classes.iter().enumerate() {
            let scores = scores.narrow(1, first, count)?.contiguous()?;
            first += count;
            let right: Vec<u32> = labels.iter().map(|labels| labels[layer] as u32).collect();
            let right = Tensor::from_vec(right, (labels.len(), 1), scores.device())?;
            let shifted = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?.detach())?;
            let total = shifted.exp()?.sum_keepdim(D::Minus1)?.log()?;
            costs.push((total - shifted.gather(&right, 1)?)?.mean_all()?);
        }
        Ok((Tensor::stack(&costs, 0)?.mean_all())?)
    }
}

/// Trains a probe for so many steps of 32 drawings and writes it to `path` as f16; told the loss after every step.
pub fn train_probe(
    path: &Path,
    classes: &[usize],
    drawings: Labelled,
    seed: u64,
    steps: u64,
    told: &mut dyn FnMut(u64, f32),
) -> Result<()> {
    const BATCH: u64 = 32;
    let weights = Weights::fresh(seed, &Device::Cpu);
    let probe = TraitProbe::new(classes, &weights)?;
    let config = OptimizerConfig {
        average_decay: 0.99,
        ..OptimizerConfig::default()
    };
    let mut optimizer = Optimizer::new(config, weights.named_vars())?;
    let noise = Noise::new(seed);
    for step in 0..steps {
        let (mut values, mut labels) = (Vec::new(), Vec::new());
        for index in step * BATCH..(step + 1) * BATCH {
            let (rgb, label) = drawings(index).map_err(|reason| {
                DiffusionError::config("training data", format!("drawing {index}"), reason)
            })?;
            values.extend(spoilt(&planes(&rgb)?, noise, index));
            labels.push(label);
        }
        let pictures = Tensor::from_vec(values, (BATCH as usize, 3, PROBE_SIZE, PROBE_SIZE), &Device::Cpu)?;
        let loss = probe.loss(&pictures, &labels)?;
        let left = 1.0 - step as f32 / steps as f32;
        optimizer.update(&loss.backward()?, 2e-3 * left.max(0.02))?;
        told(step, loss.to_scalar()?);
    }
    save_tensors(&optimizer.averages()?, path, DType::F16)
}

/// Drawings through the autoencoder of the model in `folder` and back, and how close they come on average (PSNR, dB).
pub fn through_autoencoder(folder: &Path, drawings: &[Vec<u8>]) -> Result<(Vec<Vec<u8>>, f64)> {
    let vae = Parts::load(folder, &Device::Cpu)?.vae;
    let (mut through, mut decibels) = (Vec::with_capacity(drawings.len()), 0.0);
    for some in drawings.chunks(16) {
        let back = vae.decode(&vae.encode(&tensor(some)?)?.mean)?;
        for (before, after) in some.iter().zip(to_rgb(&back)?) {
            let errors = before
                .iter()
                .zip(&after)
                .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
            let error = errors.sum::<f64>() / before.len() as f64;
            decibels += 10.0 * (255.0_f64.powi(2) / error.max(1e-3)).log10() / drawings.len() as f64;
            through.push(after);
        }
    }
    Ok((through, decibels))
}

/// Pictures as one tensor [B, 3, 128, 128].
fn tensor(pictures: &[Vec<u8>]) -> Result<Tensor> {
    let values = pictures
        .iter()
        .map(|rgb| planes(rgb))
        .collect::<Result<Vec<_>>>()?
        .concat();
    Ok(Tensor::from_vec(
        values,
        (pictures.len(), 3, PROBE_SIZE, PROBE_SIZE),
        &Device::Cpu,
    )?)
}

/// RGB bytes to planes within −1 and 1.
fn planes(rgb: &[u8]) -> Result<Vec<f32>> {
    let plane = PROBE_SIZE * PROBE_SIZE;
    if rgb.len() != 3 * plane {
        let reason = format!("must be {PROBE_SIZE} × {PROBE_SIZE} RGB, not {} bytes", rgb.len());
        return Err(DiffusionError::config("trait probe", "picture", reason));
    }
    let mut planes = vec![0.0; 3 * plane];
    for (pixel, rgb) in rgb.chunks_exact(3).enumerate() {
        for (channel, &value) in rgb.iter().enumerate() {
            planes[channel * plane + pixel] = f32::from(value) / 127.5 - 1.0;
        }
    }
    Ok(planes)
}

/// What a generator's softness does to a drawing: up to two passes of a small blur, and noise.
fn spoilt(planes: &[f32], noise: Noise, index: u64) -> Vec<f32> {
    let mut planes = planes.to_vec();
    for _ in 0..noise.below(1 << 56, index, 3) {
        blur(&mut planes);
    }
    let strength = 0.1 * noise.unit(2 << 56, index) as f32;
    let grain = noise.normals(3 << 56 | index, planes.len());
    planes
        .iter_mut()
        .zip(grain)
        .for_each(|(value, grain)| *value += strength * grain);
    planes
}

/// Half of each value and an eighth of each of its four neighbours; rows follow each other through the edges.
fn blur(planes: &mut [f32]) {
    let before = planes.to_vec();
    let last = before.len() - 1;
    for (at, value) in planes.iter_mut().enumerate() {
        let around = [
            at.saturating_sub(1),
            at + 1,
            at.saturating_sub(PROBE_SIZE),
            at + PROBE_SIZE,
        ];
        let sum: f32 = around.iter().map(|&at| before[at.min(last)]).sum();
        *value = 0.5 * *value + 0.125 * sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The trainer's signature: a drawing may fail.
    #[allow(clippy::unnecessary_wraps)]
    /// Two layers: the colour of the upper half (3), and whether there is a dark square below (2).
    fn drawing(index: u64) -> std::result::Result<(Vec<u8>, Vec<usize>), String> {
        let (colour, square) = (index as usize % 3, index as usize / 3 % 2);
        let mut rgb = vec![200_u8; 3 * PROBE_SIZE * PROBE_SIZE];
        for pixel in 0..PROBE_SIZE * PROBE_SIZE / 2 {
            rgb[3 * pixel + colour] = 30;
        }
        if square == 1 {
            for (row, column) in (80..100).flat_map(|row| (20..40).map(move |column| (row, column))) {
                rgb[3 * (row * PROBE_SIZE + column)..][..3].fill(10);
            }
        }
        Ok((rgb, vec![colour, square]))
    }

    #[test]
    fn it_learns_to_read_simple_traits_and_survives_a_file() {
        let mut losses = Vec::new();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("probe.safetensors");
        train_probe(&path, &[3, 2], &drawing, 1, 12, &mut |_, loss| losses.push(loss)).unwrap();
        assert!(losses[11] < 0.5 * losses[0], "{losses:?}");
        let probe = TraitProbe::load(&path, &[3, 2]).unwrap();
        assert!(
            probe.read(&[vec![0; 5]]).is_err(),
            "a picture of another size is refused"
        );
        assert_eq!(probe.read(&[drawing(0).unwrap().0]).unwrap()[0].len(), 2);
    }
}
