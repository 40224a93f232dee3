//! The parameters that decide a CID. Source: IPIP-0499, "UnixFS CID Profiles".

use std::fmt;
use std::str::FromStr;

use cid::Cid;
use cid::multihash::Multihash;

/// Multicodec of a raw block.
pub(crate) const RAW: u64 = 0x55;
/// Multicodec of a dag-pb block.
pub(crate) const DAG_PB: u64 = 0x70;
/// Multihash code of SHA2-256.
pub(crate) const SHA2_256: u64 = 0x12;
/// A directory whose size, as the profile measures it, is larger than this becomes a HAMT.
pub(crate) const SHARD_ABOVE_BYTES: usize = 256 * 1024;

/// A named set of UnixFS parameters: the same input under the same profile has the same CID in every tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// `unixfs-v1-2025`: CID version 1, raw leaves of 1 MiB, 1024 links per file node, directories sharded by block size.
    #[default]
    UnixfsV1,
    /// `unixfs-v0-2015`: CID version 0, dag-pb leaves of 256 KiB, 174 links per file node, directories sharded by the
    /// bytes of their names and CIDs. What kubo did by default for ten years.
    UnixfsV0,
}

impl Profile {
    /// Every profile, the default first.
    pub const ALL: [Self; 2] = [Self::UnixfsV1, Self::UnixfsV0];

    /// The name that IPIP-0499 gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnixfsV1 => "unixfs-v1-2025",
            Self::UnixfsV0 => "unixfs-v0-2015",
        }
    }

    /// Bytes of file content per leaf.
    pub(crate) fn chunk_size(self) -> u64 {
        match self {
            Self::UnixfsV1 => 1024 * 1024,
            Self::UnixfsV0 => 256 * 1024,
        }
    }

    /// Most links of one file node.
    pub(crate) fn file_width(self) -> usize {
        match self {
            Self::UnixfsV1 => 1024,
            Self::UnixfsV0 => 174,
        }
    }

    /// Whether leaves are bare bytes rather than dag-pb nodes.
    pub(crate) fn raw_leaves(self) -> bool {
        self == Self::UnixfsV1
    }

    /// The CID of a dag-pb block with this SHA-256.
    pub(crate) fn node_cid(self, digest: &[u8; 32]) -> Cid {
        let hash = sha256_multihash(digest);
        match self {
            Self::UnixfsV1 => Cid::new_v1(DAG_PB, hash),
            // A 32-byte SHA2-256 is the one hash that CIDv0 takes, so this arm cannot fall back.
            Self::UnixfsV0 => Cid::new_v0(hash).unwrap_or_else(|_| Cid::new_v1(DAG_PB, hash)),
        }
    }

    /// The CID of a leaf with this SHA-256.
    pub(crate) fn leaf_cid(self, digest: &[u8; 32]) -> Cid {
        if self.raw_leaves() {
            Cid::new_v1(RAW, sha256_multihash(digest))
        } else {
            self.node_cid(digest)
        }
    }

    /// Length of a CID of this profile in bytes.
    pub(crate) fn cid_length(self) -> usize {
        match self {
            Self::UnixfsV1 => 36,
            Self::UnixfsV0 => 34,
        }
    }
}

fn sha256_multihash(digest: &[u8; 32]) -> Multihash<64> {
    // 32 bytes always fit into 64; the default (an empty identity hash) is never reached.
    Multihash::wrap(SHA2_256, digest).unwrap_or_default()
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// No profile has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a CID profile: choose unixfs-v1-2025 or unixfs-v0-2015")]
pub struct ParseProfileError(String);

impl FromStr for Profile {
    type Err = ParseProfileError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == text)
            .ok_or_else(|| ParseProfileError(text.chars().take(80).collect()))
    }
}
