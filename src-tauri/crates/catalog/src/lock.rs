//! One writer per project: a lock file that the operating system releases when its holder dies, however it dies.
//!
//! The holder's process number lies in a file of its own, because on some systems a locked file cannot be read. That
//! file is removed on a clean close; found at the next open, it says that the last holder was killed.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::{CatalogError, Result};

const LOCK: &str = "project.lock";
const HOLDER: &str = "project.pid";
/// How long a lock is waited for whose holder is just leaving: it is let go only when the last process that inherited
/// the file, if only for an instant, has closed it.
const LEAVING: Duration = Duration::from_millis(300);
/// Between two attempts.
const MOMENT: Duration = Duration::from_millis(10);

/// What came of asking for a project's lock.
#[derive(Debug)]
pub(crate) enum Claim {
    /// This process may write.
    Held(Lock),
    /// It may not; says why and what to do.
    Refused(String),
}

/// The right to write into a project, given back when dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    holder: PathBuf,
    /// Whether the holder before was killed, so that its half-done work may lie about.
    pub(crate) after_a_kill: bool,
    // Closing the file releases the lock, also when the process is killed.
    _file: File,
}

/// Asks for the right to write into the project in `dir`, and waits a moment for somebody who is just leaving.
pub(crate) fn claim(dir: &Path) -> Result<Claim> {
    claim_within(dir, LEAVING)
}

/// The same, waiting at most `patience`.
pub(crate) fn claim_within(dir: &Path, patience: Duration) -> Result<Claim> {
    let path = dir.join(LOCK);
    let file = match File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
    {
        Ok(file) => file,
        Err(fault) => return unwritable(dir, &path, &fault),
    };
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => std::thread::sleep(MOMENT),
            Err(TryLockError::WouldBlock) => return Ok(Claim::Refused(held(dir))),
            Err(TryLockError::Error(fault)) => return Err(CatalogError::storage(&path, &fault)),
        }
    }
    let holder = dir.join(HOLDER);
    let after_a_kill = holder.exists();
    match fs::write(&holder, format!("{}\n", std::process::id())) {
        Ok(()) => Ok(Claim::Held(Lock {
            holder,
            after_a_kill,
            _file: file,
        })),
        Err(fault) => unwritable(dir, &holder, &fault),
    }
}

fn held(dir: &Path) -> String {
    let holder = fs::read_to_string(dir.join(HOLDER)).unwrap_or_default();
    let name = match holder.trim().parse::<u32>() {
        Ok(process) => format!("Salon (process {process})"),
        Err(_) => "another Salon".into(),
    };
    format!("{name} has this project open for writing. Close it there, then try again")
}

/// A folder that must not be written is opened read-only; any other fault (a full disk, a broken one) is an error.
fn unwritable(dir: &Path, path: &Path, fault: &io::Error) -> Result<Claim> {
    match fault.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Ok(Claim::Refused(format!(
            "{} cannot be written ({fault}). Copy the project folder to a place where you may write, and open it there",
            dir.display()
        ))),
        _ => Err(CatalogError::storage(path, fault)),
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Left behind it only costs the next open a look for orphaned files.
        let _ = fs::remove_file(&self.holder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_must_not_be_written_is_refused_and_a_full_disk_is_a_fault() {
        let (dir, path) = (Path::new("Foxes.salon"), Path::new("Foxes.salon/project.lock"));
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
            let claim = unwritable(dir, path, &kind.into()).unwrap();
            let Claim::Refused(reason) = claim else {
                panic!("{kind} must open read-only")
            };
            assert!(
                reason.contains("Foxes.salon") && reason.contains("Copy"),
                "`{reason}` names folder and next step"
            );
        }
        let full = unwritable(dir, path, &io::ErrorKind::StorageFull.into());
        assert!(
            matches!(full, Err(CatalogError::Storage { .. })),
            "a full disk is not a read-only project: {full:?}"
        );
    }
}
