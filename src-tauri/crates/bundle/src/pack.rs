//! The CID of anything on disk, and its CAR.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use cid::Cid;
use serde::Serialize;

use crate::car::one_pass::write_tree;
use crate::car::write::{CarVersion, Output};
use crate::error::{BundleError, Result};
use crate::profile::Profile;
use crate::unixfs::dag::Dag;
use crate::unixfs::hashing::hash_stream;
use crate::unixfs::walk::walk;
use crate::watch::{Step, Watch};

/// The CID of a file or folder, and what was counted on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CidReport {
    /// The root CID, in its usual text form.
    pub cid: String,
    /// The profile's name.
    pub profile: &'static str,
    /// Files.
    pub files: u64,
    /// Folders, the outermost included.
    pub directories: u64,
    /// Symbolic links, kept as links.
    pub symlinks: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// The CAR, where one was asked for.
    pub car: Option<CarReport>,
}

/// A CAR that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CarReport {
    /// The file.
    pub path: PathBuf,
    /// Distinct blocks.
    pub blocks: u64,
    /// Its length in bytes.
    pub bytes: u64,
}

/// A CAR that is to be written.
#[derive(Debug, Clone, Copy)]
pub struct CarFile<'a> {
    /// The file.
    pub path: &'a Path,
    /// Its form.
    pub version: CarVersion,
}

/// The root CID of the file or folder `path`, as kubo's `ipfs add --profile` gives it: hidden entries below `path` are
/// left out, empty folders and symbolic links are kept. With `car`, also writes its CAR (whole or not at all,
/// replacing a file that is there; not flushed to disk, since it can be made again).
pub fn cid_of_path(
    path: &Path,
    profile: Profile,
    car: Option<CarFile<'_>>,
    watch: Watch<'_>,
) -> Result<CidReport> {
    let tree = walk(path)?;
    let mut report = CidReport {
        cid: String::new(),
        profile: profile.name(),
        files: tree.files.len() as u64,
        directories: tree.directories,
        symlinks: tree.symlinks,
        bytes: tree.bytes(),
        car: None,
    };
    let root = if let Some(car) = car {
        let (root, written) = write_beside(car.path, |file| {
            let output = Output {
                file,
                path: car.path,
                version: car.version,
            };
            write_tree(&tree, profile, output, watch)
        })?;
        report.car = Some(CarReport {
            path: car.path.into(),
            blocks: written.blocks,
            bytes: written.bytes,
        });
        root
    } else {
        let mut dag = Dag::new(profile);
        let root = tree.build_into(&mut dag, watch)?;
        dag.cid(root)
    };
    report.cid = root.to_string();
    Ok(report)
}

/// The CID of everything that `stream` yields, as one file. `name` stands for it in errors.
pub fn cid_of_reader(stream: impl Read, name: &Path, profile: Profile, watch: Watch<'_>) -> Result<Cid> {
    let chunks = hash_stream(profile, name, stream, &watch.meter(Step::Hashing, 0))?;
    let mut dag = Dag::new(profile);
    let root = dag.add_streamed(&chunks);
    Ok(dag.cid(root))
}

/// Makes `path` with what `write` puts into a hidden file next to it, which is renamed when it is whole.
pub(crate) fn write_beside<T>(path: &Path, write: impl FnOnce(&File) -> Result<T>) -> Result<T> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let temporary = tempfile::Builder::new()
        .prefix(".salon-car-")
        .tempfile_in(folder)
        .map_err(BundleError::write(path))?;
    let written = write(temporary.as_file())?;
    make_readable(temporary.as_file()).map_err(BundleError::write(path))?;
    temporary
        .persist(path)
        .map_err(|error| BundleError::write(path)(error.error))?;
    Ok(written)
}

/// Temporary files are private to their user; a CAR is made to be handed on.
#[cfg(unix)]
fn make_readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

/// Temporary files are private to their user; a CAR is made to be handed on.
#[cfg(not(unix))]
fn make_readable(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}
