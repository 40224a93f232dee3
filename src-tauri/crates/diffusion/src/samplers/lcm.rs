//! The sampler of latent consistency models. Luo et al. 2023, arXiv:2310.04378, algorithm 3: every step jumps to the
//! clean latent, and fresh noise takes it back to the next level.

use candle_core::Tensor;

use super::{FreshNoise, History, Sampler, Step, blend, check_first_step, clean_from, shares_of, spacing};
use crate::error::Result;
use crate::schedule::{Prediction, Schedule};

/// Standard deviation of the data in the boundary condition. Song et al. 2023, arXiv:2303.01469, appendix C.
const SIGMA_DATA: f64 = 0.5;

/// Multistep sampling of a latent consistency model.
#[derive(Debug, Clone)]
pub struct Lcm {
    timesteps: Vec<f64>,
    /// ᾱ of every step.
    bars: Vec<f64>,
    prediction: Prediction,
    clip: Option<f64>,
    timestep_scaling: f64,
}

impl Lcm {
    /// LCM in `steps` steps, which are chosen among those that the model was distilled with.
    pub fn new(schedule: &Schedule, steps: usize) -> Result<Self> {
        let original = schedule.original_inference_steps;
        spacing::check(steps, original)?;
        let stride = schedule.train_steps() / original;
        // The same share of the distilled steps is left out after every one that is used.
        let place = |step: usize| ((original - step * original / steps) * stride) as f64 - 1.0;
        let timesteps: Vec<f64> = (0..steps).map(place).collect();
        check_first_step(schedule, &timesteps)?;
        let bars = timesteps.iter().map(|&at| schedule.alphas_cumprod[at as usize]);
        Ok(Self {
            bars: bars.collect(),
            timesteps,
            prediction: schedule.prediction,
            clip: schedule.clip.unwrap_or(false).then_some(schedule.clip_range),
            timestep_scaling: schedule.timestep_scaling,
        })
    }
}

impl Sampler for Lcm {
    fn timesteps(&self) -> &[f64] {
        &self.timesteps
    }

    fn step(
        &self,
        output: &Tensor,
        sample: &Tensor,
        index: usize,
        _history: &mut History,
        noise: &mut FreshNoise,
    ) -> Result<Step> {
        let (of_sample, of_output) = clean_from(self.prediction, self.bars[index]);
        let mut clean = blend(sample, of_sample, output, of_output)?;
        if let Some(limit) = self.clip {
            clean = clean.clamp(-limit, limit)?;
        }
        // The boundary condition: at timestep 0 the latent itself is the answer.
        let time = self.timesteps[index] * self.timestep_scaling;
        let size = time.hypot(SIGMA_DATA);
        let denoised = blend(sample, (SIGMA_DATA / size).powi(2), &clean, time / size)?;
        let sample = match self.bars.get(index + 1) {
            Some(bar) => blend(&denoised, bar.sqrt(), &noise()?, (1.0 - bar).sqrt())?,
            None => denoised.clone(),
        };
        Ok(Step { sample, denoised })
    }

    fn shares(&self, index: usize) -> (f64, f64) {
        shares_of(self.bars[index])
    }
}
