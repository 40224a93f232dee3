//! What a U-Net is told besides the latent and the time step.

use candle_core::Tensor;

/// What the prediction of each picture of a batch of B depends on.
#[derive(Debug, Clone)]
pub struct Conditioning {
    /// The prompts as the text encoder gives them, [B, L, cross attention].
    pub context: Tensor,
    /// What models of the SDXL family want to know besides.
    pub added: Option<Added>,
    /// The guidance scale that models distilled from guided ones (LCM) are told, as [`super::guidance_embedding`]
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
    /// Sizes in pixels, as [`PictureSizes::time_ids`] lists them: [B, 6], or [B, 5] of the refiner.
    pub time_ids: Tensor,
}

/// The sizes in pixels that models of the SDXL family are told about a picture. Heights come before widths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureSizes {
    /// Size of the picture before it was scaled and cropped for training.
    pub original: [usize; 2],
    /// Where it was cropped: rows above and columns to the left.
    pub corner: [usize; 2],
    /// Size after that.
    pub target: [usize; 2],
}

impl PictureSizes {
    /// Of a picture that was never scaled and never cropped, as one wants them.
    pub fn whole(width: usize, height: usize) -> Self {
        Self {
            original: [height, width],
            corner: [0, 0],
            target: [height, width],
        }
    }

    /// One row of [`Added::time_ids`]: the three sizes, or for a refiner the first two and how beautiful the picture is
    /// to be, on the scale of 1 to 10 of the aesthetic predictor that its training pictures were judged by.
    pub fn time_ids(&self, aesthetic_score: Option<f64>) -> Vec<f32> {
        let sizes = self.original.into_iter().chain(self.corner);
        let mut ids: Vec<f32> = sizes.map(|side| side as f32).collect();
        match aesthetic_score {
            Some(score) => ids.push(score as f32),
            None => ids.extend(self.target.map(|side| side as f32)),
        }
        ids
    }
}

/// The aesthetic scores that diffusers tells the refiner for a prompt and for its negative prompt.
pub const AESTHETIC_SCORES: [f64; 2] = [6.0, 2.5];
