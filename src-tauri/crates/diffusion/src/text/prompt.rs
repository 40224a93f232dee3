//! Prompts to the vectors that the U-Net attends to.

use std::ops::Range;

use candle_core::{DType, Device, Tensor};

use super::chunk::{self, Chunk, chunks};
use super::inversion::{Inversion, Placed};
use crate::error::{DiffusionError, Result};
use crate::text_encoder::TextEncoder;
use crate::tokenizer::Tokenizer;

/// A tokenizer and the text encoder that takes its numbers.
pub struct Stage {
    /// Prompt to numbers.
    pub tokenizer: Tokenizer,
    /// Numbers to vectors.
    pub encoder: TextEncoder,
}

/// What the U-Net gets to know of a prompt.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// What it attends to, [1, length · chunks, width]; of two text encoders the widths are added up.
    pub context: Tensor,
    /// The whole prompt in one vector [1, projection], for models that ask for it (SDXL).
    pub pooled: Option<Tensor>,
}

/// How much room a prompt takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptReport {
    /// Tokens of the prompt, vectors of textual inversions among them.
    pub tokens: usize,
    /// Tokens that fit into one chunk.
    pub chunk_tokens: usize,
    /// Chunks that the prompt takes.
    pub chunks: usize,
}

/// Which hidden states are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// The last one, after the final norm.
    Last,
    /// The last but one, without norm.
    Penultimate,
}

/// All that turns prompts into what the U-Net attends to.
///
/// The weight of a word acts on the encoder's output, as in A1111: each token's vector is multiplied by its weight,
/// then the whole chunk by one number that restores the mean it had, so that emphasis on one word does not brighten
/// the rest. (Changing token vectors before the encoder would leave what its attention was trained on.) A chunk
/// without weights is left as it is, bit for bit. The pooled vector is that of the first chunk and is not weighed.
pub struct PromptEncoder {
    stages: Vec<Stage>,
    depth: Depth,
    zeros_for_nothing: bool,
    inversions: Vec<Inversion>,
}

impl PromptEncoder {
    /// For one text encoder whose last hidden state, after the final norm, is attended to: Stable Diffusion 1 and 2.
    pub fn new(tokenizer: Tokenizer, encoder: TextEncoder) -> Self {
        Self {
            stages: vec![Stage { tokenizer, encoder }],
            depth: Depth::Last,
            zeros_for_nothing: false,
            inversions: Vec::new(),
        }
    }

    /// For SDXL (two stages) and its refiner (the second alone): the last but one hidden states, side by side, and the
    /// pooled vector of the last stage, which must have a projection. `zeros_for_nothing` is the pipeline's
    /// `force_zeros_for_empty_prompt`.
    pub fn xl(stages: Vec<Stage>, zeros_for_nothing: bool) -> Result<Self> {
        let projected = stages.last().map(|stage| stage.encoder.config().projection_dim);
        let fault = match projected {
            None => Some("is missing"),
            Some(None) => Some("has no text projection (`CLIPTextModelWithProjection`), which SDXL needs"),
            Some(Some(_)) => None,
        };
        if let Some(reason) = fault {
            return Err(DiffusionError::config("text_encoder_2", "architectures", reason));
        }
        let lengths: Vec<usize> = stages.iter().map(|stage| stage.tokenizer.length()).collect();
        if lengths.iter().any(|length| *length != lengths[0]) {
            let reason = format!("gives prompts of another length than the first tokenizer: {lengths:?}");
            return Err(DiffusionError::config("tokenizer_2", "model_max_length", reason));
        }
        Ok(Self {
            stages,
            depth: Depth::Penultimate,
            zeros_for_nothing,
            inversions: Vec::new(),
        })
    }

    /// The tokenizers and text encoders, in the order in which their vectors stand.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Puts other text encoders, as many and of the same shapes, in the place of those that it has: the same ones with
    /// LoRAs merged into them.
    pub(crate) fn replace_encoders(&mut self, encoders: Vec<TextEncoder>) {
        for (stage, encoder) in self.stages.iter_mut().zip(encoders) {
            stage.encoder = encoder;
        }
    }

    /// Tokens of one chunk, begin and end included.
    pub fn chunk_length(&self) -> usize {
        self.stages[0].tokenizer.length()
    }

    /// Width of the vectors that the U-Net attends to.
    pub fn width(&self) -> usize {
        self.stages
            .iter()
            .map(|stage| stage.encoder.config().hidden_size)
            .sum()
    }

    /// Width of the pooled vector, where there is one.
    pub fn pooled_width(&self) -> Option<usize> {
        match self.depth {
            Depth::Last => None,
            Depth::Penultimate => self.stages.last()?.encoder.config().projection_dim,
        }
    }

    /// Most layers that can be left out at the end.
    pub fn most_clip_skip(&self) -> usize {
        let layers = self.stages.iter().map(|stage| self.layers(stage));
        layers.min().unwrap_or(0).saturating_sub(1)
    }

    /// Replaces the textual inversions that prompts can name; each must fit every text encoder.
    pub fn set_inversions(&mut self, inversions: Vec<Inversion>) -> Result<()> {
        let room = self.chunk_length() - 2;
        for inversion in &inversions {
            for (index, stage) in self.stages.iter().enumerate() {
                inversion.vectors(stage.encoder.config().hidden_size, index, self.stages.len())?;
            }
            if inversion.tokens() > room {
                return Err(DiffusionError::Request {
                    what: format!("the embedding `{}`", inversion.name()),
                    reason: format!(
                        "has {} vectors, but a prompt has room for {room}; take it out",
                        inversion.tokens()
                    ),
                });
            }
        }
        self.inversions = inversions;
        Ok(())
    }

    /// How much room the prompt takes.
    pub fn report(&self, prompt: &str) -> Result<PromptReport> {
        let mut report = PromptReport {
            tokens: 0,
            chunk_tokens: self.chunk_length() - 2,
            chunks: 0,
        };
        for index in 0..self.stages.len() {
            let chunks = self.take_apart(prompt, index)?;
            report.tokens = report.tokens.max(chunks.used);
            report.chunks = report.chunks.max(chunks.rows.len());
        }
        Ok(report)
    }

    /// Chunks that the prompt takes.
    pub fn chunks(&self, prompt: &str) -> Result<usize> {
        Ok(self.report(prompt)?.chunks)
    }

    /// Encodes a prompt. `clip_skip` layers are left out at the end of every text encoder, counted from what the model
    /// uses without it, as diffusers counts. Chunks of nothing are added up to `chunks`, so that a prompt and its
    /// negative prompt can be made equally long; they are encoded one by one and know nothing of each other.
    pub fn encode(&self, prompt: &str, clip_skip: usize, chunks: usize) -> Result<Encoded> {
        let mut rows = Vec::with_capacity(self.stages.len());
        for index in 0..self.stages.len() {
            rows.push(self.take_apart(prompt, index)?.rows);
        }
        let count = rows.iter().map(Vec::len).max().unwrap_or(0).max(chunks);
        for (rows, stage) in rows.iter_mut().zip(&self.stages) {
            rows.resize(count, chunk::empty(&stage.tokenizer));
        }
        self.encode_rows(&rows, clip_skip)
    }

    /// Encodes a negative prompt: as any prompt, but where the model was made so, an empty one is all zeros.
    pub fn encode_negative(&self, prompt: &str, clip_skip: usize, chunks: usize) -> Result<Encoded> {
        let encoded = self.encode(prompt, clip_skip, chunks)?;
        if !(self.zeros_for_nothing && prompt.is_empty()) {
            return Ok(encoded);
        }
        Ok(Encoded {
            context: encoded.context.zeros_like()?,
            pooled: encoded.pooled.map(|pooled| pooled.zeros_like()).transpose()?,
        })
    }

    /// Encodes token numbers as they are, one row of at most a chunk's length per stage.
    pub fn encode_ids(&self, ids: &[Vec<u32>], clip_skip: usize) -> Result<Encoded> {
        if ids.len() != self.stages.len() {
            return Err(DiffusionError::Request {
                what: format!("{} rows of token numbers", ids.len()),
                reason: format!(
                    "do not fit {} text encoders; give one row for each",
                    self.stages.len()
                ),
            });
        }
        let rows: Vec<Vec<Chunk>> = ids
            .iter()
            .map(|ids| {
                vec![Chunk {
                    ids: ids.clone(),
                    weights: vec![1.0; ids.len()],
                    vectors: Vec::new(),
                }]
            })
            .collect();
        self.encode_rows(&rows, clip_skip)
    }

    fn take_apart(&self, prompt: &str, index: usize) -> Result<chunk::Chunks> {
        let stage = &self.stages[index];
        let mut known = Vec::with_capacity(self.inversions.len());
        for inversion in &self.inversions {
            let vectors = inversion.vectors(stage.encoder.config().hidden_size, index, self.stages.len())?;
            known.push(Placed {
                name: inversion.name().to_owned(),
                vectors: vectors.dim(0)?,
            });
        }
        chunks(prompt, &stage.tokenizer, &known)
    }

    /// Layers that a stage runs without any clip skip.
    fn layers(&self, stage: &Stage) -> usize {
        let all = stage.encoder.config().num_hidden_layers;
        match self.depth {
            Depth::Last => all,
            Depth::Penultimate => all.saturating_sub(1),
        }
    }

    /// `rows[stage][chunk]`.
    fn encode_rows(&self, rows: &[Vec<Chunk>], clip_skip: usize) -> Result<Encoded> {
        if clip_skip > self.most_clip_skip() {
            return Err(DiffusionError::Request {
                what: format!("clip skip {clip_skip}"),
                reason: format!("leaves no layer; choose 0 to {}", self.most_clip_skip()),
            });
        }
        let mut contexts = Vec::with_capacity(rows.len());
        let mut pooled = None;
        for (index, rows) in rows.iter().enumerate() {
            let last = index + 1 == self.stages.len();
            let mut parts = Vec::with_capacity(rows.len());
            for (number, row) in rows.iter().enumerate() {
                let pools = last && number == 0 && self.depth == Depth::Penultimate;
                let (hidden, whole) = self.encode_row(row, index, clip_skip, pools)?;
                parts.push(weighed(hidden, &row.weights)?);
                pooled = pooled.or(whole);
            }
            contexts.push(joined(parts, 1)?);
        }
        Ok(Encoded {
            context: joined(contexts, 2)?,
            pooled,
        })
    }

    /// The hidden state [1, L, hidden] of one row, and the pooled vector if it is asked for.
    fn encode_row(
        &self,
        row: &Chunk,
        index: usize,
        clip_skip: usize,
        pools: bool,
    ) -> Result<(Tensor, Option<Tensor>)> {
        let stage = &self.stages[index];
        let (encoder, all) = (&stage.encoder, stage.encoder.config().num_hidden_layers);
        let ids = Tensor::new(row.ids.as_slice(), encoder.device())?.unsqueeze(0)?;
        let mut vectors = encoder.embed(&ids)?;
        for &(at, inversion) in &row.vectors {
            let width = encoder.config().hidden_size;
            let own = self.inversions[inversion].vectors(width, index, self.stages.len())?;
            let own = own.to_device(vectors.device())?.to_dtype(vectors.dtype())?;
            let own = own.unsqueeze(0)?;
            vectors = replaced(&vectors, &own, at)?;
        }
        let kept = self.layers(stage) - clip_skip;
        let hidden = encoder.layers(encoder.begin(&vectors)?, 0..kept)?;
        let pooled = if pools {
            let rest: Range<usize> = kept..all;
            let whole = encoder.finish(&encoder.layers(hidden.clone(), rest)?)?;
            Some(encoder.pooled(&whole, &[row.ids.as_slice()])?)
        } else {
            None
        };
        let hidden = match self.depth {
            Depth::Last => encoder.finish(&hidden)?,
            Depth::Penultimate => hidden,
        };
        Ok((hidden, pooled))
    }
}

/// `vectors` [1, L, W] with `own` [1, n, W] in the place of those from `at` on.
fn replaced(vectors: &Tensor, own: &Tensor, at: usize) -> Result<Tensor> {
    let (length, count) = (vectors.dim(1)?, own.dim(1)?);
    let (before, after) = (
        vectors.narrow(1, 0, at)?,
        vectors.narrow(1, at + count, length - at - count)?,
    );
    Ok(Tensor::cat(&[&before, own, &after], 1)?)
}

/// Joins along an axis; one part alone stays what it is.
fn joined(mut parts: Vec<Tensor>, axis: usize) -> Result<Tensor> {
    if parts.len() == 1 {
        return Ok(parts.remove(0));
    }
    Ok(Tensor::cat(&parts, axis)?)
}

/// Multiplies every token's vector in [1, L, W] by its weight and restores the mean of all values.
fn weighed(hidden: Tensor, weights: &[f32]) -> Result<Tensor> {
    if weights.iter().all(|weight| weight.to_bits() == 1.0_f32.to_bits()) {
        return Ok(hidden);
    }
    let factors = Tensor::new(weights, hidden.device())?.to_dtype(hidden.dtype())?;
    let heavier = hidden.broadcast_mul(&factors.reshape((1, weights.len(), 1))?)?;
    let ratio = mean(&hidden)? / mean(&heavier)?;
    // A mean of nothing cannot be restored.
    Ok(if ratio.is_finite() {
        (heavier * ratio)?
    } else {
        heavier
    })
}

/// On the host and in one order, so that it does not depend on threads.
fn mean(tensor: &Tensor) -> Result<f64> {
    let values = tensor
        .to_dtype(DType::F32)?
        .to_device(&Device::Cpu)?
        .flatten_all()?
        .to_vec1::<f32>()?;
    Ok(values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64)
}
