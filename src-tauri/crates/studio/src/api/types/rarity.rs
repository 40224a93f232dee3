//! How rare tokens are among each other.

use salon_domain::CandidateId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for the rarity of a set's tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RarityRequest {
    /// The signed set of this version; all that is accepted when absent.
    #[serde(default)]
    #[ts(optional)]
    pub approved: Option<u32>,
}

/// A formula for rarity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RarityMethod {
    /// Information content over the set's entropy: the open standard.
    OpenRarity,
    /// The sum of 1/p: what rarity.tools calls the rarity score.
    RarityTools,
    /// The product of p.
    Statistical,
    /// The mean of p.
    Average,
    /// The arithmetic mean of 1/p.
    Arithmetic,
    /// The harmonic mean of 1/p.
    Harmonic,
}

/// How rare the tokens of a set are, by every formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RarityReport {
    /// The formulas; the first is the open standard.
    pub methods: Vec<RarityMethod>,
    /// The tokens, the rarest by the first formula first.
    pub tokens: Vec<TokenRarity>,
    /// How far each two formulas agree.
    pub agreements: Vec<RarityAgreement>,
}

/// How rare a token is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TokenRarity {
    /// The candidate.
    pub candidate: CandidateId,
    /// How many of its traits no other token has, its number of traits among them.
    pub unique_traits: u32,
    /// Its rank by each formula, 1 the rarest; equals share the better one.
    pub ranks: Vec<u32>,
    /// Its score by each formula.
    pub scores: Vec<f64>,
}

/// How far two formulas agree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
pub struct RarityAgreement {
    /// One formula.
    pub one: RarityMethod,
    /// The other.
    pub other: RarityMethod,
    /// Kendall's τ-b, from −1 to 1; absent where a formula puts all tokens on one rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub tau: Option<f64>,
}
