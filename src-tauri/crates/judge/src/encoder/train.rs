//! The house encoder's training: from nothing, on pictures whose traits are known.
//!
//! Three things are learnt at once from one embedding of length 1. The *traits* of a picture can be read off it by one
//! matrix. Two *views* of a picture are nearer to each other than to any other picture of the batch (Chen et al. 2020,
//! arXiv:2002.05709). And whether, and how, a picture is *damaged* can be read off it too, so that a critic has
//! something to see. Pictures come as an argument; views, damage and order are functions of (seed, step), so that a
//! training that was killed goes on as if nothing had happened.

mod checkpoint;
mod views;

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor, Var};
use image::RgbImage;
use rayon::prelude::*;
use salon_domain::CancelToken;

use super::tower::{self, Family, Shape, Tower};
use super::{Fit, Mixing, Optimizer, Preprocessing, config, ops};
use crate::critic::Damage;
use crate::draws::Draws;
use crate::weights::{save, write_whole};
use crate::{JudgeError, Result};

/// Pixels a side of what the house encoder sees.
pub const SIDE: usize = 96;
/// Numbers in an embedding of the house encoder.
pub const WIDTH: usize = 128;
/// Similarities are divided by this before they compete.
const TEMPERATURE: f64 = 0.1;
/// Embeddings of length 1 are scaled up to this for the matrices that read traits and damage.
const READING: f64 = 16.0;
/// Share of the steps in which the rate rises.
const WARM_UP: f32 = 0.04;

/// Purposes of random numbers.
const WEIGHTS: u64 = 1;
const ORDER: u64 = 2;
const VIEWS: u64 = 3;
const DAMAGE: u64 = 4;

/// How an encoder is trained.
#[derive(Debug, Clone)]
pub struct EncoderTraining {
    /// The folder to write: `config.json`, `preprocessor_config.json`, `model.safetensors` (f16).
    pub out: PathBuf,
    /// Folder of the checkpoint; a training found there is gone on with.
    pub work: PathBuf,
    /// Decides starting weights, order, views and damage.
    pub seed: u64,
    /// Steps of the optimiser.
    pub steps: u64,
    /// Pictures a step; each is seen in two views, every fourth one damaged besides.
    pub batch: usize,
    /// Highest learning rate.
    pub rate: f32,
    /// Steps between two checkpoints.
    pub checkpoint: u64,
}

/// What is learnt from.
#[derive(Debug, Clone, Copy)]
pub struct Lesson<'a> {
    /// Square pictures of [`SIDE`] pixels a side at least.
    pub pictures: &'a [RgbImage],
    /// For each picture, a value for each trait.
    pub labels: &'a [Vec<usize>],
    /// How many values each trait has.
    pub values: &'a [usize],
}

/// Where a training stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncoderProgress {
    /// Steps taken.
    pub step: u64,
    /// Loss of the traits, nats per trait.
    pub traits: f32,
    /// Loss of the views, nats.
    pub views: f32,
    /// Loss of the damage, nats.
    pub damage: f32,
    /// Seconds of computing so far, over all starts.
    pub seconds: f64,
}

/// The house encoder: a CLIP vision tower of five blocks, small enough to be learnt in an hour on two processor cores.
fn house_shape() -> Shape {
    Shape {
        family: Family::Clip,
        hidden: 128,
        intermediate: 512,
        layers: 5,
        heads: 4,
        patch: 16,
        image: SIDE,
        registers: 0,
        projection: Some(WIDTH),
        activation: ops::Activation::QuickGelu,
        eps: 1e-5,
    }
}

fn house_preprocessing() -> Preprocessing {
    Preprocessing {
        fit: Fit::Exactly(SIDE as u32, SIDE as u32),
        mixing: Mixing::Bilinear,
        crop: None,
        mean: [0.5; 3],
        deviation: [0.5; 3],
    }
}

/// Everything that is trained.
struct Student {
    tower: Tower,
    traits: (Tensor, Tensor),
    damage: (Tensor, Tensor),
    variables: BTreeMap<String, Var>,
}

impl Student {
    fn new(seed: u64, values: usize) -> Result<Self> {
        let mut draws = Draws::new(seed, WEIGHTS, 0);
        let shape = house_shape();
        let mut variables = tower::fresh(&shape, &mut |count| draws.normals(count))?;
        let mut head = |name: &str, outputs: usize| -> Result<(Tensor, Tensor)> {
            let size = 1.0 / (WIDTH as f32).sqrt();
            let weight: Vec<f32> = draws
                .normals(outputs * WIDTH)
                .into_iter()
                .map(|value| value * size)
                .collect();
            let weight = Var::from_vec(weight, (outputs, WIDTH), &Device::Cpu)?;
            let bias = Var::zeros(outputs, DType::F32, &Device::Cpu)?;
            let pair = (weight.as_tensor().clone(), bias.as_tensor().clone());
            variables.insert(format!("heads.{name}.weight"), weight);
            variables.insert(format!("heads.{name}.bias"), bias);
            Ok(pair)
        };
        let traits = head("traits", values)?;
        let damage = head("damage", Damage::ALL.len() + 1)?;
        let mut take = |name: &str, _: &[usize]| match variables.get(name) {
            Some(variable) => Ok(variable.as_tensor().clone()),
            None => Err(JudgeError::Input(format!("no parameter `{name}`"))),
        };
        Ok(Self {
            tower: Tower::new(shape, &mut take)?,
            traits,
            damage,
            variables,
        })
    }

    /// Embeddings of length 1.
    fn embed(&self, patches: &Tensor) -> Result<Tensor> {
        let raw = self.tower.forward(patches)?;
        let length = (raw.sqr()?.sum_keepdim(1)? + 1e-12)?.sqrt()?;
        Ok(raw.broadcast_div(&length)?)
    }
}

/// How many of a step's pictures are damaged besides.
fn damaged(size: usize) -> usize {
    (size / 4).max(1)
}

/// Patches and labels of one step: first views, second views, damaged ones.
struct Batch {
    patches: Tensor,
    chosen: Vec<usize>,
    damage: Vec<u32>,
}

fn prepare(training: &EncoderTraining, lesson: Lesson, step: u64) -> Result<Batch> {
    let (count, size) = (lesson.pictures.len(), training.batch);
    let chosen: Vec<usize> = (0..size)
        .map(|place| order(training.seed, count, step, place, size))
        .collect();
    let damaged = damaged(size);
    let preprocessing = house_preprocessing();
    let rows: Vec<(Vec<f32>, u32)> = (0..2 * size + damaged)
        .into_par_iter()
        .map(|row| {
            let number = step * (3 * size as u64) + row as u64;
            let mut draws = Draws::new(training.seed, VIEWS, number);
            let picture = &lesson.pictures[chosen[row % size]];
            let seen = views::view(picture, SIDE as u32, &mut draws);
            if row < 2 * size {
                return (preprocessing.patches(&seen, house_shape().patch), 0);
            }
            let mut draws = Draws::new(training.seed, DAMAGE, number);
            let kind = draws.below(Damage::ALL.len());
            let ruined = Damage::ALL[kind].done_to(&seen, draws.unit(), number ^ training.seed);
            (
                preprocessing.patches(&ruined, house_shape().patch),
                kind as u32 + 1,
            )
        })
        .collect();
    let damage = rows.iter().map(|(_, kind)| *kind).collect();
    let values: Vec<f32> = rows.into_iter().flat_map(|(values, _)| values).collect();
    let shape = house_shape();
    let dims = (
        2 * size + damaged,
        shape.grid() * shape.grid(),
        shape.patch_values(),
    );
    Ok(Batch {
        patches: Tensor::from_vec(values, dims, &Device::Cpu)?,
        chosen,
        damage,
    })
}

/// Which picture stands at `place` of a step: every round through the pictures has an order of its own (an affine
/// permutation), and no step sees a picture twice while there are enough.
fn order(seed: u64, count: usize, step: u64, place: usize, size: usize) -> usize {
    let position = step * size as u64 + place as u64;
    let (round, at) = (position / count as u64, position % count as u64);
    let mut draws = Draws::new(seed, ORDER, round);
    let shift = draws.below(count) as u64;
    let mut factor = draws.below(count).max(1) as u64;
    while greatest_divisor(factor, count as u64) != 1 {
        factor += 1;
    }
    ((u128::from(at) * u128::from(factor) + u128::from(shift)) % count as u128) as usize
}

fn greatest_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

fn cross_entropy(logits: &Tensor, labels: &[u32]) -> Result<Tensor> {
    let labels = Tensor::from_slice(labels, labels.len(), &Device::Cpu)?;
    Ok(candle_nn::loss::cross_entropy(logits, &labels)?)
}

/// The three losses of a batch.
fn losses(student: &Student, lesson: Lesson, batch: &Batch) -> Result<[Tensor; 3]> {
    let size = batch.chosen.len();
    let embeddings = student.embed(&batch.patches)?;
    let both = embeddings.narrow(0, 0, 2 * size)?;

    let read = (embeddings.clone() * READING)?;
    let logits = ops::linear(
        &read.narrow(0, 0, 2 * size)?,
        &student.traits.0,
        Some(&student.traits.1),
    )?;
    let mut start = 0;
    let mut traits = Vec::with_capacity(lesson.values.len());
    for (column, values) in lesson.values.iter().enumerate() {
        let labels: Vec<u32> = batch
            .chosen
            .iter()
            .map(|index| lesson.labels[*index][column] as u32)
            .collect();
        let part = logits.narrow(1, start, *values)?.contiguous()?;
        traits.push(cross_entropy(&part, &labels.repeat(2))?);
        start += values;
    }
    let traits = Tensor::stack(&traits, 0)?.mean_all()?;

    // A view must not compete with itself.
    let own = (Tensor::eye(2 * size, DType::F32, &Device::Cpu)? * 1e4)?;
    let alike = (both.matmul(&both.t()?.contiguous()?)? / TEMPERATURE)?;
    let partners: Vec<u32> = (0..2 * size)
        .map(|row| ((row + size) % (2 * size)) as u32)
        .collect();
    let views = cross_entropy(&(alike - own)?, &partners)?;

    let logits = ops::linear(&read, &student.damage.0, Some(&student.damage.1))?;
    let damage = cross_entropy(&logits, &batch.damage)?;
    Ok([traits, views, damage])
}

fn rate(training: &EncoderTraining, step: u64) -> f32 {
    let at = step as f32 / training.steps.max(1) as f32;
    if at < WARM_UP {
        return training.rate * (step + 1) as f32 / (WARM_UP * training.steps as f32 + 1.0);
    }
    let along = (at - WARM_UP) / (1.0 - WARM_UP);
    training.rate * (0.01 + 0.99 * 0.5 * (1.0 + (std::f32::consts::PI * along).cos()))
}

fn check(training: &EncoderTraining, lesson: Lesson) -> Result<()> {
    let wrong = |message: String| Err(JudgeError::Input(message));
    if lesson.pictures.len() != lesson.labels.len() {
        return wrong(format!(
            "{} pictures but {} labels",
            lesson.pictures.len(),
            lesson.labels.len()
        ));
    }
    if training.batch < 2 || training.batch > lesson.pictures.len() {
        return wrong(format!(
            "a batch of {} does not fit {} pictures: it needs 2 of them at least",
            training.batch,
            lesson.pictures.len()
        ));
    }
    let small = |picture: &RgbImage| picture.width() < SIDE as u32 || picture.width() != picture.height();
    if let Some(at) = lesson.pictures.iter().position(small) {
        return wrong(format!(
            "picture {at} is not a square of {SIDE} pixels a side at least"
        ));
    }
    let fits = |labels: &Vec<usize>| {
        labels.len() == lesson.values.len()
            && labels
                .iter()
                .zip(lesson.values)
                .all(|(label, values)| label < values)
    };
    match lesson.labels.iter().position(|labels| !fits(labels)) {
        Some(at) => wrong(format!("the labels of picture {at} do not fit the traits")),
        None => Ok(()),
    }
}

/// Trains, or goes on with a training; `clock` gives seconds since some fixed moment. Answers where it stands: it was
/// stopped before its time when that is less than `training.steps`.
pub fn train_encoder(
    training: &EncoderTraining,
    lesson: Lesson,
    clock: &dyn Fn() -> f64,
    news: &mut dyn FnMut(EncoderProgress),
    cancel: &CancelToken,
) -> Result<EncoderProgress> {
    check(training, lesson)?;
    for folder in [&training.out, &training.work] {
        std::fs::create_dir_all(folder).map_err(|fault| JudgeError::File {
            path: folder.clone(),
            why: format!("could not be made: {fault}"),
        })?;
    }
    let student = Student::new(training.seed, lesson.values.iter().sum())?;
    let mut optimizer = Optimizer::new(&student.variables, 0.05, 0.998)?;
    let path = training.work.join("encoder.safetensors");
    let mut stands = EncoderProgress {
        step: 0,
        traits: 0.0,
        views: 0.0,
        damage: 0.0,
        seconds: 0.0,
    };
    if path.is_file() {
        let (position, state) = checkpoint::load(&path, training)?;
        optimizer.restore(&state, position.step)?;
        stands = position;
    }
    let (earlier, started) = (stands.seconds, clock());
    while stands.step < training.steps && !cancel.is_cancelled() {
        let batch = prepare(training, lesson, stands.step)?;
        let [traits, views, damage] = losses(&student, lesson, &batch)?;
        let loss = ((&traits * 3.0)? + (&views * 0.5)?)?.add(&damage)?;
        optimizer.update(&loss.backward()?, rate(training, stands.step))?;
        stands = EncoderProgress {
            step: stands.step + 1,
            traits: traits.to_scalar()?,
            views: views.to_scalar()?,
            damage: damage.to_scalar()?,
            seconds: earlier + clock() - started,
        };
        news(stands);
        if stands.step.is_multiple_of(training.checkpoint.max(1)) {
            checkpoint::save(&path, training, stands, &optimizer.state()?)?;
            write_encoder(training, &optimizer)?;
        }
    }
    checkpoint::save(&path, training, stands, &optimizer.state()?)?;
    write_encoder(training, &optimizer)?;
    Ok(stands)
}

/// An untrained house encoder in `folder`: what training is measured against.
pub fn write_untrained(folder: &std::path::Path, seed: u64) -> Result<()> {
    let student = Student::new(seed, 1)?;
    std::fs::create_dir_all(folder).map_err(|fault| JudgeError::File {
        path: folder.to_path_buf(),
        why: format!("could not be made: {fault}"),
    })?;
    let tensors = student
        .variables
        .iter()
        .map(|(name, variable)| (name.clone(), variable.as_tensor().clone()))
        .collect();
    write_folder(folder, tensors)
}

fn write_encoder(training: &EncoderTraining, optimizer: &Optimizer) -> Result<()> {
    write_folder(&training.out, optimizer.averages()?)
}

fn write_folder(folder: &std::path::Path, mut tensors: BTreeMap<String, Tensor>) -> Result<()> {
    tensors.retain(|name, _| !name.starts_with("heads."));
    let text = |value: serde_json::Value| format!("{value:#}\n");
    let config = text(config::clip_config(&house_shape()));
    let preprocessing = text(config::clip_preprocessing(SIDE));
    write_whole(&folder.join("config.json"), config.as_bytes())?;
    write_whole(&folder.join("preprocessor_config.json"), preprocessing.as_bytes())?;
    // transformers refuses a file whose header does not say so.
    save(
        &folder.join("model.safetensors"),
        &tensors,
        DType::F16,
        &[("format", "pt")],
    )
}
