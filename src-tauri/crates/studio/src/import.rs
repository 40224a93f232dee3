//! `import_recipe`: the recipe that a PNG was made with.

use crate::Studio;
use crate::api::{ApiError, ImportRecipe, ImportedRecipe};

impl Studio {
    /// Reads the recipe back from a PNG that Salon or A1111 wrote.
    pub fn import_recipe(&self, _: ImportRecipe) -> Result<ImportedRecipe, ApiError> {
        Err(ApiError::invalid_request(
            "recipes cannot be read from pictures yet",
        ))
    }
}
