//! Long work of one kind on a thread of its own, at low priority: one at a time, told how far it is, stopped when asked to and when
//! the studio closes.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use salon_domain::CancelToken;

use crate::api::{ApiError, ErrorCode};
use crate::events::lock;
use crate::priority;

/// The work of one kind of an open studio, with how far it is.
pub(crate) struct Background<P> {
    state: Mutex<State<P>>,
    changed: Condvar,
}

struct State<P> {
    current: Option<CancelToken>,
    worker: Option<JoinHandle<()>>,
    progress: Option<P>,
    closed: bool,
}

impl<P> Default for Background<P> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                current: None,
                worker: None,
                progress: None,
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }
}

impl<P: Clone + Send + 'static> Background<P> {
    /// Begins `work` on a thread of this name, with `progress` to begin with.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] with the sentence `busy` while other work of this kind is under way.
    pub(crate) fn begin(
        self: &Arc<Self>,
        name: &str,
        busy: &str,
        progress: P,
        work: impl FnOnce(&CancelToken) + Send + 'static,
    ) -> Result<(), ApiError> {
        let mut state = lock(&self.state);
        if state.current.is_some() || state.closed {
            let hints = ["Wait for it, or cancel it."];
            return Err(ApiError::new(ErrorCode::InvalidRequest, busy, &hints));
        }
        let cancel = CancelToken::new();
        state.current = Some(cancel.clone());
        state.progress = Some(progress);
        let background = Arc::clone(self);
        let worker = std::thread::Builder::new().name(name.into()).spawn(move || {
            priority::lower_this_thread();
            work(&cancel);
            lock(&background.state).current = None;
            background.changed.notify_all();
        });
        match worker {
            Ok(worker) => {
                // The one before has ended: nobody waits for it any more.
                state.worker = Some(worker);
                Ok(())
            }
            Err(fault) => {
                state.current = None;
                Err(ApiError::internal(format!("no thread could be started: {fault}")))
            }
        }
    }

    /// How far the work is, or how far the last one came.
    pub(crate) fn progress(&self) -> Option<P> {
        lock(&self.state).progress.clone()
    }

    /// Notes how far it is.
    pub(crate) fn note(&self, progress: &P) {
        lock(&self.state).progress = Some(progress.clone());
    }

    /// Asks what is under way to stop.
    pub(crate) fn cancel(&self) {
        if let Some(current) = &lock(&self.state).current {
            current.cancel();
        }
    }

    /// Stops what is under way and waits for it; nothing begins any more.
    pub(crate) fn close(&self) {
        let worker = {
            let mut state = lock(&self.state);
            state.closed = true;
            if let Some(current) = &state.current {
                current.cancel();
            }
            state.worker.take()
        };
        if let Some(worker) = worker {
            let _ = worker.join();
        }
    }

    /// Waits until nothing is under way, but no longer than `most`; whether it has ended.
    pub(crate) fn wait_for_end(&self, most: Duration) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(lock(&self.state), most, |state| state.current.is_some());
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        !timeout.timed_out()
    }
}
