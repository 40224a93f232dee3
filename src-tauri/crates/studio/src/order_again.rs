//! `order_again`: a candidate as an order, to be changed and sent once more. For the command line.

use salon_domain::{CandidateId, Origin};

use crate::Studio;
use crate::api::{ApiError, StartRun};
use crate::parameters::Written;

impl Studio {
    /// The order that makes exactly this candidate's picture again: the prompt that its template became, and its own
    /// seed. Pictures that are no longer here are left out.
    pub fn order_again(&self, candidate: CandidateId) -> Result<StartRun, ApiError> {
        let record = self.inner.project.candidate(candidate)?;
        let Origin::Slot { seed, .. } = record.candidate.origin;
        let written = Written {
            version: String::new(),
            recipe: record.recipe,
            seed,
            resolved: record.resolved,
        };
        Ok(self.inner.imported(&written)?.request)
    }
}
