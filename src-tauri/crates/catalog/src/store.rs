//! The picture store: files named by what they hash to, beside the database.
//!
//! A file appears whole or not at all: written under another name, fsynced, renamed, and the folder fsynced. Storing
//! comes before the transaction that names the picture, so that a kill leaves at worst a file nobody names;
//! [`Project::sweep_orphans`] takes those away.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use salon_domain::{CandidateId, Digest, Media};

use crate::picture::{self, MAX_BYTES};
use crate::{CatalogError, Project, Result, candidates, masters, place, recipes, saved_recipes};

/// Folder of whole pictures.
pub(crate) const PICTURES: &str = "pictures";
/// Folder of thumbnails.
pub(crate) const THUMBNAILS: &str = "thumbs";
/// Folder of files that are being written.
const INCOMING: &str = "incoming";
/// With this many bytes free, a project that had no room for a picture goes on.
const ROOM: usize = 4 << 20;
/// Endings of pictures, the generator's own first.
const PICTURE_ENDINGS: [&str; 4] = ["png", "jpg", "webp", "avif"];
const THUMBNAIL_ENDINGS: [&str; 2] = ["webp", "jpg"];

/// A picture in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredPicture {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// What kind of file it is.
    pub media: Media,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// What [`Project::sweep_orphans`] took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Files removed.
    pub files: u32,
    /// Their bytes.
    pub bytes: u64,
}

/// The folders of one project.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
    /// Stored by this process and not yet named by a candidate: a sweep leaves them alone.
    unsettled: Mutex<BTreeSet<Digest>>,
    counter: AtomicU64,
}

impl Store {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            unsettled: Mutex::default(),
            counter: AtomicU64::new(0),
        }
    }

    pub(crate) fn path(&self, kind: &str, digest: &Digest, ending: &str) -> PathBuf {
        let name = digest.to_string();
        self.dir
            .join(kind)
            .join(&name[..2])
            .join(format!("{name}.{ending}"))
    }

    /// Where the picture with this digest lies, whatever kind of file it is; where a PNG would lie when it is not there.
    fn picture_path(&self, digest: &Digest) -> PathBuf {
        let mut paths = PICTURE_ENDINGS
            .map(|ending| self.path(PICTURES, digest, ending))
            .into_iter();
        let found = paths.find(|path| path.is_file());
        found.unwrap_or_else(|| self.path(PICTURES, digest, PICTURE_ENDINGS[0]))
    }

    /// Notes that these pictures are on their way: a sweep leaves them alone.
    pub(crate) fn expect(&self, pictures: impl Iterator<Item = Digest>) {
        let mut unsettled = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
        unsettled.extend(pictures);
    }

    /// A name for a file that is being written.
    pub(crate) fn temporary(&self) -> Result<PathBuf> {
        let incoming = self.dir.join(INCOMING);
        create_folder(&incoming)?;
        let unique = self.counter.fetch_add(1, Ordering::Relaxed);
        Ok(incoming.join(format!("{}-{unique}.part", std::process::id())))
    }

    /// Forgets that these pictures were on their way: candidates name them now.
    pub(crate) fn settle(&self, pictures: &BTreeSet<Digest>) {
        let mut unsettled = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
        unsettled.retain(|digest| !pictures.contains(digest));
    }

    /// Writes `bytes` to `path` whole or not at all, and to disk before it returns.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        if holds(path, bytes) {
            return Ok(());
        }
        let parent = path.parent().unwrap_or(&self.dir);
        create_folder(parent)?;
        let temporary = self.temporary()?;
        let written = (|| {
            let mut file = File::create(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, path)
        })();
        if let Err(fault) = written {
            // It may not exist; a sweep takes what stays.
            let _ = fs::remove_file(&temporary);
            return Err(CatalogError::storage(path, &fault));
        }
        sync_folder(parent)
    }

    /// Writes as much as a few pictures, to see whether there is room.
    pub(crate) fn try_to_write(&self) -> Result<()> {
        let path = self.temporary()?;
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(&vec![0x5a; ROOM])?;
            file.sync_all()
        });
        let _ = fs::remove_file(&path);
        written.map_err(|fault| CatalogError::storage(&path, &fault))
    }

    fn store(&self, png: &[u8], thumbnail: &[u8]) -> Result<StoredPicture> {
        let (width, height) = picture::png_size(png, "the picture")?;
        let ending = picture::thumbnail_ending(thumbnail)?;
        let sha256 = Digest::of(png);
        self.expect(std::iter::once(sha256));
        self.write(&self.path(PICTURES, &sha256, Media::Png.ending()), png)?;
        self.write(&self.path(THUMBNAILS, &sha256, ending), thumbnail)?;
        Ok(StoredPicture {
            sha256,
            media: Media::Png,
            width,
            height,
        })
    }

    /// A whole file of any kind, without a thumbnail: whoever shows it makes one. AVIF files are taken as they are, since no
    /// decoder of them is built in.
    fn store_file(&self, bytes: &[u8], name: &str) -> Result<Digest> {
        let media = match Media::of(bytes) {
            Some(Media::Avif) => Media::Avif,
            _ => {
                picture::size(bytes, name)?;
                picture::media_of(bytes, name)?
            }
        };
        if bytes.len() as u64 > MAX_BYTES {
            return Err(CatalogError::Picture {
                name: name.into(),
                fault: format!("it is larger than {} MiB", MAX_BYTES >> 20),
            });
        }
        let sha256 = Digest::of(bytes);
        self.expect(std::iter::once(sha256));
        self.write(&self.path(PICTURES, &sha256, media.ending()), bytes)?;
        Ok(sha256)
    }

    fn read_picture(&self, digest: &Digest) -> Result<Vec<u8>> {
        let path = self.picture_path(digest);
        let bytes = read_bounded(&path).map_err(|fault| {
            if self.dir.is_dir() {
                fault
            } else {
                // No picture is damaged: all of them are elsewhere.
                place::gone(&self.dir)
            }
        })?;
        if Digest::of(&bytes) == *digest {
            Ok(bytes)
        } else {
            Err(CatalogError::corrupt(
                &path,
                &"its content does not hash to its name",
            ))
        }
    }

    /// A thumbnail's bytes; made from the picture when the file is missing or is none, and kept when `keep` is set.
    fn read_thumbnail(&self, digest: &Digest, keep: bool) -> Result<Vec<u8>> {
        for ending in THUMBNAIL_ENDINGS {
            let path = self.path(THUMBNAILS, digest, ending);
            if let Ok(bytes) = read_bounded(&path)
                && picture::thumbnail_ending(&bytes).is_ok()
            {
                return Ok(bytes);
            }
        }
        let name = self.picture_path(digest).display().to_string();
        let picture = picture::decode(&self.read_picture(digest)?, &name)?;
        let bytes = picture::thumbnail(&picture::opaque(picture))?;
        if keep && let Err(fault) = self.write(&self.path(THUMBNAILS, digest, "jpg"), &bytes) {
            tracing::warn!(%fault, "a thumbnail could not be kept");
        }
        Ok(bytes)
    }

    /// Removes unfinished files, and pictures and thumbnails that are not in `named`.
    fn sweep(&self, mut named: BTreeSet<Digest>) -> Result<SweepReport> {
        named.extend(
            self.unsettled
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .iter(),
        );
        let mut report = SweepReport::default();
        if self.unsettled_is_empty() {
            for file in list(&self.dir.join(INCOMING))? {
                if file.extension().is_some_and(|ending| ending == "part") {
                    remove(&file, &mut report)?;
                }
            }
        }
        for (kind, endings) in [(PICTURES, &PICTURE_ENDINGS[..]), (THUMBNAILS, &THUMBNAIL_ENDINGS)] {
            for shard in list(&self.dir.join(kind))? {
                for file in list(&shard)? {
                    // Only names of our own making: what a person put here is theirs.
                    let ending = file
                        .extension()
                        .and_then(|ending| ending.to_str())
                        .unwrap_or_default();
                    let stem = file
                        .file_stem()
                        .and_then(|stem| stem.to_str())
                        .unwrap_or_default();
                    if let Ok(digest) = stem.parse::<Digest>()
                        && endings.contains(&ending)
                        && !named.contains(&digest)
                    {
                        remove(&file, &mut report)?;
                    }
                }
            }
        }
        Ok(report)
    }

    fn unsettled_is_empty(&self) -> bool {
        self.unsettled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }
}

fn remove(file: &Path, report: &mut SweepReport) -> Result<()> {
    report.bytes += file.metadata().map_or(0, |metadata| metadata.len());
    fs::remove_file(file).map_err(|fault| CatalogError::storage(file, &fault))?;
    report.files += 1;
    Ok(())
}

/// What a folder holds, sorted; nothing when it does not exist or is a file.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(fault)
            if matches!(
                fault.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(fault) => return Err(CatalogError::storage(folder, &fault)),
    };
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(|fault| CatalogError::storage(folder, &fault))?;
    paths.sort();
    Ok(paths)
}

/// Makes a folder, and its name in the folder above durable, when it is new.
pub(crate) fn create_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|fault| CatalogError::storage(folder, &fault))?;
    match folder.parent() {
        Some(parent) => sync_folder(parent),
        None => Ok(()),
    }
}

/// Whether `path` is a file of exactly these bytes.
pub(crate) fn holds(path: &Path, bytes: &[u8]) -> bool {
    let there = fs::metadata(path).is_ok_and(|metadata| metadata.len() == bytes.len() as u64);
    there && fs::read(path).is_ok_and(|found| found == bytes)
}

#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    // An empty parent means the current folder.
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(|fault| CatalogError::storage(folder, &fault))
}

/// Elsewhere folders cannot be fsynced; renames are journalled by the file system.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)] // The signature of the other systems.
pub(crate) fn sync_folder(_folder: &Path) -> Result<()> {
    Ok(())
}

/// Reads a file that is not larger than a picture can be.
fn read_bounded(path: &Path) -> Result<Vec<u8>> {
    let fault = |fault: io::Error| match fault.kind() {
        io::ErrorKind::NotFound => CatalogError::corrupt(path, &"the file is missing"),
        _ => CatalogError::storage(path, &fault),
    };
    let file = File::open(path).map_err(fault)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(fault)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(CatalogError::corrupt(
            path,
            &format!("it is larger than {} MiB", MAX_BYTES >> 20),
        ));
    }
    Ok(bytes)
}

impl Project {
    /// Stores a PNG and its thumbnail (WebP or JPEG); both are on disk when this returns. Storing the same picture
    /// again changes nothing.
    pub fn store_picture(&self, png: &[u8], thumbnail: &[u8]) -> Result<StoredPicture> {
        self.writable()?;
        self.noted(self.store().store(png, thumbnail))
    }

    /// Stores a picture file of any kind as it is, without a thumbnail; it is on disk when this returns. `name` is for
    /// messages. A sweep takes it unless something names it by then.
    pub fn store_file(&self, bytes: &[u8], name: &str) -> Result<Digest> {
        self.writable()?;
        self.noted(self.store().store_file(bytes, name))
    }

    /// Where the picture with this digest lies, whether or not it is there.
    pub fn picture_path(&self, digest: &Digest) -> PathBuf {
        self.store().picture_path(digest)
    }

    /// Width and height of a stored picture; nothing when it is not in the store.
    pub fn stored_picture_size(&self, digest: &Digest) -> Result<Option<(u32, u32)>> {
        let path = self.picture_path(digest);
        if !path.is_file() {
            return Ok(None);
        }
        picture::size(&read_bounded(&path)?, &path.display().to_string()).map(Some)
    }

    /// A stored picture's file, checked against its digest.
    pub fn read_stored_picture(&self, digest: &Digest) -> Result<Vec<u8>> {
        self.store().read_picture(digest)
    }

    /// The file of a candidate, checked against its digest.
    pub fn read_picture(&self, id: CandidateId) -> Result<Vec<u8>> {
        let digest = self.read(|transaction| candidates::picture(transaction, id))?;
        self.store().read_picture(&digest)
    }

    /// The thumbnail of a candidate, WebP or JPEG; made anew when its file is gone.
    pub fn read_thumb(&self, id: CandidateId) -> Result<Vec<u8>> {
        let digest = self.read(|transaction| candidates::picture(transaction, id))?;
        self.store().read_thumbnail(&digest, self.writable().is_ok())
    }

    /// The thumbnail of a stored picture, likewise.
    pub fn read_stored_thumb(&self, digest: &Digest) -> Result<Vec<u8>> {
        self.store().read_thumbnail(digest, self.writable().is_ok())
    }

    /// Removes files that a kill left: unfinished ones, and pictures that no candidate, recipe or master names. Done by
    /// [`Project::open`] after a kill; calling it again is harmless, also while pictures are being stored.
    pub fn sweep_orphans(&self) -> Result<SweepReport> {
        self.writable()?;
        let named = self.read(|transaction| {
            let mut named: BTreeSet<Digest> = candidates::pictures(transaction)?.into_iter().collect();
            named.extend(recipes::source_pictures(transaction)?);
            named.extend(saved_recipes::pictures(transaction)?);
            named.extend(masters::pictures(transaction)?);
            Ok(named)
        })?;
        self.store().sweep(named)
    }
}
