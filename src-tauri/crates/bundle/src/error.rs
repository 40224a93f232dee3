//! What can go wrong, each error naming the thing and the next step.

use std::io;
use std::path::{Path, PathBuf};

use salon_domain::Digest;

/// The crate's result.
pub type Result<T, E = BundleError> = std::result::Result<T, E>;

/// Why a CID, an export or a verification could not be made.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // Each variant's fields are spelt out in its message.
pub enum BundleError {
    #[error("cannot read {path}: {source}", path = .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path}: {source}{next}", path = .path.display(), next = next_step(.source))]
    Write { path: PathBuf, source: io::Error },
    #[error("{path} changed while it was being read: wait until nothing writes to it, then start again", path = .path.display())]
    Changed { path: PathBuf },
    #[error("{path} is neither a file, a folder nor a symbolic link: move it elsewhere or rename it with a leading dot", path = .path.display())]
    Unsupported { path: PathBuf },
    #[error("the names in a folder collide in all 64 bits of their hash ({name}): rename one of them")]
    NamesCollide { name: String },
    #[error("a stream has no second reading: give a file or folder to write a CAR")]
    StreamHasNoCar,
    #[error("{path} is not empty: choose a new folder for the bundle", path = .path.display())]
    NotEmpty { path: PathBuf },
    #[error("another export is writing to {path}: wait for it or choose another folder", path = .path.display())]
    Busy { path: PathBuf },
    #[error(
        "cannot read picture {sha256} of token {token}: {source}; restore it in the project's picture store"
    )]
    Picture {
        token: u64,
        sha256: Digest,
        source: io::Error,
    },
    #[error("picture of token {token} is not what was approved: expected SHA-256 {expected}, found {found}")]
    PictureChanged {
        token: u64,
        expected: Digest,
        found: Digest,
    },
    #[error(
        "token {token} has no master, and the others have: make the rest of the masters before the export"
    )]
    NoMaster { token: u64 },
    #[error("token numbers from {first} for {count} pictures do not fit: choose a smaller first token")]
    TokenNumbers { first: u64, count: usize },
    #[error("the collection has no name: give it one before the export")]
    Unnamed,
    #[error(
        "the new bundle does not verify ({failures} faults; first: {first}); nothing was kept, try again and report it if it repeats"
    )]
    NotVerified { failures: usize, first: String },
    #[error(
        "{path} cannot be read as a bundle: {why}; `salon verify` says what else is wrong with it",
        path = .path.display()
    )]
    NotABundle { path: PathBuf, why: String },
    #[error(
        "{path} cannot stand for pictures: choose a PNG, JPEG, WebP, GIF or SVG file of at most 64 MiB",
        path = .path.display()
    )]
    Placeholder { path: PathBuf },
    #[error(
        "the bundle was made with the root {expected} and would now have {found}; nothing was kept: use the Salon that made it"
    )]
    AnotherRoot { expected: String, found: String },
    #[error("{path} cannot sign: {why}; export the wallet's key again", path = .path.display())]
    Key { path: PathBuf, why: String },
    #[error("what goes to Arweave is signed: name the file of the wallet's key (JWK)")]
    Unsigned,
    #[error("the system gives no random numbers to sign with: try again")]
    NoRandomNumbers,
    #[error("the tags of an item would be longer than {most} bytes: choose a shorter App-Name")]
    LongTags { most: usize },
    #[error("\"{text}\" is no root that can be followed: give a CID as `salon export` prints it")]
    NotACid { text: String },
    #[error("stopped as asked; nothing was left behind")]
    Cancelled,
}

impl BundleError {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Read {
            path: path.into(),
            source,
        }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write {
            path: path.into(),
            source,
        }
    }
}

fn next_step(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "; free some space or choose another disk"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose a folder you may write to"
        }
        _ => "",
    }
}
