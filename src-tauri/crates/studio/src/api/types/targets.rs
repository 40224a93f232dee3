//! The forms that marketplaces take.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A form that a bundle can be written in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TargetSummary {
    /// The word that orders it ("opensea").
    pub target: String,
    /// What it is for.
    pub meaning: String,
    /// Whether it carries royalties and who shares in them.
    pub takes_royalties: bool,
    /// Whether it is signed with the user's own key.
    pub takes_key: bool,
}

/// Writes a bundle in the form of a target. Whole or not at all; with a rule of the target broken, not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct WriteTarget {
    /// The bundle's folder.
    #[ts(type = "string")]
    pub bundle: PathBuf,
    /// The form's word.
    pub target: String,
    /// A folder that does not exist yet or is empty.
    #[ts(type = "string")]
    pub out: PathBuf,
    /// The ticker, where the collection has none.
    #[ts(optional)]
    pub symbol: Option<String>,
    /// A page about the collection.
    #[ts(optional)]
    pub external_url: Option<String>,
    /// Royalties in hundredths of a per cent, on Solana. On EVM chains they belong into the contract (ERC-2981).
    #[ts(optional)]
    pub seller_fee_basis_points: Option<u16>,
    /// Who shares in royalties, on Solana; all shares are 100.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<TargetCreator>>")]
    pub creators: Vec<TargetCreator>,
    /// What all tokens show before the reveal; a plain card when absent.
    #[ts(optional, type = "string")]
    pub placeholder: Option<PathBuf>,
    /// The file of the key that signs for Arweave, in JSON (JWK). It is read, and neither copied nor told.
    #[ts(optional, type = "string")]
    pub key: Option<PathBuf>,
    /// What Arweave's items are tagged with as `App-Name`; nothing when absent.
    #[ts(optional)]
    pub app_name: Option<String>,
}

/// Somebody who shares in royalties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct TargetCreator {
    /// Their wallet's address.
    pub address: String,
    /// Their share in per cent.
    pub share: u16,
}

/// Holds a folder against the rules of a target, whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CheckTarget {
    /// The folder.
    #[ts(type = "string")]
    pub folder: PathBuf,
    /// The form's word.
    pub target: String,
}

/// What was written or read: keys are stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TargetReport {
    /// The form's word.
    pub target: String,
    /// The folder; absent when a rule is broken: nothing was written then.
    #[ts(type = "string | null")]
    pub folder: Option<PathBuf>,
    /// Tokens in it.
    pub tokens: u32,
    /// Files in it.
    pub files: u32,
    /// CID of the folder, for forms that live on IPFS.
    pub root_cid: Option<String>,
    /// What the contract is given for its tokens.
    pub base_uri: Option<String>,
    /// What `contractURI` returns.
    pub contract_uri: Option<String>,
    /// The CAR of the folder.
    #[ts(type = "string | null")]
    pub car: Option<PathBuf>,
    /// What was signed, for Arweave.
    pub signed: Option<SignedBundle>,
    /// Rules that are broken; at most a hundred.
    pub faults: Vec<TargetFault>,
    /// How many more there are.
    #[ts(type = "number")]
    pub more_faults: u64,
}

/// A file of signed items for Arweave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SignedBundle {
    /// The manifest's id: through it everything else is found by its path.
    pub manifest_id: String,
    /// The address of the wallet that signed.
    pub wallet: String,
    /// The file to upload.
    #[ts(type = "string")]
    pub file: PathBuf,
    /// Items in it.
    pub items: u32,
    /// Its length in bytes.
    #[ts(type = "number")]
    pub bytes: u64,
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TargetFault {
    /// The token, by the form's own number; absent when it is about the whole.
    #[ts(type = "number | null")]
    pub token: Option<u64>,
    /// Which token, file and field, and what is wrong.
    pub fault: String,
}
