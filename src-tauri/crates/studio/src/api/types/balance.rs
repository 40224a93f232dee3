//! Balance: the set that comes nearest to what the schema wishes for, as a proposal.

use salon_domain::{CandidateId, RunId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// From among whom a set is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum BalancePool {
    /// What is accepted or undecided.
    #[default]
    NotRejected,
    /// What is accepted.
    Accepted,
}

/// Asks for a balanced set. Nothing is decided by asking.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct BalanceRequest {
    /// How many pictures; the target of the set board when absent.
    #[serde(default)]
    #[ts(optional)]
    pub size: Option<u32>,
    /// From among whom.
    #[serde(default)]
    #[ts(optional, as = "Option<BalancePool>")]
    pub pool: BalancePool,
    /// Searches for the proof, too, instead of a good set at once.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub exact: bool,
    /// For how many seconds at most the proof is searched; 10 when absent.
    #[serde(default)]
    #[ts(optional)]
    pub seconds: Option<f64>,
    /// No target may be missed by more than so many pictures; as near as possible when absent.
    #[serde(default)]
    #[ts(optional)]
    pub within: Option<u32>,
    /// Candidates that must be in the set.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<CandidateId>>")]
    pub keep: Vec<CandidateId>,
    /// Candidates that must not.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<CandidateId>>")]
    pub drop: Vec<CandidateId>,
    /// Lets several of one family in. Otherwise at most one of each is chosen.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub whole_families: bool,
    /// How much it counts that what is rare also catches the eye, 0 (not at all) to 1 (alone, and quality not).
    #[serde(default)]
    #[ts(optional, as = "Option<f64>")]
    pub rarity_weight: f64,
}

/// A set that is proposed, and what is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct BalanceReport {
    /// How many pictures were asked for.
    pub size: u32,
    /// How many candidates it was chosen from.
    pub pool: u32,
    /// How many of those break a rule by themselves, so that they were not chosen.
    pub ruled_out: u32,
    /// The proposal, in arrival order.
    pub chosen: Vec<CandidateId>,
    /// Those of it that are not accepted yet.
    pub added: Vec<CandidateId>,
    /// What is accepted and not in it: it would be undecided again.
    pub laid_back: Vec<CandidateId>,
    /// Every target beside what the proposal has and what is accepted now.
    pub goals: Vec<BalanceGoal>,
    /// The sum of what is too many or too few.
    pub deviation: u32,
    /// The same of what is accepted now, against the targets of this size.
    pub deviation_now: u32,
    /// The mean quality of the proposal, in the judge's chances (0 to 1) where the judge speaks.
    pub quality: f64,
    /// What quality is measured by, in words.
    pub quality_by: String,
    /// Spearman's ρ between rarity and visual weight in the proposal; absent unless `rarity_weight` was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rho: Option<f64>,
    /// How much is missing or over where nothing may be; 0 when it can be used.
    pub broken: u32,
    /// No set deviates by less than this: that is proven.
    pub deviation_at_least: u32,
    /// No set of this deviation has a better mean quality than this: that is proven.
    pub quality_at_most: f64,
    /// Whether the proposal is proven to be the best in deviation.
    pub proven: bool,
    /// Conditions that are in each other's way, in words: there is no such set. Empty when there is one.
    pub conflict: Vec<String>,
    /// What would have to be made, most first.
    pub orders: Vec<BalanceOrderLine>,
    /// How long the search took, in milliseconds.
    pub took_ms: f64,
    /// Rows of the log when it was made: applying it is refused once somebody has decided since.
    pub log_rows: u32,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BalanceGoal {
    /// The trait type.
    pub trait_type: String,
    /// The value.
    pub value: String,
    /// How many pictures should have it.
    pub goal: u32,
    /// How many of the proposal have it.
    pub count: u32,
    /// How many accepted candidates have it now.
    pub accepted: u32,
    /// How many of the pool have it.
    pub pool: u32,
}

/// Pictures to make, so that a target can be met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BalanceOrderLine {
    /// How many are missing.
    pub count: u32,
    /// The trait type.
    pub trait_type: String,
    /// The value.
    pub value: String,
    /// How many of the pool have it.
    pub pool: u32,
    /// How many the set should have.
    pub goal: u32,
}

/// Accepts a proposal and lays back what else is accepted, as one gesture that one undo takes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ApplyBalance {
    /// The proposal.
    pub chosen: Vec<CandidateId>,
    /// The rows of the log that it was made after.
    pub log_rows: u32,
    /// The lead's name.
    pub by: String,
}

/// Orders pictures with a trait: a run whose template is drawn so that each slot has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct OrderBalance {
    /// The trait type.
    pub trait_type: String,
    /// The value.
    pub value: String,
    /// How many.
    pub count: u32,
    /// The run whose recipe and template are used; the newest that can have the trait when absent.
    #[serde(default)]
    #[ts(optional)]
    pub run: Option<RunId>,
    /// The run's seed; drawn when absent.
    #[serde(default)]
    #[ts(optional, type = "number")]
    pub seed: Option<u64>,
}
