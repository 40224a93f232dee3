//! From finished latents to pictures.

use candle_core::Tensor;
use salon_domain::CancelToken;

use super::{Pipeline, Rgb, budget, pictures_of, stop_if};
use crate::error::{DiffusionError, Result};

/// Pixels decoded together; more would only take memory.
const DECODED_TOGETHER: usize = 512 * 512;

/// A latent and whose it is.
pub(super) struct Finished<'a> {
    pub(super) latent: &'a Tensor,
    pub(super) seed: u64,
    /// One more than its steps, for the error of a decoder that leaves the numbers.
    pub(super) step: usize,
}

/// Decodes every latent, [1, C, h, w] each, all of one size. A picture that is not one is its own error.
pub(super) fn decode(
    pipeline: &Pipeline,
    latents: &[Finished],
    tiled: bool,
    cancel: &CancelToken,
) -> Result<Vec<Result<Rgb>>> {
    let mut pictures = Vec::with_capacity(latents.len());
    let Some(first) = latents.first() else {
        return Ok(pictures);
    };
    let (_, _, height, width) = first.latent.dims4()?;
    let config = pipeline.parts.vae.config();
    let (width, height) = (width * config.factor(), height * config.factor());
    let needed = if tiled {
        0
    } else {
        budget::decoder_bytes(config, width, height)
    };
    let free = budget::available(&pipeline.device);
    let fitting = budget::fitting(latents.len(), needed, free);
    if fitting == 0 {
        let failures = latents
            .iter()
            .map(|_| Err(budget::too_large(width, height, tiled)));
        return Ok(failures.collect());
    }
    let mut together = (DECODED_TOGETHER / (width * height)).clamp(1, fitting);
    while pictures.len() < latents.len() {
        stop_if(cancel)?;
        let rest = &latents[pictures.len()..];
        let part = &rest[..together.min(rest.len())];
        match decoded(pipeline, part, tiled) {
            Ok(made) => pictures.extend(made.into_iter().zip(part).map(|(made, of)| valid(made, of))),
            Err(fault) if budget::is_out_of_memory(&fault) && part.len() > 1 => together = part.len() / 2,
            Err(fault) if budget::is_out_of_memory(&fault) => {
                pictures.push(Err(budget::too_large(width, height, tiled)));
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(pictures)
}

fn decoded(pipeline: &Pipeline, latents: &[Finished], tiled: bool) -> Result<Vec<Option<Rgb>>> {
    let rows: Vec<&Tensor> = latents.iter().map(|finished| finished.latent).collect();
    let vae = &pipeline.parts.vae;
    let raw = vae.from_unet_scale(&Tensor::cat(&rows, 0)?)?;
    pictures_of(&if tiled {
        vae.decode_tiled(&raw)?
    } else {
        vae.decode(&raw)?
    })
}

/// The picture, if it is one: values that are no numbers, or black alone, are what broken weights give.
fn valid(picture: Option<Rgb>, of: &Finished) -> Result<Rgb> {
    let (seed, step) = (of.seed, of.step);
    match picture {
        None => Err(DiffusionError::NotANumber { seed, step }),
        Some(picture) if picture.bytes.iter().all(|byte| *byte == 0) => Err(DiffusionError::Black { seed }),
        Some(picture) => Ok(picture),
    }
}
