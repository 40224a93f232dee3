//! From paths to picture files, in an order that does not change.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use salon_catalog::{DATABASE, FileMark};
use salon_domain::CancelToken;

/// Folders within folders that are gone into.
const DEEPEST: usize = 32;

/// A file to be brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// How it looks from outside; absent for a path that is no text, which cannot be remembered.
    pub(super) mark: Option<FileMark>,
    pub(super) bytes: u64,
}

impl Found {
    fn new(path: PathBuf, metadata: &Metadata) -> Self {
        Self {
            mark: mark(&path, metadata),
            bytes: metadata.len(),
            path,
        }
    }
}

/// A file by how it looks from outside.
pub(super) fn mark(path: &Path, metadata: &Metadata) -> Option<FileMark> {
    let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(FileMark {
        path: path.to_str()?.to_owned(),
        bytes: metadata.len(),
        modified: since.as_nanos() as i64,
    })
}

/// Whether a file's name says that it is a picture that can be brought in. Hidden files are other programs' own.
pub(super) fn is_picture_name(path: &Path) -> bool {
    let hidden = path
        .file_name()
        .is_none_or(|name| name.to_string_lossy().starts_with('.'));
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    !hidden && matches!(ending.as_deref(), Some("png" | "jpg" | "jpeg" | "webp"))
}

/// The path from the root, so that it is the same from wherever Salon is started. Links are left as they are.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    // Written anew part by part, so that a slash at the end makes no second folder of it.
    path.components().collect()
}

/// What a path holds: itself, or every picture in it and below it, sorted by path. A file that was named is taken
/// whatever it is called. Paths that cannot be read are told to `refuse`.
pub(super) fn gather(
    path: &Path,
    cancel: &CancelToken,
    refuse: &mut dyn FnMut(&Path, String),
    found: &mut Vec<Found>,
) {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            let from = found.len();
            walk(path, DEEPEST, cancel, refuse, found);
            found[from..].sort_by(|a, b| a.path.cmp(&b.path));
        }
        Ok(metadata) => found.push(Found::new(path.to_path_buf(), &metadata)),
        Err(fault) => refuse(path, fault.to_string()),
    }
}

fn walk(
    folder: &Path,
    depth: usize,
    cancel: &CancelToken,
    refuse: &mut dyn FnMut(&Path, String),
    found: &mut Vec<Found>,
) {
    // A project's pictures are candidates of that project.
    if depth == 0 || cancel.is_cancelled() || folder.join(DATABASE).is_file() {
        return;
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(fault) => return refuse(folder, fault.to_string()),
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        // Folders behind links are left out: they may lead back here.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !hidden => walk(&path, depth - 1, cancel, refuse, found),
            Ok(_) if is_picture_name(&path) => match fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => found.push(Found::new(path, &metadata)),
                Ok(_) => {}
                Err(fault) => refuse(&path, fault.to_string()),
            },
            _ => {}
        }
    }
}
