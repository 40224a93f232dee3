//! Reading files that nobody vouches for: regular ones only, and never more than expected.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

/// Longest `provenance.json`: 100,000 tokens with prompts of 2 KiB.
pub(crate) const MAX_PROVENANCE: u64 = 512 * 1024 * 1024;
/// Longest metadata document.
pub(crate) const MAX_METADATA: u64 = 1024 * 1024;

/// Opens a regular file; a pipe or device would block or never end.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    File::open(path)
}

/// Reads a document of at most `longest` bytes.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path, longest: u64) -> io::Result<T> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(longest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest {
        return Err(io::Error::other(format!("more than {longest} bytes")));
    }
    serde_json::from_slice(&bytes).map_err(io::Error::other)
}
