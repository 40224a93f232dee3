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
        let imported = match (record.candidate.origin, record.recipe) {
            (Origin::Slot { seed, .. }, Some(recipe)) => self.inner.imported(&Written {
                version: String::new(),
                recipe,
                seed,
                resolved: record.resolved,
            }),
            // What it was made with stands in the file that was brought in, if anywhere.
            (origin, _) => {
                let name = match &origin {
                    Origin::Imported { name, .. } => name,
                    Origin::Slot { .. } => "the picture",
                };
                let file = self.inner.project.read_picture(candidate)?;
                self.inner.recipe_in(name, &file)
            }
        };
        Ok(imported?.request)
    }
}
