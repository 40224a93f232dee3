//! `start_run`: orders pictures.

use salon_domain::{ModelRef, Recipe};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, Rerun, RunSummary, StartRun};

impl Studio {
    /// Orders a run; what the request leaves out is as the model's makers recommend. The run and all of its slots are on
    /// disk when this returns.
    pub fn start_run(&self, request: StartRun) -> Result<RunSummary, ApiError> {
        if request.prompt.trim().is_empty() {
            return Err(ApiError::invalid_request(
                "the prompt is empty: say what the picture should show",
            ));
        }
        refuse_what_is_not_made(&request)?;
        let model = self.inner.shelf.find(&request.model)?;
        let Some(sha256) = model.sha256 else {
            let fault = model.fault.unwrap_or_else(|| "it cannot be read".into());
            let message = format!("the model `{}` cannot be used: {fault}", model.name);
            return Err(ApiError::new(
                ErrorCode::Model,
                message,
                &["Choose another model, or repair this one."],
            ));
        };
        let reference = ModelRef {
            name: model.name,
            sha256,
        };
        let (width, height) = (
            request.width.unwrap_or(model.native_side),
            request.height.unwrap_or(model.native_side),
        );
        let recipe = Recipe {
            negative_prompt: request.negative_prompt,
            sampler: request.sampler.unwrap_or(model.defaults.sampler),
            steps: request.steps.unwrap_or(model.defaults.steps),
            guidance: request.guidance.unwrap_or(model.defaults.guidance),
            seed: request.seed.unwrap_or_else(|| (self.inner.options.seeds)()),
            ..Recipe::plain(reference, request.prompt, width, height)
        };
        let run = self
            .inner
            .project
            .insert_run(&recipe, request.count, request.first, self.inner.now())?;
        tracing::info!(run = %run.id, count = run.count, model = recipe.model.name, "ordered");
        self.inner.runs_changed()?;
        Ok(self.inner.project.run(run.id)?.into())
    }

    /// Orders a run's recipe once more, with the same seed unless another is asked for.
    pub fn rerun(&self, request: Rerun) -> Result<RunSummary, ApiError> {
        let before = self.inner.project.run(request.run)?.run;
        let mut recipe = before.recipe;
        if request.fresh {
            recipe.seed = (self.inner.options.seeds)();
        }
        let count = request.count.unwrap_or(before.count);
        let run = self
            .inner
            .project
            .insert_run(&recipe, count, false, self.inner.now())?;
        self.inner.runs_changed()?;
        Ok(self.inner.project.run(run.id)?.into())
    }
}

/// Names the first wish that the generator cannot carry out: nothing is ever ignored.
fn refuse_what_is_not_made(request: &StartRun) -> Result<(), ApiError> {
    let wishes = [
        ("templates", request.template.is_some()),
        ("LoRAs", !request.loras.is_empty()),
        ("clip skip", request.clip_skip.is_some_and(|skip| skip > 0)),
        ("a source picture", request.source.is_some()),
        ("variations", request.variation.is_some()),
        ("upscaling", request.upscale.is_some()),
        ("a refiner", request.refiner.is_some()),
        ("tiled decoding", request.tiled_decode),
    ];
    match wishes.iter().find(|(_, wished)| *wished) {
        None => Ok(()),
        Some((what, _)) => Err(ApiError::invalid_request(format!(
            "pictures with {what} cannot be made by this version: order without"
        ))),
    }
}
