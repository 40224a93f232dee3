//! `undo`, `redo`: each curator's own gestures, persistent, across restarts, back to the first.

use crate::Studio;
use crate::api::{ApiError, Decided, ErrorCode, UndoRequest};
use crate::who::Right;

impl Studio {
    /// Takes this curator's newest gesture back, and says which candidate to return to. What somebody else has decided
    /// since is left as it is and named.
    pub fn undo(&self, request: UndoRequest) -> Result<Decided, ApiError> {
        let by = self.may(&request.by, "an undo", Right::Pick)?;
        let outcome = self.inner.project.undo(by, self.inner.now())?;
        let nothing = || nothing("there is no decision of yours to take back");
        self.told(outcome.ok_or_else(nothing)?, None)
    }

    /// Puts back what this curator's newest undo took.
    pub fn redo(&self, request: UndoRequest) -> Result<Decided, ApiError> {
        let by = self.may(&request.by, "a redo", Right::Pick)?;
        let outcome = self.inner.project.redo(by, self.inner.now())?;
        let nothing = || nothing("there is no undo of yours to take back");
        self.told(outcome.ok_or_else(nothing)?, None)
    }
}

fn nothing(message: &str) -> ApiError {
    ApiError::new(ErrorCode::NothingToUndo, message, &[])
}
