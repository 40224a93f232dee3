//! The open project and its settings.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ApiError;

/// The open project and what this machine offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProjectStatus {
    /// The folder's name without `.salon`.
    pub name: String,
    /// The project folder.
    #[ts(type = "string")]
    pub path: PathBuf,
    /// Set when another process has the project open, or the folder cannot be written: says which and what to do.
    pub read_only: Option<String>,
    /// Why nothing can be kept at the moment.
    pub trouble: Option<ApiError>,
    /// What generation runs on ("CPU, 2 threads").
    pub device: String,
    /// Where models are looked for, in this order; a folder may not be there yet.
    #[ts(type = "string[]")]
    pub model_folders: Vec<PathBuf>,
    /// Salon's version.
    pub version: String,
    /// The curator's name as last used here; empty at first.
    pub curator: String,
    /// Candidates by verdict.
    pub counts: Counts,
    /// Decisions in the log.
    pub decisions: u32,
}

/// Whether anything can be written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Access {
    /// Set when another process has the project open, or the folder cannot be written: says which and what to do.
    pub read_only: Option<String>,
    /// Why the last attempt to write failed (a full disk, a locked database, a folder that is gone) and what to do; null
    /// when something could be written since. It is tried again about twice a second.
    pub trouble: Option<ApiError>,
}

/// Candidates by verdict of the pick stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Counts {
    /// All candidates.
    pub all: u32,
    /// Without a verdict that holds.
    pub undecided: u32,
    /// Accepted.
    pub accepted: u32,
    /// Rejected.
    pub rejected: u32,
}

/// What the user can set, kept in the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The curator's name.
    pub curator: String,
    /// Log level: error, warn, info, debug or trace.
    pub log_level: String,
}
