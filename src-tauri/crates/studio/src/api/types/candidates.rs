//! Candidates and the verdicts on them.

use salon_domain::{Candidate, CandidateId, Decision, DecisionId, Digest, Recipe, RunId, Trait, Verdict};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Counts;

/// Which candidates, in arrival order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CandidateFilter {
    /// Only this verdict.
    #[ts(optional)]
    pub verdict: Option<Verdict>,
    /// Only this run.
    #[ts(optional)]
    pub run: Option<RunId>,
}

/// Ids of the candidates a filter lets through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CandidateIds {
    /// In arrival order.
    pub ids: Vec<CandidateId>,
    /// Counts over the whole project, read in the same transaction.
    pub counts: Counts,
}

/// Asks for the rows of a visible range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CandidateRowsRequest {
    /// At most 2000 ids.
    pub ids: Vec<CandidateId>,
}

/// What a grid cell needs; pictures come from `/thumb/<id>` and `/picture/<id>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CandidateRow {
    /// The candidate.
    pub id: CandidateId,
    /// Its verdict.
    pub verdict: Verdict,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// Names a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CandidateRequest {
    /// The candidate.
    pub id: CandidateId,
}

/// Everything known of one candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CandidateDetail {
    /// The candidate.
    pub candidate: Candidate,
    /// What it was made with.
    pub recipe: Recipe,
    /// The prompt it was painted from: the recipe's own, or what its template became.
    pub prompt: String,
    /// The negative prompt it was painted from.
    pub negative_prompt: String,
    /// The candidates whose pictures it was made from.
    pub parents: Vec<CandidateId>,
    /// The candidates that were made from its picture.
    pub children: Vec<CandidateId>,
    /// How long the slot took, in milliseconds (its share of the batch).
    pub took_ms: u32,
    /// Its decisions, oldest first.
    pub decisions: Vec<Decision>,
}

/// One row of `salon list`: keys are stable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ListedCandidate {
    /// The candidate.
    pub id: CandidateId,
    /// The run that made it.
    pub run: RunId,
    /// Slot within the run, from 0.
    pub slot: u32,
    /// The slot's seed.
    #[ts(type = "number")]
    pub seed: u64,
    /// Verdict of the pick stage.
    pub verdict: Verdict,
    /// SHA-256 of the PNG.
    pub sha256: Digest,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Known traits.
    pub traits: Vec<Trait>,
}

/// Sets the verdict of one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// The candidate whose picture was painted when the key went down.
    pub candidate: CandidateId,
    /// The verdict.
    pub verdict: Verdict,
    /// The curator's name.
    pub by: String,
    /// Why, in the curator's words.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub why: String,
}

/// Who asks to undo or redo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct UndoRequest {
    /// The curator's name, written on the undoing row.
    pub by: String,
}

/// What a decision, undo or redo did. It is on disk when this is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Decided {
    /// The row that was appended; absent when the candidate already had that verdict.
    pub decision: Option<DecisionId>,
    /// The candidate to return to.
    pub candidate: CandidateId,
    /// Its verdict now.
    pub verdict: Verdict,
    /// Counts after it.
    pub counts: Counts,
}
