//! A candidate: a picture waiting for a verdict.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CandidateId, Digest, RunId, Timestamp, Verdict};

/// One `trait_type: value` of a picture, as marketplaces write it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub struct Trait {
    /// What the trait describes ("Background").
    pub trait_type: String,
    /// What it is ("teal").
    pub value: String,
}

impl Trait {
    /// A trait from its two halves.
    pub fn new(trait_type: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            trait_type: trait_type.into(),
            value: value.into(),
        }
    }
}

/// Where a candidate came from. Curation never asks; provenance always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// Slot `slot` of run `run`, made with `seed`.
    Slot {
        /// The run.
        run: RunId,
        /// The slot's index within the run, from 0.
        slot: u32,
        /// The slot's own seed.
        #[ts(type = "number")]
        seed: u64,
    },
}

/// A picture in a project, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Candidate {
    /// Its row.
    pub id: CandidateId,
    /// Where it came from.
    pub origin: Origin,
    /// SHA-256 of the PNG file in the picture store.
    pub sha256: Digest,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// When it was stored.
    pub made_at: Timestamp,
    /// The verdict of the pick stage, derived from the decisions.
    pub verdict: Verdict,
    /// Its traits, in schema order.
    pub traits: Vec<Trait>,
}
