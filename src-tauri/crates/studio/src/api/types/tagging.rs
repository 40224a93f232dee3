//! Reading traits: from recipes and from pictures; and how rarity and what catches the eye go together.

use salon_domain::{CandidateId, TraitSource};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::BalancePool;

/// What traits are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TagFrom {
    /// The recipes: slots of templates, and prompts in the words of the schema.
    Recipes,
    /// The pictures, by probes that learn from the traits that are known here.
    Pictures,
    /// The pictures, by an encoder that knows words, too: it says which words of the schema each is nearest to. Nothing needs to
    /// be known before.
    Words,
    /// The pictures, by a model that writes captions: it says which words of the schema each makes likelier. It takes its time, in
    /// the background (`describe_pictures`).
    Captions,
}

/// Reads traits of all candidates. What is read never overrules a hand, and pictures never overrule recipes and layers: where
/// they differ, the table says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct TagTraits {
    /// From what.
    pub from: TagFrom,
    /// Only these trait types; all of the schema when absent.
    #[serde(default)]
    #[ts(optional)]
    pub trait_types: Option<Vec<String>>,
    /// Whose word probes learn from, and words are calibrated by; hands and layers when absent.
    #[serde(default)]
    #[ts(optional)]
    pub learn_from: Option<Vec<TraitSource>>,
    /// The curator's name.
    pub by: String,
}

/// What came of reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TagReport {
    /// From what.
    pub from: TagFrom,
    /// What read: the name of the encoder or the captioner, or "recipes".
    pub reader: String,
    /// Type by type.
    pub types: Vec<TaggedType>,
    /// How many candidates were read.
    pub candidates: u32,
    /// Of how many of them something else holds now.
    pub changed: u32,
}

/// What came of reading one trait type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TaggedType {
    /// The trait type.
    pub trait_type: String,
    /// Why it was not read; absent when it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fault: Option<String>,
    /// How many candidates something was said of.
    pub read: u32,
    /// Of how many the reader is not sure.
    pub uncertain: u32,
    /// Of how many it is sure of something else than what holds.
    pub disputed: u32,
    /// How well it was read; absent where nothing was read from pictures, and for words and captions where too few pictures
    /// are known to calibrate them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub probe: Option<ProbeReport>,
}

/// How well a reader does, on examples that it had not learnt from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProbeReport {
    /// Examples by value, most first; the value is empty for none.
    pub examples: Vec<super::NamedCount>,
    /// Values with too few examples, which a probe cannot say.
    pub unlearnt: Vec<String>,
    /// The share that was right.
    pub accuracy: f64,
    /// The mean over values of F1.
    pub macro_f1: f64,
    /// The share of the most frequent value: what saying always the same would get.
    pub commonest: f64,
    /// The share of which it was sure.
    pub sure: f64,
    /// Of those, the share that was right; absent when it was sure of nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub right_when_sure: Option<f64>,
}

/// Asks how rarity and visual weight go together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct VisualWeightRequest {
    /// Among whom; what is accepted when absent.
    #[serde(default)]
    #[ts(optional)]
    pub pool: Option<BalancePool>,
}

/// How rarity and visual weight go together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VisualWeightReport {
    /// What weights are measured by, in words.
    pub measured_by: String,
    /// Spearman's ρ between rarity (`OpenRarity`) and weight, −1 to 1; absent where one of them tells nothing apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rho: Option<f64>,
    /// Candidate by candidate, the heaviest first.
    pub tokens: Vec<TokenWeight>,
    /// Value by value, by trait.
    pub values: Vec<TraitValueWeight>,
    /// Pairs of values of one type of which the rarer weighs less, the worst first.
    pub violations: Vec<WeightViolation>,
    /// How many candidates were left out, because the judge has not looked at them.
    pub left_out: u32,
}

/// What one picture weighs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
pub struct TokenWeight {
    /// The candidate.
    pub candidate: CandidateId,
    /// The mean of the next two as percentiles, 0 to 1.
    pub weight: f64,
    /// The mean distance (1 less the cosine) to the ten pictures most like it.
    pub distinctiveness: f64,
    /// How far what catches the eye is gathered in one place, 0 to 1.
    pub saliency: f64,
    /// Its score by `OpenRarity`.
    pub rarity: f64,
}

/// What one value weighs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TraitValueWeight {
    /// The trait type.
    pub trait_type: String,
    /// The value.
    pub value: String,
    /// How many candidates have it.
    pub count: u32,
    /// What having it adds to a picture's weight, everything else being equal.
    pub weight: f64,
}

/// Two values of which the rarer weighs less.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WeightViolation {
    /// The trait type.
    pub trait_type: String,
    /// The rarer value.
    pub rarer: TraitValueWeight,
    /// The more frequent one, that weighs more.
    pub commoner: TraitValueWeight,
}
