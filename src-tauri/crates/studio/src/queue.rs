//! What the generator is to do and how far it is. Only memory: what must survive a kill is in the catalog.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use salon_domain::{CancelToken, RunId};

use crate::api::{ApiError, BatchProgress, ErrorCode, QueueStatus, RunSummary};
use crate::events::lock;

// Each flag is one fact about the generator; no two of them exclude each other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Default)]
struct State {
    paused: bool,
    closing: bool,
    /// Something changed since the generator last looked for work.
    stirred: bool,
    /// The generator found nothing to do.
    idle: bool,
    fault: Option<ApiError>,
    runs: Vec<RunSummary>,
    current: Option<Current>,
    previews: BTreeMap<(RunId, u32), Arc<[u8]>>,
}

struct Current {
    progress: BatchProgress,
    cancel: CancelToken,
}

/// The generator's desk, shared with the commands that steer it.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

impl Queue {
    /// What hosts show.
    pub(crate) fn status(&self) -> QueueStatus {
        let state = lock(&self.state);
        QueueStatus {
            paused: state.paused,
            runs: state.runs.clone(),
            current: state.current.as_ref().map(|current| current.progress.clone()),
            fault: state.fault.clone(),
        }
    }

    /// Takes over the runs as the catalog has them, and lets the generator look again.
    pub(crate) fn set_runs(&self, runs: Vec<RunSummary>) {
        let mut state = lock(&self.state);
        state.runs = runs;
        state.stirred = true;
        state.idle = false;
        self.changed.notify_all();
    }

    /// The same, from the generator itself: it need not look again.
    pub(crate) fn note_runs(&self, runs: Vec<RunSummary>) {
        lock(&self.state).runs = runs;
    }

    /// No batch is begun from now on; the one being made is finished.
    pub(crate) fn pause(&self) {
        lock(&self.state).paused = true;
        self.changed.notify_all();
    }

    /// Goes on, also after a fault.
    pub(crate) fn resume(&self) {
        let mut state = lock(&self.state);
        state.paused = false;
        state.fault = None;
        state.stirred = true;
        state.idle = false;
        self.changed.notify_all();
    }

    /// Pauses because of `fault`; [`Queue::resume`] clears it.
    pub(crate) fn stop(&self, fault: ApiError) {
        tracing::error!(code = ?fault.code, "the queue stopped: {fault}");
        let mut state = lock(&self.state);
        state.paused = true;
        state.fault = Some(fault);
        self.changed.notify_all();
    }

    /// Whether a fault of this kind stopped it.
    pub(crate) fn stopped_by(&self, code: ErrorCode) -> bool {
        lock(&self.state)
            .fault
            .as_ref()
            .is_some_and(|fault| fault.code == code)
    }

    /// Stops the batch being made if it is of `run`; its slots are not marked.
    pub(crate) fn abandon(&self, run: RunId) {
        if let Some(current) = &lock(&self.state).current
            && current.progress.run == run
        {
            current.cancel.cancel();
        }
    }

    /// Ends the generator; the batch being made is given up and made again at the next start.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.state);
        state.closing = true;
        if let Some(current) = &state.current {
            current.cancel.cancel();
        }
        self.changed.notify_all();
    }

    /// Waits until there may be work; false when the studio closes.
    pub(crate) fn wait_for_work(&self) -> bool {
        let mut state = lock(&self.state);
        while !state.closing && (state.paused || !state.stirred) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        // Cleared before the catalog is asked, so that a run ordered meanwhile is not overlooked.
        state.stirred = false;
        !state.closing
    }

    /// The generator found work, or none.
    pub(crate) fn found_work(&self, found: bool) {
        let mut state = lock(&self.state);
        state.stirred |= found;
        state.idle = !found && !state.stirred;
        self.changed.notify_all();
    }

    /// Waits at most `timeout` for a change; whether the generator has come to rest (nothing to do, paused or closed).
    pub(crate) fn wait_for_rest(&self, timeout: Duration) -> bool {
        let at_rest =
            |state: &State| state.current.is_none() && (state.idle || state.paused || state.closing);
        let state = lock(&self.state);
        if at_rest(&state) {
            return true;
        }
        let state = self
            .changed
            .wait_timeout(state, timeout)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        at_rest(&state)
    }

    /// A batch begins; gives the token that stops it. Already set when the studio closes.
    pub(crate) fn begin(&self, progress: BatchProgress) -> CancelToken {
        let cancel = CancelToken::new();
        let mut state = lock(&self.state);
        if state.closing {
            cancel.cancel();
        }
        state.previews.clear();
        state.current = Some(Current {
            progress,
            cancel: cancel.clone(),
        });
        cancel
    }

    /// The batch moved on.
    pub(crate) fn advance(&self, change: impl FnOnce(&mut BatchProgress)) {
        if let Some(current) = &mut lock(&self.state).current {
            change(&mut current.progress);
        }
    }

    /// New previews (PNG) of the batch's slots.
    pub(crate) fn show_previews(&self, previews: impl IntoIterator<Item = (u32, Vec<u8>)>) {
        let mut state = lock(&self.state);
        let Some(current) = &mut state.current else { return };
        current.progress.preview += 1;
        let run = current.progress.run;
        for (slot, png) in previews {
            state.previews.insert((run, slot), png.into());
        }
    }

    /// The latest preview of a slot being made.
    pub(crate) fn preview(&self, run: RunId, slot: u32) -> Option<Arc<[u8]>> {
        lock(&self.state).previews.get(&(run, slot)).cloned()
    }

    /// The batch is over, one way or the other.
    pub(crate) fn end(&self) {
        lock(&self.state).current = None;
        self.changed.notify_all();
    }
}
