//! `queue_status`, `pause_queue`, `resume_queue`: the generator as a whole.

use crate::Studio;
use crate::api::{ApiError, ErrorCode, Nothing, QueueStatus};
use crate::settings::QUEUE_PAUSED;

impl Studio {
    /// Whether the generator takes new work, and what it is making.
    pub fn queue_status(&self, _: Nothing) -> Result<QueueStatus, ApiError> {
        Ok(self.inner.queue.status())
    }

    /// The generator begins nothing new, also after a restart; the batch being made is finished.
    pub fn pause_queue(&self, _: Nothing) -> Result<QueueStatus, ApiError> {
        self.refuse_read_only()?;
        self.inner.project.set_setting(QUEUE_PAUSED, "yes")?;
        self.inner.queue.pause();
        Ok(self.inner.tell_queue())
    }

    /// The generator goes on, also after a fault.
    pub fn resume_queue(&self, _: Nothing) -> Result<QueueStatus, ApiError> {
        self.refuse_read_only()?;
        self.inner.project.set_setting(QUEUE_PAUSED, "no")?;
        self.inner.queue.resume();
        self.inner.runs_changed()
    }

    fn refuse_read_only(&self) -> Result<(), ApiError> {
        match self.inner.project.read_only() {
            None => Ok(()),
            Some(reason) => Err(ApiError::new(ErrorCode::ReadOnly, reason, &[])),
        }
    }
}
