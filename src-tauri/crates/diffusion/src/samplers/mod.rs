//! Samplers: how a latent gets from noise to picture in a few steps. A small config builds a small trait object, as in
//! candle's schedulers; coefficients are computed in f64 on the host, tensors see plain multiplications and sums.
//!
//! Every trajectory is that of diffusers' scheduler of the same name, except where that one's arithmetic fails: where
//! its rounding gives one step too many (61 trailing steps, for example), here are as many steps as were asked for.

mod ddim;
mod dpm;
mod euler;
mod lcm;
mod levels;
mod spacing;
mod unipc;

use candle_core::{Result as TensorResult, Tensor};
use salon_domain::SamplerKind;

use crate::error::{DiffusionError, Result};
use crate::schedule::{Prediction, Schedule};

pub use ddim::Ddim;
pub use dpm::DpmPlusPlus2M;
pub use euler::Euler;
pub use lcm::Lcm;
pub use unipc::UniPc;

/// What one step gives.
#[derive(Debug)]
pub struct Step {
    /// The latent after the step, [B, C, h, w].
    pub sample: Tensor,
    /// The clean latent as the model sees it now, [B, C, h, w]; for previews.
    pub denoised: Tensor,
}

/// What a multistep method remembers of one picture between its steps; empty before the first.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Clean latents of earlier steps, newest first; as many as the method needs.
    denoised: Vec<Tensor>,
    /// The latent that the last step began with, after its correction.
    sample: Option<Tensor>,
}

impl History {
    /// Takes in the clean latent of a step and forgets those older than `kept` steps.
    fn remember(&mut self, denoised: &Tensor, kept: usize) {
        self.denoised.insert(0, denoised.clone());
        self.denoised.truncate(kept);
    }
}

/// Gives fresh unit noise of the sample's shape and type.
pub type FreshNoise<'a> = dyn FnMut() -> Result<Tensor> + 'a;

/// A sampler for a fixed number of steps. It keeps nothing of a picture itself, so that the pictures of one batch may
/// stand at different steps. Latents should be f32: noise levels reach 4096.
pub trait Sampler {
    /// Timesteps to give to the U-Net, noisiest first.
    fn timesteps(&self) -> &[f64];

    /// What unit noise is multiplied with to become the first latent. One where latents keep unit variance, as they do
    /// unless the sampler works on picture + σ·noise.
    fn initial_scale(&self) -> f64 {
        1.0
    }

    /// The latent as the U-Net wants to see it at step `index`: as it is where latents keep unit variance.
    fn scale_input(&self, sample: &Tensor, _index: usize) -> TensorResult<Tensor> {
        Ok(sample.clone())
    }

    /// Step `index`: from the latent and the U-Net's output to the next latent. `history` belongs to the picture and
    /// has seen all its earlier steps; `noise` is asked by samplers that add noise, at most once a step.
    fn step(
        &self,
        output: &Tensor,
        sample: &Tensor,
        index: usize,
        history: &mut History,
        noise: &mut FreshNoise,
    ) -> Result<Step>;

    /// How much of the picture and of the noise the latent holds with which step `index` begins.
    fn shares(&self, index: usize) -> (f64, f64);

    /// The latent with which step `index` begins if the picture is to become `clean`: where img2img starts.
    fn add_noise(&self, clean: &Tensor, noise: &Tensor, index: usize) -> Result<Tensor> {
        let (of_clean, of_noise) = self.shares(index);
        Ok(blend(clean, of_clean, noise, of_noise)?)
    }
}

/// The sampler of a recipe.
pub fn build(kind: SamplerKind, schedule: &Schedule, steps: usize) -> Result<Box<dyn Sampler + Send>> {
    Ok(match kind {
        SamplerKind::Ddim => Box::new(Ddim::new(schedule, steps)?),
        SamplerKind::Euler => Box::new(Euler::new(schedule, steps)?),
        SamplerKind::EulerAncestral => Box::new(Euler::ancestral(schedule, steps)?),
        SamplerKind::DpmPlusPlus2M => Box::new(DpmPlusPlus2M::new(schedule, steps)?),
        SamplerKind::DpmPlusPlus2MKarras => Box::new(DpmPlusPlus2M::karras(schedule, steps)?),
        SamplerKind::UniPc => Box::new(UniPc::new(schedule, steps)?),
        SamplerKind::Lcm => Box::new(Lcm::new(schedule, steps)?),
    })
}

/// `x · a + y · b`.
fn blend(x: &Tensor, a: f64, y: &Tensor, b: f64) -> TensorResult<Tensor> {
    (x * a)? + (y * b)?
}

/// √ᾱ and √(1−ᾱ): how much of the picture and of the noise a latent of unit variance holds.
fn shares_of(alpha_cumprod: f64) -> (f64, f64) {
    (alpha_cumprod.sqrt(), (1.0 - alpha_cumprod).sqrt())
}

/// Coefficients (of the latent, of the output) that give the clean latent from a latent √ᾱ·picture + √(1−ᾱ)·noise.
fn clean_from(prediction: Prediction, alpha_cumprod: f64) -> (f64, f64) {
    let (picture, noise) = shares_of(alpha_cumprod);
    match prediction {
        Prediction::Epsilon => (1.0 / picture, -noise / picture),
        Prediction::VPrediction => (picture, -noise),
        Prediction::Sample => (0.0, 1.0),
    }
}

/// The same for the noise.
fn noise_from(prediction: Prediction, alpha_cumprod: f64) -> (f64, f64) {
    let (picture, noise) = shares_of(alpha_cumprod);
    match prediction {
        Prediction::Epsilon => (0.0, 1.0),
        Prediction::VPrediction => (noise, picture),
        Prediction::Sample => (1.0 / noise, -picture / noise),
    }
}

/// Refuses to find the picture in pure noise from the noise alone, which would divide by zero.
fn check_first_step(schedule: &Schedule, timesteps: &[f64]) -> Result<()> {
    let pure = timesteps
        .first()
        .is_some_and(|&first| schedule.alphas_cumprod[first as usize] <= 0.0);
    if pure && schedule.prediction == Prediction::Epsilon {
        let reason = "is epsilon together with rescale_betas_zero_snr: this sampler would divide by zero in the \
                      noisiest step; choose Euler, or a model of v_prediction";
        return Err(DiffusionError::config("scheduler", "prediction_type", reason));
    }
    Ok(())
}
