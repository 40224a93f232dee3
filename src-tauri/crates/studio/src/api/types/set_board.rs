//! The set as it grows: targets and quotas, and the ranking by duels.

use salon_domain::{CandidateId, DuelId, DuelOutcome, Frame};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks how the accepted candidates stand to the target and the quotas.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SetBoardRequest {
    /// A candidate: what accepting it would change.
    #[serde(default)]
    #[ts(optional)]
    pub candidate: Option<CandidateId>,
}

/// How the accepted candidates stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SetBoard {
    /// How many pictures the set should have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub target: Option<u32>,
    /// How many are accepted.
    pub accepted: u32,
    /// Trait by trait, in alphabetical order.
    pub traits: Vec<SetTrait>,
}

/// One trait of the set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SetTrait {
    /// What the trait describes ("Background").
    pub trait_type: String,
    /// Value by value, in alphabetical order.
    pub values: Vec<SetTraitValue>,
}

/// How many accepted candidates have a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SetTraitValue {
    /// The value ("teal").
    pub value: String,
    /// So many.
    pub count: u32,
    /// At least so many are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub least: Option<u32>,
    /// At most so many are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub most: Option<u32>,
    /// The count if the candidate asked about were accepted.
    pub if_accepted: u32,
}

/// What the set should look like; replaces what was set before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SetTargets {
    /// How many pictures it should have; none when absent.
    #[serde(default)]
    #[ts(optional)]
    pub target: Option<u32>,
    /// How many of them should have which trait.
    pub quotas: Vec<Quota>,
    /// Who sets it; needed where curators are registered.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub by: String,
}

/// How many pictures should have a trait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// What the trait describes.
    pub trait_type: String,
    /// The value.
    pub value: String,
    /// At least so many.
    #[serde(default)]
    #[ts(optional)]
    pub least: Option<u32>,
    /// At most so many.
    #[serde(default)]
    #[ts(optional)]
    pub most: Option<u32>,
}

/// Asks for a pair to compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct NextDuel {
    /// The curator's name.
    pub by: String,
}

/// Two accepted candidates side by side, and nothing said of either. Asking again before it is settled shows it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Duel {
    /// Its row.
    pub duel: DuelId,
    /// On the left.
    pub left: DuelPicture,
    /// On the right.
    pub right: DuelPicture,
}

/// One side of a duel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DuelPicture {
    /// The candidate.
    pub candidate: CandidateId,
    /// What its picture's address must carry.
    pub frame: Frame,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// Settles a duel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SettleDuel {
    /// The duel.
    pub duel: DuelId,
    /// How it ended.
    pub outcome: DuelOutcome,
    /// The curator's name.
    pub by: String,
}

/// What a duel changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
pub struct SettledDuel {
    /// The left picture's strength now.
    pub left: salon_domain::Strength,
    /// The right picture's strength now.
    pub right: salon_domain::Strength,
}
