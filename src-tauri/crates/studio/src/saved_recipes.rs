//! `saved_recipes`, `save_recipe`, `remove_recipe`: orders kept under a name.

use salon_catalog::SavedRecipeRecord;

use crate::Studio;
use crate::api::{ApiError, Nothing, RemoveRecipe, SaveRecipe, SavedRecipe};
use crate::settings::{forgotten, kept_name};

/// What messages call it.
const KIND: &str = "saved recipe";

impl Studio {
    /// Every saved recipe, by name.
    pub fn saved_recipes(&self, _: Nothing) -> Result<Vec<SavedRecipe>, ApiError> {
        let records = self.inner.project.saved_recipes()?.into_iter().map(|record| {
            let request = serde_json::from_str(&record.request_json).map_err(|fault| {
                ApiError::internal(format!("the saved recipe `{}` is damaged: {fault}", record.name))
            })?;
            Ok(SavedRecipe {
                name: record.name,
                request,
                saved_at: record.saved_at,
            })
        });
        records.collect()
    }

    /// Keeps an order under a name; what had that name before is replaced. The order is not checked: a recipe may wait
    /// for a model that is not here yet.
    pub fn save_recipe(&self, request: SaveRecipe) -> Result<SavedRecipe, ApiError> {
        let name = kept_name(&request.name, KIND)?;
        let record = SavedRecipeRecord {
            name: name.into(),
            request_json: serde_json::to_string(&request.request)
                .map_err(|fault| ApiError::internal(fault.to_string()))?,
            saved_at: self.inner.now(),
        };
        self.inner.project.save_recipe(&record)?;
        Ok(SavedRecipe {
            name: record.name,
            request: request.request,
            saved_at: record.saved_at,
        })
    }

    /// Forgets a saved recipe. Runs ordered with it keep theirs.
    pub fn remove_recipe(&self, request: RemoveRecipe) -> Result<Nothing, ApiError> {
        let found = self.inner.project.remove_recipe(request.name.trim())?;
        forgotten(found, &request.name, KIND)
    }
}
