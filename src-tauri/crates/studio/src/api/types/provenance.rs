//! What a bundle is made of, and how it differs from another.

use std::path::PathBuf;

use salon_domain::{CandidateId, Digest, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::LogEntry;

/// Names a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct BundleRequest {
    /// The bundle's folder.
    #[ts(type = "string")]
    pub path: PathBuf,
}

/// The bill of a bundle's materials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BundleMaterials {
    /// Hash of the approved set.
    pub approval_hash: Digest,
    /// Head of the decision log when it was signed.
    pub decision_head: Digest,
    /// SHA-256 of the hexadecimal SHA-256 of every picture, one after the other in the order that was signed.
    pub provenance_hash: Digest,
    /// Everything that pictures were made with, by kind, name and hash.
    pub materials: Vec<MaterialSummary>,
    /// Which tokens were made with what.
    pub uses: Vec<MaterialUse>,
}

/// Something that pictures were made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MaterialSummary {
    /// `model`, `LoRA`, `embedding`, `picture` or `program`.
    pub kind: String,
    /// Its name; empty for a picture, and for a program that named itself nowhere.
    pub name: String,
    /// SHA-256 of it; null for a program.
    pub sha256: Option<Digest>,
    /// Its licence; empty where none is known.
    pub licence: String,
    /// Its card, where it has one.
    pub card: Option<String>,
    /// What it learnt from, as far as it says.
    pub data: Vec<TrainingSource>,
    /// How many tokens it is in.
    pub tokens: u32,
}

/// Something that a model learnt from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TrainingSource {
    /// Its file.
    pub name: String,
    /// SHA-256 of it.
    pub sha256: Digest,
}

/// Tokens of one recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MaterialUse {
    /// The recipe; null for pictures that were brought in without one.
    pub recipe_sha256: Option<Digest>,
    /// Places of its materials in the list of them, from 0.
    pub materials: Vec<u32>,
    /// The tokens, ascending.
    #[ts(type = "number[]")]
    pub tokens: Vec<u64>,
}

/// Asks which tokens a source is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct WithdrawSource {
    /// The bundle's folder.
    #[ts(type = "string")]
    pub bundle: PathBuf,
    /// A material, or something that a model learnt from: its name, or at least eight digits of its SHA-256.
    pub source: String,
}

/// What goes when a source is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Withdrawal {
    /// What was found under that name.
    pub matched: Vec<WithdrawnSource>,
    /// Every token that was made with it, ascending.
    #[ts(type = "number[]")]
    pub tokens: Vec<u64>,
}

/// A material that is withdrawn, or that learnt from what is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WithdrawnSource {
    /// What it is.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its hash.
    pub sha256: Option<Digest>,
    /// What it learnt from, where that was named.
    pub data: Option<TrainingSource>,
}

/// Compares two bundles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct DiffBundles {
    /// The folder of the earlier one.
    #[ts(type = "string")]
    pub before: PathBuf,
    /// The folder of the later one.
    #[ts(type = "string")]
    pub after: PathBuf,
    /// Where to write a CAR of the blocks that the later one adds, if anywhere.
    #[ts(optional, type = "string")]
    pub delta: Option<PathBuf>,
}

/// The way from one bundle to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BundleDiff {
    /// The earlier one.
    pub before: BundleSide,
    /// The later one.
    pub after: BundleSide,
    /// What is said otherwise of the collection.
    pub collection: Vec<String>,
    /// Pictures that both have alike, under the same number.
    pub unchanged: u32,
    /// The others, by what became of them and by number.
    pub tokens: Vec<ChangedToken>,
    /// Whether both were signed over this project's log, so that decisions explain what changed.
    pub explained: bool,
    /// The CAR of what is new, where one was asked for.
    pub delta: Option<BundleDelta>,
}

/// One of two bundles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BundleSide {
    /// Version of the approved set.
    pub version: u32,
    /// Who signed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Head of the decision log then.
    pub decision_head: Digest,
    /// How many tokens.
    pub tokens: u32,
}

/// What became of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TokenFate {
    /// Only the later bundle has it.
    Added,
    /// Only the earlier bundle has it.
    Removed,
    /// Both have it, and something is said of it that was not said before.
    Changed,
    /// Both have it, under another number.
    Moved,
}

/// A picture that is not in both bundles alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChangedToken {
    /// What became of it.
    pub fate: TokenFate,
    /// The candidate it was.
    pub candidate: CandidateId,
    /// Its number in the earlier bundle.
    #[ts(type = "number | null")]
    pub before: Option<u64>,
    /// Its number in the later bundle.
    #[ts(type = "number | null")]
    pub after: Option<u64>,
    /// What is said otherwise ("Background: teal, was ochre").
    pub said: Vec<String>,
    /// The decisions about it between the two signatures, oldest first.
    pub decisions: Vec<LogEntry>,
}

/// A CAR of the blocks that one bundle adds to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BundleDelta {
    /// The file.
    #[ts(type = "string")]
    pub car: PathBuf,
    /// Blocks in it.
    #[ts(type = "number")]
    pub blocks: u64,
    /// Its length in bytes.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Blocks that the earlier bundle has already.
    #[ts(type = "number")]
    pub known_blocks: u64,
    /// Length of the later bundle's whole CAR in bytes.
    #[ts(type = "number")]
    pub whole_bytes: u64,
}
