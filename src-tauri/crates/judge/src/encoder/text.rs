//! The words' side of CLIP and SigLIP: a text becomes a vector in the space of the pictures, so that a picture can be
//! compared with what is said of it (Radford et al. 2021, arXiv:2103.00020; Zhai et al. 2023, arXiv:2303.15343).
//!
//! It lies in the same folder as the pictures' side, under `text_model`, with its `tokenizer.json`.

#[cfg(test)]
mod tests;

use std::path::Path;

use candle_core::{Device, Tensor};
use tokenizers::{Tokenizer, TruncationParams};

use super::block::{Block, BlockNames, Linear, Norm, Take};
use super::config::{self, TextShape};
use super::tower::Family;
use super::{ops, unit};
use crate::weights::WeightFolder;
use crate::{JudgeError, Result};

/// Texts that go through the network at once.
const BATCH: usize = 32;
/// Largest `tokenizer.json`, in bytes; that of a vocabulary of 256,000 takes half of it.
const LARGEST_TOKENIZER: u64 = 64 << 20;
/// Added where attention must not look.
const HIDDEN: f32 = -1e9;

/// Kinds of networks (`model_type` of `config.json`) that read words as well as pictures.
pub const WITH_WORDS: [&str; 2] = ["clip", "siglip"];

/// The words' side of an encoder, ready to use. It can be shared between threads.
pub struct TextEncoder {
    shape: TextShape,
    tokens: Tensor,
    positions: Tensor,
    blocks: Vec<Block>,
    after: Norm,
    projection: Linear,
    scale: f64,
    tokenizer: Tokenizer,
    padding: u32,
    device: Device,
}

impl std::fmt::Debug for TextEncoder {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        out.debug_struct("TextEncoder")
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

impl TextEncoder {
    /// Reads the words' side from an encoder's folder: `config.json`, `tokenizer.json`, and `model.safetensors` or its
    /// shards.
    ///
    /// # Errors
    /// [`JudgeError::File`] for a folder that holds pictures' side alone, and for whatever is missing or does not fit.
    pub fn open(folder: &Path, device: &Device) -> Result<Self> {
        let shape = config::read_text_shape(&folder.join("config.json"))?;
        let (tokenizer, padding) = tokenizer(&folder.join("tokenizer.json"), &shape)?;
        let weights = WeightFolder::open(folder)?;
        let mut take = |name: &str, dims: &[usize]| weights.tensor(name, dims, device);
        let take: &mut Take = &mut take;
        let (width, outputs) = (shape.block.hidden, shape.projection);
        let embeddings = "text_model.embeddings";
        let names = BlockNames::clip("text_model.encoder.layers");
        // CLIP projects without a bias, and its scale is a number where SigLIP's is a row of one.
        let (projection, scale) = match shape.family {
            Family::Siglip => (
                Linear::new(take, "text_model.head", width, outputs)?,
                take("logit_scale", &[1])?,
            ),
            _ => (
                Linear {
                    weight: take("text_projection.weight", &[outputs, width])?,
                    bias: None,
                },
                take("logit_scale", &[])?.reshape(1)?,
            ),
        };
        Ok(Self {
            tokens: take(
                &format!("{embeddings}.token_embedding.weight"),
                &[shape.vocabulary, width],
            )?,
            positions: take(
                &format!("{embeddings}.position_embedding.weight"),
                &[shape.longest, width],
            )?,
            blocks: (0..shape.layers)
                .map(|index| Block::new(take, &names, shape.block, index))
                .collect::<Result<_>>()?,
            after: Norm::new(take, "text_model.final_layer_norm", width, shape.block.eps)?,
            projection,
            scale: f64::from(scale.to_vec1::<f32>()?[0]).exp(),
            tokenizer,
            padding,
            device: device.clone(),
            shape,
        })
    }

    /// Numbers in an embedding: as many as the pictures' side gives.
    pub fn width(&self) -> usize {
        self.shape.projection
    }

    /// What cosines of pictures and texts are multiplied by before they compete, as the network learnt it.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// An embedding of length 1 for every text. How many are given at once changes nothing; what a text has beyond the
    /// network's longest is left out.
    pub fn encode(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let mut embeddings = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            let tokens = batch.iter().map(|text| self.numbers(text));
            embeddings.extend(self.embed(&tokens.collect::<Result<Vec<_>>>()?)?);
        }
        Ok(embeddings)
    }

    /// The tokens of a text, begin and end as the tokenizer puts them.
    fn numbers(&self, text: &str) -> Result<Vec<u32>> {
        let lower = text.to_lowercase();
        // SigLIP was shown lower case alone; CLIP's tokenizer sees to it itself.
        let text = if self.shape.family == Family::Siglip {
            &lower
        } else {
            text
        };
        let wrong = |why: String| JudgeError::Input(format!("\"{text}\" cannot be put into tokens: {why}"));
        let found = self.tokenizer.encode_fast(text, true);
        let mut ids = found
            .map_err(|fault| wrong(fault.to_string()))?
            .get_ids()
            .to_vec();
        if let Some(id) = ids.iter().find(|id| **id as usize >= self.shape.vocabulary) {
            let why = format!("token {id} is beyond the network's {}", self.shape.vocabulary);
            return Err(wrong(why));
        }
        match self.shape.family {
            Family::Siglip => ids.resize(self.shape.longest, self.padding),
            _ if self.end_of(&ids).is_none() => {
                return Err(wrong("tokenizer.json puts no end behind it".into()));
            }
            _ => {}
        }
        Ok(ids)
    }

    /// Where a text of CLIP ends: at the first end token. Old configurations say 2, which no text has; they mean the largest.
    fn end_of(&self, ids: &[u32]) -> Option<usize> {
        let end = match self.shape.end {
            2 => ids.iter().copied().max()?,
            end => end,
        };
        ids.iter().position(|id| *id == end)
    }

    fn embed(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let length = texts.iter().map(Vec::len).max().unwrap_or(0);
        let width = self.shape.block.hidden;
        // What comes after a text's end is seen by no token before it, so that any number can stand there.
        let filled = texts
            .iter()
            .flat_map(|ids| (0..length).map(|at| ids.get(at).or(ids.last()).copied().unwrap_or(0)));
        let filled = Tensor::from_iter(filled, &self.device)?;
        let mut x = self
            .tokens
            .index_select(&filled, 0)?
            .reshape((texts.len(), length, width))?;
        x = x.broadcast_add(&self.positions.narrow(0, 0, length)?)?;
        let causal = self.shape.family == Family::Clip;
        let mask = causal.then(|| causal_mask(length, &self.device)).transpose()?;
        for block in &self.blocks {
            x = block.forward(&x, mask.as_ref())?;
        }
        let x = self.after.forward(&x)?;
        let ends: Vec<Tensor> = texts
            .iter()
            .enumerate()
            .map(|(row, ids)| {
                let end = match self.shape.family {
                    Family::Siglip => length - 1,
                    _ => self.end_of(ids).unwrap_or(0),
                };
                Ok(x.narrow(0, row, 1)?.narrow(1, end, 1)?.squeeze(1)?)
            })
            .collect::<Result<_>>()?;
        let pooled = Tensor::cat(&ends, 0)?.contiguous()?;
        let bias = self.projection.bias.as_ref();
        let raw = ops::linear(&pooled, &self.projection.weight, bias)?;
        raw.to_vec2()?.into_iter().map(unit).collect()
    }
}

/// [N, N]: no token sees those after it.
pub(crate) fn causal_mask(length: usize, device: &Device) -> Result<Tensor> {
    let values = (0..length)
        .flat_map(|row| (0..length).map(move |column| if column > row { HIDDEN } else { 0.0 }))
        .collect::<Vec<f32>>();
    Ok(Tensor::from_vec(values, (length, length), device)?)
}

/// Puts words into the numbers that a network reads: `tokenizer.json`.
pub(crate) fn read_tokenizer(path: &Path) -> Result<Tokenizer> {
    let bad = |why: String| JudgeError::File {
        path: path.to_path_buf(),
        why,
    };
    match std::fs::metadata(path) {
        Ok(found) if found.len() > LARGEST_TOKENIZER => {
            return Err(bad(format!("is larger than {} MiB", LARGEST_TOKENIZER >> 20)));
        }
        Ok(_) => {}
        Err(_) => {
            let why = "is missing: it puts words into the numbers that the network reads; copy it from where the weights came from";
            return Err(bad(why.into()));
        }
    }
    Tokenizer::from_file(path).map_err(|fault| bad(broken(&fault)))
}

fn broken(fault: &tokenizers::Error) -> String {
    format!("cannot be read ({fault}); copy it again from where the weights came from")
}

/// The tokenizer, and what texts are filled up with.
fn tokenizer(path: &Path, shape: &TextShape) -> Result<(Tokenizer, u32)> {
    let mut tokenizer = read_tokenizer(path)?;
    let padding = tokenizer
        .get_padding()
        .map_or(shape.padding, |padding| padding.pad_id);
    let longest = TruncationParams {
        max_length: shape.longest,
        ..TruncationParams::default()
    };
    tokenizer
        .with_truncation(Some(longest))
        .map_err(|fault| JudgeError::File {
            path: path.to_path_buf(),
            why: broken(&fault),
        })?;
    tokenizer.with_padding(None);
    Ok((tokenizer, padding))
}
