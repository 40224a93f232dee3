//! What a U-Net is told besides the latent and the time step.

use candle_core::Tensor;

/// What the prediction of each picture of a batch of B depends on.
#[derive(Debug, Clone)]
pub struct Conditioning {
    /// The prompts as the text encoder gives them, [B, L, cross attention].
    pub context: Tensor,
    /// What models of the SDXL family want to know besides.
    pub added: Option<Added>,
    /// The guidance scale that models distilled from guided ones (LCM) are told, as `guidance_embedding`
    /// writes it: [B, `time_cond_proj_dim`].
    pub guidance_embedding: Option<Tensor>,
}

impl Conditioning {
    /// The prompts alone.
    pub fn text(context: Tensor) -> Self {
        Self {
            context,
            added: None,
            guidance_embedding: None,
        }
    }
}

/// The conditions of the SDXL family (Podell et al. 2023, arXiv:2307.01952, section 2.2).
#[derive(Debug, Clone)]
pub struct Added {
    /// The prompt as one vector, [B, P]: the pooled and projected output of the last text encoder.
    pub text_embeds: Tensor,
    /// Sizes in pixels, as `time_ids` lists them: [B, 6], or [B, 5] of the refiner.
    pub time_ids: Tensor,
}
