//! Euler's method on the probability-flow ODE. Karras et al. 2022, arXiv:2206.00364, algorithm 2 without churn, on the
//! discrete noise levels of the model's schedule.
//!
//! The ancestral variant adds fresh noise after every step, as k-diffusion does it: each step goes to a lower level than
//! the next one, and noise lifts it there again. The variances are those of DDIM with η = 1: Song, Meng and Ermon 2020,
//! arXiv:2010.02502, equation 16.

use candle_core::{Result as TensorResult, Tensor};

use super::levels::{Levels, clean_from_level};
use super::spacing::Convention;
use super::{FreshNoise, History, Sampler, Step, blend};
use crate::error::Result;
use crate::schedule::{FinalSigma, Prediction, Schedule, Spacing};

/// Euler's method, with or without fresh noise.
#[derive(Debug, Clone)]
pub struct Euler {
    levels: Levels,
    prediction: Prediction,
    initial_scale: f64,
    ancestral: bool,
}

impl Euler {
    /// Euler in `steps` steps.
    pub fn new(schedule: &Schedule, steps: usize) -> Result<Self> {
        let levels = if schedule.karras {
            Levels::karras_of_spaced(schedule, steps)?
        } else {
            Levels::spaced(schedule, Convention::Fractional, steps)?
        };
        Ok(Self::on(schedule, levels, false))
    }

    /// Euler ancestral in `steps` steps.
    pub fn ancestral(schedule: &Schedule, steps: usize) -> Result<Self> {
        // Always down to no noise: that of the last step would stay in the picture.
        let schedule = Schedule {
            final_sigma: FinalSigma::Zero,
            ..schedule.clone()
        };
        let levels = Levels::spaced(&schedule, Convention::Fractional, steps)?;
        Ok(Self::on(&schedule, levels, true))
    }

    fn on(schedule: &Schedule, levels: Levels, ancestral: bool) -> Self {
        Self {
            initial_scale: initial_scale(schedule, &levels),
            levels,
            prediction: schedule.prediction,
            ancestral,
        }
    }

    /// The level that a step to `next` goes down to, and that of the fresh noise that lifts it there again: the squares
    /// of both sum to that of `next`.
    fn down_and_up(&self, sigma: f64, next: f64) -> (f64, f64) {
        if !self.ancestral {
            return (next, 0.0);
        }
        let down = next * next / sigma;
        (down, (next * next - down * down).max(0.0).sqrt())
    }
}

/// The size of the first latent: of its noise alone where the steps begin at the noisiest training step.
fn initial_scale(schedule: &Schedule, levels: &Levels) -> f64 {
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
        noise: &mut FreshNoise,
    ) -> Result<Step> {
        let (sigma, next) = (self.levels.sigmas[index], self.levels.sigmas[index + 1]);
        let (of_sample, of_output) = clean_from_level(self.prediction, sigma);
        let denoised = blend(sample, of_sample, output, of_output)?;
        let (down, up) = self.down_and_up(sigma, next);
        // x + (x − x₀)/σ · (σ' − σ), gathered.
        let mut sample = blend(sample, down / sigma, &denoised, 1.0 - down / sigma)?;
        if up > 0.0 {
            sample = blend(&sample, 1.0, &noise()?, up)?;
        }
        Ok(Step { sample, denoised })
    }

    fn shares(&self, index: usize) -> (f64, f64) {
        (1.0, self.levels.sigmas[index])
    }
}
