//! What the U-Net is told about a picture besides its latent: prompts, sizes and the guidance scale.

use std::collections::BTreeMap;

use candle_core::Tensor;

use super::{GenerateRequest, Item, Pipeline};
use crate::error::Result;
use crate::unet::Conditioning;

/// The prompts of a session as one model's text encoders read them; every text is encoded once.
pub(super) struct Prompts<'a> {
    pipeline: &'a Pipeline,
    guidance: f64,
    known: BTreeMap<String, Tensor>,
}

impl<'a> Prompts<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, request: &GenerateRequest, _size: (usize, usize)) -> Self {
        Self {
            pipeline,
            guidance: request.guidance,
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
        let mut told = Vec::new();
        if self.sides() == 2 {
            told.push(Conditioning::text(self.encoded(&item.negative_prompt)?));
        }
        told.push(Conditioning::text(self.encoded(&item.prompt)?));
        Ok(told)
    }

    fn encoded(&mut self, text: &str) -> Result<Tensor> {
        if let Some(known) = self.known.get(text) {
            return Ok(known.clone());
        }
        let parts = &self.pipeline.parts;
        let tokens = parts.tokenizer.encode(text)?;
        let tokens = Tensor::new(tokens.ids, &self.pipeline.device)?.unsqueeze(0)?;
        let encoded = parts.text_encoder.forward(&tokens)?;
        self.known.insert(text.to_owned(), encoded.clone());
        Ok(encoded)
    }
}

/// Many pictures' conditions in one, in this order.
pub(super) fn stacked(rows: &[&Conditioning]) -> Result<Conditioning> {
    let contexts: Vec<&Tensor> = rows.iter().map(|row| &row.context).collect();
    Ok(Conditioning::text(Tensor::cat(&contexts, 0)?))
}
