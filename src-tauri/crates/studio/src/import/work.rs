//! The one thread that brings pictures in, one import after the other.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use salon_domain::CancelToken;

use super::gather::{self, Found};
use super::layers::prepare_layers;
use super::progress::Teller;
use super::store::Batch;
use crate::api::{ApiError, ImportLayers, ImportProgress};
use crate::events::lock;
use crate::priority;
use crate::studio::Inner;

/// Files brought to disk and into the catalog together: enough to share the disk's waits, few enough to be quick.
pub(super) const TOGETHER: usize = 32;
/// Most bytes of files that are read together.
const MOST_BYTES: u64 = 64 << 20;
/// Files asked after at once.
const ASKED_TOGETHER: usize = 2000;

/// What is to be brought in.
pub(crate) enum Task {
    /// Files, and folders with everything in them.
    Files(Vec<PathBuf>),
    /// Editions of a layer project.
    Layers(ImportLayers),
}

struct Job {
    /// Its number in this studio's life.
    import: u32,
    task: Task,
    /// Its row in the catalog; what a watched folder brings has none, since it is found again.
    row: Option<i64>,
    cancel: CancelToken,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    current: Option<CancelToken>,
    numbered: u32,
    worker: Option<JoinHandle<()>>,
    closed: bool,
}

/// The imports of an open studio.
#[derive(Default)]
pub(crate) struct Imports {
    state: Mutex<State>,
    changed: Condvar,
    /// The state of the import under way, or of the last one.
    pub(super) progress: Mutex<Option<ImportProgress>>,
}

impl Imports {
    /// Puts an import behind those that wait; gives its number.
    pub(crate) fn add(&self, inner: &Arc<Inner>, task: Task, row: Option<i64>) -> Result<u32, ApiError> {
        let mut state = lock(&self.state);
        if state.worker.is_none() && !state.closed {
            let inner = Arc::clone(inner);
            let worker = std::thread::Builder::new().name("import".into()).spawn(move || {
                priority::lower_this_thread();
                inner.bring_in();
            });
            let told = |fault| ApiError::internal(format!("no thread could be started: {fault}"));
            state.worker = Some(worker.map_err(told)?);
        }
        state.numbered += 1;
        let import = state.numbered;
        state.waiting.push_back(Job {
            import,
            task,
            row,
            cancel: CancelToken::new(),
        });
        self.changed.notify_all();
        Ok(import)
    }

    /// Stops the import under way and gives up those that wait, by row; says which rows are to be forgotten.
    pub(crate) fn cancel(&self) -> Vec<i64> {
        let mut state = lock(&self.state);
        if let Some(current) = &state.current {
            current.cancel();
        }
        state.waiting.drain(..).filter_map(|job| job.row).collect()
    }

    /// The state of the import under way, or of the last one.
    pub(crate) fn latest(&self) -> Option<ImportProgress> {
        lock(&self.progress).clone()
    }

    /// Waits until nothing is left to bring in, at most this long; says whether that is so.
    pub(crate) fn wait_for_rest(&self, most: Duration) -> bool {
        let rests = |state: &mut State| state.current.is_some() || !state.waiting.is_empty();
        let waited = self.changed.wait_timeout_while(lock(&self.state), most, rests);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        !timeout.timed_out()
    }

    fn next(&self) -> Option<Job> {
        let mut state = lock(&self.state);
        state.current = None;
        self.changed.notify_all();
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.waiting.pop_front() {
                state.current = Some(job.cancel.clone());
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }

    /// Ends the thread after the pictures it has in hand. What is left comes in at the next start.
    pub(crate) fn close(&self) {
        let worker = {
            let mut state = lock(&self.state);
            state.closed = true;
            if let Some(current) = &state.current {
                current.cancel();
            }
            self.changed.notify_all();
            state.worker.take()
        };
        if let Some(worker) = worker {
            let _ = worker.join();
        }
    }
}

impl Inner {
    fn bring_in(&self) {
        let pool = priority::patient_pool();
        while let Some(job) = self.imports.next() {
            let mut teller = Teller::new(self, job.import, title(&job.task));
            let work = || match &pool {
                Some(pool) => match &job.task {
                    Task::Files(paths) => self.carry_out(paths, &job.cancel, pool, &mut teller),
                    Task::Layers(order) => match prepare_layers(order, &job.cancel, pool, &mut teller) {
                        Ok(Some(prepared)) => self.render_in(order, prepared, &job.cancel, pool, &mut teller),
                        Ok(None) => Ok(()),
                        Err(fault) => {
                            // What a hand must mend first would fail at every start.
                            self.forget_import(job.row);
                            Err(fault)
                        }
                    },
                },
                None => Err(ApiError::internal("no threads could be started to read pictures")),
            };
            let outcome = catch_unwind(AssertUnwindSafe(work));
            let outcome = outcome
                .unwrap_or_else(|panic| Err(ApiError::from_panic("bringing pictures in", panic.as_ref())));
            let cancelled = job.cancel.is_cancelled();
            // What was stopped by the end of the studio or by a fault is taken up again.
            if outcome.is_ok() && !self.imports.is_closed() {
                self.forget_import(job.row);
            }
            if let Err(fault) = &outcome {
                tracing::warn!("an import stopped: {fault}");
            }
            teller.end(cancelled, outcome);
        }
    }

    pub(crate) fn forget_import(&self, row: Option<i64>) {
        if let Some(row) = row
            && let Err(fault) = self.project.end_import(row)
        {
            tracing::warn!("an import that has ended will be looked at again: {fault}");
        }
    }

    fn carry_out(
        &self,
        paths: &[PathBuf],
        cancel: &CancelToken,
        pool: &rayon::ThreadPool,
        teller: &mut Teller<'_>,
    ) -> Result<(), ApiError> {
        teller.tell();
        let mut files = Vec::new();
        for path in paths {
            gather::gather(
                path,
                cancel,
                &mut |path, why| teller.refuse(path, why),
                &mut files,
            );
        }
        let found = files.len();
        let files = self.unknown(files)?;
        teller.counted(found, found - files.len());
        std::thread::scope(|scope| {
            // One batch is read while the one before it is stored.
            let (send, receive) = sync_channel::<Result<Batch, ApiError>>(1);
            scope.spawn(move || {
                for batch in batches(&files) {
                    if cancel.is_cancelled() || send.send(pool.install(|| self.read_batch(batch))).is_err() {
                        return;
                    }
                }
            });
            for batch in receive {
                self.finish(batch?, teller)?;
            }
            Ok(())
        })
    }

    pub(super) fn finish(&self, batch: Batch, teller: &mut Teller<'_>) -> Result<(), ApiError> {
        for (path, why) in batch.refused {
            teller.refuse(&path, why);
        }
        let known: Vec<_> = batch
            .known
            .iter()
            .filter_map(|(mark, digest)| Some((mark.clone()?, *digest)))
            .collect();
        self.project.remember_files(&known)?;
        let arrivals = self.take_in(batch.ready)?;
        let is_new = |arrival: &&salon_catalog::Arrival| matches!(arrival, salon_catalog::Arrival::Added(_));
        let added = arrivals.iter().filter(is_new).count();
        teller.came_in(added, arrivals.len() - added + batch.known.len());
        Ok(())
    }

    /// The files that were not looked at before, or have changed since.
    pub(super) fn unknown(&self, files: Vec<Found>) -> Result<Vec<Found>, ApiError> {
        let mut unknown = Vec::new();
        let mut files = files.into_iter().peekable();
        while files.peek().is_some() {
            let some: Vec<Found> = files.by_ref().take(ASKED_TOGETHER).collect();
            let marks: Vec<_> = some.iter().filter_map(|file| file.mark.clone()).collect();
            let mut known = self.project.known_files(&marks)?.into_iter();
            unknown.extend(
                some.into_iter()
                    .filter(|file| file.mark.is_none() || known.next() != Some(true)),
            );
        }
        Ok(unknown)
    }
}

/// Files in runs that are neither too many nor too large.
fn batches(files: &[Found]) -> impl Iterator<Item = &[Found]> {
    let mut rest = files;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |file: &&Found| {
            bytes += file.bytes;
            bytes <= MOST_BYTES
        };
        let count = rest.iter().take(TOGETHER).take_while(fits).count().max(1);
        let (batch, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(batch)
    })
}

/// What an import is called: its one path's name, or how many there are.
fn title(task: &Task) -> String {
    let paths = match task {
        Task::Files(paths) => &paths[..],
        Task::Layers(order) => std::slice::from_ref(&order.path),
    };
    match paths {
        [path] => path.file_name().map_or_else(
            || path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        ),
        paths => format!("{} files and folders", paths.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_neither_too_many_nor_too_large() {
        let file = |bytes| Found {
            path: "a.png".into(),
            mark: None,
            bytes,
        };
        let files: Vec<Found> = std::iter::repeat_n(file(1000), 40)
            .chain([file(MOST_BYTES * 2), file(MOST_BYTES), file(1), file(1)])
            .collect();
        let counts: Vec<usize> = batches(&files).map(<[Found]>::len).collect();
        assert_eq!(
            counts,
            [32, 8, 1, 1, 2],
            "a file that is too large for any run goes alone"
        );
    }
}
