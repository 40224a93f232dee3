//! Pictures on their way into a folder: every byte is hashed as it passes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use salon_domain::Digest;

use crate::error::{BundleError, Result};
use crate::profile::Profile;
use crate::unixfs::hashing::{Chunk, Passing};

/// Opens the picture with this SHA-256; called from several threads.
pub type PictureSource<'a> = dyn Fn(&Digest) -> io::Result<Box<dyn Read + Send>> + Sync + 'a;

/// Copies a picture, refuses one that is not `expected`, and gives its leaves under the usual profile.
pub(crate) fn copy_picture(
    pictures: &PictureSource<'_>,
    token: u64,
    expected: &Digest,
    path: &Path,
) -> Result<Vec<Chunk>> {
    let unreadable = |source| BundleError::Picture {
        token,
        sha256: *expected,
        source,
    };
    let mut input = pictures(expected).map_err(unreadable)?;
    let mut output = File::create_new(path).map_err(BundleError::write(path))?;
    let mut passing = Passing::new(Profile::default().chunk_size());
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let count = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        passing.update(&buffer[..count]);
        output
            .write_all(&buffer[..count])
            .map_err(BundleError::write(path))?;
    }
    let (found, leaves) = passing.finish();
    let found = Digest(found);
    if found == *expected {
        Ok(leaves)
    } else {
        Err(BundleError::PictureChanged {
            token,
            expected: *expected,
            found,
        })
    }
}
