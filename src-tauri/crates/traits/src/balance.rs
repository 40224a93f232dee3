//! Balance: which tokens of a pool make the set that was wished for.
//!
//! A set of given size is sought whose traits occur as often as their goals say. Every token too many or too few counts as
//! one of *deviation*; less deviation comes first, and of equal deviation the better mean quality, always. Rules, near-duplicates,
//! and tokens that must stay or go hold without exception.
//!
//! With q scaled to 0…1, that is the integer programme *max Σ qᵢxᵢ − W·Σ d* over x ∈ {0,1}, Σ xᵢ = K, and d ≥ |Σ xᵢ − goal|
//! for each goal, where W > K makes a token of deviation outweigh all quality. [`exact`] solves it by branch and bound
//! (`microlp`) and proves a bound; [`approximate`] comes near in a fraction of the time and has a bound too: its prices are the
//! multipliers of the goals' Lagrangian dual. [`conflict`] says in words why there is no such set, and [`orders`] what would
//! have to be made.

mod anneal;
mod exact;
mod explain;
mod model;
mod orders;
mod prices;

use salon_domain::Trait;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::schema::{Rule, Schema};

pub use anneal::{Effort, approximate};
pub use exact::{Limits, exact};
pub use explain::conflict;
pub use orders::{Order, orders};

/// A token that could be in the set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// What to call it in words ("#17").
    pub name: String,
    /// Its traits.
    pub traits: Vec<Trait>,
    /// How good it is; any scale, higher is better.
    pub quality: f64,
}

/// How many tokens of the set should have a trait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// The trait.
    pub of: Trait,
    /// In so many tokens.
    pub count: u32,
    /// How far the set may be from that at most; none when as near as possible will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<u32>,
}

/// The set that is wished for. Tokens are named by their place in the pool.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wanted {
    /// How many tokens it has.
    pub size: u32,
    /// How often traits should occur.
    pub goals: Vec<Goal>,
    /// What goes together. A token that breaks a rule is not chosen.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Near-duplicates: of each pair at most one is chosen.
    #[serde(default)]
    pub alike: Vec<(usize, usize)>,
    /// Tokens that must be in the set.
    #[serde(default)]
    pub keep: Vec<usize>,
    /// Tokens that must not.
    #[serde(default)]
    pub drop: Vec<usize>,
}

impl Wanted {
    /// A set of `size` tokens as a schema's targets and rules describe it.
    ///
    /// # Errors
    /// [`crate::TraitsError::OverTargets`] when the targets are more than `size`.
    pub fn from_schema(schema: &Schema, size: u32) -> Result<Self> {
        let goal = |(of, count)| Goal {
            of,
            count,
            within: None,
        };
        Ok(Self {
            size,
            goals: schema.targets(size)?.into_iter().map(goal).collect(),
            rules: schema.rules.clone(),
            ..Self::default()
        })
    }
}

/// A goal and what a set has of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Realised {
    /// The trait.
    pub of: Trait,
    /// The goal.
    pub goal: u32,
    /// What the set has.
    pub count: u32,
}

/// What is proven about a choice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// No set deviates by less.
    pub deviation_at_least: u32,
    /// No set of the choice's own deviation, or less, has a better mean quality.
    pub quality_at_most: f64,
}

/// A set that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Places in the pool, rising.
    pub chosen: Vec<usize>,
    /// Every goal, in its order, beside what the set has.
    pub realised: Vec<Realised>,
    /// The sum of what is too many or too few.
    pub deviation: u32,
    /// The mean quality.
    pub quality: f64,
    /// How much is missing or over where nothing may be: size, `AtMost`, and goals with `within`. 0 when the set can be used.
    pub broken: u32,
    /// What is proven.
    pub proof: Proof,
}
