//! Euler's method on the probability-flow ODE. Karras et al. 2022, arXiv:2206.00364, algorithm 2 without churn, on the
//! discrete noise levels of the model's schedule.

use candle_core::{Result as TensorResult, Tensor};

use super::{FreshNoise, History, Sampler, Step, blend};
use crate::error::Result;
use crate::schedule::{Prediction, Schedule, Spacing};

/// Stands for ᾱ = 0, whose noise level would be infinite (diffusers uses the same).
const SMALLEST_BAR: f64 = 1.0 / 16_777_216.0;

/// Euler's method.
#[derive(Debug, Clone)]
pub struct Euler {
    timesteps: Vec<f64>,
    /// Noise level before every step, and after the last.
    sigmas: Vec<f64>,
    prediction: Prediction,
    initial_scale: f64,
}

impl Euler {
    /// Euler in `steps` steps.
    pub fn new(schedule: &Schedule, steps: usize) -> Result<Self> {
        let levels: Vec<f64> = schedule
            .alphas_cumprod
            .iter()
            .map(|bar| {
                let bar = bar.max(SMALLEST_BAR);
                ((1.0 - bar) / bar).sqrt()
            })
            .collect();
        let timesteps = schedule.timesteps(steps)?;
        let between = |timestep: f64| {
            let low = (timestep.floor() as usize).min(levels.len() - 1);
            let high = (low + 1).min(levels.len() - 1);
            levels[low] + (levels[high] - levels[low]) * (timestep - low as f64)
        };
        let sigmas: Vec<f64> = timesteps
            .iter()
            .map(|&timestep| between(timestep))
            .chain([0.0])
            .collect();
        let largest = sigmas.iter().copied().fold(0.0, f64::max);
        let initial_scale = match schedule.spacing {
            Spacing::Leading => largest.hypot(1.0),
            Spacing::Linspace | Spacing::Trailing => largest,
        };
        Ok(Self {
            timesteps,
            sigmas,
            prediction: schedule.prediction,
            initial_scale,
        })
    }
}

impl Sampler for Euler {
    fn timesteps(&self) -> &[f64] {
        &self.timesteps
    }

    fn initial_scale(&self) -> f64 {
        self.initial_scale
    }

    fn scale_input(&self, sample: &Tensor, index: usize) -> TensorResult<Tensor> {
        sample / self.sigmas[index].hypot(1.0)
    }

    fn step(
        &self,
        output: &Tensor,
        sample: &Tensor,
        index: usize,
        _history: &mut History,
        _noise: &mut FreshNoise,
    ) -> Result<Step> {
        let (sigma, next) = (self.sigmas[index], self.sigmas[index + 1]);
        let size = sigma.hypot(1.0);
        let (of_sample, of_output) = match self.prediction {
            Prediction::Epsilon => (1.0, -sigma),
            Prediction::VPrediction => (1.0 / (size * size), -sigma / size),
            Prediction::Sample => (0.0, 1.0),
        };
        let denoised = blend(sample, of_sample, output, of_output)?;
        // x + (x − x₀)/σ · (σ' − σ), gathered.
        let sample = blend(sample, next / sigma, &denoised, 1.0 - next / sigma)?;
        Ok(Step { sample, denoised })
    }

    fn add_noise(&self, clean: &Tensor, noise: &Tensor, index: usize) -> Result<Tensor> {
        Ok(blend(clean, 1.0, noise, self.sigmas[index])?)
    }
}
