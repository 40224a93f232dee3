//! `pause_run`, `resume_run`, `cancel_run`, `retry_run`, `put_run_first`.

use salon_catalog::RunRecord;
use salon_domain::RunState;

use crate::Studio;
use crate::api::{ApiError, RunRequest, RunSummary};

impl Studio {
    /// Holds a run back. A batch that is being made is finished first: half a picture is worth nothing.
    pub fn pause_run(&self, request: RunRequest) -> Result<RunSummary, ApiError> {
        let record = self.inner.project.set_run_state(request.run, RunState::Paused)?;
        self.steered(record)
    }

    /// Lets a run go on.
    pub fn resume_run(&self, request: RunRequest) -> Result<RunSummary, ApiError> {
        let record = self.inner.project.set_run_state(request.run, RunState::Queued)?;
        self.steered(record)
    }

    /// Gives up what a run has not made yet, at once. What was made stays.
    pub fn cancel_run(&self, request: RunRequest) -> Result<RunSummary, ApiError> {
        let record = self.inner.project.cancel_run(request.run)?;
        self.inner.queue.abandon(request.run);
        self.steered(record)
    }

    /// Makes a run's failed slots again, with the same seeds.
    pub fn retry_run(&self, request: RunRequest) -> Result<RunSummary, ApiError> {
        let record = self.inner.project.retry_run(request.run)?;
        self.steered(record)
    }

    /// Puts a waiting run before all others; the batch being made is finished first.
    pub fn put_run_first(&self, request: RunRequest) -> Result<RunSummary, ApiError> {
        let record = self.inner.project.put_run_first(request.run)?;
        self.steered(record)
    }

    fn steered(&self, record: RunRecord) -> Result<RunSummary, ApiError> {
        self.inner.runs_changed()?;
        Ok(record.into())
    }
}
