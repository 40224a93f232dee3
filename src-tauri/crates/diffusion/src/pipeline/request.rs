//! What can be asked for.

use salon_domain::{SamplerKind, Upscale};

use super::{Grey, Pipeline, Rgb};

/// One picture of a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Item {
    /// What it shows.
    pub prompt: String,
    /// What it does not show; may be empty.
    pub negative_prompt: String,
    /// Decides all of its noise.
    pub seed: u64,
    /// The seed of the picture that this one varies, and how far it is turned from that picture's noise towards its
    /// own: 0 gives that picture again, 1 what its own seed alone gives.
    pub variation: Option<(u64, f64)>,
}

/// The picture that a generation starts from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Scaled to the request's size (Lanczos) where it has another.
    pub picture: Rgb,
    /// 0 keeps the picture, 1 forgets it: this share of the steps is made, the last ones.
    pub strength: f64,
    /// What is painted anew (white) and what is kept (black); the whole picture when absent. Scaled to the request's
    /// size by the nearest pixel where it has another. Kept pixels come back exactly as they are in `picture`, grey
    /// ones mixed.
    pub mask: Option<Grey>,
}

/// A batch of pictures.
#[derive(Debug, Clone)]
pub struct GenerateRequest<'a> {
    /// The pictures.
    pub items: Vec<Item>,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Denoising steps.
    pub steps: usize,
    /// Classifier-free guidance scale (Ho and Salimans 2022, arXiv:2207.12598). At 1 or less guidance is off: the U-Net
    /// is asked once per step instead of twice, and negative prompts have no effect. Models that take the scale as an
    /// input (LCM) are always asked once.
    pub guidance: f64,
    /// How it is denoised.
    pub sampler: SamplerKind,
    /// Layers left out at the end of the text encoders, for prompts; negative prompts are always read by the whole
    /// encoder, as in diffusers.
    pub clip_skip: usize,
    /// What it starts from; noise alone when absent.
    pub source: Option<Source>,
    /// A second pass: the finished picture is enlarged, noised again and refined at that size.
    pub upscale: Option<Upscale>,
    /// A second model of the same latent space, and the share of the noise schedule after which it takes over.
    pub refiner: Option<(&'a Pipeline, f64)>,
    /// Whether the autoencoder decodes in overlapping tiles: less memory, very slightly another picture.
    pub tiled_decode: bool,
}

impl Default for GenerateRequest<'_> {
    /// 512 × 512 pixels, 20 DDIM steps, guidance 7.5, and nothing else.
    fn default() -> Self {
        Self {
            items: Vec::new(),
            width: 512,
            height: 512,
            steps: 20,
            guidance: 7.5,
            sampler: SamplerKind::Ddim,
            clip_skip: 0,
            source: None,
            upscale: None,
            refiner: None,
            tiled_decode: false,
        }
    }
}

/// After a denoising step.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Steps made, both passes counted.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// How each picture looks now, one pixel per latent pixel; one that failed as it last looked.
    pub previews: Vec<Rgb>,
}
