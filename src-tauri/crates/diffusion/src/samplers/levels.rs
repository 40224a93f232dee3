//! Noise levels σ = √((1 − ᾱ) / ᾱ): the scale on which the Euler and DPM-Solver families work.

use crate::error::Result;
use crate::schedule::{FinalSigma, Prediction, Schedule, Spacing};

use super::spacing::{self, Convention};

/// Stands for ᾱ = 0, whose noise level would be infinite (diffusers uses the same).
const SMALLEST_BAR: f64 = 1.0 / 16_777_216.0;

/// ρ of Karras et al. 2022, arXiv:2206.00364, equation 5.
const RHO: f64 = 7.0;

/// Steps on noise levels.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    /// Timesteps for the U-Net, noisiest first.
    pub timesteps: Vec<f64>,
    /// The noise level before every step, and after the last.
    pub sigmas: Vec<f64>,
}

impl Levels {
    /// The levels of the training steps at the timesteps of a spacing.
    pub fn spaced(schedule: &Schedule, convention: Convention, count: usize) -> Result<Self> {
        let timesteps = spacing::timesteps(schedule, Spacing::Linspace, convention, count)?;
        let trained = trained(schedule);
        let mut sigmas: Vec<f64> = timesteps.iter().map(|&at| between(&trained, at)).collect();
        sigmas.push(last(schedule, &trained));
        Ok(Self { timesteps, sigmas })
    }

    /// Levels after Karras et al. 2022, equation 5, from the noisiest training step to the cleanest, with the timesteps
    /// of the training steps beside them.
    pub fn karras(schedule: &Schedule, count: usize) -> Result<Self> {
        spacing::check(count, schedule.train_steps())?;
        let trained = trained(schedule);
        let (least, most) = (trained[0], trained[trained.len() - 1]);
        let mut levels = Self::between(schedule, &trained, least, most, count);
        for timestep in &mut levels.timesteps {
            *timestep = timestep.round_ties_even();
        }
        Ok(levels)
    }

    /// The same between the ends of [`Levels::spaced`], with timesteps that may fall between two training steps: what
    /// Euler does.
    pub fn karras_of_spaced(schedule: &Schedule, count: usize) -> Result<Self> {
        let spaced = Self::spaced(schedule, Convention::Fractional, count)?;
        let (most, least) = (spaced.sigmas[0], spaced.sigmas[count - 1]);
        Ok(Self::between(schedule, &trained(schedule), least, most, count))
    }

    fn between(schedule: &Schedule, trained: &[f64], least: f64, most: f64, count: usize) -> Self {
        let (low, high) = (least.powf(1.0 / RHO), most.powf(1.0 / RHO));
        let place = |step: usize| match step {
            // Roots and powers would miss the ends, and with them the training steps that they are.
            0 => most,
            last if last + 1 == count => least,
            _ => (high + step as f64 / (count as f64 - 1.0) * (low - high)).powf(RHO),
        };
        let mut sigmas: Vec<f64> = (0..count).map(place).collect();
        let timesteps = sigmas.iter().map(|&sigma| timestep_of(trained, sigma)).collect();
        sigmas.push(last(schedule, trained));
        Self { timesteps, sigmas }
    }
}

/// The level of every training step, rising.
fn trained(schedule: &Schedule) -> Vec<f64> {
    let level = |bar: &f64| {
        let bar = if *bar > 0.0 { *bar } else { SMALLEST_BAR };
        ((1.0 - bar) / bar).sqrt()
    };
    schedule.alphas_cumprod.iter().map(level).collect()
}

fn last(schedule: &Schedule, trained: &[f64]) -> f64 {
    match schedule.final_sigma {
        FinalSigma::Zero => 0.0,
        FinalSigma::SigmaMin => trained[0],
    }
}

/// The level at a timestep, on a line between those of its neighbours.
fn between(trained: &[f64], timestep: f64) -> f64 {
    let low = (timestep.floor() as usize).min(trained.len() - 1);
    let high = (low + 1).min(trained.len() - 1);
    trained[low] + (trained[high] - trained[low]) * (timestep - low as f64)
}

/// The timestep that has a level, on a line between the logarithms of those of its neighbours.
fn timestep_of(trained: &[f64], sigma: f64) -> f64 {
    let sigma = sigma.max(1e-10).ln();
    // A rounding below its own level must not move a step to the training step before: the share is clamped anyway.
    let low = trained
        .partition_point(|level| level.ln() <= sigma)
        .saturating_sub(1)
        .min(trained.len() - 2);
    let (from, to) = (trained[low].ln(), trained[low + 1].ln());
    low as f64 + ((sigma - from) / (to - from)).clamp(0.0, 1.0)
}

/// (√ᾱ, √(1 − ᾱ)) at a noise level.
pub(super) fn shares(sigma: f64) -> (f64, f64) {
    let picture = 1.0 / sigma.hypot(1.0);
    (picture, sigma * picture)
}

/// Coefficients (of the latent, of the output) that give the clean latent from a latent picture + σ·noise.
pub(super) fn clean_from_level(prediction: Prediction, sigma: f64) -> (f64, f64) {
    let (picture, noise) = shares(sigma);
    match prediction {
        Prediction::Epsilon => (1.0, -sigma),
        Prediction::VPrediction => (picture * picture, -noise),
        Prediction::Sample => (0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn karras_levels_fall_from_the_noisiest_to_the_cleanest_training_step() {
        let json = json!({"_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
            "beta_schedule": "scaled_linear"});
        let schedule = Schedule::from_json(&json).unwrap();
        let levels = Levels::karras(&schedule, 10).unwrap();
        assert_eq!(
            levels.sigmas.len(),
            11,
            "one before every step and one after the last"
        );
        assert!(
            levels.sigmas.windows(2).all(|pair| pair[0] > pair[1]),
            "{levels:?}"
        );
        assert!(
            (levels.sigmas[0] - 14.6146).abs() < 1e-3,
            "the noisiest level of Stable Diffusion"
        );
        assert!((levels.sigmas[9] - 0.0292).abs() < 1e-3, "and its cleanest");
        assert_eq!((levels.timesteps[0], levels.timesteps[9]), (999.0, 0.0));
    }
}
