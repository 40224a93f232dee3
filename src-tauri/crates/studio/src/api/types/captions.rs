//! Describing pictures: which models can, how far it is, and what one wrote.

use std::path::PathBuf;

use salon_domain::{CandidateId, Digest, Timestamp, TraitSource};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::TagReport;

/// A model of the models folders that writes captions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CaptionerSummary {
    /// The name it is chosen by: its folder's.
    pub name: String,
    /// Its folder.
    #[ts(type = "string")]
    pub path: PathBuf,
    /// What kind of network ("blip").
    pub architecture: String,
    /// SHA-256 over everything that decides what it writes; absent when it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sha256: Option<Digest>,
    /// Numbers that were learnt.
    #[ts(type = "number")]
    pub parameters: u64,
    /// Bytes of its files.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Pixels a side of the pictures that it sees.
    pub side: u32,
    /// Why it cannot be used; absent when it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fault: Option<String>,
}

/// Has a model describe pictures and read their traits: of every value of the schema, how much likelier the picture makes what would
/// be said of it. It runs in the background; what was read by the time it is stopped is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct DescribePictures {
    /// The captioner's name; the first that can be used when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub model: Option<String>,
    /// Whose pictures; everybody's that is not rejected when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub candidates: Option<Vec<CandidateId>>,
    /// Whether only captions are written and no traits read. A picture that the model described before costs nothing then.
    #[serde(default)]
    pub captions_only: bool,
    /// Only these trait types; all of the schema when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub trait_types: Option<Vec<String>>,
    /// Whose word calibrates what is read; hands and layers when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub learn_from: Option<Vec<TraitSource>>,
    /// The curator's name.
    pub by: String,
}

/// A picture that could not be described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UndescribedPicture {
    /// The first candidate with it.
    pub candidate: CandidateId,
    /// Why, and what to do.
    pub why: String,
}

/// How far describing is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct DescribeProgress {
    /// The captioner's name.
    pub model: String,
    /// Pictures that were gone through.
    pub done: u32,
    /// Different pictures in all.
    pub total: u32,
    /// Captions that are new.
    pub written: u32,
    /// The candidate whose picture was described last.
    pub candidate: Option<CandidateId>,
    /// What was written of it.
    pub caption: String,
    /// Seconds until the end, as it goes now; absent before the first picture.
    pub seconds_left: Option<u32>,
    /// The first pictures that could not be described.
    pub failed: Vec<UndescribedPicture>,
    /// Whether it has ended.
    pub ended: bool,
    /// Whether it was stopped before it was through.
    pub stopped: bool,
    /// Why it ended before it was through, if something went wrong.
    pub fault: Option<String>,
    /// What came of reading traits, once it has ended.
    pub report: Option<TagReport>,
}

/// What a model wrote of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PictureCaption {
    /// Its words.
    pub text: String,
    /// The model's name.
    pub model: String,
    /// SHA-256 over everything that decides what it writes.
    pub sha256: Digest,
    /// When.
    pub at: Timestamp,
}
