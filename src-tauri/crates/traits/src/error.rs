//! What can go wrong, by name.

use crate::schema::SchemaProblem;

/// Why an answer about traits could not be given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TraitsError {
    /// `OpenRarity` is defined for words only.
    #[error(
        "OpenRarity ranks words, not numbers or dates: {} {} one. Leave {} out of the ranking, or make {} of display type `string`",
        .names.join(", "),
        if .names.len() == 1 { "is" } else { "are each" },
        if .names.len() == 1 { "it" } else { "them" },
        if .names.len() == 1 { "it" } else { "them" },
    )]
    NumericTraits {
        /// The trait types that hold numbers or dates.
        names: Vec<String>,
    },
    /// A schema that has problems.
    #[error("the schema cannot be used: {}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(". "))]
    Schema {
        /// All of them.
        problems: Vec<SchemaProblem>,
    },
    /// A text that is no schema of a form known here.
    #[error("this is no attribute schema: {why}. Take one that Salon wrote, or import it as JSON Schema")]
    Form {
        /// What is wrong with it.
        why: String,
    },
    /// A JSON Schema that cannot become an attribute schema.
    #[error("the JSON Schema cannot be imported, at {at}: {why}")]
    JsonSchema {
        /// Where, as a JSON pointer.
        at: String,
        /// What is wrong, and the next step.
        why: String,
    },
    /// A weight of a layer's value that is no weight.
    #[error("{value} of the layer {layer} has weight {weight}: give it a number above 0, or take it out")]
    Weight {
        /// The layer.
        layer: String,
        /// The value.
        value: String,
        /// The weight.
        weight: String,
    },
    /// Targets that are more than the set.
    #[error("the targets of {name} are {asked} tokens together, and the set has {size}: take some down")]
    OverTargets {
        /// The trait type.
        name: String,
        /// Their sum.
        asked: u64,
        /// The size of the set.
        size: u32,
    },
    /// A quality that is no number.
    #[error("the quality of {token} is no number: score it, or take it out of the pool")]
    Quality {
        /// The token.
        token: String,
    },
    /// A token that is not in the pool.
    #[error("there is no token {place} in a pool of {pool}: count from 0")]
    NoSuchToken {
        /// Its place.
        place: usize,
        /// How many there are.
        pool: usize,
    },
    /// Two goals of one trait.
    #[error("{of} has two goals: take one out")]
    SameGoals {
        /// The trait.
        of: String,
    },
    /// There is no set that keeps all conditions.
    #[error("{}", in_each_others_way(.conditions))]
    Conflict {
        /// The conditions that are in each other's way, none of which can be spared in that.
        conditions: Vec<String>,
    },
    /// Too little to learn from.
    #[error("too little to learn from: {why}. Set more of them by hand")]
    Examples {
        /// What is missing.
        why: String,
    },
    /// Words that pictures cannot be compared with.
    #[error("pictures cannot be compared with these words: {why}")]
    Words {
        /// What is wrong, and the next step.
        why: String,
    },
    /// The solver gave up.
    #[error("the exact solver gave up ({why}): take the quick balance, or fewer goals")]
    Solver {
        /// What it said.
        why: String,
    },
}

fn in_each_others_way(conditions: &[String]) -> String {
    if conditions.is_empty() {
        return "there is no such set, and why takes too long to tell: take conditions back until there is"
            .to_owned();
    }
    format!(
        "there is no such set; these are in each other's way: {}. Take one back",
        conditions.join("; ")
    )
}
