//! `runs`, `run_detail`: what was ordered and how far it is.

use salon_catalog::RunRecord;

use crate::Studio;
use crate::api::{ApiError, Nothing, RunDetail, RunRequest, RunSummary};

impl From<RunRecord> for RunSummary {
    fn from(record: RunRecord) -> Self {
        let RunRecord {
            run,
            done,
            failed,
            pending,
            place,
        } = record;
        Self {
            run,
            done,
            failed,
            pending,
            place,
        }
    }
}

impl Studio {
    /// Every run, in the order they were ordered.
    pub fn runs(&self, _: Nothing) -> Result<Vec<RunSummary>, ApiError> {
        Ok(self
            .inner
            .project
            .runs()?
            .into_iter()
            .map(RunSummary::from)
            .collect())
    }

    /// A run and why some of its slots failed.
    pub fn run_detail(&self, request: RunRequest) -> Result<RunDetail, ApiError> {
        Ok(RunDetail {
            summary: self.inner.project.run(request.run)?.into(),
            failures: self.inner.project.failed_slots(request.run)?,
        })
    }
}
