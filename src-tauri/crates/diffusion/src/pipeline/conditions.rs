//! What the U-Net is told about a picture besides its latent: prompts, sizes and the guidance scale.

use std::collections::BTreeMap;

use candle_core::Tensor;

use super::{GenerateRequest, Item, Pipeline};
use crate::error::Result;
use crate::text::Encoded;
use crate::unet::{AESTHETIC_SCORES, Added, Conditioning, PictureSizes, guidance_embedding};

/// Which of the two questions of guidance a text belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    With,
    Without,
}

/// The prompts of a session as one model's text encoders read them; every text is encoded once.
pub(super) struct Prompts<'a> {
    pipeline: &'a Pipeline,
    guidance: f64,
    clip_skip: usize,
    /// Width and height of the picture in pixels.
    size: (usize, usize),
    known: BTreeMap<(Side, String, usize), Encoded>,
}

impl<'a> Prompts<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, request: &GenerateRequest, size: (usize, usize)) -> Self {
        Self {
            pipeline,
            guidance: request.guidance,
            clip_skip: request.clip_skip,
            size,
            known: BTreeMap::new(),
        }
    }

    /// How often the U-Net is asked per step and picture. One that is told the guidance scale is asked once.
    pub(super) fn sides(&self) -> usize {
        let told = self.pipeline.report().capabilities.guidance_embedding.is_some();
        if self.guidance > 1.0 && !told { 2 } else { 1 }
    }

    /// What the U-Net is told about `item`, a batch of one each time it is asked: with guidance first without the
    /// prompt and then with it. Both texts take as many tokens as the longer.
    pub(super) fn of(&mut self, item: &Item) -> Result<Vec<Conditioning>> {
        let prompts = &self.pipeline.parts.prompts;
        let mut chunks = prompts.chunks(&item.prompt)?;
        if self.sides() == 1 {
            return Ok(vec![self.told(Side::With, &item.prompt, chunks)?]);
        }
        chunks = chunks.max(prompts.chunks(&item.negative_prompt)?);
        let without = self.told(Side::Without, &item.negative_prompt, chunks)?;
        Ok(vec![without, self.told(Side::With, &item.prompt, chunks)?])
    }

    fn told(&mut self, side: Side, text: &str, chunks: usize) -> Result<Conditioning> {
        let encoded = self.encoded(side, text, chunks)?;
        let (capabilities, device) = (self.pipeline.report().capabilities, &self.pipeline.device);
        let added = match encoded.pooled.filter(|_| capabilities.pooled_text) {
            None => None,
            Some(text_embeds) => {
                let (width, height) = self.size;
                let [with, without] = AESTHETIC_SCORES;
                let score = if side == Side::With { with } else { without };
                let score = capabilities.aesthetic_score.then_some(score);
                let ids = PictureSizes::whole(width, height).time_ids(score);
                Some(Added {
                    text_embeds,
                    time_ids: Tensor::new(ids, device)?.unsqueeze(0)?,
                })
            }
        };
        let guidance_embedding = match capabilities.guidance_embedding {
            None => None,
            // As LCM's pipeline does it: 1 means no guidance, so it is told how much more there is.
            Some(width) => Some(guidance_embedding(&[self.guidance - 1.0], width, device)?),
        };
        Ok(Conditioning {
            context: encoded.context,
            added,
            guidance_embedding,
        })
    }

    fn encoded(&mut self, side: Side, text: &str, chunks: usize) -> Result<Encoded> {
        let key = (side, text.to_owned(), chunks);
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let prompts = &self.pipeline.parts.prompts;
        let encoded = match side {
            Side::With => prompts.encode(text, self.clip_skip, chunks)?,
            Side::Without => prompts.encode_negative(text, 0, chunks)?,
        };
        self.known.insert(key, encoded.clone());
        Ok(encoded)
    }
}

/// Many pictures' conditions in one, in this order.
pub(super) fn stacked(rows: &[&Conditioning]) -> Result<Conditioning> {
    let of = |part: fn(&Conditioning) -> Option<&Tensor>| -> Result<Option<Tensor>> {
        let parts: Vec<&Tensor> = rows.iter().filter_map(|row| part(row)).collect();
        Ok(match parts.as_slice() {
            [] => None,
            parts => Some(Tensor::cat(parts, 0)?),
        })
    };
    let contexts: Vec<&Tensor> = rows.iter().map(|row| &row.context).collect();
    let text_embeds = of(|row| row.added.as_ref().map(|added| &added.text_embeds))?;
    let time_ids = of(|row| row.added.as_ref().map(|added| &added.time_ids))?;
    Ok(Conditioning {
        context: Tensor::cat(&contexts, 0)?,
        added: text_embeds.zip(time_ids).map(|(text_embeds, time_ids)| Added {
            text_embeds,
            time_ids,
        }),
        guidance_embedding: of(|row| row.guidance_embedding.as_ref())?,
    })
}
