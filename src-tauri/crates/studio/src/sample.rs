//! The sample project: what a newcomer sees first, in the user's own data folder.

use std::path::PathBuf;

use crate::api::{ApiError, ErrorCode, ModelSummary, Nothing, RunSummary, StartRun};
use crate::{Studio, StudioOptions};

/// Pictures ordered for it: enough to fill a first screen, few enough to be made while one looks around.
const FIRST_COUNT: u32 = 24;

/// Always the same first pictures.
const FIRST_SEED: u64 = 1;

/// Opens the sample project, made at first use, with a first run ordered as soon as there is a model to make it.
pub fn open(options: impl FnOnce(PathBuf) -> StudioOptions) -> Result<Studio, ApiError> {
    let folder = crate::options::user_data_folder().ok_or_else(|| ApiError {
        code: ErrorCode::Storage,
        message: "this user has no data folder for the sample project".to_owned(),
        hints: vec!["Make a project with `salon new DIR` and open that.".to_owned()],
    })?;
    let options = options(folder.join("Sample.salon"));
    if !options.project.join("catalog.sqlite").exists() {
        Studio::create_project(&options.project, (options.clock)())?;
    }
    let studio = Studio::open(options)?;
    order_first_run(&studio)?;
    Ok(studio)
}

/// Orders a run of the first usable model's own example, unless something was ordered before or nothing can be.
fn order_first_run(studio: &Studio) -> Result<Option<RunSummary>, ApiError> {
    let status = studio.project_status(Nothing {})?;
    if status.read_only.is_some() || !studio.runs(Nothing {})?.is_empty() {
        return Ok(None);
    }
    let usable =
        |model: &ModelSummary| model.fault.is_none() && !model.defaults.example_prompt.trim().is_empty();
    let Some(model) = studio.models(Nothing {})?.into_iter().find(usable) else {
        return Ok(None);
    };
    let order = StartRun {
        model: model.name,
        prompt: model.defaults.example_prompt,
        count: FIRST_COUNT,
        seed: Some(FIRST_SEED),
        ..StartRun::default()
    };
    studio.start_run(order).map(Some)
}
