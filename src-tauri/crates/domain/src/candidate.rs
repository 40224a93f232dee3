//! A candidate: a picture waiting for a verdict.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CandidateId, Digest, Label, Media, RunId, Timestamp, Verdict};

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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
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
    /// A file that was brought in.
    Imported {
        /// The file's name, without its folder.
        name: String,
        /// The program that its metadata name ("ComfyUI"); empty when they name none.
        tool: String,
    },
}

/// A picture in a project, with what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Candidate {
    /// Its row.
    pub id: CandidateId,
    /// Where it came from.
    pub origin: Origin,
    /// SHA-256 of the file in the picture store.
    pub sha256: Digest,
    /// What kind of file that is.
    pub media: Media,
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
    /// 0 (none) to 5.
    pub stars: u8,
    /// Its colour label.
    pub label: Label,
    /// What curators noted; may be empty.
    pub note: String,
    /// What a judge made of it, when one looked: higher is better.
    pub score: Option<f32>,
    /// The first member of its family, when it has one.
    pub family: Option<CandidateId>,
}

impl Candidate {
    /// A PNG of `size` (pixels across, pixels down) as it arrives: undecided, without traits or marks.
    pub fn arrived(
        id: CandidateId,
        origin: Origin,
        sha256: Digest,
        size: (u32, u32),
        made_at: Timestamp,
    ) -> Self {
        Self {
            id,
            origin,
            sha256,
            media: Media::Png,
            width: size.0,
            height: size.1,
            made_at,
            verdict: Verdict::Undecided,
            traits: vec![],
            stars: 0,
            label: Label::None,
            note: String::new(),
            score: None,
            family: None,
        }
    }
}
