//! Euler's method on the probability-flow ODE. Karras et al. 2022, arXiv:2206.00364, algorithm 2 without churn, on the
//! discrete noise levels of the model's schedule.

use candle_core::{Result as TensorResult, Tensor};

use super::levels::{Levels, clean_from_level};
use super::spacing::Convention;
use super::{FreshNoise, History, Sampler, Step, blend};
use crate::error::Result;
use crate::schedule::{Prediction, Schedule, Spacing};

/// Euler's method.
#[derive(Debug, Clone)]
pub struct Euler {
    levels: Levels,
    prediction: Prediction,
    initial_scale: f64,
}

impl Euler {
    /// Euler in `steps` steps.
    pub fn new(schedule: &Schedule, steps: usize) -> Result<Self> {
        let levels = if schedule.karras {
            Levels::karras_of_spaced(schedule, steps)?
        } else {
            Levels::spaced(schedule, Convention::Fractional, steps)?
        };
        Ok(Self {
            initial_scale: initial_scale(schedule, &levels),
            levels,
            prediction: schedule.prediction,
        })
    }
}

/// The size of the first latent: of its noise alone where the steps begin at the noisiest training step.
pub(super) fn initial_scale(schedule: &Schedule, levels: &Levels) -> f64 {
    let largest = levels.sigmas.iter().copied().fold(0.0, f64::max);
    match schedule.spacing {
        Some(Spacing::Leading) => largest.hypot(1.0),
        Some(Spacing::Linspace | Spacing::Trailing) | None => largest,
    }
}

impl Sampler for Euler {
    fn timesteps(&self) -> &[f64] {
        &self.levels.timesteps
    }

    fn initial_scale(&self) -> f64 {
        self.initial_scale
    }

    fn scale_input(&self, sample: &Tensor, index: usize) -> TensorResult<Tensor> {
        sample / self.levels.sigmas[index].hypot(1.0)
    }

    fn step(
        &self,
        output: &Tensor,
        sample: &Tensor,
        index: usize,
        _history: &mut History,
        _noise: &mut FreshNoise,
    ) -> Result<Step> {
        let (sigma, next) = (self.levels.sigmas[index], self.levels.sigmas[index + 1]);
        let (of_sample, of_output) = clean_from_level(self.prediction, sigma);
        let denoised = blend(sample, of_sample, output, of_output)?;
        // x + (x − x₀)/σ · (σ' − σ), gathered.
        let sample = blend(sample, next / sigma, &denoised, 1.0 - next / sigma)?;
        Ok(Step { sample, denoised })
    }

    fn add_noise(&self, clean: &Tensor, noise: &Tensor, index: usize) -> Result<Tensor> {
        Ok(blend(clean, 1.0, noise, self.levels.sigmas[index])?)
    }
}
