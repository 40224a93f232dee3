//! The CID of anything on disk, and its CAR.

use std::io::Read;
use std::path::{Path, PathBuf};

use cid::Cid;
use serde::Serialize;

use crate::car::one_pass::write_tree;
use crate::car::write::Written;
use crate::error::{BundleError, Result};
use crate::profile::Profile;
use crate::unixfs::dag::Dag;
use crate::unixfs::hashing::hash_stream;
use crate::unixfs::walk::{Tree, walk};
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

/// The root CID of the file or folder `path`, as kubo's `ipfs add --profile` gives it: hidden entries below `path` are
/// left out, empty folders and symbolic links are kept. With `car`, also writes its CAR v1 (whole or not at all,
/// replacing a file that is there; not flushed to disk, since it can be made again).
pub fn cid_of_path(path: &Path, profile: Profile, car: Option<&Path>, watch: Watch<'_>) -> Result<CidReport> {
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
        let (root, written) = write_beside(&tree, profile, car, watch)?;
        report.car = Some(CarReport {
            path: car.into(),
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

/// Writes into a hidden file next to `car` and renames it when it is whole.
fn write_beside(tree: &Tree, profile: Profile, car: &Path, watch: Watch<'_>) -> Result<(Cid, Written)> {
    let folder = match car.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let temporary = tempfile::Builder::new()
        .prefix(".salon-car-")
        .tempfile_in(folder)
        .map_err(BundleError::write(car))?;
    let written = write_tree(tree, profile, temporary.as_file(), car, watch)?;
    make_readable(temporary.as_file()).map_err(BundleError::write(car))?;
    temporary
        .persist(car)
        .map_err(|error| BundleError::write(car)(error.error))?;
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
