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
/// The bytes beyond which kubo and both published profiles shard a folder.
const SHARD_ABOVE_BYTES: usize = 256 * 1024;
/// The entries beyond which `ipfs-car` does.
const SHARD_ABOVE_LINKS: usize = 1000;

/// A named set of UnixFS parameters: the same input under the same profile has the same CID in every tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Profile {
    /// `unixfs-v1-2025`: CID version 1, raw leaves of 1 MiB, 1024 links per file node, directories sharded by block size.
    #[default]
    UnixfsV1,
    /// `unixfs-v0-2015`: CID version 0, dag-pb leaves of 256 KiB, 174 links per file node, directories sharded by the
    /// bytes of their names and CIDs. What kubo did by default for ten years.
    UnixfsV0,
    /// What `ipfs add --cid-version=1` makes of kubo's other defaults: CID version 1, raw leaves of 256 KiB, 174 links,
    /// directories sharded by the bytes of their names and CIDs. IPIP-0499 publishes no profile of it.
    KuboV1,
    /// What npm's `ipfs-car` does, and with it Storacha's uploads: as `unixfs-v1-2025`, but directories sharded by the
    /// number of their entries. That tool leaves out empty folders and follows symbolic links; this profile does not.
    IpfsCar,
}

/// When a directory becomes a HAMT: what is measured, and the largest value of it that stays flat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShardAbove {
    /// Bytes of the directory's own block.
    BlockBytes(usize),
    /// Bytes of its entries' names and CIDs.
    LinkBytes(usize),
    /// Its entries.
    Links(usize),
}

/// How files are cut into leaves; profiles that agree in this agree in the hash of every leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Leaves {
    /// Bytes of file content per leaf.
    pub(crate) bytes: u64,
    /// Whether they are bare bytes rather than dag-pb nodes.
    pub(crate) raw: bool,
}

impl Profile {
    /// Every profile, the default first.
    pub const ALL: [Self; 4] = [Self::UnixfsV1, Self::UnixfsV0, Self::KuboV1, Self::IpfsCar];

    /// The name that IPIP-0499 gives it, or ours where it gives none.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnixfsV1 => "unixfs-v1-2025",
            Self::UnixfsV0 => "unixfs-v0-2015",
            Self::KuboV1 => "kubo-cid-version-1",
            Self::IpfsCar => "ipfs-car",
        }
    }

    pub(crate) fn leaves(self) -> Leaves {
        match self {
            Self::UnixfsV1 | Self::IpfsCar => Leaves {
                bytes: 1024 * 1024,
                raw: true,
            },
            Self::UnixfsV0 => Leaves {
                bytes: 256 * 1024,
                raw: false,
            },
            Self::KuboV1 => Leaves {
                bytes: 256 * 1024,
                raw: true,
            },
        }
    }

    /// Bytes of file content per leaf.
    pub(crate) fn chunk_size(self) -> u64 {
        self.leaves().bytes
    }

    /// Whether leaves are bare bytes rather than dag-pb nodes.
    pub(crate) fn raw_leaves(self) -> bool {
        self.leaves().raw
    }

    /// Most links of one file node.
    pub(crate) fn file_width(self) -> usize {
        match self {
            Self::UnixfsV1 | Self::IpfsCar => 1024,
            Self::UnixfsV0 | Self::KuboV1 => 174,
        }
    }

    pub(crate) fn shard_above(self) -> ShardAbove {
        match self {
            Self::UnixfsV1 => ShardAbove::BlockBytes(SHARD_ABOVE_BYTES),
            Self::UnixfsV0 | Self::KuboV1 => ShardAbove::LinkBytes(SHARD_ABOVE_BYTES),
            Self::IpfsCar => ShardAbove::Links(SHARD_ABOVE_LINKS),
        }
    }

    /// The CID of a dag-pb block with this SHA-256.
    pub(crate) fn node_cid(self, digest: &[u8; 32]) -> Cid {
        let hash = sha256_multihash(digest);
        match self {
            Self::UnixfsV1 | Self::KuboV1 | Self::IpfsCar => Cid::new_v1(DAG_PB, hash),
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
            Self::UnixfsV1 | Self::KuboV1 | Self::IpfsCar => 36,
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
#[error(
    "`{0}` is not a CID profile: choose {known}",
    known = Profile::ALL.map(Profile::name).join(", ")
)]
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
