//! The steps that one model makes in one pass over the noise schedule.

use std::ops::Range;

use super::{GenerateRequest, Pipeline};
use crate::error::{DiffusionError, Result};
use crate::samplers::{self, Sampler};

/// A model's share of a pass.
pub(super) struct Stage<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) sampler: Box<dyn Sampler + Send>,
    /// Indices of its steps among the sampler's.
    pub(super) steps: Range<usize>,
    pub(super) guidance: f64,
}

impl<'a> Stage<'a> {
    fn new(pipeline: &'a Pipeline, request: &GenerateRequest) -> Result<Self> {
        let sampler = samplers::build(request.sampler, &pipeline.parts.schedule, request.steps)?;
        let steps = 0..sampler.timesteps().len();
        Ok(Self {
            pipeline,
            sampler,
            steps,
            guidance: request.guidance,
        })
    }

    /// The last `count` steps; all where there are fewer.
    fn last(mut self, count: usize) -> Self {
        self.steps.start = self.steps.start.max(self.steps.end.saturating_sub(count));
        self
    }

    /// The index of the first step after this share of the noise schedule, as diffusers counts it for `denoising_end`
    /// and `denoising_start`.
    fn after(&self, share: f64) -> usize {
        let train = self.pipeline.parts.schedule.train_steps() as f64;
        let cutoff = (train - share * train).round_ties_even();
        let steps = self.sampler.timesteps().iter();
        steps.filter(|timestep| **timestep >= cutoff).count()
    }
}

/// The stages of a pass that makes the last `made` of the request's steps: the model's and then the refiner's.
pub(super) fn stages<'a>(
    pipeline: &'a Pipeline,
    request: &GenerateRequest<'a>,
    made: usize,
) -> Result<Vec<Stage<'a>>> {
    let mut base = Stage::new(pipeline, request)?.last(made);
    let Some((refiner, switch_at)) = request.refiner else {
        return Ok(vec![base]);
    };
    let mut refine = Stage::new(refiner, request)?.last(made);
    base.steps.end = base.after(switch_at).max(base.steps.start);
    refine.steps.start = refine.after(switch_at).max(refine.steps.start);
    let stages: Vec<Stage> = [base, refine]
        .into_iter()
        .filter(|stage| !stage.steps.is_empty())
        .collect();
    if stages.is_empty() {
        return Err(DiffusionError::Request {
            what: format!("refiner switch {switch_at}"),
            reason: "leaves no step to either model: choose another share or more steps".into(),
        });
    }
    Ok(stages)
}
