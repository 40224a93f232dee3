//! Samplers: how a latent gets from noise to picture in a few steps. A small config builds a small trait object, as in
//! candle's schedulers; coefficients are computed in f64 on the host, tensors see plain multiplications and sums.

mod ddim;
mod euler;

use candle_core::{Result as TensorResult, Tensor};
use salon_domain::SamplerKind;

use crate::error::Result;
use crate::schedule::{Prediction, Schedule};

pub use ddim::Ddim;
pub use euler::Euler;

/// What one step gives.
#[derive(Debug)]
pub struct Step {
    /// The latent after the step, [B, C, h, w].
    pub sample: Tensor,
    /// The clean latent as the model sees it now, [B, C, h, w]; for previews.
    pub denoised: Tensor,
}

/// A sampler for a fixed number of steps.
pub trait Sampler {
    /// Timesteps to give to the U-Net, noisiest first.
    fn timesteps(&self) -> &[f64];

    /// What unit noise is multiplied with to become the first latent.
    fn initial_scale(&self) -> f64;

    /// The latent as the U-Net wants to see it at step `index`.
    fn scale_input(&self, sample: &Tensor, index: usize) -> TensorResult<Tensor>;

    /// Step `index`: from the latent and the U-Net's output to the next latent.
    fn step(&self, output: &Tensor, sample: &Tensor, index: usize) -> TensorResult<Step>;
}

/// The sampler of a recipe.
pub fn build(kind: SamplerKind, schedule: &Schedule, steps: usize) -> Result<Box<dyn Sampler + Send>> {
    Ok(match kind {
        SamplerKind::Ddim => Box::new(Ddim::new(schedule, steps)?),
        SamplerKind::Euler => Box::new(Euler::new(schedule, steps)?),
        other => {
            let reason = format!("`{}` is not built yet", other.word());
            return Err(crate::error::DiffusionError::config("scheduler", "sampler", reason));
        }
    })
}

/// `x · a + y · b`.
fn blend(x: &Tensor, a: f64, y: &Tensor, b: f64) -> TensorResult<Tensor> {
    (x * a)? + (y * b)?
}

/// Coefficients (of the latent, of the output) that give the clean latent from a latent √ᾱ·picture + √(1−ᾱ)·noise.
fn clean_from(prediction: Prediction, alpha_cumprod: f64) -> (f64, f64) {
    let (picture, noise) = (alpha_cumprod.sqrt(), (1.0 - alpha_cumprod).sqrt());
    match prediction {
        Prediction::Epsilon => (1.0 / picture, -noise / picture),
        Prediction::VPrediction => (picture, -noise),
        Prediction::Sample => (0.0, 1.0),
    }
}

/// The same for the noise.
fn noise_from(prediction: Prediction, alpha_cumprod: f64) -> (f64, f64) {
    let (picture, noise) = (alpha_cumprod.sqrt(), (1.0 - alpha_cumprod).sqrt());
    match prediction {
        Prediction::Epsilon => (0.0, 1.0),
        Prediction::VPrediction => (noise, picture),
        Prediction::Sample => (1.0 / noise, -picture / noise),
    }
}
