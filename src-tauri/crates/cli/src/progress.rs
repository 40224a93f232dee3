//! Progress for people: drawn on a terminal's standard error, silent where nobody looks.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use salon_studio::api::{ApiError, Event, Nothing};
use salon_studio::{Studio, Subscription};

use crate::interrupt;
use crate::output::{Failure, Output};

/// How often somebody who waits is looked after.
const BEAT: Duration = Duration::from_millis(100);

/// A bar, drawn or not.
pub struct Bar(ProgressBar);

impl Bar {
    fn styled(output: Output, template: &str) -> Self {
        let bar = if output.draws_progress() {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(15))
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("━━─"));
        Self(bar)
    }

    /// Counts bytes.
    pub fn bytes(output: Output) -> Self {
        Self::styled(
            output,
            "{wide_bar} {bytes}/{total_bytes}  {binary_bytes_per_sec}  {eta}",
        )
    }

    /// Counts things called `name`.
    pub fn things(output: Output, name: &str) -> Self {
        Self::styled(output, &format!("{{wide_bar}} {{pos}}/{{len}} {name}  {{msg}}"))
    }

    /// Moves to `done` of `total`.
    pub fn set(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    /// Says something beside the bar.
    pub fn say(&self, text: String) {
        self.0.set_message(text);
    }

    /// Clears the bar away: the result follows.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Runs `export` on a thread of its own while this one draws its progress and listens for Ctrl-C.
pub fn of_export<Report: Send>(
    studio: &Studio,
    output: Output,
    export: impl FnOnce() -> Result<Report, ApiError> + Send,
) -> Result<Report, Failure> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let events = studio.subscribe();
    let bar = Bar::things(output, "");
    std::thread::scope(|scope| {
        let working = scope.spawn(export);
        let mut asked = false;
        while !working.is_finished() {
            draw_export(&events, &bar);
            if cancel.is_cancelled() && !asked {
                asked = studio.cancel_export(Nothing {}).is_ok();
            }
        }
        bar.finish();
        working
            .join()
            .unwrap_or_else(|_| Err(ApiError::internal("the export did not end well".to_owned())))
    })
    .map_err(Failure::from)
}

/// Runs `publish` on a thread of its own while this one draws its progress and listens for Ctrl-C.
pub fn of_publication<Done: Send>(
    studio: &Studio,
    output: Output,
    publish: impl FnOnce() -> Result<Done, ApiError> + Send,
) -> Result<Done, Failure> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let events = studio.subscribe();
    let bar = Bar::bytes(output);
    std::thread::scope(|scope| {
        let working = scope.spawn(publish);
        while !working.is_finished() {
            if let Some(Event::PublicationProgress(progress)) = events.next(BEAT) {
                bar.set(progress.done, progress.total);
            }
            if cancel.is_cancelled() {
                // As long as it takes: what is asked to stop before it has begun would not hear of it.
                let _ = studio.cancel_publication(Nothing {});
            }
        }
        bar.finish();
        working
            .join()
            .unwrap_or_else(|_| Err(ApiError::internal("the publication did not end well".to_owned())))
    })
    .map_err(Failure::from)
}

fn draw_export(events: &Subscription, bar: &Bar) {
    if let Some(Event::ExportProgress(progress)) = events.next(BEAT) {
        bar.set(progress.done, progress.total);
        bar.say(progress.stage);
    }
}
