//! What is in a folder, as kubo sees it: hidden entries left out, empty folders kept, symbolic links kept as links.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::dag::{Dag, NodeId};
use super::hashing::{Chunk, hash_files};
use crate::error::{BundleError, Result};
use crate::profile::Profile;
use crate::watch::{Step, Watch};

/// A file, folder or symbolic link.
pub(crate) enum Entry {
    /// The file of this number in [`Tree::files`].
    File(usize),
    Symlink(Vec<u8>),
    Directory(Vec<(Vec<u8>, Entry)>),
}

/// An entry with every file below it.
pub(crate) struct Tree {
    pub(crate) files: Vec<(PathBuf, u64)>,
    pub(crate) root: Entry,
    /// Folders, the root included.
    pub(crate) directories: u64,
    pub(crate) symlinks: u64,
}

/// Walks `path`; the path itself is taken even when it is hidden.
pub(crate) fn walk(path: &Path) -> Result<Tree> {
    let mut tree = Tree {
        files: Vec::new(),
        root: Entry::File(0),
        directories: 0,
        symlinks: 0,
    };
    tree.root = entry(path, &mut tree)?;
    Ok(tree)
}

/// Recurses as deep as the file system's longest path lets folders nest.
fn entry(path: &Path, tree: &mut Tree) -> Result<Entry> {
    let metadata = fs::symlink_metadata(path).map_err(BundleError::read(path))?;
    let kind = metadata.file_type();
    if kind.is_symlink() {
        tree.symlinks += 1;
        let target = fs::read_link(path).map_err(BundleError::read(path))?;
        return Ok(Entry::Symlink(bytes_of(target.as_os_str())));
    }
    if kind.is_file() {
        tree.files.push((path.into(), metadata.len()));
        return Ok(Entry::File(tree.files.len() - 1));
    }
    if !kind.is_dir() {
        return Err(BundleError::Unsupported { path: path.into() });
    }
    tree.directories += 1;
    let mut names = Vec::new();
    for item in fs::read_dir(path).map_err(BundleError::read(path))? {
        let name = item.map_err(BundleError::read(path))?.file_name();
        if !bytes_of(&name).starts_with(b".") {
            names.push(name);
        }
    }
    names.sort();
    let entries = names
        .into_iter()
        .map(|name| Ok((bytes_of(&name), entry(&path.join(&name), tree)?)))
        .collect::<Result<Vec<_>>>()?;
    Ok(Entry::Directory(entries))
}

impl Tree {
    /// Bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.1).sum()
    }

    /// Entries of the root; `None` when it is no folder.
    pub(crate) fn entries(&self) -> Option<u64> {
        match &self.root {
            Entry::Directory(entries) => Some(entries.len() as u64),
            Entry::File(_) | Entry::Symlink(_) => None,
        }
    }

    /// Hashes every file and adds everything to `dag`.
    pub(crate) fn build_into(&self, dag: &mut Dag, watch: Watch<'_>) -> Result<NodeId> {
        let chunks = self.hash(dag.profile(), watch)?;
        self.add_to(dag, &chunks)
    }

    /// Hashes every file and adds what is in the root folder to `dag`, but not the folder itself. Empty when the root
    /// is no folder.
    pub(crate) fn build_entries(&self, dag: &mut Dag, watch: Watch<'_>) -> Result<Vec<(Vec<u8>, NodeId)>> {
        let chunks = self.hash(dag.profile(), watch)?;
        match &self.root {
            Entry::Directory(entries) => self.add_all(dag, entries, &chunks),
            Entry::File(_) | Entry::Symlink(_) => Ok(Vec::new()),
        }
    }

    fn hash(&self, profile: Profile, watch: Watch<'_>) -> Result<Vec<Vec<Chunk>>> {
        hash_files(
            profile,
            &self.files,
            &watch.meter(Step::Hashing, self.bytes()),
            None,
        )
    }

    /// Adds everything to `dag`, given the chunks of every file.
    pub(crate) fn add_to(&self, dag: &mut Dag, chunks: &[Vec<Chunk>]) -> Result<NodeId> {
        self.add(dag, &self.root, chunks)
    }

    fn add(&self, dag: &mut Dag, entry: &Entry, chunks: &[Vec<Chunk>]) -> Result<NodeId> {
        Ok(match entry {
            Entry::File(index) => dag.add_file(self.files[*index].0.clone(), &chunks[*index]),
            Entry::Symlink(target) => dag.add_symlink(target),
            Entry::Directory(entries) => {
                let entries = self.add_all(dag, entries, chunks)?;
                dag.add_directory(entries)?
            }
        })
    }

    fn add_all(
        &self,
        dag: &mut Dag,
        entries: &[(Vec<u8>, Entry)],
        chunks: &[Vec<Chunk>],
    ) -> Result<Vec<(Vec<u8>, NodeId)>> {
        entries
            .iter()
            .map(|(name, entry)| Ok((name.clone(), self.add(dag, entry, chunks)?)))
            .collect()
    }
}

/// A name as it goes into a link: the bytes the file system holds, or UTF-8 where it holds something else.
#[cfg(unix)]
pub(crate) fn bytes_of(name: &OsStr) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(name).to_vec()
}

/// A name as it goes into a link: the bytes the file system holds, or UTF-8 where it holds something else.
#[cfg(not(unix))]
pub(crate) fn bytes_of(name: &OsStr) -> Vec<u8> {
    name.to_string_lossy().into_owned().into_bytes()
}
