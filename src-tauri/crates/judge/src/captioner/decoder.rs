//! The words' side of a captioner: BERT's layers with a look at the picture in each of them, from left to right (Li et al. 2022,
//! section 3.1; names as in transformers' `BlipTextLMHeadModel`).
//!
//! What a layer sees of a picture depends on the picture alone, so that it is made once ([`Look`]) and every phrase shares it.

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::config::Shape;
use crate::Result;
use crate::encoder::block::{Linear, Norm, Take, attend};
use crate::encoder::causal_mask;
use crate::encoder::ops::{self, Activation};

/// The matrix that chooses words; files leave it out where it is the one that reads them.
pub(super) const OUTPUT: &str = "text_decoder.cls.predictions.decoder.weight";
const BODY: &str = "text_decoder.bert";
const HEAD: &str = "text_decoder.cls.predictions";

/// A picture, as every layer of one captioner sees it.
pub struct Look {
    /// Keys and values [1, N, width], layer by layer.
    layers: Vec<(Tensor, Tensor)>,
}

impl std::fmt::Debug for Look {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        out.debug_struct("Look")
            .field("layers", &self.layers.len())
            .finish_non_exhaustive()
    }
}

/// Attention that is added to the stream and normed behind it, as BERT does.
struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    norm: Norm,
    heads: usize,
}

impl Attention {
    /// `seen` is the width of what keys and values are made from.
    fn new(take: &mut Take, name: &str, shape: &Shape, seen: usize) -> Result<Self> {
        let block = shape.words.block;
        let width = block.hidden;
        Ok(Self {
            query: Linear::new(take, &format!("{name}.self.query"), width, width)?,
            key: Linear::new(take, &format!("{name}.self.key"), seen, width)?,
            value: Linear::new(take, &format!("{name}.self.value"), seen, width)?,
            out: Linear::new(take, &format!("{name}.output.dense"), width, width)?,
            norm: Norm::new(take, &format!("{name}.output.LayerNorm"), width, block.eps)?,
            heads: block.heads,
        })
    }

    fn keys_and_values(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
        Ok((self.key.forward(x)?, self.value.forward(x)?))
    }

    fn forward(&self, x: &Tensor, (key, value): &(Tensor, Tensor), mask: Option<&Tensor>) -> Result<Tensor> {
        let mixed = attend(&self.query.forward(x)?, key, value, self.heads, mask)?;
        self.norm.forward(&(self.out.forward(&mixed)? + x)?)
    }
}

struct Layer {
    to_words: Attention,
    to_picture: Attention,
    widen: Linear,
    narrow: Linear,
    norm: Norm,
    activation: Activation,
}

impl Layer {
    fn new(take: &mut Take, shape: &Shape, index: usize) -> Result<Self> {
        let block = shape.words.block;
        let at = |name: &str| format!("{BODY}.encoder.layer.{index}.{name}");
        Ok(Self {
            to_words: Attention::new(take, &at("attention"), shape, block.hidden)?,
            to_picture: Attention::new(take, &at("crossattention"), shape, shape.eyes.block.hidden)?,
            widen: Linear::new(take, &at("intermediate.dense"), block.hidden, block.intermediate)?,
            narrow: Linear::new(take, &at("output.dense"), block.intermediate, block.hidden)?,
            norm: Norm::new(take, &at("output.LayerNorm"), block.hidden, block.eps)?,
            activation: block.activation,
        })
    }

    /// [B, T, width] → the same. No token looks at those after it.
    fn forward(&self, x: &Tensor, seen: &(Tensor, Tensor), mask: &Tensor) -> Result<Tensor> {
        let (batch, length, width) = x.dims3()?;
        let x = self
            .to_words
            .forward(x, &self.to_words.keys_and_values(x)?, Some(mask))?;
        // All tokens of all phrases look at the same picture: to it they are one long row.
        let row = x.reshape((1, batch * length, width))?;
        let row = self.to_picture.forward(&row, seen, None)?;
        let y = ops::activate(&self.widen.forward(&row)?, self.activation)?;
        let row = self.norm.forward(&(self.narrow.forward(&y)? + row)?)?;
        Ok(row.reshape((batch, length, width))?)
    }
}

/// The network that writes.
pub(super) struct Decoder {
    words: Tensor,
    positions: Tensor,
    before: Norm,
    layers: Vec<Layer>,
    transform: Linear,
    after: Norm,
    output: Linear,
    activation: Activation,
    shape: Shape,
    device: Device,
}

impl Decoder {
    /// Takes every tensor that `shape` asks for; `tied` says that words are chosen by the matrix that reads them.
    pub(super) fn new(take: &mut Take, shape: &Shape, tied: bool) -> Result<Self> {
        let sizes = shape.words;
        let (width, vocabulary) = (sizes.block.hidden, sizes.vocabulary);
        let at = |name: &str| format!("{BODY}.embeddings.{name}");
        let words = take(&at("word_embeddings.weight"), &[vocabulary, width])?;
        let head = |name: &str| format!("{HEAD}.{name}");
        // A matrix of its own has a bias of its own, too.
        let (weight, bias) = if tied {
            (words.clone(), "bias")
        } else {
            (take(OUTPUT, &[vocabulary, width])?, "decoder.bias")
        };
        let output = Linear {
            weight,
            bias: Some(take(&head(bias), &[vocabulary])?),
        };
        Ok(Self {
            device: words.device().clone(),
            words,
            positions: take(&at("position_embeddings.weight"), &[sizes.longest, width])?,
            before: Norm::new(take, &at("LayerNorm"), width, sizes.block.eps)?,
            layers: (0..sizes.layers)
                .map(|index| Layer::new(take, shape, index))
                .collect::<Result<_>>()?,
            transform: Linear::new(take, &head("transform.dense"), width, width)?,
            after: Norm::new(take, &head("transform.LayerNorm"), width, sizes.block.eps)?,
            output,
            activation: sizes.block.activation,
            shape: *shape,
        })
    }

    /// What every layer sees of a picture, from what the eyes saw [1, N, hidden].
    pub(super) fn look(&self, seen: &Tensor) -> Result<Look> {
        let layers = self
            .layers
            .iter()
            .map(|layer| layer.to_picture.keys_and_values(seen));
        Ok(Look {
            layers: layers.collect::<Result<_>>()?,
        })
    }

    /// The stream behind the last layer [B, T, width], for rows of T tokens each.
    fn stream(&self, look: &Look, tokens: &[u32], rows: usize) -> Result<Tensor> {
        let length = tokens.len() / rows.max(1);
        let ids = Tensor::from_slice(tokens, tokens.len(), &self.device)?;
        let mut x = self.words.index_select(&ids, 0)?.reshape((rows, length, ()))?;
        x = x.broadcast_add(&self.positions.narrow(0, 0, length)?)?;
        x = self.before.forward(&x)?;
        let mask = causal_mask(length, &self.device)?;
        for (layer, seen) in self.layers.iter().zip(&look.layers) {
            x = layer.forward(&x, seen, &mask)?;
        }
        Ok(x)
    }

    /// What is to be the next token after each row of `x` [M, width]: logits [M, vocabulary].
    fn next(&self, x: &Tensor) -> Result<Vec<f32>> {
        let y = ops::activate(&self.transform.forward(x)?, self.activation)?;
        let logits = self.output.forward(&self.after.forward(&y)?)?;
        Ok(logits.flatten_all()?.to_vec1()?)
    }

    /// The logarithm of how likely each phrase is behind the beginning.
    pub(super) fn likelihoods(&self, look: &Look, phrases: &[&[u32]]) -> Result<Vec<f64>> {
        let length = phrases.iter().map(|phrase| phrase.len()).max().unwrap_or(0);
        if length == 0 {
            return Ok(vec![0.0; phrases.len()]);
        }
        let sizes = self.shape.words;
        // Behind the beginning each token is asked for; the last one asks for nothing and is left out. What fills a short row
        // up is seen by no token before it.
        let mut tokens = Vec::with_capacity(phrases.len() * length);
        for phrase in phrases {
            let whole = tokens.len() + length;
            tokens.push(sizes.begin);
            tokens.extend_from_slice(&phrase[..phrase.len().saturating_sub(1)]);
            tokens.resize(whole, sizes.end);
        }
        let stream = self.stream(look, &tokens, phrases.len())?;
        let (mut places, mut asked) = (Vec::new(), Vec::new());
        for (index, phrase) in phrases.iter().enumerate() {
            for (at, token) in phrase.iter().enumerate() {
                places.push((index * length + at) as u32);
                asked.push(*token as usize);
            }
        }
        let places = Tensor::from_vec(places, asked.len(), &self.device)?;
        let stream = stream.reshape((phrases.len() * length, sizes.block.hidden))?;
        let logits = self.next(&stream.index_select(&places, 0)?)?;
        let each: Vec<f64> = logits
            .par_chunks(sizes.vocabulary)
            .zip(&asked)
            .map(|(logits, asked)| log_chance(logits, *asked))
            .collect();
        let mut rest = each.as_slice();
        let sums = phrases.iter().map(|phrase| {
            let (these, others) = rest.split_at(phrase.len());
            rest = others;
            these.iter().sum()
        });
        Ok(sums.collect())
    }

    /// The tokens of a caption, its beginning and end left out: at every place the likeliest, the first of equals.
    pub(super) fn write(&self, look: &Look, longest: usize) -> Result<Vec<u32>> {
        let sizes = self.shape.words;
        let mut tokens = vec![sizes.begin];
        while tokens.len() <= longest && tokens.len() < sizes.longest {
            let stream = self.stream(look, &tokens, 1)?;
            let last = stream.narrow(1, tokens.len() - 1, 1)?.squeeze(1)?;
            let next = likeliest(&self.next(&last)?);
            if next == sizes.end {
                break;
            }
            tokens.push(next);
        }
        tokens.remove(0);
        Ok(tokens)
    }

    /// The logits behind every token of a text [T, vocabulary], for tests that hold them against transformers'.
    #[cfg(test)]
    pub(super) fn logits(&self, look: &Look, tokens: &[u32]) -> Result<Vec<f32>> {
        let stream = self.stream(look, tokens, 1)?;
        self.next(&stream.squeeze(0)?)
    }
}

/// The natural logarithm of one token's chance.
fn log_chance(logits: &[f32], of: usize) -> f64 {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|logit| f64::from(logit - top).exp()).sum();
    f64::from(logits[of] - top) - sum.ln()
}

fn likeliest(logits: &[f32]) -> u32 {
    let best = logits
        .iter()
        .zip(0_u32..)
        .fold((f32::NEG_INFINITY, 0), |best, (logit, token)| {
            if *logit > best.0 { (*logit, token) } else { best }
        });
    best.1
}
