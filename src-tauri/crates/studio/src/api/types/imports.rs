//! Pictures that come in from files.

use std::path::PathBuf;

use salon_domain::CandidateId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ApiError, RecipeWriter};

/// Brings pictures in: PNG, JPEG and WebP files, and folders with everything in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ImportPictures {
    /// Files and folders.
    #[ts(type = "string[]")]
    pub paths: Vec<PathBuf>,
}

/// An import that goes on in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportStarted {
    /// Its number, as events carry it.
    pub import: u32,
}

/// How far an import is. The last event of an import has `done`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportProgress {
    /// The import.
    pub import: u32,
    /// The files and folders it was asked for, in words.
    pub title: String,
    /// Whether its folders are still being gone through, so that `found` may grow.
    pub counting: bool,
    /// Files found.
    pub found: u32,
    /// Pictures that became candidates.
    pub added: u32,
    /// Pictures that were candidates already and keep their verdicts.
    pub known: u32,
    /// Files that could not be brought in.
    pub refused: u32,
    /// The first hundred of them.
    pub failed: Vec<ImportFailure>,
    /// Whether it has ended.
    pub done: bool,
    /// Whether it ended because it was cancelled.
    pub cancelled: bool,
    /// What stopped it, if something did: files that were not reached come in when it is asked for again, or at the next
    /// start.
    pub fault: Option<ApiError>,
    /// Seconds until it ends, once that can be told.
    pub seconds_left: Option<u32>,
}

/// A file that could not be brought in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportFailure {
    /// The file.
    pub path: String,
    /// Why.
    pub why: String,
}

/// A picture that came in alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportedPicture {
    /// The candidate that it is.
    pub candidate: CandidateId,
    /// Whether it was one already.
    pub known: bool,
}

/// Names a folder to be watched, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct WatchFolder {
    /// The folder.
    #[ts(type = "string")]
    pub path: PathBuf,
}

/// Whether a watched folder can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WatchState {
    /// New pictures come in as soon as they are whole.
    Watching,
    /// It is not there: unplugged, renamed or removed. It is watched again as soon as it is back.
    Missing,
    /// It is there; watching is for a studio that stays open for writing.
    Resting,
}

/// A folder whose new pictures come in by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WatchedFolder {
    /// Its path.
    pub path: String,
    /// How it is.
    pub state: WatchState,
    /// What is wrong, if something is.
    pub why: Option<String>,
}

/// What another program's file told of a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ForeignFacts {
    /// The program; absent when it did not say, or is not known.
    pub tool: Option<RecipeWriter>,
    /// LoRAs, steps, sampler and the like, as it wrote them.
    pub fields: Vec<ForeignField>,
    /// Every text of the file, to the letter.
    pub texts: Vec<ForeignField>,
    /// Where the file was brought in from.
    pub paths: Vec<String>,
}

/// A name and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ForeignField {
    /// The name.
    pub name: String,
    /// What stands there.
    pub value: String,
}
