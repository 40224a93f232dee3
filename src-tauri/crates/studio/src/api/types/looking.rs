//! Which candidates there are, in what order and groups, and what further conditions would leave.

use salon_domain::{CandidateId, CandidateQuery, Digest, RunId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Counts;

/// The candidates that a query lets through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CandidateIds {
    /// In the query's order.
    pub ids: Vec<CandidateId>,
    /// The groups along that list; empty when nothing was to be gathered.
    pub groups: Vec<GroupHead>,
    /// Counts over the whole project, read in the same transaction.
    pub counts: Counts,
}

/// Candidates that stand together in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GroupHead {
    /// Where it begins in the list.
    pub first: u32,
    /// How many candidates it holds.
    pub count: u32,
    /// The prompt that they share, or their run's; empty where there is none.
    pub title: String,
    /// The run, when they are gathered by run.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The family's first member, when they are gathered by family.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<CandidateId>,
}

/// How many candidates each further condition would let through: each facet counts with all *other* conditions applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Facets {
    /// By verdict.
    pub verdicts: Counts,
    /// By stars, 0 to 5.
    pub stars: [u32; 6],
    /// By label: none, red, yellow, green, blue.
    pub labels: [u32; 5],
    /// By run, newest first.
    pub runs: Vec<RunFacet>,
    /// By model, in the order of their first run.
    pub models: Vec<ModelFacet>,
    /// By trait, in alphabetical order.
    pub traits: Vec<TraitFacet>,
    /// By whose verdict holds.
    pub curators: Vec<NamedCount>,
    /// Pictures that were brought in.
    pub imported: u32,
    /// By technical flag, "any" first; empty until the judge has looked, and without those that no picture has.
    pub flagged: Vec<NamedCount>,
}

/// Candidates of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RunFacet {
    /// The run.
    pub run: RunId,
    /// Its prompt.
    pub title: String,
    /// Its candidates.
    pub count: u32,
}

/// Candidates of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ModelFacet {
    /// The model's hash.
    pub sha256: Digest,
    /// The name it was first used under.
    pub name: String,
    /// Its candidates.
    pub count: u32,
}

/// Candidates by the values of one trait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TraitFacet {
    /// The trait.
    pub trait_type: String,
    /// Its values.
    pub values: Vec<NamedCount>,
}

/// A name and how many there are of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NamedCount {
    /// The name.
    pub name: String,
    /// How many.
    pub count: u32,
}

/// A query kept under a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SavedView {
    /// The name; 1 to 100 characters.
    pub name: String,
    /// The query.
    pub query: CandidateQuery,
}

/// Names a saved view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RemoveView {
    /// The name.
    pub name: String,
}
