//! Euler's method with fresh noise after every step, as k-diffusion does it: each step goes to a lower level than the
//! next one, and noise lifts it there again. The variances are those of DDIM with η = 1: Song, Meng and Ermon 2020,
//! arXiv:2010.02502, equation 16.

use candle_core::{Result as TensorResult, Tensor};

use super::euler::initial_scale;
use super::levels::{Levels, clean_from_level};
use super::spacing::Convention;
use super::{FreshNoise, History, Sampler, Step, blend};
use crate::error::Result;
use crate::schedule::{FinalSigma, Prediction, Schedule};

/// Euler ancestral.
#[derive(Debug, Clone)]
pub struct EulerAncestral {
    levels: Levels,
    prediction: Prediction,
    initial_scale: f64,
}

impl EulerAncestral {
    /// Euler ancestral in `steps` steps.
    pub fn new(schedule: &Schedule, steps: usize) -> Result<Self> {
        // Always down to no noise: that of the last step would stay in the picture.
        let schedule = Schedule {
            final_sigma: FinalSigma::Zero,
            ..schedule.clone()
        };
        let levels = Levels::spaced(&schedule, Convention::Fractional, steps)?;
        Ok(Self {
            initial_scale: initial_scale(&schedule, &levels),
            levels,
            prediction: schedule.prediction,
        })
    }
}

impl Sampler for EulerAncestral {
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
        // The next level squared is the sum of the squares of the level stepped to and of the noise added.
        let down = next * next / sigma;
        let up = (next * next - down * down).max(0.0).sqrt();
        let mut sample = blend(sample, down / sigma, &denoised, 1.0 - down / sigma)?;
        if up > 0.0 {
            sample = blend(&sample, 1.0, &noise()?, up)?;
        }
        Ok(Step { sample, denoised })
    }

    fn add_noise(&self, clean: &Tensor, noise: &Tensor, index: usize) -> Result<Tensor> {
        Ok(blend(clean, 1.0, noise, self.levels.sigmas[index])?)
    }
}
