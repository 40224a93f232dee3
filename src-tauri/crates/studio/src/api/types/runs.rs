//! Runs and the queue that makes them.

use salon_domain::{Run, RunId, Slot};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ApiError;

/// A run and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RunSummary {
    /// The run.
    pub run: Run,
    /// Slots that became candidates.
    pub done: u32,
    /// Slots that failed.
    pub failed: u32,
    /// Slots still to be made.
    pub pending: u32,
    /// Place in the queue, from 0; absent when it has ended.
    pub place: Option<u32>,
}

/// Names a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The run.
    pub run: RunId,
}

/// A run's slots that failed, with reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RunDetail {
    /// The run.
    pub summary: RunSummary,
    /// Its failed slots.
    pub failures: Vec<Slot>,
}

/// Whether the generator takes new work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct QueueStatus {
    /// The generator waits although runs are queued.
    pub paused: bool,
    /// Runs that have not ended, in the order they will be made.
    pub runs: Vec<RunSummary>,
    /// The batch being made.
    pub current: Option<BatchProgress>,
    /// The fault that stopped the generator, if one did.
    pub fault: Option<ApiError>,
}

/// How far the batch in the generator is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct BatchProgress {
    /// The run it belongs to.
    pub run: RunId,
    /// Its slots.
    pub slots: Vec<u32>,
    /// Denoising steps made.
    pub step: u32,
    /// Denoising steps in all.
    pub steps: u32,
    /// Whole-batch steps per second, smoothed; 0 while unknown.
    pub steps_per_second: f64,
    /// Seconds per finished picture, smoothed; 0 while unknown.
    pub seconds_per_picture: f64,
    /// Seconds until the run is finished; absent while unknown.
    pub seconds_left: Option<f64>,
    /// Counts up whenever the previews of `/preview/<run>/<slot>?v=<preview>` change; 0 before the first.
    pub preview: u32,
}

/// Orders a run's recipe once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Rerun {
    /// The run to repeat.
    pub run: RunId,
    /// How many pictures; as many as before when absent.
    #[ts(optional)]
    pub count: Option<u32>,
    /// Draw a new seed: the same recipe, other pictures.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub fresh: bool,
}
