//! What the U-Net is told about a picture besides its latent: prompts, sizes and the guidance scale.

use std::collections::BTreeMap;

use candle_core::Tensor;

use super::{GenerateRequest, Item, Pipeline};
use crate::error::Result;
use crate::text::Encoded;
use crate::unet::Conditioning;

/// The prompts of a session as one model's text encoders read them; every text is encoded once.
pub(super) struct Prompts<'a> {
    pipeline: &'a Pipeline,
    guidance: f64,
    clip_skip: usize,
    /// By negative or not, text, chunks.
    known: BTreeMap<(bool, String, usize), Encoded>,
}

impl<'a> Prompts<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, request: &GenerateRequest, _size: (usize, usize)) -> Self {
        Self {
            pipeline,
            guidance: request.guidance,
            clip_skip: request.clip_skip,
            known: BTreeMap::new(),
        }
    }

    /// How often the U-Net is asked per step and picture.
    pub(super) fn sides(&self) -> usize {
        if self.guidance > 1.0 { 2 } else { 1 }
    }

    /// What the U-Net is told about `item`, a batch of one each time it is asked: with guidance first without the
    /// prompt and then with it.
    pub(super) fn of(&mut self, item: &Item) -> Result<Vec<Conditioning>> {
        let prompts = &self.pipeline.parts.prompts;
        let mut chunks = prompts.chunks(&item.prompt)?;
        let mut told = Vec::new();
        if self.sides() == 2 {
            // Both sides of guidance are equally long, whichever text is.
            chunks = chunks.max(prompts.chunks(&item.negative_prompt)?);
            told.push(Conditioning::text(
                self.encoded(true, &item.negative_prompt, chunks)?.context,
            ));
        }
        told.push(Conditioning::text(
            self.encoded(false, &item.prompt, chunks)?.context,
        ));
        Ok(told)
    }

    fn encoded(&mut self, negative: bool, text: &str, chunks: usize) -> Result<Encoded> {
        let key = (negative, text.to_owned(), chunks);
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let prompts = &self.pipeline.parts.prompts;
        let encoded = if negative {
            prompts.encode_negative(text, 0, chunks)?
        } else {
            prompts.encode(text, self.clip_skip, chunks)?
        };
        self.known.insert(key, encoded.clone());
        Ok(encoded)
    }
}

/// Many pictures' conditions in one, in this order.
pub(super) fn stacked(rows: &[&Conditioning]) -> Result<Conditioning> {
    let contexts: Vec<&Tensor> = rows.iter().map(|row| &row.context).collect();
    Ok(Conditioning::text(Tensor::cat(&contexts, 0)?))
}
