//! DPM-Solver++(2M): the second-order multistep solver of the diffusion ODE in the clean latent. Lu et al. 2022,
//! arXiv:2211.01095, algorithm 2; its first step and, for few steps, its last are of the first order (DDIM).

use candle_core::{Result as TensorResult, Tensor};

use super::levels::{Levels, clean_from_level, shares};
use super::spacing::Convention;
use super::{FreshNoise, History, Sampler, Step, blend};
use crate::error::Result;
use crate::schedule::{FinalSigma, Prediction, Schedule};

/// Fewer steps than this end with the first order.
const FEW_STEPS: usize = 15;

/// DPM++ 2M, on the levels of the schedule or on those of Karras et al.
#[derive(Debug, Clone)]
pub struct DpmPlusPlus2M {
    levels: Levels,
    prediction: Prediction,
    first_order_last: bool,
}

impl DpmPlusPlus2M {
    /// DPM++ 2M in `steps` steps.
    pub fn new(schedule: &Schedule, steps: usize) -> Result<Self> {
        let levels = Levels::spaced(schedule, Convention::WithoutLast, steps)?;
        Ok(Self::on(schedule, levels, steps))
    }

    /// DPM++ 2M Karras in `steps` steps.
    pub fn karras(schedule: &Schedule, steps: usize) -> Result<Self> {
        Ok(Self::on(schedule, Levels::karras(schedule, steps)?, steps))
    }

    fn on(schedule: &Schedule, levels: Levels, steps: usize) -> Self {
        Self {
            levels,
            prediction: schedule.prediction,
            first_order_last: schedule.euler_at_final
                || schedule.final_sigma == FinalSigma::Zero
                || schedule.lower_order_final && steps < FEW_STEPS,
        }
    }
}

/// Coefficients (of the latent, of the clean latent) of the exact solution from one noise level to the next for a
/// clean latent that stays: equation 9 of the paper with a constant, which is DDIM. The latents are √ᾱ·picture +
/// √(1−ᾱ)·noise, and e⁻ʰ is the ratio of the levels, which is 0 where the last level is.
pub(super) fn exact(from: f64, to: f64) -> (f64, f64) {
    let ((_, noise_from), (picture_to, noise_to)) = (shares(from), shares(to));
    (noise_to / noise_from, picture_to * (1.0 - to / from))
}

/// The clean latent from a latent √ᾱ·picture + √(1−ᾱ)·noise at a noise level.
pub(super) fn clean(
    prediction: Prediction,
    sigma: f64,
    output: &Tensor,
    sample: &Tensor,
) -> TensorResult<Tensor> {
    let (picture, _) = shares(sigma);
    let (of_sample, of_output) = clean_from_level(prediction, sigma);
    // The coefficients are for a latent picture + σ·noise, which is the larger by 1/√ᾱ.
    blend(sample, of_sample / picture, output, of_output)
}

impl Sampler for DpmPlusPlus2M {
    fn timesteps(&self) -> &[f64] {
        &self.levels.timesteps
    }

    fn step(
        &self,
        output: &Tensor,
        sample: &Tensor,
        index: usize,
        history: &mut History,
        _noise: &mut FreshNoise,
    ) -> Result<Step> {
        let sigmas = &self.levels.sigmas;
        let (sigma, next) = (sigmas[index], sigmas[index + 1]);
        let denoised = clean(self.prediction, sigma, output, sample)?;
        let last = index + 1 == self.levels.timesteps.len();
        let mut direction = denoised.clone();
        if let Some(before) = history
            .denoised
            .first()
            .filter(|_| !(last && self.first_order_last))
        {
            // D = (1 + 1/2r) x₀ − 1/2r x₀', where r is the ratio of the last step to this one in log levels.
            let half = 0.5 * (sigma / next).ln() / (sigmas[index - 1] / sigma).ln();
            direction = blend(&denoised, 1.0 + half, before, -half)?;
        }
        let (of_sample, of_direction) = exact(sigma, next);
        history.remember(&denoised, 1);
        Ok(Step {
            sample: blend(sample, of_sample, &direction, of_direction)?,
            denoised,
        })
    }

    fn shares(&self, index: usize) -> (f64, f64) {
        shares(self.levels.sigmas[index])
    }
}
