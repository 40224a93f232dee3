//! Signing what lies in files or in memory, and writing it as one bundle. Data passes by; only heads are held.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use salon_domain::Digest;
use sha2::{Digest as _, Sha256, Sha384};

use super::item::{Hash, Head, Id, Signed, Tags};
use super::kept::Kept;
use super::key::Key;
use crate::error::{BundleError, Result};
use crate::positioned::write_all_at;
use crate::watch::Meter;

/// An item's data, going by.
pub(crate) type Input<'a> = Box<dyn Read + Send + 'a>;
/// Begins to read it, once more each time.
pub(crate) type Open<'a> = dyn Fn() -> io::Result<Input<'a>> + Send + Sync + 'a;

/// What becomes an item.
pub(crate) struct Piece<'a> {
    /// What it is, for errors.
    pub(crate) place: PathBuf,
    pub(crate) tags: Tags,
    pub(crate) open: Box<Open<'a>>,
}

/// An item that was signed.
pub(crate) struct Item<'a> {
    pub(crate) id: Id,
    head: Vec<u8>,
    length: u64,
    data: Hash,
    piece: Piece<'a>,
}

impl<'a> Piece<'a> {
    /// Data in memory.
    pub(crate) fn of_bytes(place: &str, tags: Tags, bytes: &'a [u8]) -> Self {
        Self {
            place: place.into(),
            tags,
            open: Box::new(move || -> io::Result<Input<'a>> { Ok(Box::new(bytes)) }),
        }
    }

    /// Reads it once, and signs it. Gives the SHA-256 of its data as well.
    pub(crate) fn sign(self, key: &Key, kept: &Kept) -> Result<(Item<'a>, Digest)> {
        let mut hashed = (Sha256::new(), Sha384::new(), 0);
        self.read(|bytes| {
            hashed.0.update(bytes);
            hashed.1.update(bytes);
            hashed.2 += bytes.len() as u64;
            Ok(())
        })?;
        let (sha256, data, length) = (hashed.0.finalize().into(), hashed.1.finalize().into(), hashed.2);
        let signed = Signed {
            kind: key.kind(),
            owner: key.owner(),
            target: &[],
            anchor: &[],
            tags: &self.tags.bytes,
            data: (length, data),
        };
        let head = Head {
            kind: key.kind(),
            signature: kept.signature(key, &signed.message())?,
            owner: key.owner().to_vec(),
            target: Vec::new(),
            anchor: Vec::new(),
            tags: self.tags.clone(),
        };
        let item = Item {
            id: head.id(),
            head: head.encode(),
            length,
            data,
            piece: self,
        };
        Ok((item, Digest(sha256)))
    }

    fn read(&self, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let unreadable = |fault| BundleError::read(&self.place)(fault);
        let mut input = (self.open)().map_err(unreadable)?;
        let mut buffer = vec![0; 128 * 1024];
        loop {
            match input.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => each(&buffer[..count])?,
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(fault) => return Err(unreadable(fault)),
            }
        }
    }
}

impl Item<'_> {
    fn bytes(&self) -> u64 {
        self.head.len() as u64 + self.length
    }

    fn write(&self, file: &File, path: &Path, position: u64) -> Result<()> {
        let put = |bytes: &[u8], at| write_all_at(file, bytes, at).map_err(BundleError::write(path));
        put(&self.head, position)?;
        let mut next = position + self.head.len() as u64;
        let end = position + self.bytes();
        let mut hasher = Sha384::new();
        let changed = || BundleError::Changed {
            path: self.piece.place.clone(),
        };
        self.piece.read(|bytes| {
            if next + bytes.len() as u64 > end {
                return Err(changed());
            }
            hasher.update(bytes);
            put(bytes, next)?;
            next += bytes.len() as u64;
            Ok(())
        })?;
        if self.data == <Hash>::from(hasher.finalize()) {
            Ok(())
        } else {
            Err(changed())
        }
    }
}

/// Writes items as one bundle and gives its length. Each is read once more, and must be what was signed.
pub(crate) fn write(path: &Path, items: &[Item<'_>], meter: &Meter<'_>) -> Result<u64> {
    let file = File::create_new(path).map_err(BundleError::write(path))?;
    let mut start = number(items.len() as u64).to_vec();
    for item in items {
        start.extend_from_slice(&number(item.bytes()));
        start.extend_from_slice(&item.id.0);
    }
    let mut end = start.len() as u64;
    let placed: Vec<(&Item<'_>, u64)> = items
        .iter()
        .map(|item| {
            let position = end;
            end += item.bytes();
            (item, position)
        })
        .collect();
    write_all_at(&file, &start, 0).map_err(BundleError::write(path))?;
    placed.into_par_iter().try_for_each(|(item, position)| {
        item.write(&file, path, position)?;
        meter.add(item.bytes())
    })?;
    Ok(end)
}

/// A number as bundles write them: 32 bytes, the least first.
fn number(value: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&value.to_le_bytes());
    bytes
}
