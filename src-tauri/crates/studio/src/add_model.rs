//! `add_model`, `cancel_add`, `remove_model`: what enters and leaves the models folders.

use std::path::PathBuf;

use salon_domain::CancelToken;

use crate::Studio;
use crate::api::{AddModel, AddProgress, AddedModel, ApiError, ErrorCode, Nothing, RemoveModel};
use crate::events::lock;
use crate::shelf::ModelShelf;

/// Copies what `order` names into the last of `folders` that can be written, without a project.
pub fn add_model(
    order: &AddModel,
    folders: &[PathBuf],
    report: &mut dyn FnMut(&AddProgress),
    cancel: &CancelToken,
) -> Result<AddedModel, ApiError> {
    ModelShelf::new(folders.to_vec()).add(order, report, cancel)
}

/// Takes a model, LoRA or embedding out of `folders`, without a project whose queue could need it.
pub fn remove_model(name: &str, folders: &[PathBuf]) -> Result<(), ApiError> {
    ModelShelf::new(folders.to_vec()).remove(name)
}

impl Studio {
    /// Copies a model, a LoRA, an embedding or a wildcard list into the models folder. Blocks until it is there;
    /// progress comes as events. It appears whole or not at all.
    pub fn add_model(&self, request: AddModel) -> Result<AddedModel, ApiError> {
        let inner = &self.inner;
        let cancel = CancelToken::new();
        {
            let mut running = lock(&inner.adding);
            if running.is_some() {
                return Err(ApiError::new(
                    ErrorCode::InvalidRequest,
                    "another model is being copied",
                    &["Wait for it, or cancel it."],
                ));
            }
            *running = Some(cancel.clone());
        }
        let mut report = |progress: &AddProgress| inner.events.add_progress(progress);
        let added = inner.shelf.add(&request, &mut report, &cancel);
        *lock(&inner.adding) = None;
        let added = added?;
        tracing::info!(name = added.name, kind = added.kind, "added");
        inner.events.models(&inner.models()?);
        Ok(added)
    }

    /// Stops the copy being made, if one is; it leaves nothing behind.
    pub fn cancel_add(&self, _: Nothing) -> Result<Nothing, ApiError> {
        if let Some(cancel) = &*lock(&self.inner.adding) {
            cancel.cancel();
        }
        Ok(Nothing {})
    }

    /// Takes a model, LoRA or embedding out of the models folder; refused while a run that has not ended needs it.
    pub fn remove_model(&self, request: RemoveModel) -> Result<Nothing, ApiError> {
        let inner = &self.inner;
        let name = request.name.trim();
        // Of two models with one name, the second is needed by nobody: it cannot be ordered from.
        let needed = match inner.shelf.model_to_remove(name) {
            Some(model) if model.sha256.is_some() => inner.project.run_that_needs_model(&model.name)?,
            Some(_) => None,
            None => inner.project.run_that_needs_part(name)?,
        };
        if let Some(run) = needed {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                format!("run {run} still needs `{name}`"),
                &["Wait until it is finished, or cancel it."],
            ));
        }
        inner.shelf.remove(name)?;
        tracing::info!(name, "removed");
        inner.events.models(&inner.models()?);
        Ok(Nothing {})
    }
}
