//! `decide`: sets a verdict.

use salon_domain::{Seen, Stage};

use crate::Studio;
use crate::api::{ApiError, Decide, Decided};
use crate::settings::checked_name;

/// Longest reason, in characters.
const LONGEST_WHY: usize = 2000;

impl Studio {
    /// Sets the verdict of one candidate. It is on disk when this returns.
    pub fn decide(&self, request: Decide) -> Result<Decided, ApiError> {
        let by = checked_name(&request.by, "a decision")?;
        if request.why.chars().count() > LONGEST_WHY {
            let message = format!("the reason has more than {LONGEST_WHY} characters: shorten it");
            return Err(ApiError::invalid_request(message));
        }
        self.inner.check_seen(&[Seen {
            candidate: request.candidate,
            frame: request.frame,
        }])?;
        let outcome = self.inner.project.decide(
            request.candidate,
            Stage::Pick,
            request.verdict,
            by,
            &request.why,
            self.inner.now(),
        )?;
        let decided = Decided {
            decision: outcome.decision.map(|decision| decision.id),
            candidate: request.candidate,
            verdict: request.verdict,
            counts: outcome.counts.into(),
        };
        if decided.decision.is_some() {
            self.inner.events.decided(decided);
            self.remember_curator(by)?;
        }
        Ok(decided)
    }
}
