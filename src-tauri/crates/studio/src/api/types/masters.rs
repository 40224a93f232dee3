//! Masters: the pictures of an approved set as they are sold.

use std::path::PathBuf;

use salon_domain::{
    ApprovalId, CandidateId, Digest, DigitalSource, MasterOrder, MasterSetId, Media, Timestamp, TrainingUse,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Makes the masters of an approved set, or those of them that are missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct MakeMasters {
    /// The set; the newest when absent.
    #[ts(optional)]
    pub approval: Option<ApprovalId>,
    /// How they are made. Another order than the set's last one withdraws those. Its signature is the signer's.
    pub order: MasterOrder,
    /// Who signs them; nobody when absent.
    #[ts(optional)]
    pub signer: Option<MasterSigner>,
}

/// A certificate and its key, from files of their maker's. They are read when something is signed, and kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct MasterSigner {
    /// A PEM file with the signer's certificate first and those that vouch for it behind.
    #[ts(type = "string")]
    pub certificate: PathBuf,
    /// A PEM file with its private key in PKCS #8: P-256, Ed25519, or RSA of 2048 bits and more.
    #[ts(type = "string")]
    pub key: PathBuf,
    /// Whether the pictures may be learnt from.
    #[serde(default)]
    pub training: TrainingUse,
}

/// Makes one master to look at; nothing is ordered by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct TryMaster {
    /// The set; the newest when absent.
    #[ts(optional)]
    pub approval: Option<ApprovalId>,
    /// How it is made.
    pub order: MasterOrder,
    /// The picture's place in the set, from 1; the first when absent.
    #[ts(optional)]
    pub position: Option<u32>,
    /// Who signs it; nobody when absent.
    #[ts(optional)]
    pub signer: Option<MasterSigner>,
}

/// The masters of an approved set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MasterSet {
    /// Its row.
    pub id: MasterSetId,
    /// The approved set.
    pub approval: ApprovalId,
    /// How they are made.
    pub order: MasterOrder,
    /// When they were ordered.
    pub ordered_at: Timestamp,
    /// When another order took their place; absent while the set's bundles have them.
    pub withdrawn_at: Option<Timestamp>,
    /// How many are made.
    pub made: u32,
    /// How many pictures the set has.
    pub pictures: u32,
    /// Bytes of what is made.
    #[ts(type = "number")]
    pub bytes: u64,
}

/// A file of the picture store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MasterFile {
    /// SHA-256 of it.
    pub sha256: Digest,
    /// What kind of file it is.
    pub media: Media,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Its bytes.
    #[ts(type = "number")]
    pub bytes: u64,
}

/// One picture before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MasterSample {
    /// Its place in the set.
    pub position: u32,
    /// The candidate it was.
    pub candidate: CandidateId,
    /// As it was approved.
    pub before: MasterFile,
    /// As it would be sold.
    pub after: MasterFile,
    /// What the file says of its source.
    pub source: Option<DigitalSource>,
    /// How long it took, in milliseconds.
    #[ts(type = "number")]
    pub took_ms: u64,
    /// How many pictures the set has.
    pub pictures: u32,
    /// How long all of them will take on this machine if all are like this one, in milliseconds.
    #[ts(type = "number")]
    pub all_ms: u64,
    /// Pictures of the set of whose source nothing is known.
    pub unknown_sources: u32,
}
