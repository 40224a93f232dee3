//! Carries the studio's events to the window.

use std::time::Duration;

use salon_studio::Studio;
use tauri::{AppHandle, Emitter};

use crate::window;

/// The one event name; what happened is in the payload.
const NAME: &str = "salon-event";

/// Longest wait before looking whether the studio has closed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Forwards every event until the studio closes.
pub fn pump(app: AppHandle, studio: &Studio) {
    let events = studio.subscribe();
    std::thread::spawn(move || {
        while !events.is_closed() {
            let Some(event) = events.next(PATIENCE) else {
                continue;
            };
            if let Err(fault) = app.emit_to(window::LABEL, NAME, event) {
                tracing::warn!(%fault, "an event did not reach the window");
            }
        }
    });
}
