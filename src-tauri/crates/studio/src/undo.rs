//! `undo`, `redo`: persistent, across restarts, back to the first decision.

use salon_catalog::UndoOutcome;

use crate::Studio;
use crate::api::{ApiError, Decided, ErrorCode, UndoRequest};
use crate::settings::checked_name;

impl Studio {
    /// Takes back the newest decision that holds, and says which candidate to return to.
    pub fn undo(&self, request: UndoRequest) -> Result<Decided, ApiError> {
        let by = checked_name(&request.by, "an undo")?;
        let outcome = self.inner.project.undo(by, self.inner.now())?;
        self.told(outcome, "there is no decision to take back")
    }

    /// Takes the newest undo back.
    pub fn redo(&self, request: UndoRequest) -> Result<Decided, ApiError> {
        let by = checked_name(&request.by, "a redo")?;
        let outcome = self.inner.project.redo(by, self.inner.now())?;
        self.told(outcome, "there is no undo to take back")
    }

    fn told(&self, outcome: Option<UndoOutcome>, nothing: &str) -> Result<Decided, ApiError> {
        let outcome = outcome.ok_or_else(|| ApiError::new(ErrorCode::NothingToUndo, nothing, &[]))?;
        let decided = Decided {
            decision: Some(outcome.decision.id),
            candidate: outcome.decision.candidate,
            verdict: outcome.decision.verdict,
            counts: outcome.counts.into(),
        };
        self.inner.events.decided(decided);
        Ok(decided)
    }
}
