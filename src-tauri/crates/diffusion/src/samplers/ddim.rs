//! DDIM with η = 0. Song, Meng and Ermon 2020, arXiv:2010.02502, equation 12.

use candle_core::{Result as TensorResult, Tensor};

use super::{FreshNoise, History, Sampler, Step, blend, clean_from, noise_from};
use crate::error::Result;
use crate::schedule::Schedule;

/// Deterministic DDIM.
#[derive(Debug, Clone)]
pub struct Ddim {
    timesteps: Vec<f64>,
    schedule: Schedule,
    stride: usize,
}

impl Ddim {
    /// DDIM in `steps` steps.
    pub fn new(schedule: &Schedule, steps: usize) -> Result<Self> {
        let timesteps = schedule.timesteps(steps)?;
        Ok(Self {
            timesteps,
            stride: schedule.train_steps() / steps,
            schedule: schedule.clone(),
        })
    }
}

impl Sampler for Ddim {
    fn timesteps(&self) -> &[f64] {
        &self.timesteps
    }

    fn initial_scale(&self) -> f64 {
        1.0
    }

    fn scale_input(&self, sample: &Tensor, _index: usize) -> TensorResult<Tensor> {
        Ok(sample.clone())
    }

    fn step(
        &self,
        output: &Tensor,
        sample: &Tensor,
        index: usize,
        _history: &mut History,
        _noise: &mut FreshNoise,
    ) -> Result<Step> {
        let bars = &self.schedule.alphas_cumprod;
        let timestep = self.timesteps[index].round() as usize;
        let before = match timestep.checked_sub(self.stride) {
            Some(earlier) => bars[earlier],
            None if self.schedule.set_alpha_to_one => 1.0,
            None => bars[0],
        };
        let (of_sample, of_output) = clean_from(self.schedule.prediction, bars[timestep]);
        let mut denoised = blend(sample, of_sample, output, of_output)?;
        if let Some(limit) = self.schedule.clip {
            denoised = denoised.clamp(-limit, limit)?;
        }
        let (of_sample, of_output) = noise_from(self.schedule.prediction, bars[timestep]);
        let noise = blend(sample, of_sample, output, of_output)?;
        Ok(Step {
            sample: blend(&denoised, before.sqrt(), &noise, (1.0 - before).sqrt())?,
            denoised,
        })
    }

    fn add_noise(&self, clean: &Tensor, noise: &Tensor, index: usize) -> Result<Tensor> {
        let bar = self.schedule.alphas_cumprod[self.timesteps[index].round() as usize];
        Ok(blend(clean, bar.sqrt(), noise, (1.0 - bar).sqrt())?)
    }
}
