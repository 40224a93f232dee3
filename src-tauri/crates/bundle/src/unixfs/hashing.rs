//! Chunks and their hashes, over many files and many chunks at once.

use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::metadata::leaf_frame;
use crate::error::{BundleError, Result};
use crate::positioned::read_full_at;
use crate::profile::Profile;
use crate::watch::Meter;

/// One leaf: the SHA-256 of its block and the length of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) digest: [u8; 32],
    pub(crate) length: u64,
}

/// Bytes read at a time: small enough for the second-level cache, where hashing runs at full speed.
const PIECE: usize = 128 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; PIECE]);
}

/// Hashes the block over `length` bytes of `file` at `offset`, handing every piece of the block to `each` on the way.
/// The one place where leaf bytes are read, so that what is written is what was hashed.
pub(crate) fn read_leaf(
    profile: Profile,
    path: &Path,
    file: &File,
    offset: u64,
    length: u64,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<[u8; 32]> {
    let (before, after) = if profile.raw_leaves() {
        (Vec::new(), Vec::new())
    } else {
        leaf_frame(length)
    };
    let mut hasher = Sha256::new();
    let mut feed = |piece: &[u8]| {
        hasher.update(piece);
        each(piece)
    };
    feed(&before)?;
    BUFFER.with_borrow_mut(|buffer| {
        let mut done = 0;
        while done < length {
            let wanted = (length - done).min(PIECE as u64) as usize;
            let piece = &mut buffer[..wanted];
            let found = read_full_at(file, piece, offset + done).map_err(BundleError::read(path))?;
            if found < wanted {
                return Err(BundleError::Changed { path: path.into() });
            }
            feed(piece)?;
            done += wanted as u64;
        }
        Ok(())
    })?;
    feed(&after)?;
    Ok(hasher.finalize().into())
}

/// Chunks of every file, in the order given, whatever the number of threads. With `spill`, every block is also written
/// to its place in a CAR on the way.
pub(crate) fn hash_files(
    profile: Profile,
    files: &[(PathBuf, u64)],
    meter: &Meter<'_>,
    spill: Option<&Spill<'_>>,
) -> Result<Vec<Vec<Chunk>>> {
    files
        .par_iter()
        .enumerate()
        .map(|(index, (path, size))| {
            let spill = spill.map(|spill| (spill, index));
            hash_file(profile, path, *size, meter, spill)
        })
        .collect()
}

/// The lengths of a file's chunks. An empty file is one empty chunk.
pub(crate) fn chunk_lengths(profile: Profile, size: u64) -> impl Iterator<Item = u64> {
    let step = profile.chunk_size();
    (0..size.div_ceil(step).max(1)).map(move |index| step.min(size - index * step))
}

fn hash_file(
    profile: Profile,
    path: &Path,
    size: u64,
    meter: &Meter<'_>,
    spill: Option<(&Spill<'_>, usize)>,
) -> Result<Vec<Chunk>> {
    let file = File::open(path).map_err(BundleError::read(path))?;
    let lengths: Vec<u64> = chunk_lengths(profile, size).collect();
    let chunks = lengths
        .into_par_iter()
        .enumerate()
        .map(|(index, length)| {
            let offset = index as u64 * profile.chunk_size();
            let digest = match spill {
                None => read_leaf(profile, path, &file, offset, length, |_| Ok(()))?,
                Some((spill, number)) => {
                    let position = spill.positions[number][index];
                    let read = |put: &mut dyn FnMut(&[u8]) -> Result<()>| {
                        read_leaf(profile, path, &file, offset, length, put)
                    };
                    (spill.write)(position, length, &read)?
                }
            };
            meter.add(length)?;
            Ok(Chunk { digest, length })
        })
        .collect::<Result<Vec<Chunk>>>()?;
    let grown = read_full_at(&file, &mut [0], size).map_err(BundleError::read(path))?;
    if grown > 0 {
        return Err(BundleError::Changed { path: path.into() });
    }
    Ok(chunks)
}

/// Reads one leaf's block, handing over its pieces, and gives its SHA-256.
pub(crate) type ReadLeaf<'a> = dyn Fn(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<[u8; 32]> + 'a;

/// Writes one leaf, given its position, the length of its content and its bytes.
pub(crate) type WriteLeaf<'a> = dyn Fn(u64, u64, &ReadLeaf<'_>) -> Result<[u8; 32]> + Sync + 'a;

/// Where leaves are written while they are hashed.
pub(crate) struct Spill<'a> {
    /// Of every file, of every chunk: the position that `write` is given.
    pub(crate) positions: Vec<Vec<u64>>,
    pub(crate) write: &'a WriteLeaf<'a>,
}

/// Chunks of a stream, read a few at a time and hashed beside one another. `path` names it in errors.
pub(crate) fn hash_stream(
    profile: Profile,
    path: &Path,
    mut stream: impl Read,
    meter: &Meter<'_>,
) -> Result<Vec<Chunk>> {
    let step = profile.chunk_size();
    let batch = rayon::current_num_threads() as u64 * 4 * step;
    let (mut chunks, mut buffer) = (Vec::new(), Vec::new());
    loop {
        buffer.clear();
        let found = stream.by_ref().take(batch).read_to_end(&mut buffer);
        let found = found.map_err(BundleError::read(path))? as u64;
        if found == 0 && !chunks.is_empty() {
            return Ok(chunks);
        }
        let parts: Vec<&[u8]> = if buffer.is_empty() {
            vec![&[]]
        } else {
            buffer.chunks(step as usize).collect()
        };
        chunks.par_extend(parts.into_par_iter().map(|part| Chunk {
            digest: hash_bytes(profile, part),
            length: part.len() as u64,
        }));
        meter.add(found)?;
        if found < batch {
            return Ok(chunks);
        }
    }
}

/// Chunks of bytes that are in memory.
pub(crate) fn chunks_of(profile: Profile, content: &[u8]) -> Vec<Chunk> {
    let mut rest = content;
    let lengths = chunk_lengths(profile, content.len() as u64);
    let chunks = lengths.map(|length| {
        let (chunk, left) = rest.split_at(length as usize);
        rest = left;
        Chunk {
            digest: hash_bytes(profile, chunk),
            length,
        }
    });
    chunks.collect()
}

/// Hashes what goes by, as a whole and leaf by leaf, for leaves that are bare bytes. While it all fits into one leaf both are
/// the same hash, which is computed once.
pub(crate) struct Passing {
    step: u64,
    whole: Sha256,
    /// The leaf at hand, from the second on.
    leaf: Option<Sha256>,
    /// Bytes of the leaf at hand.
    filled: u64,
    chunks: Vec<Chunk>,
}

impl Passing {
    /// For leaves of so many bytes.
    pub(crate) fn new(step: u64) -> Self {
        Self {
            step,
            whole: Sha256::new(),
            leaf: None,
            filled: 0,
            chunks: Vec::new(),
        }
    }

    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.filled == self.step {
                self.end_leaf();
                self.leaf = Some(Sha256::new());
            }
            let room = (self.step - self.filled).min(bytes.len() as u64);
            let (piece, rest) = bytes.split_at(room as usize);
            self.whole.update(piece);
            if let Some(leaf) = &mut self.leaf {
                leaf.update(piece);
            }
            self.filled += room;
            bytes = rest;
        }
    }

    fn end_leaf(&mut self) {
        let leaf = self.leaf.take().unwrap_or_else(|| self.whole.clone());
        self.chunks.push(Chunk {
            digest: leaf.finalize().into(),
            length: self.filled,
        });
        self.filled = 0;
    }

    /// The SHA-256 of everything, and the leaves.
    pub(crate) fn finish(mut self) -> ([u8; 32], Vec<Chunk>) {
        self.end_leaf();
        (self.whole.finalize().into(), self.chunks)
    }
}

fn hash_bytes(profile: Profile, content: &[u8]) -> [u8; 32] {
    if profile.raw_leaves() {
        return Sha256::digest(content).into();
    }
    let (before, after) = leaf_frame(content.len() as u64);
    Sha256::new()
        .chain_update(before)
        .chain_update(content)
        .chain_update(after)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_by_is_hashed_as_what_lies_still() {
        let profile = Profile::UnixfsV1;
        let step = profile.chunk_size() as usize;
        let content: Vec<u8> = (0..2 * step + 5).map(|index| (index / 7) as u8).collect();
        for length in [0, 1, step - 1, step, step + 1, 2 * step, 2 * step + 5] {
            for piece in [1000, 128 * 1024, step, 3 * step] {
                let mut passing = Passing::new(step as u64);
                content[..length]
                    .chunks(piece)
                    .for_each(|piece| passing.update(piece));
                let (whole, chunks) = passing.finish();
                let expected: [u8; 32] = Sha256::digest(&content[..length]).into();
                assert_eq!(whole, expected, "{length} bytes by {piece}");
                assert_eq!(
                    chunks,
                    chunks_of(profile, &content[..length]),
                    "{length} bytes by {piece}"
                );
            }
        }
    }
}
