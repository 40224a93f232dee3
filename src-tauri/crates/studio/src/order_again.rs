//! `order_again`: a candidate as an order, to be changed and sent once more. For the command line.

use salon_domain::{CandidateId, Origin};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, StartRun};
use crate::parameters::Written;

impl Studio {
    /// The order that makes exactly this candidate's picture again: the prompt that its template became, and its own
    /// seed. Pictures that are no longer here are left out.
    pub fn order_again(&self, candidate: CandidateId) -> Result<StartRun, ApiError> {
        let record = self.inner.project.candidate(candidate)?;
        let (Origin::Slot { seed, .. }, Some(recipe)) = (record.candidate.origin, record.recipe) else {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                format!("candidate {candidate} was brought in: how it was made is not known"),
                &["Begin from its picture instead (--source), with a prompt."],
            ));
        };
        let written = Written {
            version: String::new(),
            recipe,
            seed,
            resolved: record.resolved,
        };
        Ok(self.inner.imported(&written)?.request)
    }
}
