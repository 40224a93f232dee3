//! A target's folder as its reader sees it: one on disk, or one that is only planned.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Plan, TARGET_CAR};
use crate::error::{BundleError, Result};

/// Longest document that is read: a manifest of 100,000 tokens.
const LONGEST: u64 = 256 * 1024 * 1024;

/// What lies at a place.
enum Entry<'a> {
    Planned(&'a [u8]),
    Picture,
    OnDisk(PathBuf),
}

/// Files by their place, `/` between folders.
pub(super) struct Folder<'a> {
    entries: BTreeMap<String, Entry<'a>>,
}

impl<'a> Folder<'a> {
    pub(super) fn planned(plan: &'a Plan) -> Self {
        let documents = plan
            .documents
            .iter()
            .map(|(place, bytes)| (place.clone(), Entry::Planned(bytes)));
        let pictures = plan
            .pictures
            .iter()
            .map(|(place, _)| (place.clone(), Entry::Picture));
        Self {
            entries: documents.chain(pictures).collect(),
        }
    }

    /// Everything in a folder and in the folders in it. Hidden entries and symbolic links are passed over: no target has any.
    pub(super) fn open(folder: &Path) -> Result<Folder<'static>> {
        let mut entries = BTreeMap::new();
        let mut waiting = vec![(folder.to_path_buf(), String::new(), 0)];
        while let Some((path, prefix, depth)) = waiting.pop() {
            for entry in path.read_dir().map_err(BundleError::read(&path))? {
                let entry = entry.map_err(BundleError::read(&path))?;
                let kind = entry.file_type().map_err(BundleError::read(&path))?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with('.') || (depth == 0 && name == TARGET_CAR) {
                    continue;
                }
                let place = format!("{prefix}{name}");
                if kind.is_dir() && depth < 2 {
                    waiting.push((entry.path(), format!("{place}/"), depth + 1));
                } else if kind.is_file() {
                    entries.insert(place, Entry::OnDisk(entry.path()));
                }
            }
        }
        Ok(Folder { entries })
    }

    /// Whether it lies nowhere yet.
    pub(super) fn is_planned(&self) -> bool {
        let mut entries = self.entries.values();
        entries.any(|entry| matches!(entry, Entry::Planned(_)))
    }

    /// Where a file lies on disk.
    pub(super) fn path(&self, place: &str) -> Option<&Path> {
        match self.entries.get(place)? {
            Entry::OnDisk(path) => Some(path),
            Entry::Planned(_) | Entry::Picture => None,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn has(&self, place: &str) -> bool {
        self.entries.contains_key(place)
    }

    /// Names directly below `prefix` (which ends in `/`, or is empty), in their order.
    pub(super) fn names(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.entries
            .keys()
            .filter_map(move |place| place.strip_prefix(prefix))
            .filter(|name| !name.contains('/'))
    }

    pub(super) fn bytes(&self, place: &str) -> io::Result<Vec<u8>> {
        match self.entries.get(place) {
            None => Err(io::Error::new(io::ErrorKind::NotFound, "it is missing")),
            Some(Entry::Picture) => Err(io::Error::other("a picture where a document is to be")),
            Some(Entry::Planned(bytes)) => Ok(bytes.to_vec()),
            Some(Entry::OnDisk(path)) => {
                let mut bytes = Vec::new();
                File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
                if bytes.len() as u64 > LONGEST {
                    return Err(io::Error::other(format!("it is longer than {LONGEST} bytes")));
                }
                Ok(bytes)
            }
        }
    }

    pub(super) fn json(&self, place: &str) -> io::Result<Value> {
        serde_json::from_slice(&self.bytes(place)?)
            .map_err(|fault| io::Error::other(format!("it is not JSON: {fault}")))
    }
}
