//! `start_run`, `rerun`: orders pictures.

use salon_catalog::RunRecord;
use salon_domain::{Recipe, SlotPrompts};

use crate::Studio;
use crate::api::{ApiError, Rerun, RunSummary, StartRun};
use crate::order::Order;

impl Studio {
    /// Orders a run; what the request leaves out is as the model's makers recommend. The run and all of its slots are on
    /// disk when this returns, each with the prompt that its templates became.
    pub fn start_run(&self, request: StartRun) -> Result<RunSummary, ApiError> {
        let Order {
            recipe,
            count,
            resolved,
        } = self.inner.order(&request)?;
        self.write_down(&recipe, count, &resolved, request.first)
    }

    /// Orders a run's recipe once more: the same pictures, or others of the same recipe when a fresh seed is asked for.
    /// Slots that the run had are painted from the very prompts they had, whatever became of the wildcards.
    pub fn rerun(&self, request: Rerun) -> Result<RunSummary, ApiError> {
        let inner = &self.inner;
        let before = inner.project.run(request.run)?.run;
        let mut recipe = before.recipe;
        let count = request.count.unwrap_or(before.count);
        // A model that is gone is better named now than slot by slot.
        inner.shelf.path_of(&recipe.model)?;
        for lora in &recipe.loras {
            inner.shelf.lora_path(lora)?;
        }
        let mut resolved = Vec::new();
        if request.fresh {
            recipe.seed = (inner.options.seeds)();
        } else if recipe.template.is_some() {
            let slots = inner.project.slots(before.id)?.into_iter();
            resolved = slots
                .filter_map(|slot| slot.resolved)
                .take(count as usize)
                .collect();
        }
        recipe.check(count)?;
        resolved.extend(inner.resolve(&recipe, resolved.len() as u32..count)?);
        self.write_down(&recipe, count, &resolved, false)
    }

    pub(crate) fn write_down(
        &self,
        recipe: &Recipe,
        count: u32,
        resolved: &[SlotPrompts],
        first: bool,
    ) -> Result<RunSummary, ApiError> {
        let inner = &self.inner;
        let run = if recipe.template.is_some() {
            inner
                .project
                .insert_resolved_run(recipe, resolved, first, inner.now())?
        } else {
            inner.project.insert_run(recipe, count, first, inner.now())?
        };
        tracing::info!(run = %run.id, count = run.count, model = recipe.model.name, "ordered");
        inner.keep_hashes()?;
        inner.runs_changed()?;
        let record: RunRecord = inner.project.run(run.id)?;
        Ok(record.into())
    }
}
