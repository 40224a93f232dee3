//! The attribute schema: which traits a project's pictures may have, how often each should occur, and what goes together.
//!
//! A schema is data that people write, so everything that is wrong with one is told at once ([`Schema::problems`]), and a
//! token is held to it trait by trait ([`Schema::check`]). Words are compared as the open rarity standard compares them:
//! whatever their case and the spaces around them.

mod check;
mod import;
mod layers;
mod problems;
mod satisfy;
mod targets;

use std::fmt;

use salon_domain::Trait;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::words::same;
use crate::{Result, TraitsError};

pub use check::Violation;
pub use import::Imported;
pub use problems::SchemaProblem;

/// The form of the file that this version reads and writes.
pub const FORM: u32 = 1;

/// How marketplaces show a trait (`OpenSea`'s `display_type`; a word has none there).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename = "TraitDisplay")]
pub enum Display {
    /// A word.
    #[default]
    String,
    /// A number, shown beside its range.
    Number,
    /// A number that is added to something, shown with its sign.
    BoostNumber,
    /// The same in per cent.
    BoostPercentage,
    /// A date, in seconds since 1970.
    Date,
}

impl Display {
    /// Whether values are numbers, so that they are no categories.
    pub fn numeric(self) -> bool {
        self != Self::String
    }
}

/// Where a trait's truth lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename = "TraitNature")]
pub enum Nature {
    /// The picture shows it, so that it can be true or false.
    #[default]
    Visual,
    /// Nothing in the picture says it: it can be assigned.
    Free,
}

/// How often a value should occur in the finished set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename = "TraitTarget")]
pub enum Target {
    /// In so many tokens.
    Count(u32),
    /// In this share of the tokens, 0 to 100.
    Percent(f64),
}

/// A word that a trait may have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(rename = "SchemaValue")]
pub struct Value {
    /// The word ("Crown").
    pub name: String,
    /// How often it should occur; none when that is left open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub target: Option<Target>,
}

/// One kind of trait.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(rename = "SchemaTrait")]
pub struct TraitType {
    /// Its name ("Headwear").
    pub name: String,
    /// How marketplaces show it.
    #[serde(default)]
    #[ts(optional, as = "Option<Display>")]
    pub display: Display,
    /// Whether the picture shows it.
    #[serde(default)]
    #[ts(optional, as = "Option<Nature>")]
    pub nature: Nature,
    /// Whether every token must have it.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub required: bool,
    /// For words: the words it may have. Empty for numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Value>>")]
    pub values: Vec<Value>,
    /// The slots of templates that it is read from: names of wildcards. One of its own name always counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub slots: Vec<String>,
    /// For numbers: the least it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub least: Option<f64>,
    /// For numbers: the most it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub most: Option<f64>,
}

/// A trait that a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(rename = "SchemaHas")]
pub struct Has {
    /// The trait type.
    pub trait_type: String,
    /// The value; none means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value: Option<String>,
}

impl Has {
    /// `trait_type` with `value`.
    pub fn value(trait_type: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            trait_type: trait_type.into(),
            value: Some(value.into()),
        }
    }

    /// `trait_type`, whatever its value.
    pub fn any(trait_type: impl Into<String>) -> Self {
        Self {
            trait_type: trait_type.into(),
            value: None,
        }
    }

    /// Whether a token with these traits has it.
    pub fn holds(&self, traits: &[Trait]) -> bool {
        traits.iter().any(|one| {
            same(&one.trait_type, &self.trait_type)
                && self.value.as_ref().is_none_or(|value| same(&one.value, value))
        })
    }
}

impl fmt::Display for Has {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(out, "{} = {value}", self.trait_type),
            None => write!(out, "any {}", self.trait_type),
        }
    }
}

/// What goes together. Rules hold whatever the order of traits and of rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "rule", rename_all = "snake_case")]
#[ts(rename = "SchemaRule")]
pub enum Rule {
    /// No token has both.
    Excludes {
        /// The one.
        one: Has,
        /// The other.
        other: Has,
    },
    /// A token that has the first has the second.
    Requires {
        /// Where this is,
        when: Has,
        /// this must be.
        then: Has,
    },
    /// At most so many tokens of the set have it.
    AtMost {
        /// The trait.
        of: Has,
        /// The number of tokens.
        count: u32,
    },
}

impl Rule {
    /// Whether a single token keeps it; a rule about the whole set is kept by every token.
    pub fn kept_by(&self, traits: &[Trait]) -> bool {
        match self {
            Self::Excludes { one, other } => !(one.holds(traits) && other.holds(traits)),
            Self::Requires { when, then } => !when.holds(traits) || then.holds(traits),
            Self::AtMost { .. } => true,
        }
    }

    /// The traits it speaks of.
    pub fn names(&self) -> Vec<&Has> {
        match self {
            Self::Excludes { one, other } => vec![one, other],
            Self::Requires { when, then } => vec![when, then],
            Self::AtMost { of, .. } => vec![of],
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Excludes { one, other } => write!(out, "{one} excludes {other}"),
            Self::Requires { when, then } => write!(out, "{when} requires {then}"),
            Self::AtMost { of, count } => write!(out, "at most {count} × {of}"),
        }
    }
}

/// The attribute schema of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(rename = "TraitSchema")]
pub struct Schema {
    /// The form of the file, [`FORM`].
    pub form: u32,
    /// Which version of this project's schema it is; every change that is kept makes the next.
    pub version: u32,
    /// The kinds of traits, in the order in which metadata list them.
    pub traits: Vec<TraitType>,
    /// What goes together.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<Rule>>")]
    pub rules: Vec<Rule>,
}

impl Default for Schema {
    fn default() -> Self {
        Self::new(vec![], vec![])
    }
}

impl Schema {
    /// The first version of a schema.
    pub fn new(traits: Vec<TraitType>, rules: Vec<Rule>) -> Self {
        Self {
            form: FORM,
            version: 1,
            traits,
            rules,
        }
    }

    /// Reads the JSON that [`Schema::to_json`] writes, and refuses one that has problems.
    ///
    /// # Errors
    /// [`TraitsError::Form`] when it is no such JSON, or of a newer form; [`TraitsError::Schema`] with all that is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        let schema: Self = serde_json::from_str(text).map_err(|error| TraitsError::Form {
            why: error.to_string(),
        })?;
        if schema.form != FORM {
            return Err(TraitsError::Form {
                why: format!("it has form {}, and this version reads form {FORM}", schema.form),
            });
        }
        schema.validated()
    }

    /// The schema as JSON for people to read and keep.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The schema itself when nothing is wrong with it.
    ///
    /// # Errors
    /// [`TraitsError::Schema`] with all of [`Schema::problems`].
    pub fn validated(self) -> Result<Self> {
        let problems = self.problems();
        if problems.is_empty() {
            Ok(self)
        } else {
            Err(TraitsError::Schema { problems })
        }
    }

    /// What replaces `self` when `changed` is kept: the same content keeps its version, another makes the next.
    pub fn next(&self, changed: Self) -> Self {
        let version = if self.traits == changed.traits && self.rules == changed.rules {
            self.version
        } else {
            self.version + 1
        };
        Self { version, ..changed }
    }

    /// The kind of trait of that name.
    pub fn trait_type(&self, name: &str) -> Option<&TraitType> {
        self.traits.iter().find(|one| same(&one.name, name))
    }

    /// The names of the trait types that hold numbers or dates.
    pub fn numeric(&self) -> impl Iterator<Item = &str> {
        let numeric = |one: &&TraitType| one.display.numeric();
        self.traits.iter().filter(numeric).map(|one| one.name.as_str())
    }
}

impl TraitType {
    /// A kind of trait whose values are these words, their targets left open.
    pub fn of_words<'a>(name: impl Into<String>, values: impl IntoIterator<Item = &'a str>) -> Self {
        let value = |name: &str| Value {
            name: name.to_owned(),
            target: None,
        };
        Self {
            name: name.into(),
            values: values.into_iter().map(value).collect(),
            ..Self::default()
        }
    }

    /// The value of that name.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|one| same(&one.name, name))
    }
}
