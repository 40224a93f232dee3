//! Sharded folders: a hash-array mapped trie, 256 children wide.

use crate::error::{BundleError, Result};
use crate::unixfs::dag::{Dag, NodeId};
use crate::unixfs::dag_pb::Link;
use crate::unixfs::metadata;

/// An entry with the hash that places it: one byte per level.
struct Placed {
    path: [u8; 8],
    name: Vec<u8>,
    node: NodeId,
}

/// The bytes by which a name descends, one per level: the first 64 bits of murmur3-x64-128, most significant first.
pub(crate) fn path_of(name: &[u8]) -> [u8; 8] {
    let mut input = name;
    // Reading from a slice cannot fail.
    let hash = murmur3::murmur3_x64_128(&mut input, 0).unwrap_or_default();
    (hash as u64).to_be_bytes()
}

/// The bitfield of the occupied `slots`: bit 255 first, leading zero bytes trimmed, as kubo stores it (the
/// specification asks for all 32 bytes, no deployed tool writes them).
pub(crate) fn bitfield(slots: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut bits = [0_u8; 32];
    for slot in slots {
        bits[31 - usize::from(slot / 8)] |= 1 << (slot % 8);
    }
    let zeros = bits.iter().take_while(|&&byte| byte == 0).count();
    bits[zeros..].to_vec()
}

/// Adds the shards over `entries` and returns the topmost.
pub(super) fn build(dag: &mut Dag, entries: Vec<(Vec<u8>, NodeId)>) -> Result<NodeId> {
    let mut placed: Vec<Placed> = entries
        .into_iter()
        .map(|(name, node)| Placed {
            path: path_of(&name),
            name,
            node,
        })
        .collect();
    placed.sort_by_key(|entry| entry.path);
    shard(dag, &placed, 0)
}

/// One shard over entries that agree in the first `level` bytes of their path. Recursion ends at eight levels.
fn shard(dag: &mut Dag, entries: &[Placed], level: usize) -> Result<NodeId> {
    if level == 8 {
        let name = entries
            .first()
            .map(|entry| String::from_utf8_lossy(&entry.name).into_owned());
        return Err(BundleError::NamesCollide {
            name: name.unwrap_or_default(),
        });
    }
    let (mut links, mut children, mut slots) = (Vec::new(), Vec::new(), Vec::new());
    for group in entries.chunk_by(|one, other| one.path[level] == other.path[level]) {
        let slot = group[0].path[level];
        let mut name = format!("{slot:02X}").into_bytes();
        let child = if let [only] = group {
            name.extend_from_slice(&only.name);
            only.node
        } else {
            shard(dag, group, level + 1)?
        };
        links.push(Link {
            cid: dag.cid(child),
            name,
            tsize: dag.tsize(child),
        });
        children.push(child);
        slots.push(slot);
    }
    Ok(dag.add_node(&links, &metadata::shard(&bitfield(slots.into_iter())), children))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_descends_by_the_published_hash() {
        // IPIP-0550 publishes a shard that holds `hello.txt` at DF.
        assert_eq!(
            path_of(b"hello.txt")[0],
            0xDF,
            "first byte of the path of hello.txt"
        );
    }

    #[test]
    fn the_bitfield_loses_its_leading_zero_bytes_only() {
        assert_eq!(bitfield([0].into_iter()), [1], "bit 0 is the last byte");
        assert_eq!(bitfield([0xDF].into_iter()).len(), 28, "bit 223 needs 28 bytes");
        assert_eq!(bitfield([0, 255].into_iter()).len(), 32, "bit 255 needs all 32");
        assert!(bitfield(std::iter::empty()).is_empty(), "no slot, no byte");
    }
}
