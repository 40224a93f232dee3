//! `UniPC`: a predictor, and a corrector that uses the next step's output to improve this step without asking the U-Net
//! again. Zhao et al. 2023, arXiv:2302.04867, algorithms 5 and 6 (data prediction, multistep), with B₂(h) = eʰ − 1 and
//! order 2.

use candle_core::{Result as TensorResult, Tensor};

use super::dpm::{clean, exact};
use super::levels::{Levels, shares};
use super::spacing::Convention;
use super::{FreshNoise, History, Sampler, Step, blend};
use crate::error::Result;
use crate::schedule::{FinalSigma, Prediction, Schedule};

/// Highest order of predictor and corrector.
const ORDER: usize = 2;

/// The unified predictor-corrector.
#[derive(Debug, Clone)]
pub struct UniPc {
    levels: Levels,
    prediction: Prediction,
    lower_order_final: bool,
}

impl UniPc {
    /// `UniPC` in `steps` steps.
    pub fn new(schedule: &Schedule, steps: usize) -> Result<Self> {
        let levels = if schedule.karras {
            Levels::karras(schedule, steps)?
        } else {
            Levels::spaced(schedule, Convention::WithoutLast, steps)?
        };
        Ok(Self {
            levels,
            prediction: schedule.prediction,
            // A step to no noise at all has no finite length in log levels, which the second order needs.
            lower_order_final: schedule.lower_order_final || schedule.final_sigma == FinalSigma::Zero,
        })
    }

    /// The order of step `index` when `known` steps were made before it.
    fn order(&self, index: usize, known: usize) -> usize {
        let left = self.levels.timesteps.len() - index;
        let highest = if self.lower_order_final {
            left.min(ORDER)
        } else {
            ORDER
        };
        highest.min(known + 1)
    }

    /// `UniP`: from the latent at `index` to the next, equation 3 of the paper with the simplification of its appendix
    /// for order 2, where it is DPM-Solver++(2M).
    fn predict(&self, sample: &Tensor, index: usize, clean: &[Tensor], order: usize) -> TensorResult<Tensor> {
        let sigmas = &self.levels.sigmas;
        let (of_sample, of_clean) = exact(sigmas[index], sigmas[index + 1]);
        let mut direction = clean[0].clone();
        if let [now, before, ..] = clean
            && order == ORDER
        {
            let half = -0.5 / self.ratio(index);
            direction = blend(now, 1.0 + half, before, -half)?;
        }
        blend(sample, of_sample, &direction, of_clean)
    }

    /// `UniC`: the latent at `index` once more, from the one before it and with what the U-Net said at `index`. `clean`
    /// holds the clean latents of the steps before, newest first.
    fn correct(
        &self,
        before: &Tensor,
        now: &Tensor,
        index: usize,
        clean: &[Tensor],
        order: usize,
    ) -> TensorResult<Tensor> {
        let sigmas = &self.levels.sigmas;
        let (from, to) = (sigmas[index - 1], sigmas[index]);
        let (of_sample, of_clean) = exact(from, to);
        let last = &clean[0];
        let change = (now - last)?;
        let correction = match clean.get(1).filter(|_| order == ORDER) {
            None => (change * 0.5)?,
            Some(earlier) => {
                // The weights ρ solve ρ₁ r + ρ₂ = b₂ and ρ₁ + ρ₂ = b₁: equation 9 for two points. With h < 0 as for
                // data prediction, b₁ = φ₂(h) h / B and b₂ = 2 φ₃(h) h² / B of the exponential integrators.
                let h = (to / from).ln();
                let b = h.exp_m1();
                let second = b / h - 1.0;
                let third = second / h - 0.5;
                let ratio = self.ratio(index - 1);
                let of_earlier = (2.0 * third / b - second / b) / (ratio - 1.0);
                let of_change = second / b - of_earlier;
                blend(&(earlier - last)?, of_earlier / ratio, &change, of_change)?
            }
        };
        blend(before, of_sample, &(last + correction)?, of_clean)
    }

    /// How far the step before `index` began before it, in lengths of the step at `index`: negative.
    fn ratio(&self, index: usize) -> f64 {
        let sigmas = &self.levels.sigmas;
        (sigmas[index] / sigmas[index - 1]).ln() / (sigmas[index] / sigmas[index + 1]).ln()
    }
}

impl Sampler for UniPc {
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
        let denoised = clean(self.prediction, self.levels.sigmas[index], output, sample)?;
        let known = history.denoised.len();
        let sample = match &history.sample {
            Some(before) if known > 0 => {
                let order = self.order(index - 1, known - 1);
                self.correct(before, &denoised, index, &history.denoised, order)?
            }
            _ => sample.clone(),
        };
        history.remember(&denoised, ORDER);
        let next = self.predict(&sample, index, &history.denoised, self.order(index, known))?;
        history.sample = Some(sample);
        Ok(Step {
            sample: next,
            denoised,
        })
    }

    fn shares(&self, index: usize) -> (f64, f64) {
        shares(self.levels.sigmas[index])
    }
}
