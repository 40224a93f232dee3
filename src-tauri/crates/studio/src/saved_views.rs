//! `saved_views`, `save_view`, `remove_view`: queries kept under a name.

use crate::Studio;
use crate::api::{ApiError, Nothing, RemoveView, SavedView};
use crate::settings::{forgotten, kept_name};

/// What messages call it.
const KIND: &str = "saved view";

impl Studio {
    /// Every saved view, by name.
    pub fn saved_views(&self, _: Nothing) -> Result<Vec<SavedView>, ApiError> {
        let views = self.inner.project.saved_views()?.into_iter();
        Ok(views.map(|(name, query)| SavedView { name, query }).collect())
    }

    /// Keeps a query under a name; what had that name before is replaced.
    pub fn save_view(&self, request: SavedView) -> Result<SavedView, ApiError> {
        let name = kept_name(&request.name, KIND)?;
        self.inner.project.save_view(name, &request.query)?;
        Ok(SavedView {
            name: name.into(),
            query: request.query,
        })
    }

    /// Forgets a saved view.
    pub fn remove_view(&self, request: RemoveView) -> Result<Nothing, ApiError> {
        let found = self.inner.project.remove_view(request.name.trim())?;
        forgotten(found, &request.name, KIND)
    }
}
