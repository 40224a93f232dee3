//! `saved_views`, `save_view`, `remove_view`: queries kept under a name.

use crate::Studio;
use crate::api::{ApiError, ErrorCode, Nothing, RemoveView, SavedView};

/// Longest name, in characters.
const LONGEST_NAME: usize = 100;

impl Studio {
    /// Every saved view, by name.
    pub fn saved_views(&self, _: Nothing) -> Result<Vec<SavedView>, ApiError> {
        let views = self.inner.project.saved_views()?.into_iter();
        Ok(views.map(|(name, query)| SavedView { name, query }).collect())
    }

    /// Keeps a query under a name; what had that name before is replaced.
    pub fn save_view(&self, request: SavedView) -> Result<SavedView, ApiError> {
        let name = request.name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(ApiError::invalid_request(format!(
                "a saved view needs a name of 1 to {LONGEST_NAME} characters"
            )));
        }
        self.inner.project.save_view(name, &request.query)?;
        Ok(SavedView {
            name: name.into(),
            query: request.query,
        })
    }

    /// Forgets a saved view.
    pub fn remove_view(&self, request: RemoveView) -> Result<Nothing, ApiError> {
        if self.inner.project.remove_view(request.name.trim())? {
            return Ok(Nothing {});
        }
        Err(ApiError::new(
            ErrorCode::NotFound,
            format!("there is no saved view `{}`", request.name),
            &[],
        ))
    }
}
