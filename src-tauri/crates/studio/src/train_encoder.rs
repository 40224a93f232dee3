//! `salon train encoder`: the house encoder, from nothing, on the portraits that a folder of layers composes; and what
//! its neighbours are worth, beside plain colours and an encoder that learnt nothing.

use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, RgbImage, imageops};
use rayon::prelude::*;
use salon_domain::CancelToken;
use salon_judge::encoder::train::{Lesson, write_untrained};
use salon_judge::encoder::{Encoder, measure};
use salon_layers::{Composition, LayerSet};
use serde::Serialize;
use serde_json::json;

use crate::api::ApiError;
use crate::train_base::{LEARNT, hashes, held_out_compositions, write_json};

pub use salon_judge::encoder::train::{EncoderProgress, EncoderTraining};

/// Held-out drawings that neighbours are looked for among, and that are asked about.
const KNOWN: usize = 1024;
const ASKED: usize = 512;
/// Pixels a side of a drawing: what the house model paints.
const DRAWN: u32 = 128;
/// Neighbours that vote.
const NEIGHBOURS: usize = 5;

/// A training of the house encoder.
#[derive(Debug, Clone)]
pub struct TrainEncoder {
    /// Folder of layers ("assets/house").
    pub art: PathBuf,
    /// Drawings to learn from.
    pub drawings: usize,
    /// How it is trained and where it goes.
    pub training: EncoderTraining,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct TrainedEncoder {
    /// The encoder's folder.
    pub out: PathBuf,
    /// Steps taken.
    pub steps: u64,
    /// Seconds of computing, over all starts.
    pub seconds: f64,
    /// False when it was stopped before its time; the same command goes on.
    pub complete: bool,
    /// What neighbours are worth: the trained encoder, an untrained one, a histogram of 64 colours. Only when complete.
    pub quality: Vec<EncoderQuality>,
}

/// What the nearest neighbours among held-out drawings are worth.
#[derive(Debug, Clone, Serialize)]
pub struct EncoderQuality {
    /// What made the vectors.
    pub vectors: String,
    /// Share of pictures whose trait is what most of their five nearest neighbours have, by trait.
    pub traits: Vec<(String, f32)>,
    /// Mean over the traits.
    pub mean: f32,
    /// Share of near-duplicates (recompressed, cropped by 6 %, brightened, softened) whose original is the nearest.
    pub copies: f32,
}

/// Trains, or goes on with a training. `clock` gives seconds since some fixed moment.
pub fn train_encoder(
    order: &TrainEncoder,
    clock: &dyn Fn() -> f64,
    news: &mut dyn FnMut(EncoderProgress),
    cancel: &CancelToken,
) -> Result<TrainedEncoder, ApiError> {
    let set = LayerSet::load(&order.art)?;
    let learnt: Vec<Composition> = (0..order.drawings as u64)
        .map(|index| set.draw(LEARNT, index))
        .collect();
    let pictures = drawn(&set, &learnt)?;
    let labels: Vec<Vec<usize>> = learnt
        .iter()
        .map(|composition| composition.picks.clone())
        .collect();
    let values: Vec<usize> = set.layers().iter().map(|layer| layer.values.len()).collect();
    let lesson = Lesson {
        pictures: &pictures,
        labels: &labels,
        values: &values,
    };
    let training = &order.training;
    let stands = salon_judge::encoder::train::train_encoder(training, lesson, clock, news, cancel)?;
    let complete = stands.step >= training.steps;
    let quality = if complete {
        let untrained = training.work.join("untrained");
        write_untrained(&untrained, training.seed)?;
        measure_encoders(&set, order.drawings as u64, &[&training.out, &untrained])?
    } else {
        Vec::new()
    };
    let trained = TrainedEncoder {
        out: training.out.clone(),
        steps: stands.step,
        seconds: stands.seconds,
        complete,
        quality,
    };
    write_provenance(order, &trained)?;
    Ok(trained)
}

/// What the neighbours of each encoder are worth, and of a histogram of 64 colours, on drawings that were held out.
pub fn measure_encoders(
    set: &LayerSet,
    learnt: u64,
    folders: &[&Path],
) -> Result<Vec<EncoderQuality>, ApiError> {
    let compositions = held_out_compositions(set, learnt, KNOWN + ASKED);
    let pictures = drawn(set, &compositions)?;
    let copies: Vec<RgbImage> = pictures[KNOWN..]
        .par_iter()
        .enumerate()
        .map(near_duplicate)
        .collect();
    let labels: Vec<Vec<usize>> = compositions
        .into_iter()
        .map(|composition| composition.picks)
        .collect();
    let names: Vec<String> = set.layers().iter().map(|layer| layer.name.clone()).collect();
    let judged = |name: String, vectors: &[Vec<f32>], copies: &[Vec<f32>]| {
        let (known, asked) = vectors.split_at(KNOWN);
        let (known_labels, asked_labels) = labels.split_at(KNOWN);
        let accuracy = measure::label_accuracy((known, known_labels), (asked, asked_labels), NEIGHBOURS);
        EncoderQuality {
            vectors: name,
            mean: accuracy.iter().sum::<f32>() / accuracy.len().max(1) as f32,
            traits: names.iter().cloned().zip(accuracy).collect(),
            copies: measure::copy_recall(asked, copies),
        }
    };
    let mut found = Vec::new();
    for folder in folders {
        let encoder = Encoder::open(folder, &salon_judge::processor())?;
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        found.push(judged(
            name,
            &encoder.encode(&pictures)?,
            &encoder.encode(&copies)?,
        ));
    }
    let colours = |pictures: &[RgbImage]| -> Vec<Vec<f32>> {
        pictures.par_iter().map(measure::colour_histogram).collect()
    };
    found.push(judged(
        "64 colours".to_owned(),
        &colours(&pictures),
        &colours(&copies),
    ));
    Ok(found)
}

fn drawn(set: &LayerSet, compositions: &[Composition]) -> Result<Vec<RgbImage>, ApiError> {
    Ok(compositions
        .par_iter()
        .map(|composition| set.render(composition, DRAWN))
        .collect::<Result<_, _>>()?)
}

/// What a picture becomes on its way around: cropped a little, brightened or darkened, softened by resizing,
/// recompressed.
fn near_duplicate((index, picture): (usize, &RgbImage)) -> RgbImage {
    let (width, height) = picture.dimensions();
    let (cut, high) = (width / 16, height / 16);
    let part = imageops::crop_imm(
        picture,
        cut * (index as u32 % 2),
        high / 2,
        width - cut,
        height - high,
    );
    let small = imageops::resize(&part.to_image(), 96, 96, imageops::FilterType::Triangle);
    let mut back = imageops::resize(&small, width, height, imageops::FilterType::CatmullRom);
    let shift = [-14_i32, 14][index / 2 % 2];
    imageops::colorops::brighten_in_place(&mut back, shift);
    let mut bytes = Vec::new();
    let encoded = back.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 40));
    encoded
        .and_then(|()| image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg))
        .map_or(back, image::DynamicImage::into_rgb8)
}

/// `provenance.json`: what the encoder was made from, by hash, and what it is worth.
fn write_provenance(order: &TrainEncoder, trained: &TrainedEncoder) -> Result<(), ApiError> {
    let training = &order.training;
    let document = json!({
        "trainer": format!("salon train encoder, Salon {}", env!("CARGO_PKG_VERSION")),
        "seed": training.seed,
        "steps": trained.steps,
        "batch": training.batch,
        "rate": training.rate,
        "drawings": order.drawings,
        "seconds": trained.seconds.round(),
        "quality": trained.quality,
        "art": hashes(&order.art, &[])?,
        "model": hashes(&training.out, &["provenance.json", "README.md"])?,
    });
    write_json(&training.out.join("provenance.json"), &document)
}
