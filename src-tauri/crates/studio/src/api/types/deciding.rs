//! Verdicts and marks: what a hand does, takes back, and what came of it.

use std::path::PathBuf;

use salon_domain::{
    CandidateId, DecisionId, Digest, Frame, GestureId, Label, RoundId, Seen, Stage, Timestamp, Verdict,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Counts;

/// Sets the verdict of one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// The candidate whose picture was painted when the key went down.
    pub candidate: CandidateId,
    /// The frame of that picture; refused when it is not the candidate's. Programs that name it themselves leave it out.
    #[serde(default)]
    #[ts(optional)]
    pub frame: Option<Frame>,
    /// The verdict.
    pub verdict: Verdict,
    /// The curator's name.
    pub by: String,
    /// Why, in the curator's words.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub why: String,
}

/// Sets the verdict of many candidates as one gesture: all of them or none, and one undo takes all back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct DecideMany {
    /// The candidates as they were seen; the first is the one to return to.
    pub seen: Vec<Seen>,
    /// The verdict.
    pub verdict: Verdict,
    /// The curator's name.
    pub by: String,
    /// Why, in the curator's words.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub why: String,
}

/// Accepts a candidate and rejects the rest of its family, as one gesture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ResolveFamily {
    /// The one to keep.
    pub candidate: CandidateId,
    /// The frame of its picture.
    #[serde(default)]
    #[ts(optional)]
    pub frame: Option<Frame>,
    /// The curator's name.
    pub by: String,
}

/// Sets marks of many candidates as one gesture; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The candidates as they were seen; the first is the one to return to.
    pub seen: Vec<Seen>,
    /// 0 (none) to 5.
    #[serde(default)]
    #[ts(optional)]
    pub stars: Option<u8>,
    /// A colour, or none.
    #[serde(default)]
    #[ts(optional)]
    pub label: Option<Label>,
    /// A note; empty clears it.
    #[serde(default)]
    #[ts(optional)]
    pub note: Option<String>,
    /// The curator's name.
    pub by: String,
}

/// Who asks to undo or redo: their own gestures, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct UndoRequest {
    /// The curator's name.
    pub by: String,
}

/// What a gesture, undo or redo did. It is on disk when this is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Decided {
    /// The first row that was appended to the log; absent when no verdict changed.
    pub decision: Option<DecisionId>,
    /// The candidate to return to.
    pub candidate: CandidateId,
    /// Its verdict now.
    pub verdict: Verdict,
    /// Every verdict that changed.
    pub changes: Vec<VerdictChange>,
    /// Every candidate whose marks changed, as it is marked now.
    pub marks: Vec<MarkedCandidate>,
    /// The candidates of whose traits something else is said now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<CandidateId>>")]
    pub traits: Vec<CandidateId>,
    /// The candidates that an undo or redo left alone, because somebody else has decided since.
    pub kept: Vec<CandidateId>,
    /// Counts after it.
    pub counts: Counts,
}

/// A verdict that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VerdictChange {
    /// The candidate.
    pub candidate: CandidateId,
    /// Its verdict now.
    pub verdict: Verdict,
    /// The row of the log.
    pub decision: DecisionId,
}

/// A candidate's marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MarkedCandidate {
    /// The candidate.
    pub candidate: CandidateId,
    /// 0 (none) to 5.
    pub stars: u8,
    /// Its label.
    pub label: Label,
    /// Whether something is noted.
    pub noted: bool,
}

/// Lists the files of rejected pictures, and removes them when told so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct EmptyRejects {
    /// Remove them; without it they are only listed.
    pub confirm: bool,
    /// The curator's name; needed to remove.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub by: String,
}

/// The rejected pictures whose files were there, and what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EmptiedRejects {
    /// One by one, in arrival order.
    pub items: Vec<EmptiedReject>,
    /// Bytes of those that go.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Whether they are gone.
    pub done: bool,
}

/// A rejected picture's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EmptiedReject {
    /// The candidate.
    pub candidate: CandidateId,
    /// The file.
    pub file: PathBuf,
    /// Its bytes.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Why it stays; absent when it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub refused: Option<String>,
}

/// Which rows of the log, oldest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct LogRequest {
    /// The first row; absent for the last `limit` rows.
    #[serde(default)]
    #[ts(optional)]
    pub from: Option<DecisionId>,
    /// At most so many rows; 100 when absent, 1000 at most.
    #[serde(default)]
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// One row of the log. What a vote says is absent while its round is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogEntry {
    /// The row.
    pub row: DecisionId,
    /// The candidate.
    pub candidate: CandidateId,
    /// The stage.
    pub stage: Stage,
    /// The verdict from then on; null for a secret vote.
    pub verdict: Option<Verdict>,
    /// The verdict until then; null for a secret vote.
    pub previous: Option<Verdict>,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why; may be empty.
    pub why: String,
    /// The row that this one takes back.
    pub undoes: Option<DecisionId>,
    /// The gesture it belongs to.
    pub gesture: Option<GestureId>,
    /// The round of a vote or an outcome.
    pub round: Option<RoundId>,
    /// The row's hash, which covers the row before.
    pub hash: Digest,
}

/// The log, checked from the first row to the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogVerification {
    /// How many rows there are.
    pub rows: u32,
    /// The last row's hash.
    pub head: Digest,
    /// The first row that does not hold together; absent when all do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fault: Option<LogFault>,
}

/// A row that does not hold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogFault {
    /// The row.
    pub row: DecisionId,
    /// What is wrong with it.
    pub why: String,
}

/// Until when the log is replayed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct LogReplayRequest {
    /// The moment; absent for all of it.
    #[serde(default)]
    #[ts(optional)]
    pub at: Option<Timestamp>,
}

/// The state that the log gives, rebuilt from its rows alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogReplay {
    /// How many rows were replayed.
    pub rows: u32,
    /// Candidates by verdict of the pick stage, as they stood then.
    pub verdicts: Counts,
    /// Hash of every verdict; equal states have equal hashes.
    pub digest: Digest,
    /// Whether the project says the same; absent when newer rows were left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub matches_live: Option<bool>,
}
