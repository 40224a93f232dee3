//! Watches the models folders: a model that is dropped in appears, also in a folder that is made later.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::api::{ApiError, EmbeddingSummary, LoraSummary, ModelSummary, WildcardSummary};
use crate::events::lock;
use crate::studio::Inner;

/// How long a folder must be quiet before it is looked at: files arrive one by one.
const QUIET: Duration = Duration::from_millis(500);

/// Keeps watching until it is dropped.
pub(crate) struct Watch {
    watching: Arc<Mutex<Option<Watching>>>,
    thread: Option<JoinHandle<()>>,
}

/// What is watched: each folder with everything in it, or, while it does not exist, the nearest folder above it.
struct Watching {
    watcher: RecommendedWatcher,
    folders: Vec<PathBuf>,
    watched: BTreeSet<PathBuf>,
}

impl Watching {
    /// Watches what there is to be watched now.
    fn refresh(&mut self) {
        // The watch on a folder goes with the folder.
        self.watched.retain(|path| path.is_dir());
        for folder in &self.folders {
            let Some(nearest) = folder.ancestors().find(|path| path.is_dir()) else {
                continue;
            };
            if self.watched.contains(nearest) {
                continue;
            }
            let mode = if nearest == folder {
                RecursiveMode::Recursive
            } else {
                RecursiveMode::NonRecursive
            };
            match self.watcher.watch(nearest, mode) {
                Ok(()) => drop(self.watched.insert(nearest.into())),
                Err(fault) => tracing::warn!(folder = %nearest.display(), "not watched: {fault}"),
            }
        }
    }
}

/// Watches the models folders, those that do not exist yet too; none when the system offers no watching.
pub(crate) fn start(inner: &Arc<Inner>) -> Option<Watch> {
    // One note suffices: it means "look".
    let (note, notes) = sync_channel::<()>(1);
    let folders = inner.shelf.folders().iter();
    let folders: Vec<PathBuf> = folders
        .map(|folder| std::path::absolute(folder).unwrap_or_else(|_| folder.clone()))
        .collect();
    let ours = folders.clone();
    let heard = move |event: notify::Result<notify::Event>| {
        let concerns = |path: &PathBuf| {
            let near = |folder: &PathBuf| path.starts_with(folder) || folder.starts_with(path);
            ours.iter().any(near)
        };
        if event.is_ok_and(|event| {
            !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(concerns)
        }) {
            let _ = note.try_send(());
        }
    };
    let watcher = notify::recommended_watcher(heard)
        .inspect_err(|fault| tracing::warn!("the models folders are not watched: {fault}"))
        .ok()?;
    let mut watching = Watching {
        watcher,
        folders,
        watched: BTreeSet::new(),
    };
    watching.refresh();
    let watching = Arc::new(Mutex::new(Some(watching)));
    let (inner, shared) = (Arc::downgrade(inner), Arc::clone(&watching));
    let thread = std::thread::Builder::new()
        .name("models".into())
        .spawn(move || look_when_quiet(&notes, &inner, &shared))
        .ok()?;
    Some(Watch {
        watching,
        thread: Some(thread),
    })
}

/// Everything in the models folders: if it is the same, nothing is told.
#[derive(PartialEq)]
struct Shelf {
    models: Vec<ModelSummary>,
    loras: Vec<LoraSummary>,
    embeddings: Vec<EmbeddingSummary>,
    wildcards: Vec<WildcardSummary>,
}

fn look(inner: &Inner) -> Result<Shelf, ApiError> {
    let models = inner.models()?;
    Ok(Shelf {
        loras: inner.shelf.loras(&models),
        models,
        embeddings: inner.shelf.embeddings(),
        // A list that cannot be read is told to whoever resolves a template.
        wildcards: inner.shelf.wildcard_summaries().unwrap_or_default(),
    })
}

fn look_when_quiet(notes: &Receiver<()>, inner: &Weak<Inner>, watching: &Mutex<Option<Watching>>) {
    let mut known = None;
    while notes.recv().is_ok() {
        loop {
            match notes.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        if let Some(watching) = &mut *lock(watching) {
            watching.refresh();
        }
        let Some(inner) = inner.upgrade() else { return };
        match look(&inner) {
            Ok(found) if known.as_ref() != Some(&found) => {
                inner.events.models(&found.models);
                known = Some(found);
            }
            Ok(_) => {}
            Err(fault) => tracing::warn!("the models folders were not looked at: {fault}"),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The watcher holds the sending end: without it the thread ends.
        drop(lock(&self.watching).take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
