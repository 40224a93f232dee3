//! Sending bundles to where their user said, and asking a gateway whether they are there.

use std::path::PathBuf;

use salon_domain::{BundleId, PublicationId, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a bundle goes. Never a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PublishDestination {
    /// The machine's address: `https://api.example.com/psa`, `http://127.0.0.1:5001`.
    pub address: String,
    /// Whether it may be called without TLS although it is not this machine.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub in_the_clear: bool,
    /// How it is spoken to.
    pub service: PublishProtocol,
}

/// How a machine is spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PublishProtocol {
    /// kubo's RPC, and what speaks like it.
    Kubo,
    /// The Pinning Service API: it fetches the blocks by itself.
    Pinning {
        /// What the pin is called; the bundle folder's name when absent.
        #[ts(optional)]
        name: Option<String>,
        /// Multiaddresses of nodes that have the blocks.
        #[serde(default)]
        #[ts(optional, as = "Option<Vec<String>>")]
        origins: Vec<String>,
    },
    /// A store that speaks as S3 does.
    S3 {
        /// The bucket.
        bucket: String,
        /// The region; `us-east-1` when absent.
        #[ts(optional)]
        region: Option<String>,
        /// The object's name; the root and `.car` when absent.
        #[ts(optional)]
        object: Option<String>,
        /// Whether the store is asked to import the CAR as IPFS blocks, as Filebase does.
        #[serde(default)]
        #[ts(optional, as = "Option<bool>")]
        import: bool,
        /// MiB of a part; 8, or more where it must be, when absent.
        #[serde(default)]
        #[ts(optional, as = "Option<u32>")]
        part_mib: u32,
    },
}

/// Asks what would be sent where. Nothing leaves by that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PlanPublication {
    /// The bundle.
    pub bundle: BundleId,
    /// Where it would go.
    pub destination: PublishDestination,
}

/// What would be sent where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PublicationPlan {
    /// The bundle.
    pub bundle: BundleId,
    /// `kubo`, `pinning` or `s3`.
    pub kind: String,
    /// The machine, with its port.
    pub host: String,
    /// Root of the bundle.
    pub root_cid: String,
    /// Bytes that would leave, where none has to be sent twice; a pinning service fetches them by itself.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Length of the CAR.
    #[ts(type = "number")]
    pub car_bytes: u64,
    /// Whether that machine is this one.
    pub stays_here: bool,
    /// Whether a key is kept for it.
    pub has_key: bool,
    /// The unfinished publication that would go on; null where there is none.
    pub goes_on: Option<PublicationId>,
    /// Bytes of it that have arrived.
    #[ts(type = "number")]
    pub arrived: u64,
}

/// What somebody agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PublicationConsent {
    /// The machine, as the plan has it.
    pub host: String,
    /// The root, as the plan has it.
    pub root_cid: String,
    /// The bytes, as the plan has them.
    #[ts(type = "number")]
    pub bytes: u64,
}

/// Sends a bundle, or goes on where the same one was left on its way to the same place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The bundle.
    pub bundle: BundleId,
    /// Where it goes.
    pub destination: PublishDestination,
    /// What its user agreed to; refused where that is not what would be sent.
    pub consent: PublicationConsent,
    /// Most bytes that may leave, repeated ones counted again; as many as it takes when absent.
    #[ts(optional, type = "number")]
    pub at_most: Option<u64>,
}

/// Goes on with a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ResumePublication {
    /// Which one.
    pub publication: PublicationId,
    /// Another cap; the one it has when absent.
    #[ts(optional, type = "number")]
    pub at_most: Option<u64>,
}

/// Forgets a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ForgetPublication {
    /// Which one.
    pub publication: PublicationId,
    /// Whether it is forgotten without the store being told to drop the parts of an unfinished upload.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub leave_parts: bool,
}

/// How a publication stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PublicationState {
    /// It is being sent.
    UnderWay,
    /// It stopped before its end, and can go on.
    Stopped,
    /// It has arrived.
    Done,
}

/// A bundle on its way, or there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Publication {
    /// Its row.
    pub publication: PublicationId,
    /// The bundle.
    pub bundle: BundleId,
    /// `kubo`, `pinning` or `s3`.
    pub kind: String,
    /// The machine, with its port.
    pub host: String,
    /// Where it goes.
    pub destination: PublishDestination,
    /// Root of the bundle.
    pub root_cid: String,
    /// Bytes that leave, where none has to be sent twice.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Bytes that have arrived.
    #[ts(type = "number")]
    pub arrived: u64,
    /// Bytes that may have left, repeated ones counted again.
    #[ts(type = "number")]
    pub sent: u64,
    /// Most bytes that may leave; null for as many as it takes.
    #[ts(type = "number | null")]
    pub at_most: Option<u64>,
    /// How it stands.
    pub state: PublicationState,
    /// What the machine said of it, or why it stopped.
    pub said: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When something of it changed last.
    pub changed_at: Timestamp,
}

/// How far a publication, or a look through a gateway, is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PublicationProgress {
    /// The publication; null for a look through a gateway.
    pub publication: Option<PublicationId>,
    /// What is being done ("sending").
    pub stage: String,
    /// Bytes done in this stage.
    #[ts(type = "number")]
    pub done: u64,
    /// Bytes of this stage; 0 where they are not known.
    #[ts(type = "number")]
    pub total: u64,
    /// Seconds that the rest will take at this pace; null where nobody can say.
    #[ts(type = "number | null")]
    pub seconds_left: Option<u64>,
}

/// Keeps the key of a machine in the keyring of the system. It goes nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SetPublicationKey {
    /// The machine's address.
    pub address: String,
    /// The key (`ID:SECRET` for S3); an empty one is forgotten.
    pub key: String,
}

/// Whether a machine has a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PublicationKey {
    /// The machine, with its port.
    pub host: String,
    /// Whether a key is kept for it.
    pub has_key: bool,
}

/// Asks a gateway for everything under a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct VerifyGateway {
    /// The gateway's address: `https://ipfs.io`. Nobody else is asked.
    pub gateway: String,
    /// The bundle's folder or CAR that it is held against; without it, only what the root names is looked for.
    #[ts(optional, type = "string")]
    pub path: Option<PathBuf>,
    /// The root; the bundle's own when absent.
    #[ts(optional)]
    pub root: Option<String>,
    /// Whether it may be asked without TLS although it is not this machine.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub in_the_clear: bool,
}

/// What a gateway has of a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GatewayReport {
    /// Whether everything is there, and as it should be.
    pub ok: bool,
    /// The gateway.
    pub host: String,
    /// The root that was asked for.
    pub root_cid: String,
    /// `blocks` where it gave single blocks, `files` where only files by their paths.
    pub by: String,
    /// Blocks or files that came and hash rightly.
    #[ts(type = "number")]
    pub checked: u64,
    /// Tokens that the bundle has, or that could be seen.
    #[ts(type = "number")]
    pub tokens: u64,
    /// Of these, tokens whose picture and metadata came whole.
    #[ts(type = "number")]
    pub whole: u64,
    /// Places that it lacks; of faults beyond the first hundreds of blocks nobody knows the kind.
    #[ts(type = "number")]
    pub missing: u64,
    /// Places that it has otherwise.
    #[ts(type = "number")]
    pub changed: u64,
    /// Places that it has beside the bundle's.
    #[ts(type = "number")]
    pub extra: u64,
    /// What is missing, extra or changed, by token; at most 100 are spelt out.
    pub faults: Vec<GatewayFault>,
    /// Faults beyond those.
    #[ts(type = "number")]
    pub more_faults: u64,
}

/// How a look through a gateway ended, as it is kept with the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GatewayCheck {
    /// The bundle.
    pub bundle: BundleId,
    /// The gateway, with its port.
    pub host: String,
    /// The root that was asked for.
    pub root_cid: String,
    /// When it ended.
    pub looked_at: Timestamp,
    /// Whether everything was there, and as it should be.
    pub ok: bool,
    /// In words why it came to no end, as where the gateway could not be reached; null where it did.
    pub fault: Option<String>,
    /// `blocks` or `files`: what was asked for; empty where nothing came.
    pub by: String,
    /// Of these, how many came and hash rightly.
    #[ts(type = "number")]
    pub held: u64,
    /// Places that were missing.
    #[ts(type = "number")]
    pub missing: u64,
    /// Places that were changed.
    #[ts(type = "number")]
    pub changed: u64,
    /// Places beside the bundle's.
    #[ts(type = "number")]
    pub extra: u64,
    /// Faults of which nobody counted the kind.
    #[ts(type = "number")]
    pub more: u64,
    /// Tokens of the bundle.
    #[ts(type = "number")]
    pub tokens: u64,
    /// Of these, tokens that came whole.
    #[ts(type = "number")]
    pub whole: u64,
}

/// One thing that a gateway lacks, or has otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GatewayFault {
    /// The token it belongs to; null where it belongs to none, or to all.
    #[ts(type = "number | null")]
    pub token: Option<u64>,
    /// The path under the root.
    pub path: String,
    /// What is wrong, in words.
    pub fault: String,
}
