//! What files hash to, remembered as long as their size and time of change stay: four gigabytes are read once.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Mutex;
use std::time::UNIX_EPOCH;

use salon_catalog::FileHash;
use salon_domain::Digest;
use sha2::{Digest as _, Sha256};

use crate::events::lock;

/// Hashes by absolute path.
#[derive(Default)]
pub(crate) struct FileHashes {
    known: Mutex<BTreeMap<String, FileHash>>,
    /// Computed since they were last taken away to be kept.
    fresh: Mutex<Vec<FileHash>>,
}

impl FileHashes {
    /// Takes over what was kept.
    pub(crate) fn remember(&self, hashes: Vec<FileHash>) {
        lock(&self.known).extend(hashes.into_iter().map(|hash| (hash.path.clone(), hash)));
    }

    /// What was computed since the last call.
    pub(crate) fn take_fresh(&self) -> Vec<FileHash> {
        std::mem::take(&mut *lock(&self.fresh))
    }

    /// SHA-256 of the file at `path`.
    pub(crate) fn of(&self, path: &Path) -> io::Result<Digest> {
        let absolute = std::path::absolute(path)?.to_string_lossy().into_owned();
        let about = fs::metadata(path)?;
        let since = about
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let (bytes, modified) = (about.len(), since.map(|since| since.as_nanos() as i64));
        if let Some(known) = lock(&self.known).get(&absolute)
            && known.bytes == bytes
            && Some(known.modified) == modified
        {
            return Ok(known.sha256);
        }
        let sha256 = read(path)?;
        // A file without a time of change is read every time.
        if let Some(modified) = modified {
            let hash = FileHash {
                path: absolute,
                bytes,
                modified,
                sha256,
            };
            lock(&self.known).insert(hash.path.clone(), hash.clone());
            lock(&self.fresh).push(hash);
        }
        Ok(sha256)
    }
}

fn read(path: &Path) -> io::Result<Digest> {
    let mut reader = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(Digest(hasher.finalize().into())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_only_when_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("weights.safetensors");
        fs::write(&file, b"one").unwrap();
        let hashes = FileHashes::default();
        assert_eq!(hashes.of(&file).unwrap(), Digest::of(b"one"));
        let fresh = hashes.take_fresh();
        assert_eq!(fresh.len(), 1, "what was computed can be kept");

        // Another start, which remembers a hash that only reading could refute.
        let later = FileHashes::default();
        let planted = Digest::of(b"planted");
        later.remember(vec![FileHash {
            sha256: planted,
            ..fresh[0].clone()
        }]);
        assert_eq!(later.of(&file).unwrap(), planted, "an unchanged file is not read");
        fs::write(&file, b"three").unwrap();
        assert_eq!(later.of(&file).unwrap(), Digest::of(b"three"), "a changed one is");
        assert_eq!(later.take_fresh().len(), 1, "and is kept anew");
        assert!(later.take_fresh().is_empty(), "once");
    }
}
