//! Pictures on their way into a folder: every byte is hashed as it passes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use salon_domain::Digest;
use sha2::{Digest as _, Sha256};

use crate::error::{BundleError, Result};

/// Opens the picture with this SHA-256; called from several threads.
pub type PictureSource<'a> = dyn Fn(&Digest) -> io::Result<Box<dyn Read + Send>> + Sync + 'a;

/// Copies a picture, refuses one that is not `expected`, and gives its length in bytes.
pub(crate) fn copy_picture(
    pictures: &PictureSource<'_>,
    token: u64,
    expected: &Digest,
    path: &Path,
) -> Result<u64> {
    let unreadable = |source| BundleError::Picture {
        token,
        sha256: *expected,
        source,
    };
    let mut input = pictures(expected).map_err(unreadable)?;
    let mut output = File::create_new(path).map_err(BundleError::write(path))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 128 * 1024];
    let mut length = 0;
    loop {
        let count = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        hasher.update(&buffer[..count]);
        length += count as u64;
        output
            .write_all(&buffer[..count])
            .map_err(BundleError::write(path))?;
    }
    let found = Digest(hasher.finalize().into());
    if found == *expected {
        Ok(length)
    } else {
        Err(BundleError::PictureChanged {
            token,
            expected: *expected,
            found,
        })
    }
}
