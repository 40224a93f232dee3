//! Many pictures into the store at once: written first, then brought to disk side by side, then named.
//!
//! A disk takes about as long to make one file durable as to make thirty durable together.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use salon_domain::{Digest, Media};

use crate::store::{self, PICTURES, Store, THUMBNAILS};
use crate::{CatalogError, Project, Result, picture};

/// Files brought to disk at the same time.
const SIDE_BY_SIDE: usize = 8;

/// A picture file to be stored as it is.
#[derive(Debug, Clone, Copy)]
pub struct NewPicture<'a> {
    /// The file's bytes.
    pub bytes: &'a [u8],
    /// Their SHA-256.
    pub sha256: Digest,
    /// What kind of file it is.
    pub media: Media,
    /// Its thumbnail: WebP or JPEG.
    pub thumbnail: &'a [u8],
}

/// A file under its temporary name.
struct Written {
    file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl Store {
    fn store_many(&self, pictures: &[NewPicture<'_>]) -> Result<()> {
        self.expect(pictures.iter().map(|picture| picture.sha256));
        let mut written = Vec::new();
        let mut named = Vec::new();
        let stored = self
            .write_all(pictures, &mut written)
            .and_then(|()| sync_files(&written))
            .and_then(|()| name_all(&written, &mut named));
        if stored.is_err() {
            // Nothing half stays: what cannot be removed now, a sweep takes.
            for path in written.iter().map(|file| &file.temporary).chain(&named) {
                let _ = fs::remove_file(path);
            }
            self.settle(&pictures.iter().map(|picture| picture.sha256).collect());
        }
        stored
    }

    fn write_all(&self, pictures: &[NewPicture<'_>], written: &mut Vec<Written>) -> Result<()> {
        for picture in pictures {
            let ending = picture::thumbnail_ending(picture.thumbnail)?;
            let path = self.path(PICTURES, &picture.sha256, picture.media.ending());
            self.write_aside(path, picture.bytes, written)?;
            let path = self.path(THUMBNAILS, &picture.sha256, ending);
            self.write_aside(path, picture.thumbnail, written)?;
        }
        Ok(())
    }

    /// Writes a file under a temporary name, unless it is there already.
    fn write_aside(&self, path: PathBuf, bytes: &[u8], written: &mut Vec<Written>) -> Result<()> {
        if store::holds(&path, bytes) || written.iter().any(|file| file.path == path) {
            return Ok(());
        }
        let temporary = self.temporary()?;
        let told = |fault: io::Error| CatalogError::storage(&path, &fault);
        let mut file = File::create(&temporary).map_err(told)?;
        let outcome = file.write_all(bytes).map_err(told);
        written.push(Written {
            file,
            temporary,
            path,
        });
        outcome
    }
}

/// Brings files to disk, some at a time: the system puts them into one write of its journal.
fn sync_files(written: &[Written]) -> Result<()> {
    let share = written.len().div_ceil(SIDE_BY_SIDE).max(1);
    std::thread::scope(|scope| {
        let sync = |files: &[Written]| -> Result<()> {
            for one in files {
                one.file
                    .sync_all()
                    .map_err(|fault| CatalogError::storage(&one.path, &fault))?;
            }
            Ok(())
        };
        let threads: Vec<_> = written
            .chunks(share)
            .map(|files| scope.spawn(move || sync(files)))
            .collect();
        let outcomes = threads.into_iter().map(|thread| {
            let died = || CatalogError::storage(Path::new("incoming"), &io::Error::other("a thread died"));
            thread.join().map_err(|_| died())?
        });
        // Every thread is waited for, whatever the first says.
        outcomes.fold(Ok(()), Result::and)
    })
}

/// Gives the files their names, and makes the names durable.
fn name_all(written: &[Written], named: &mut Vec<PathBuf>) -> Result<()> {
    let mut folders = BTreeSet::new();
    for one in written {
        let folder = one.path.parent().unwrap_or(Path::new("."));
        if folders.insert(folder) {
            store::create_folder(folder)?;
        }
        fs::rename(&one.temporary, &one.path).map_err(|fault| CatalogError::storage(&one.path, &fault))?;
        named.push(one.path.clone());
    }
    folders.into_iter().try_for_each(store::sync_folder)
}

impl Project {
    /// Stores picture files and their thumbnails; all of them are on disk when this returns, or none is kept. Whoever
    /// calls it names them in the catalog next.
    pub fn store_pictures(&self, pictures: &[NewPicture<'_>]) -> Result<()> {
        self.writable()?;
        self.noted(self.store().store_many(pictures))
    }
}
