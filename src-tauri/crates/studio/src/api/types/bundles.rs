//! Signing off, exporting and verifying.

use std::path::PathBuf;

use salon_domain::{ApprovalId, BundleId, CandidateId, Digest, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Signs the accepted candidates off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// Who signs.
    pub by: String,
    /// The order to hang them in; arrival order of all accepted candidates when absent.
    #[ts(optional)]
    pub order: Option<Vec<CandidateId>>,
}

/// A signed set, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ApprovalSummary {
    /// Its row.
    pub id: ApprovalId,
    /// Counting up from 1.
    pub version: u32,
    /// Who signed.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// How many pictures.
    pub count: u32,
    /// The set's hash.
    pub hash: Digest,
    /// Its candidates in collection order.
    pub candidates: Vec<CandidateId>,
}

/// Exports an approved set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The set; the newest when absent.
    #[ts(optional)]
    pub approval: Option<ApprovalId>,
    /// A folder that does not exist yet or is empty.
    #[ts(type = "string")]
    pub out: PathBuf,
    /// The collection's name; the project's when absent.
    #[ts(optional)]
    pub name: Option<String>,
    /// The collection's description.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub description: String,
    /// By how much tokens are shifted against the order that was signed: drawn when the collection is revealed, 0 before.
    #[serde(default)]
    #[ts(optional, as = "Option<u32>")]
    pub starting_index: u64,
    /// Whether its pictures are the set's masters instead of those that were approved; they are when absent, where the set
    /// has masters.
    #[serde(default)]
    #[ts(optional)]
    pub masters: Option<bool>,
}

/// Makes a recorded bundle again, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RebuildBundle {
    /// The bundle.
    pub bundle: BundleId,
    /// A folder that does not exist yet or is empty.
    #[ts(type = "string")]
    pub out: PathBuf,
}

/// What an export wrote: keys are stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExportReport {
    /// Its row.
    pub bundle: BundleId,
    /// The folder.
    #[ts(type = "string")]
    pub out: PathBuf,
    /// CID of the whole bundle.
    pub root_cid: String,
    /// CID of `images/`.
    pub images_cid: String,
    /// CID of `metadata/`.
    pub metadata_cid: String,
    /// The CAR file.
    #[ts(type = "string")]
    pub car: PathBuf,
    /// How many tokens.
    pub tokens: u32,
    /// The bundle, read back and checked.
    pub verification: VerificationReport,
}

/// How far an export is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExportProgress {
    /// What is being done ("hashing pictures").
    pub stage: String,
    /// Things done in this stage.
    #[ts(type = "number")]
    pub done: u64,
    /// Things in this stage.
    #[ts(type = "number")]
    pub total: u64,
}

/// Names a bundle or CAR to verify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// The bundle folder.
    #[ts(type = "string")]
    pub path: PathBuf,
}

/// The result of reading a bundle back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VerificationReport {
    /// Whether every check passed.
    pub ok: bool,
    /// What was checked, and over how many things.
    pub checks: Vec<VerificationCheck>,
    /// What is wrong, first things first.
    pub failures: Vec<String>,
}

/// One kind of check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VerificationCheck {
    /// What was checked ("blocks hash to their CIDs").
    pub name: String,
    /// Over how many things.
    #[ts(type = "number")]
    pub count: u64,
    /// How many of them failed.
    #[ts(type = "number")]
    pub failed: u64,
}

/// Asks what tools will say of a file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CidAgreementRequest {
    /// A bundle, a folder that was written for a marketplace, or any file or folder.
    #[ts(type = "string")]
    pub path: PathBuf,
}

/// Which CID each tool gives the same files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CidAgreement {
    /// The whole, then each of its folders.
    pub parts: Vec<AgreementPart>,
    /// Whether all tools give all of them the same CIDs. Where not, only importing the CAR keeps what Salon says.
    pub agree: bool,
}

/// A part and what each tool calls it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AgreementPart {
    /// Its name; empty for the whole.
    pub name: String,
    /// Entries of the folder; 0 for a file.
    #[ts(type = "number")]
    pub entries: u64,
    /// What each tool says, Salon first.
    pub answers: Vec<ToolAnswer>,
}

/// What one tool calls a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ToolAnswer {
    /// What is run or clicked.
    pub tool: String,
    /// The profile that it follows, as `salon cid --profile` names it.
    pub profile: String,
    /// The CID.
    pub cid: String,
    /// Whether that is what Salon says.
    pub agrees: bool,
    /// Whether it shards the folder.
    pub sharded: bool,
}
