//! The hidden folder in which something is made before it gets its name.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{BundleError, Result};

/// `.<name>.exporting/` beside the target: a lock, and what is in the making. Dropping it removes it.
pub(crate) struct Staging {
    target: PathBuf,
    work: PathBuf,
    folder: PathBuf,
    /// Held until the end, so that a second export to the same place is refused while a dead one is cleared.
    lock: Option<File>,
}

impl Staging {
    /// Prepares to make `target`, which must not exist or be an empty folder.
    pub(crate) fn open(target: &Path) -> Result<Self> {
        let target = absolute(target)?;
        refuse_unless_free(&target)?;
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(BundleError::NotEmpty { path: target });
        };
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(".exporting");
        let work = parent.join(hidden);
        fs::create_dir_all(&work).map_err(BundleError::write(&work))?;
        let lock_path = work.join("lock");
        let lock = File::create(&lock_path).map_err(BundleError::write(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BundleError::Busy { path: target }),
            Err(TryLockError::Error(error)) => return Err(BundleError::write(&lock_path)(error)),
        }
        let folder = work.join("bundle");
        // From here on the folder is ours: dropping the value clears it, errors included.
        let staging = Self {
            target,
            work,
            folder,
            lock: Some(lock),
        };
        let folder = &staging.folder;
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(BundleError::write(folder)(error));
            }
            _ => {}
        }
        fs::create_dir(folder).map_err(BundleError::write(folder))?;
        Ok(staging)
    }

    /// Where to write.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A hidden file beside the target, which outlives the making.
    pub(crate) fn beside(&self, ending: &str) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(self.target.file_name().unwrap_or_default());
        name.push(".");
        name.push(ending);
        self.target.with_file_name(name)
    }

    /// Flushes what is there so far to disk.
    pub(crate) fn flush(&self) -> Result<()> {
        flush(&self.folder)
    }

    /// Flushes everything to disk and gives it its name.
    pub(crate) fn publish(self) -> Result<PathBuf> {
        self.flush()?;
        refuse_unless_free(&self.target)?;
        if self.target.exists() {
            fs::remove_dir(&self.target).map_err(BundleError::write(&self.target))?;
        }
        fs::rename(&self.folder, &self.target).map_err(BundleError::write(&self.target))?;
        if let Some(parent) = self.target.parent() {
            sync(parent)?;
        }
        Ok(self.target.clone())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Where an open file cannot be removed, the lock goes first.
        if cfg!(windows) {
            self.lock = None;
        }
        // Nothing can be done about a failure here; the next export to the same place clears it.
        let _ = fs::remove_dir_all(&self.work);
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    let found = match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::path::absolute(path),
        other => other,
    };
    found.map_err(BundleError::read(path))
}

fn refuse_unless_free(target: &Path) -> Result<()> {
    match fs::read_dir(target) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(BundleError::NotEmpty { path: target.into() }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(BundleError::NotEmpty { path: target.into() })
        }
        Err(error) => Err(BundleError::read(target)(error)),
    }
}

/// Flushes everything below `folder`: the file system at once, since ten thousand files one by one take minutes.
#[cfg(target_os = "linux")]
fn flush(folder: &Path) -> Result<()> {
    let opened = File::open(folder).map_err(BundleError::write(folder))?;
    rustix::fs::syncfs(&opened).map_err(|error| BundleError::write(folder)(error.into()))
}

/// Flushes every file below `folder` (several at a time: the disk then commits them together), then the folders.
#[cfg(not(target_os = "linux"))]
fn flush(folder: &Path) -> Result<()> {
    use rayon::prelude::*;

    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    let mut index = 0;
    while let Some(current) = folders.get(index).cloned() {
        index += 1;
        for entry in fs::read_dir(&current).map_err(BundleError::read(&current))? {
            let path = entry.map_err(BundleError::read(&current))?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.par_iter().try_for_each(|path| sync(path))?;
    folders.iter().rev().try_for_each(|path| sync(path))
}

#[cfg(unix)]
fn sync(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(BundleError::write(path))
}

/// Folders cannot be flushed here, and flushing a file needs it open for writing.
#[cfg(not(unix))]
fn sync(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.sync_all())
        .map_err(BundleError::write(path))
}
