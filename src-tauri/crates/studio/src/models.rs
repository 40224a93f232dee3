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
    checked(&ModelShelf::new(folders.to_vec()), model)
}

/// The LoRA called `lora` in `folders`, or the one at the path `lora`, held against the model called `model` or at that
/// path, or against every model there is.
pub fn check_lora(lora: &str, model: Option<&str>, folders: &[PathBuf]) -> Result<LoraSummary, ApiError> {
    let shelf = ModelShelf::new(folders.to_vec());
    let models = match model {
        None => shelf.list(),
        Some(model) => {
            let model = shelf.check(model)?;
            crate::order::usable(&model)?;
            vec![model]
        }
    };
    shelf.check_lora(lora, &models)
}

fn checked(shelf: &ModelShelf, model: &str) -> Result<ModelSummary, ApiError> {
    let mut model = shelf.check(model)?;
    let loras = shelf.loras(std::slice::from_ref(&model));
    note_loras(std::slice::from_mut(&mut model), &loras);
    Ok(model)
}

/// Tells each model which LoRAs fit it, and which of them do only partly.
fn note_loras(models: &mut [ModelSummary], loras: &[LoraSummary]) {
    for model in models {
        if model.fault.is_some() {
            continue;
        }
        for lora in loras {
            let fit = lora.models.iter().find(|fit| fit.model == model.name);
            let Some(fit) = fit.filter(|fit| fit.reason.is_none()) else {
                continue;
            };
            model.loras.push(lora.name.clone());
            if !fit.unmatched.is_empty() {
                let (left, keys) = (fit.unmatched.len(), fit.keys);
                model.notes.push(format!(
                    "the LoRA `{}` fits partly: {left} of its {keys} keys fit nothing",
                    lora.name
                ));
            }
        }
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
        let model = checked(&self.inner.shelf, &request.model)?;
        self.inner.keep_hashes()?;
        Ok(model)
    }
}
