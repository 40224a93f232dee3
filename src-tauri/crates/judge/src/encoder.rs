//! Encoders: a picture becomes a vector, and everything else that the judge says of a picture starts there.
//!
//! [`Encoder::open`] reads CLIP, SigLIP and DINOv2 as transformers writes them (`config.json`, `preprocessor_config.json`,
//! `model.safetensors`), and the house encoder, which is a small CLIP vision tower that this repository trained
//! ([`train`]). Embeddings have length 1, so that a dot product is a cosine. [`TextEncoder`] is the words' side of CLIP and
//! SigLIP, in the same space.

pub(crate) mod block;
pub(crate) mod config;
pub mod measure;
pub(crate) mod ops;
mod optimizer;
mod pixels;
mod positions;
#[cfg(test)]
mod tests;
mod text;
mod tower;
pub mod train;

use std::path::Path;

use candle_core::{Device, Tensor};
use image::RgbImage;
use rayon::prelude::*;
use salon_domain::Digest;
use serde::{Deserialize, Serialize};

pub(crate) use optimizer::Optimizer;
pub use pixels::{Fit, Mixing, Preprocessing};
pub use text::{TextEncoder, WITH_WORDS};
pub(crate) use text::{causal_mask, read_tokenizer};

use crate::weights::WeightFolder;
use crate::{JudgeError, Result};
use tower::{Family, Tower};

/// Pictures that go through the network at once.
const BATCH: usize = 16;

/// Which encoder made a vector. Vectors of different encoders must never be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EncoderId {
    /// What kind of network ("clip", "siglip", "dinov2").
    pub architecture: String,
    /// SHA-256 of its weights; of the shards' digests where there are several.
    pub weights: Digest,
    /// What is done to a picture before the network sees it, in words.
    pub preprocessing: String,
}

impl std::fmt::Display for EncoderId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "{} {} ({})",
            self.architecture, self.weights, self.preprocessing
        )
    }
}

/// An encoder, ready to use. It can be shared between threads.
#[derive(Debug)]
pub struct Encoder {
    tower: Tower,
    preprocessing: Preprocessing,
    id: EncoderId,
    device: Device,
}

impl Encoder {
    /// Reads an encoder from its folder: `config.json`, `preprocessor_config.json`, and `model.safetensors` or its shards.
    pub fn open(folder: &Path, device: &Device) -> Result<Self> {
        let config = folder.join("config.json");
        let shape = config::read_shape(&config)?;
        let preprocessing = config::read_preprocessing(&folder.join("preprocessor_config.json"))?;
        let weights = WeightFolder::open(folder)?;
        // A DINOv2 with a head on top carries its own name before every tensor.
        let prefix = match shape.family {
            Family::DinoV2 if weights.has("dinov2.embeddings.cls_token")? => "dinov2.",
            Family::DinoV2 if weights.has("dinov2_with_registers.embeddings.cls_token")? => {
                "dinov2_with_registers."
            }
            _ => "",
        };
        let mut take = |name: &str, dims: &[usize]| weights.tensor(&format!("{prefix}{name}"), dims, device);
        let mut tower = Tower::new(shape, &mut take)?;
        let shape = tower.shape();
        let fixed = |why: String| JudgeError::File {
            path: folder.join("preprocessor_config.json"),
            why,
        };
        let pixels = match preprocessing.size() {
            Some((width, height)) if width == height => width as usize,
            other => {
                return Err(fixed(format!(
                    "pictures become {other:?}, but the network needs squares"
                )));
            }
        };
        // DINOv2 reads pictures of any size that its patches divide; the others have one size.
        let fits = match shape.family {
            Family::DinoV2 => pixels.is_multiple_of(shape.patch),
            _ => pixels / shape.patch == shape.grid(),
        };
        if !fits {
            let why = format!(
                "pictures become {pixels} pixels a side, but config.json was written for {}",
                shape.image
            );
            return Err(fixed(why));
        }
        tower.refit(pixels)?;
        let architecture = match tower.shape().family {
            Family::Clip => "clip",
            Family::Siglip => "siglip",
            Family::DinoV2 => "dinov2",
        };
        Ok(Self {
            id: EncoderId {
                architecture: architecture.to_owned(),
                weights: weights.digest(),
                preprocessing: preprocessing.to_string(),
            },
            tower,
            preprocessing,
            device: device.clone(),
        })
    }

    /// Which encoder this is; stored beside every vector.
    pub fn id(&self) -> &EncoderId {
        &self.id
    }

    /// Numbers in an embedding.
    pub fn width(&self) -> usize {
        self.tower.shape().width()
    }

    /// What is done to a picture before the network sees it.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// An embedding of length 1 for every picture. How many are given at once changes nothing.
    pub fn encode(&self, pictures: &[RgbImage]) -> Result<Vec<Vec<f32>>> {
        let mut embeddings = Vec::with_capacity(pictures.len());
        for batch in pictures.chunks(BATCH) {
            embeddings.extend(self.embed(batch)?);
        }
        Ok(embeddings)
    }

    fn embed(&self, pictures: &[RgbImage]) -> Result<Vec<Vec<f32>>> {
        let shape = self.tower.shape();
        let patches: Vec<Vec<f32>> = pictures
            .par_iter()
            .map(|picture| match picture.dimensions() {
                (0, _) | (_, 0) => Err(JudgeError::Input(
                    "a picture without pixels cannot be judged".into(),
                )),
                _ => Ok(self.preprocessing.patches(picture, shape.patch)),
            })
            .collect::<Result<_>>()?;
        let dims = (pictures.len(), shape.grid() * shape.grid(), shape.patch_values());
        let patches = Tensor::from_vec(patches.concat(), dims, &self.device)?;
        let raw: Vec<Vec<f32>> = self.tower.forward(&patches)?.to_vec2()?;
        raw.into_iter().map(unit).collect()
    }
}

/// The vector, scaled to length 1.
fn unit(mut vector: Vec<f32>) -> Result<Vec<f32>> {
    let square: f64 = vector
        .iter()
        .map(|value| f64::from(*value) * f64::from(*value))
        .sum();
    if !square.is_finite() || square == 0.0 {
        let message =
            "the encoder gave a vector without a direction: its weights are broken; fetch them again";
        return Err(JudgeError::Input(message.into()));
    }
    let scale = (1.0 / square.sqrt()) as f32;
    for value in &mut vector {
        *value *= scale;
    }
    Ok(vector)
}
