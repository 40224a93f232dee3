//! How far an import is, and what is told of it.

use std::path::Path;
use std::time::Instant;

use crate::api::{ImportFailure, ImportProgress};
use crate::events::lock;
use crate::studio::Inner;

/// Failures that are listed one by one.
const MOST_LISTED: usize = 100;
/// Seconds before the time left is guessed at.
const WARMING_UP: f64 = 1.5;

/// The state of one import, told to everybody as it moves on.
pub(super) struct Teller<'a> {
    inner: &'a Inner,
    state: ImportProgress,
    /// When the first file was taken up, and how many were through by then.
    begun: Option<(Instant, u32)>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(inner: &'a Inner, import: u32, title: String) -> Self {
        let state = ImportProgress {
            import,
            title,
            counting: true,
            ..ImportProgress::default()
        };
        Self {
            inner,
            state,
            begun: None,
        }
    }

    pub(super) fn refuse(&mut self, path: &Path, why: String) {
        tracing::warn!(file = %path.display(), "not brought in: {why}");
        self.state.refused += 1;
        if self.state.failed.len() < MOST_LISTED {
            self.state.failed.push(ImportFailure {
                path: path.display().to_string(),
                why,
            });
        }
    }

    /// Everything was found: work begins.
    pub(super) fn counted(&mut self, found: usize, known: usize) {
        self.state.counting = false;
        self.state.found = found as u32;
        self.state.known = known as u32;
        self.begun = Some((Instant::now(), self.through()));
        self.tell();
    }

    pub(super) fn came_in(&mut self, added: usize, known: usize) {
        self.state.added += added as u32;
        self.state.known += known as u32;
        if let Some((begun, before)) = self.begun {
            let seconds = begun.elapsed().as_secs_f64();
            let through = self.through() - before;
            let rest = self.state.found.saturating_sub(self.through());
            let left = seconds / f64::from(through.max(1)) * f64::from(rest);
            self.state.seconds_left = (seconds > WARMING_UP && through > 0).then_some(left.ceil() as u32);
        }
        self.tell();
    }

    pub(super) fn end(mut self, cancelled: bool, outcome: Result<(), crate::ApiError>) -> ImportProgress {
        self.state.counting = false;
        self.state.done = true;
        self.state.cancelled = cancelled;
        self.state.fault = outcome.err();
        self.state.seconds_left = None;
        self.tell();
        self.state
    }

    fn through(&self) -> u32 {
        self.state.added + self.state.known + self.state.refused
    }

    pub(super) fn tell(&self) {
        *lock(&self.inner.imports.progress) = Some(self.state.clone());
        self.inner.events.import_progress(&self.state);
    }
}
