//! Watches the models folders: a model that is dropped in appears.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::studio::Inner;

/// How long a folder must be quiet before it is looked at: files arrive one by one.
const QUIET: Duration = Duration::from_millis(500);

/// Keeps watching until it is dropped.
pub(crate) struct Watch {
    watcher: Option<RecommendedWatcher>,
    thread: Option<JoinHandle<()>>,
}

/// Watches the folders that exist; none when the system offers no watching.
pub(crate) fn start(inner: &Arc<Inner>) -> Option<Watch> {
    // One note suffices: it means "look".
    let (note, notes) = sync_channel::<()>(1);
    let heard = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_))) {
            let _ = note.try_send(());
        }
    };
    let mut watcher = notify::recommended_watcher(heard)
        .inspect_err(|fault| tracing::warn!("the models folders are not watched: {fault}"))
        .ok()?;
    for folder in inner.shelf.folders().iter().filter(|folder| folder.is_dir()) {
        if let Err(fault) = watcher.watch(folder, RecursiveMode::Recursive) {
            tracing::warn!(folder = %folder.display(), "not watched: {fault}");
        }
    }
    let inner = Arc::downgrade(inner);
    let thread = std::thread::Builder::new()
        .name("models".into())
        .spawn(move || look_when_quiet(&notes, &inner))
        .ok()?;
    Some(Watch {
        watcher: Some(watcher),
        thread: Some(thread),
    })
}

fn look_when_quiet(notes: &Receiver<()>, inner: &Weak<Inner>) {
    let mut known = None;
    while notes.recv().is_ok() {
        loop {
            match notes.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let Some(inner) = inner.upgrade() else { return };
        let Ok(models) = inner.models() else { continue };
        if known.as_ref() != Some(&models) {
            inner.events.models(&models);
            known = Some(models);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The watcher holds the sending end: without it the thread ends.
        drop(self.watcher.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
