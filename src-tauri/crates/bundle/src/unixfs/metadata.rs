//! The UnixFS message inside a dag-pb node. Source: specs.ipfs.tech, UnixFS.

use super::dag_pb::{put_field, take_bytes};
use super::varint;

/// The data of an ordinary folder.
pub(crate) const DIRECTORY: [u8; 2] = [0x08, 0x01];
/// Multihash code of the shard hash, murmur3-x64-64.
pub(crate) const MURMUR3_X64_64: u64 = 0x22;
/// Children of one shard.
pub(crate) const FANOUT: u64 = 256;

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unixfs {
    Directory,
    File {
        inline: Vec<u8>,
        size: u64,
        parts: Vec<u64>,
    },
    Symlink {
        target: Vec<u8>,
    },
    Shard {
        bitfield: Vec<u8>,
    },
}

/// A file node over children of these content sizes.
pub(crate) fn file_over(parts: &[u64]) -> Vec<u8> {
    let mut out = vec![0x08, 0x02, 0x18];
    varint::put(&mut out, parts.iter().sum());
    for &part in parts {
        out.push(0x20);
        varint::put(&mut out, part);
    }
    out
}

/// What comes before and after `length` content bytes in a dag-pb leaf, the dag-pb framing included.
pub(crate) fn leaf_frame(length: u64) -> (Vec<u8>, Vec<u8>) {
    let mut after = vec![0x18];
    varint::put(&mut after, length);
    let mut head = vec![0x08, 0x02];
    if length > 0 {
        head.push(0x12);
        varint::put(&mut head, length);
    }
    let mut before = vec![0x0a];
    varint::put(&mut before, (head.len() + after.len()) as u64 + length);
    before.append(&mut head);
    (before, after)
}

/// A symbolic link.
pub(crate) fn symlink(target: &[u8]) -> Vec<u8> {
    let mut out = vec![0x08, 0x04];
    put_field(&mut out, 0x12, target);
    out
}

/// A shard with this (already trimmed) bitfield.
pub(crate) fn shard(bitfield: &[u8]) -> Vec<u8> {
    let mut out = vec![0x08, 0x05];
    put_field(&mut out, 0x12, bitfield);
    out.extend_from_slice(&[0x28, MURMUR3_X64_64 as u8, 0x30]);
    varint::put(&mut out, FANOUT);
    out
}

/// Reads the message; `None` when it is malformed or of a kind that no profile writes.
pub(crate) fn decode(mut input: &[u8]) -> Option<Unixfs> {
    let (mut kind, mut data, mut size, mut hash, mut fanout) = (None, None, None, None, None);
    let mut parts = Vec::new();
    while let Some((&tag, rest)) = input.split_first() {
        input = rest;
        match tag {
            0x08 if kind.is_none() => kind = Some(varint::take(&mut input)?),
            0x12 if data.is_none() => data = Some(take_bytes(&mut input)?.to_vec()),
            0x18 if size.is_none() => size = Some(varint::take(&mut input)?),
            0x20 => parts.push(varint::take(&mut input)?),
            0x28 if hash.is_none() => hash = Some(varint::take(&mut input)?),
            0x30 if fanout.is_none() => fanout = Some(varint::take(&mut input)?),
            _ => return None,
        }
    }
    match kind? {
        1 => Some(Unixfs::Directory),
        2 => Some(Unixfs::File {
            inline: data.unwrap_or_default(),
            size: size?,
            parts,
        }),
        4 => Some(Unixfs::Symlink { target: data? }),
        5 if hash == Some(MURMUR3_X64_64) && fanout == Some(FANOUT) => {
            Some(Unixfs::Shard { bitfield: data? })
        }
        _ => None,
    }
}
