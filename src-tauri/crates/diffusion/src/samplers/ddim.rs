//! DDIM with η = 0. Song, Meng and Ermon 2020, arXiv:2010.02502, equation 12.

use candle_core::Tensor;

use super::spacing::{self, Convention};
use super::{FreshNoise, History, Sampler, Step, blend, check_first_step, clean_from, noise_from, shares_of};
use crate::error::Result;
use crate::schedule::{Prediction, Schedule, Spacing};

/// Deterministic DDIM.
#[derive(Debug, Clone)]
pub struct Ddim {
    timesteps: Vec<f64>,
    /// ᾱ before every step, and after it.
    bars: Vec<(f64, f64)>,
    prediction: Prediction,
    clip: Option<f64>,
}

impl Ddim {
    /// DDIM in `steps` steps.
    pub fn new(schedule: &Schedule, steps: usize) -> Result<Self> {
        let timesteps = spacing::timesteps(schedule, Spacing::Leading, Convention::Whole, steps)?;
        check_first_step(schedule, &timesteps)?;
        let trained = &schedule.alphas_cumprod;
        let stride = schedule.train_steps() / steps;
        let after = |timestep: usize| match timestep.checked_sub(stride) {
            Some(earlier) => trained[earlier],
            None if schedule.set_alpha_to_one => 1.0,
            None => trained[0],
        };
        let bars = timesteps.iter().map(|&timestep| timestep as usize);
        Ok(Self {
            bars: bars
                .map(|timestep| (trained[timestep], after(timestep)))
                .collect(),
            timesteps,
            prediction: schedule.prediction,
            clip: schedule.clip.unwrap_or(true).then_some(schedule.clip_range),
        })
    }
}

impl Sampler for Ddim {
    fn timesteps(&self) -> &[f64] {
        &self.timesteps
    }

    fn step(
        &self,
        output: &Tensor,
        sample: &Tensor,
        index: usize,
        _history: &mut History,
        _noise: &mut FreshNoise,
    ) -> Result<Step> {
        let (bar, after) = self.bars[index];
        let (of_sample, of_output) = clean_from(self.prediction, bar);
        let mut denoised = blend(sample, of_sample, output, of_output)?;
        if let Some(limit) = self.clip {
            denoised = denoised.clamp(-limit, limit)?;
        }
        let (of_sample, of_output) = noise_from(self.prediction, bar);
        let noise = blend(sample, of_sample, output, of_output)?;
        Ok(Step {
            sample: blend(&denoised, after.sqrt(), &noise, (1.0 - after).sqrt())?,
            denoised,
        })
    }

    fn shares(&self, index: usize) -> (f64, f64) {
        shares_of(self.bars[index].0)
    }
}
