//! `add_model`, `cancel_add`, `remove_model`: what enters and leaves the models folders.

use crate::Studio;
use crate::api::{AddModel, AddedModel, ApiError, Nothing, RemoveModel};

impl Studio {
    /// Copies a model, a LoRA or an embedding into the first models folder that can be written.
    pub fn add_model(&self, _: AddModel) -> Result<AddedModel, ApiError> {
        Err(ApiError::invalid_request(
            "models cannot be copied yet: put the file into the models folder",
        ))
    }

    /// Stops the copy being made, if one is; it leaves nothing behind.
    pub fn cancel_add(&self, _: Nothing) -> Result<Nothing, ApiError> {
        Ok(Nothing {})
    }

    /// Takes a model out of the models folder.
    pub fn remove_model(&self, _: RemoveModel) -> Result<Nothing, ApiError> {
        Err(ApiError::invalid_request(
            "models cannot be removed yet: take the file out of the models folder",
        ))
    }
}
