//! What a picture is painted on: the picture that it starts from, and which part of it may change.

use candle_core::{DType, Tensor};

use super::{Grey, Pipeline, Rgb};
use crate::error::Result;
use crate::vae::LatentDistribution;

/// What pictures are painted on; one is shared by all pictures that start alike.
pub(super) struct Canvas {
    /// The picture that it starts from; noise alone when absent.
    pub(super) start: Option<Start>,
    /// What a U-Net of nine channels is told besides the latent.
    pub(super) inpaint: Option<Inpaint>,
}

/// The picture that a generation starts from.
pub(super) struct Start {
    pub(super) picture: Rgb,
    /// Not yet on the U-Net's scale.
    pub(super) encoded: LatentDistribution,
    pub(super) mask: Option<Mask>,
}

/// The part that is painted anew.
pub(super) struct Mask {
    pub(super) pixels: Grey,
    /// 1 where it is painted, [1, 1, h, w].
    pub(super) latent: Tensor,
}

/// Mask and kept part, for U-Nets that were trained to see them (Rombach et al. 2022, section 4.5).
pub(super) struct Inpaint {
    /// 1 where it is painted, [1, 1, h, w].
    pub(super) mask: Tensor,
    /// The picture with grey where it is painted; not yet on the U-Net's scale.
    pub(super) kept: LatentDistribution,
}

impl Canvas {
    /// Nothing: the picture begins with noise alone.
    pub(super) fn empty() -> Self {
        Self {
            start: None,
            inpaint: None,
        }
    }

    /// The canvas for pictures of this size. `told` says whether a U-Net wants to be told the mask; without a mask
    /// everything is painted anew.
    pub(super) fn new(
        pipeline: &Pipeline,
        (width, height): (usize, usize),
        source: Option<(&Rgb, Option<&Grey>)>,
        told: bool,
    ) -> Result<Self> {
        let (vae, device) = (&pipeline.parts.vae, &pipeline.device);
        let factor = vae.config().factor();
        let latent_size = (width / factor, height / factor);
        let mut kept = None;
        let start = match source {
            None => None,
            Some((picture, mask)) => {
                let picture = picture.scaled(width, height)?;
                let tensor = picture.tensor(device)?;
                let mask = match mask {
                    None => None,
                    Some(mask) => {
                        let pixels = mask.scaled(width, height)?;
                        kept = Some(tensor.broadcast_mul(&(1.0 - pixels.painted(device)?)?)?);
                        let latent = pixels.scaled(latent_size.0, latent_size.1)?.painted(device)?;
                        Some(Mask { pixels, latent })
                    }
                };
                let encoded = vae.encode(&tensor)?;
                Some(Start {
                    picture,
                    encoded,
                    mask,
                })
            }
        };
        let mut canvas = Self { start, inpaint: None };
        if told {
            let grey = || Tensor::zeros((1, 3, height, width), DType::F32, device);
            let everything = || Tensor::ones((1, 1, latent_size.1, latent_size.0), DType::F32, device);
            canvas.inpaint = Some(Inpaint {
                mask: canvas
                    .mask()
                    .map_or_else(everything, |mask| Ok(mask.latent.clone()))?,
                kept: vae.encode(&kept.map_or_else(grey, Ok)?)?,
            });
        }
        Ok(canvas)
    }

    /// The mask, where only a part is painted.
    pub(super) fn mask(&self) -> Option<&Mask> {
        self.start.as_ref().and_then(|start| start.mask.as_ref())
    }

    /// The finished picture with the kept pixels as they were.
    pub(super) fn composite(&self, picture: Rgb) -> Rgb {
        match &self.start {
            Some(Start {
                picture: kept,
                mask: Some(mask),
                ..
            }) => picture.over(kept, &mask.pixels),
            _ => picture,
        }
    }
}
