//! Watched folders: a picture that appears comes in as soon as it is whole.
//!
//! One thread hears of changes, and looks every two seconds whether the folders are still there: a disk that was
//! unplugged says nothing. A file waits until its size and time of change have rested and it ends as a picture ends;
//! after long patience it is brought in as it is, so that what is wrong with it is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use salon_domain::CancelToken;

use super::gather::{self, is_picture_name};
use super::read::looks_whole;
use super::work::Task;
use crate::api::{ApiError, WatchState, WatchedFolder};
use crate::events::lock;
use crate::studio::Inner;

/// How long a file must rest before it is taken for finished.
const RESTED: Duration = Duration::from_secs(1);
/// How long a file that rests half-written is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often waiting files are looked at.
const GLANCE: Duration = Duration::from_millis(250);
/// How often folders are looked after.
const ROUND: Duration = Duration::from_secs(2);
/// How often a folder is gone through that the system cannot watch.
const WITHOUT_WATCHING: Duration = Duration::from_secs(30);

enum Note {
    /// The list of folders changed.
    Folders,
    /// Something happened to these paths.
    Paths(Vec<PathBuf>),
    /// Something was missed.
    Missed,
    Stop,
}

/// The watched folders of an open studio, as they are now.
#[derive(Default)]
pub(crate) struct Folders {
    notes: Mutex<Option<Sender<Note>>>,
    states: Mutex<BTreeMap<PathBuf, (WatchState, Option<String>)>>,
}

impl Folders {
    /// Says that the list in the catalog changed.
    pub(crate) fn changed(&self) {
        if let Some(notes) = &*lock(&self.notes) {
            let _ = notes.send(Note::Folders);
        }
    }

    /// How a folder is; what no thread looks after is looked at now.
    pub(crate) fn state(&self, path: &str) -> WatchedFolder {
        let known = lock(&self.states).get(Path::new(path)).cloned();
        // A folder that was named just now is looked after in a moment, where somebody looks after folders at all.
        let looked_after = lock(&self.notes).is_some();
        let (state, why) = known.unwrap_or_else(|| match (Path::new(path).is_dir(), looked_after) {
            (true, true) => (WatchState::Watching, None),
            (true, false) => (WatchState::Resting, None),
            (false, _) => (WatchState::Missing, Some(MISSING.into())),
        });
        WatchedFolder {
            path: path.into(),
            state,
            why,
        }
    }
}

const MISSING: &str = "the folder is not there: plug its disk in or put it back, and it is watched again";

/// Keeps watching until it is dropped.
pub(crate) struct Watch {
    notes: Sender<Note>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.notes.send(Note::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Watches the folders that the catalog names, and those that will be named.
pub(crate) fn start(inner: &Arc<Inner>) -> std::io::Result<Watch> {
    let (notes, heard) = channel();
    *lock(&inner.folders.notes) = Some(notes.clone());
    let (watched, weak) = (notes.clone(), Arc::downgrade(inner));
    let thread = std::thread::Builder::new()
        .name("folders".into())
        .spawn(move || {
            let mut watching = Watching {
                inner: weak,
                watcher: watcher(watched),
                folders: BTreeMap::new(),
                waiting: BTreeMap::new(),
            };
            watching.work(&heard);
        })?;
    let _ = notes.send(Note::Folders);
    Ok(Watch {
        notes,
        thread: Some(thread),
    })
}

/// Tells of changes; none where the system offers no watching.
fn watcher(notes: Sender<Note>) -> Result<RecommendedWatcher, String> {
    let heard = move |event: notify::Result<notify::Event>| {
        let note = match event {
            Ok(event) if event.need_rescan() => Note::Missed,
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
            Ok(event) => Note::Paths(event.paths),
            Err(_) => Note::Missed,
        };
        let _ = notes.send(note);
    };
    notify::recommended_watcher(heard).map_err(|fault| fault.to_string())
}

struct Folder {
    there: bool,
    /// Why the system does not tell of changes in it.
    unheard: Option<String>,
    looked: Instant,
}

/// A file that may still be written to.
struct Waiting {
    bytes: u64,
    modified: Option<std::time::SystemTime>,
    since: Instant,
}

struct Watching {
    inner: Weak<Inner>,
    watcher: Result<RecommendedWatcher, String>,
    folders: BTreeMap<PathBuf, Folder>,
    waiting: BTreeMap<PathBuf, Waiting>,
}

impl Watching {
    fn work(&mut self, heard: &Receiver<Note>) {
        let mut round = Instant::now();
        loop {
            let patience = if self.waiting.is_empty() { ROUND } else { GLANCE };
            let first = match heard.recv_timeout(patience) {
                Ok(note) => Some(note),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let Some(inner) = self.inner.upgrade() else { return };
            let mut looked_after = true;
            for note in first.into_iter().chain(heard.try_iter()) {
                looked_after &= match note {
                    Note::Stop => return,
                    Note::Folders => self.reload(&inner),
                    Note::Paths(paths) => {
                        for path in &paths {
                            self.hear(path);
                        }
                        true
                    }
                    Note::Missed => {
                        self.go_through_all();
                        true
                    }
                };
            }
            if !looked_after || round.elapsed() >= ROUND {
                round = Instant::now();
                self.look_after(&inner);
            }
            if let Err(fault) = self.bring_in_what_rests(&inner) {
                tracing::warn!("a watched folder's pictures were not brought in: {fault}");
            }
        }
    }

    /// Reads the list of folders; says that they are still to be looked after.
    fn reload(&mut self, inner: &Inner) -> bool {
        let listed = match inner.project.watched_folders() {
            Ok(paths) => paths,
            Err(fault) => {
                tracing::warn!("the watched folders are not known: {fault}");
                return true;
            }
        };
        let listed: Vec<PathBuf> = listed.into_iter().map(PathBuf::from).collect();
        let gone: Vec<PathBuf> = self
            .folders
            .keys()
            .filter(|path| !listed.contains(path))
            .cloned()
            .collect();
        for path in gone {
            self.folders.remove(&path);
            self.waiting.retain(|file, _| !file.starts_with(&path));
            self.unwatch(&path);
        }
        for path in listed {
            self.folders.entry(path).or_insert_with(|| Folder {
                there: false,
                unheard: None,
                looked: Instant::now(),
            });
        }
        lock(&inner.folders.states).retain(|path, _| self.folders.contains_key(path));
        false
    }

    fn unwatch(&mut self, path: &Path) {
        if let Ok(watcher) = &mut self.watcher {
            // A folder that is gone is not watched any more.
            let _ = watcher.unwatch(path);
        }
    }

    /// Looks whether each folder is there: begins with those that came, ends with those that went.
    fn look_after(&mut self, inner: &Inner) {
        let mut changed = false;
        let paths: Vec<PathBuf> = self.folders.keys().cloned().collect();
        for path in paths {
            let there = path.is_dir();
            let was = self.folders.get(&path).is_some_and(|folder| folder.there);
            let mut unheard = self.folders.get(&path).and_then(|folder| folder.unheard.clone());
            let mut looked = self
                .folders
                .get(&path)
                .map_or_else(Instant::now, |folder| folder.looked);
            if there && !was {
                unheard = match &mut self.watcher {
                    Ok(watcher) => watcher
                        .watch(&path, RecursiveMode::Recursive)
                        .err()
                        .map(|fault| fault.to_string()),
                    Err(fault) => Some(fault.clone()),
                };
            } else if was && !there {
                self.unwatch(&path);
            }
            let due = unheard.is_some() && looked.elapsed() >= WITHOUT_WATCHING;
            if there && (!was || due) {
                self.go_through(&path);
                looked = Instant::now();
            }
            let state = match (there, &unheard) {
                (false, _) => (WatchState::Missing, Some(MISSING.to_owned())),
                (true, Some(fault)) => {
                    let seconds = WITHOUT_WATCHING.as_secs();
                    let why = format!(
                        "it is gone through every {seconds} s: the system does not watch it ({fault})"
                    );
                    (WatchState::Watching, Some(why))
                }
                (true, None) => (WatchState::Watching, None),
            };
            changed |= lock(&inner.folders.states).insert(path.clone(), state.clone()) != Some(state);
            self.folders.insert(
                path,
                Folder {
                    there,
                    unheard,
                    looked,
                },
            );
        }
        if changed && let Ok(folders) = inner.watched() {
            inner.events.watched_folders(&folders);
        }
    }

    fn go_through_all(&mut self) {
        let there: Vec<PathBuf> = self
            .folders
            .iter()
            .filter(|(_, folder)| folder.there)
            .map(|(path, _)| path.clone())
            .collect();
        for path in there {
            self.go_through(&path);
        }
    }

    /// Takes up everything in a folder; what is known already is sorted out when it rests.
    fn go_through(&mut self, folder: &Path) {
        let mut found = Vec::new();
        gather::gather(folder, &CancelToken::new(), &mut |_, _| (), &mut found);
        for file in found {
            self.hear(&file.path);
        }
    }

    /// Takes up a path that something happened to.
    fn hear(&mut self, path: &Path) {
        if let Some(folder) = self.folders.get_mut(path) {
            // The folder itself was removed or came back: its watch is gone either way.
            folder.there &= path.is_dir();
            return;
        }
        if path.is_dir() {
            // A folder that was moved in says nothing of its files.
            self.go_through(path);
        } else if is_picture_name(path) {
            self.waiting.entry(path.to_path_buf()).or_insert_with(|| Waiting {
                bytes: u64::MAX,
                modified: None,
                since: Instant::now(),
            });
        }
    }

    /// Hands on the files that rest and are whole, or that have rested too long.
    fn bring_in_what_rests(&mut self, inner: &Arc<Inner>) -> Result<(), ApiError> {
        let mut rested = Vec::new();
        self.waiting.retain(|path, waiting| {
            let Ok(metadata) = path.metadata() else {
                return false;
            };
            let modified = metadata.modified().ok();
            if (metadata.len(), modified) != (waiting.bytes, waiting.modified) {
                *waiting = Waiting {
                    bytes: metadata.len(),
                    modified,
                    since: Instant::now(),
                };
                return true;
            }
            let resting = waiting.since.elapsed();
            let ready = resting >= RESTED && (looks_whole(path) || resting >= PATIENCE);
            if ready {
                gather::gather(path, &CancelToken::new(), &mut |_, _| (), &mut rested);
            }
            !ready
        });
        let fresh = inner.unknown(rested)?;
        if !fresh.is_empty() {
            let paths = fresh.into_iter().map(|file| file.path).collect();
            inner.imports.add(inner, Task::Files(paths), None)?;
        }
        Ok(())
    }
}
