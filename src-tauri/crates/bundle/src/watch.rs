//! How long work tells of itself and is stopped.

use std::sync::atomic::{AtomicU64, Ordering};

use salon_domain::CancelToken;
use serde::Serialize;

use crate::error::{BundleError, Result};

/// What the work is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Copying approved pictures into the bundle.
    Pictures,
    /// Computing content identifiers.
    Hashing,
    /// Writing the CAR.
    Packing,
    /// Reading everything back.
    Verifying,
    /// Signing items for Arweave.
    Signing,
}

/// How far a step is: in pictures for [`Step::Pictures`], in items for [`Step::Signing`], in bytes for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The step.
    pub step: Step,
    /// How much is done.
    pub done: u64,
    /// How much there is to do; 0 when not known beforehand.
    pub total: u64,
}

/// Watches long work: hears of progress (from any worker thread, about once per MiB; the listener thins it out) and
/// can stop it.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    report: &'a (dyn Fn(Progress) + Sync),
    cancel: &'a CancelToken,
}

impl<'a> Watch<'a> {
    /// A watch that calls `report` and stops when `cancel` is set.
    pub fn new(report: &'a (dyn Fn(Progress) + Sync), cancel: &'a CancelToken) -> Self {
        Self { report, cancel }
    }

    /// Stops the work when asked to.
    pub(crate) fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(BundleError::Cancelled);
        }
        Ok(())
    }

    pub(crate) fn meter(&self, step: Step, total: u64) -> Meter<'a> {
        Meter {
            watch: *self,
            step,
            total,
            done: AtomicU64::new(0),
        }
    }
}

/// Counts what one step has done.
pub(crate) struct Meter<'a> {
    watch: Watch<'a>,
    step: Step,
    total: u64,
    done: AtomicU64,
}

impl Meter<'_> {
    /// Counts `more`, tells of it, and stops the work when asked to.
    pub(crate) fn add(&self, more: u64) -> Result<()> {
        self.watch.check()?;
        let done = self.done.fetch_add(more, Ordering::Relaxed) + more;
        (self.watch.report)(Progress {
            step: self.step,
            done,
            total: self.total,
        });
        Ok(())
    }
}
