//! Where a project lies, so that a folder which was moved away or unplugged is missed at the next write.
//!
//! Files that are open stay writable wherever their folder goes. What is written then lands in a folder that nobody
//! finds under the project's name, and a picture would make a new folder there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{CatalogError, Result};

const GONE: &str = "Connect its disk, or put the folder back where it was: it goes on by itself then";
const REPLACED: &str = "Put the project's own folder back, or close Salon and open this one";

/// The file behind a name: the number of its device and its own number there.
type File = (u64, u64);

/// A file that was there when it was opened.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    file: File,
}

impl Place {
    /// Where the file at `path` lies now.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        Ok(Self {
            path: path.into(),
            file: behind(path).map_err(|fault| CatalogError::storage(path, &fault))?,
        })
    }

    /// Refuses when its name leads elsewhere or nowhere; `dir` is the project folder.
    pub(crate) fn check(&self, dir: &Path) -> Result<()> {
        let (fault, next) = match behind(&self.path) {
            Ok(file) if file == self.file => return Ok(()),
            Ok(_) => ("another project lies there now".to_owned(), REPLACED),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Err(gone(dir)),
            Err(fault) => (fault.to_string(), GONE),
        };
        Err(CatalogError::Storage {
            path: dir.into(),
            fault,
            next,
        })
    }
}

/// The project folder `dir` is not there.
pub(crate) fn gone(dir: &Path) -> CatalogError {
    CatalogError::Storage {
        path: dir.into(),
        fault: "the project folder is not there any more".to_owned(),
        next: GONE,
    }
}

#[cfg(unix)]
fn behind(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

/// Elsewhere a folder with open files cannot be renamed: it is there or it is not.
#[cfg(not(unix))]
fn behind(path: &Path) -> io::Result<File> {
    fs::metadata(path).map(|_| (0, 0))
}
