//! `models`, `loras`, `embeddings`, `wildcards`, `check_model`: what the models folders hold.

use std::path::PathBuf;

use crate::Studio;
use crate::api::{
    ApiError, CheckModel, EmbeddingSummary, LoraSummary, ModelSummary, Nothing, WildcardSummary,
};
use crate::shelf::ModelShelf;
use crate::studio::Inner;

/// Every model in `folders`, by name.
pub fn models_in(folders: &[PathBuf]) -> Vec<ModelSummary> {
    let shelf = ModelShelf::new(folders.to_vec());
    let mut models = shelf.list();
    let loras = shelf.loras(&models);
    note_loras(&mut models, &loras);
    models
}

/// Every LoRA in `folders`, by name.
pub fn loras_in(folders: &[PathBuf]) -> Vec<LoraSummary> {
    let shelf = ModelShelf::new(folders.to_vec());
    shelf.loras(&shelf.list())
}

/// The model called `model` in `folders`, or the one at the path `model`; its fault, if it has one, is in the summary.
pub fn check_model(model: &str, folders: &[PathBuf]) -> Result<ModelSummary, ApiError> {
    ModelShelf::new(folders.to_vec()).check(model)
}

/// Tells each model which LoRAs fit it.
fn note_loras(models: &mut [ModelSummary], loras: &[LoraSummary]) {
    for model in models {
        let fitting = loras.iter().filter(|lora| lora.fits.contains(&model.name));
        model.loras = fitting.map(|lora| lora.name.clone()).collect();
    }
}

impl Inner {
    /// Every model with what the project knows of it; what was hashed on the way is kept.
    pub(crate) fn models(&self) -> Result<Vec<ModelSummary>, ApiError> {
        let mut models = self.shelf.list();
        let loras = self.shelf.loras(&models);
        note_loras(&mut models, &loras);
        let latest = self.project.latest_by_model()?;
        for model in &mut models {
            let made = latest
                .iter()
                .filter(|(made, _)| made.name == model.name && Some(made.sha256) == model.sha256);
            model.thumbnail = made.map(|(_, candidate)| *candidate).max();
        }
        self.keep_hashes()?;
        Ok(models)
    }

    /// Remembers in the project what was hashed since the last time.
    pub(crate) fn keep_hashes(&self) -> Result<(), ApiError> {
        let fresh = self.shelf.hashes().take_fresh();
        if !fresh.is_empty() && self.project.read_only().is_none() {
            self.project.remember_file_hashes(&fresh)?;
        }
        Ok(())
    }
}

impl Studio {
    /// Every model in the models folders, by name.
    pub fn models(&self, _: Nothing) -> Result<Vec<ModelSummary>, ApiError> {
        self.inner.models()
    }

    /// Every LoRA, by name.
    pub fn loras(&self, _: Nothing) -> Result<Vec<LoraSummary>, ApiError> {
        let loras = self.inner.shelf.loras(&self.inner.shelf.list());
        self.inner.keep_hashes()?;
        Ok(loras)
    }

    /// Every textual inversion, by name.
    pub fn embeddings(&self, _: Nothing) -> Result<Vec<EmbeddingSummary>, ApiError> {
        let embeddings = self.inner.shelf.embeddings();
        self.inner.keep_hashes()?;
        Ok(embeddings)
    }

    /// Every list that templates can draw from, by name.
    pub fn wildcards(&self, _: Nothing) -> Result<Vec<WildcardSummary>, ApiError> {
        self.inner.shelf.wildcard_summaries()
    }

    /// Looks into one model; its fault, if it has one, is in the summary.
    pub fn check_model(&self, request: CheckModel) -> Result<ModelSummary, ApiError> {
        let mut model = self.inner.shelf.check(&request.model)?;
        let loras = self.inner.shelf.loras(std::slice::from_ref(&model));
        note_loras(std::slice::from_mut(&mut model), &loras);
        self.inner.keep_hashes()?;
        Ok(model)
    }
}
