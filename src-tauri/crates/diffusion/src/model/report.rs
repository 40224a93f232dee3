//! What a model is and what it can do, to be told to people.

use super::class::Class;
use crate::schedule::{Prediction, Schedule};
use crate::text::PromptEncoder;
use crate::weights::Family;
use crate::{AutoencoderKl, UNet};

/// Sides of pictures are multiples of at least this, as in diffusers.
const LEAST_MULTIPLE: usize = 8;

/// Numbers that the refiner of SDXL is told: two sizes and a score, where SDXL is told three sizes.
const REFINER_IDS: usize = 5;

/// What a model is.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelReport {
    /// For people: "Stable Diffusion 1".
    pub family: String,
    /// Values in all networks.
    pub parameters: u64,
    /// Side in pixels of the pictures that it was trained on.
    pub native_side: usize,
    /// Both sides of a picture must be multiples of this.
    pub side_multiple: usize,
    /// What the U-Net predicts.
    pub prediction: Prediction,
    /// Tokens of a prompt, begin and end included.
    pub prompt_tokens: usize,
    /// What it can do.
    pub capabilities: Capabilities,
    /// What of it is left aside, and why; nothing here changes pictures.
    pub notes: Vec<String>,
    /// Tensors in the weight files that nothing asks for, as `part: name`.
    pub unused: Vec<String>,
}

/// What a model can do, and what it must be told to do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // Independent facts, each asked for by name.
pub struct Capabilities {
    /// Channels that the U-Net takes: those of a latent, or more.
    pub input_channels: usize,
    /// Whether it takes a mask and the kept part of a picture beside the latent (nine channels).
    pub inpaint: bool,
    /// Whether it is made to finish what another model began (the refiner of SDXL).
    pub refiner: bool,
    /// Whether it is distilled to few steps of the LCM sampler.
    pub latent_consistency: bool,
    /// Width of the guidance embedding that it wants to be told ([`crate::unet::guidance_embedding`]); such models are
    /// asked once per step, and guidance does not take the difference of two answers.
    pub guidance_embedding: Option<usize>,
    /// Whether it takes the prompt as one vector, too (the SDXL family).
    pub pooled_text: bool,
    /// Whether it takes sizes of the picture ([`crate::unet::PictureSizes`]).
    pub time_ids: bool,
    /// Whether the last of these is an aesthetic score.
    pub aesthetic_score: bool,
    /// Whether layers at the end of the text encoders can be left out.
    pub clip_skip: bool,
}

impl Capabilities {
    pub(super) fn of(
        class: &Class,
        prompts: &PromptEncoder,
        unet: &UNet,
        vae: &AutoencoderKl,
        schedule_class: &str,
    ) -> Self {
        let (config, latent) = (unet.config(), vae.config().latent_channels);
        let ids = time_ids(prompts, unet);
        Self {
            input_channels: config.in_channels,
            inpaint: config.in_channels == 2 * latent + 1,
            refiner: ids == Some(REFINER_IDS),
            latent_consistency: class.is_latent_consistency()
                || schedule_class == "LCMScheduler"
                || config.time_cond_proj_dim.is_some(),
            guidance_embedding: config.time_cond_proj_dim,
            pooled_text: config.added.is_some(),
            time_ids: ids.is_some(),
            aesthetic_score: ids == Some(REFINER_IDS),
            clip_skip: prompts.most_clip_skip() > 0,
        }
    }
}

/// How many numbers the U-Net takes beside the pooled prompt; `None` if it takes neither.
pub(super) fn time_ids(prompts: &PromptEncoder, unet: &UNet) -> Option<usize> {
    let added = unet.config().added?;
    let pooled = prompts.pooled_width()?;
    Some(added.inputs.checked_sub(pooled)? / added.waves)
}

impl ModelReport {
    pub(super) fn new(
        prompts: &PromptEncoder,
        unet: &UNet,
        vae: &AutoencoderKl,
        schedule: &Schedule,
        capabilities: Capabilities,
    ) -> Self {
        let factor = vae.config().factor();
        Self {
            family: family(unet.config().cross_attention_dim, &capabilities),
            parameters: 0,
            native_side: unet.config().sample_size * factor,
            side_multiple: factor.max(LEAST_MULTIPLE),
            prediction: schedule.prediction,
            prompt_tokens: prompts.chunk_length(),
            capabilities,
            notes: Vec::new(),
            unused: Vec::new(),
        }
    }
}

fn family(width: usize, capabilities: &Capabilities) -> String {
    let by_width = Family::of_width(width);
    // A width alone does not make an SDXL: it must also take what SDXL takes.
    let base = match by_width {
        Family::StableDiffusionXl | Family::StableDiffusionXlRefiner if !capabilities.pooled_text => {
            Family::Custom
        }
        other => other,
    };
    if capabilities.inpaint {
        format!("{base}, inpainting")
    } else {
        base.to_string()
    }
}
