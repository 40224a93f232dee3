//! Prompt templates: one text that stands for many prompts.
//!
//! | written | means |
//! |---|---|
//! | `{a\|b\|c}` | one of the options |
//! | `{2::a\|b}` | the same, `a` twice as likely as `b`; an option of weight 0 is never taken |
//! | `{2$$a\|b\|c}` | two different options, in the order in which they are written, joined by `, ` |
//! | `{2$$ and $$a\|b\|c}` | the same, joined by ` and ` |
//! | `{1-2$$a\|b\|c}` | one or two of them |
//! | `__colour__` | one of the values of the wildcard `colour`; values may hold weights, choices and wildcards |
//! | `{2$$__colour__}` | two different values of it: where a count is given, an option of one wildcard stands for its values |
//! | `\{` `\}` `\|` `\_` `\$` `\:` | the sign itself |
//!
//! Spaces around an option are not part of it. Every other character means itself, a backslash before any other
//! character too, so that the signs of prompts (`(word:1.2)`, `\(`) pass through.

mod parse;
mod resolve;

use std::collections::BTreeMap;

use crate::TemplateMode;

pub use resolve::{Bound, Pick};

/// The values of every wildcard, by its name.
pub type Wildcards = BTreeMap<String, Vec<String>>;

/// Braces inside braces, and wildcards inside wildcards, that are followed.
const DEEPEST: usize = 32;

/// Most options that one choice may pick together.
const MOST_PICKS: usize = 64;

/// Longest resolved prompt in bytes, counting every choice and wildcard on the way as one more.
const LONGEST: usize = 100_000;

/// A template, understood. What its wildcards hold comes with [`Template::bind`].
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Choice(Choice),
    Wildcard { name: String, position: usize },
}

/// Between `least` and `most` of the options.
#[derive(Debug, Clone, PartialEq)]
struct Choice {
    position: usize,
    least: usize,
    most: usize,
    /// Whether a count was written, so that a wildcard alone in an option stands for all of its values.
    counted: bool,
    separator: String,
    options: Vec<Alternative>,
}

/// An option of a choice, or a value of a wildcard; its weight is above zero.
#[derive(Debug, Clone, PartialEq)]
struct Alternative {
    weight: f64,
    parts: Vec<Part>,
}

/// Why a template cannot be understood or resolved. Positions count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // Each variant's fields are spelt out in its message.
pub enum TemplateError {
    #[error("character {position}: this `{{` is never closed; add `}}`, or write `\\{{` for the sign itself")]
    Unclosed { position: usize },
    #[error("character {position}: this `}}` closes nothing; remove it, or write `\\}}` for the sign itself")]
    Unopened { position: usize },
    #[error(
        "character {position}: after `__` comes no name and `__`; write `__name__`, or `\\_\\_` for the signs themselves"
    )]
    OpenWildcard { position: usize },
    #[error(
        "character {position}: `{found}` is no count; write `{{2$$a|b|c}}` or `{{1-2$$a|b|c}}`, or `\\$` for the sign"
    )]
    CountSyntax { position: usize, found: String },
    #[error(
        "character {position}: {found} of {options} options cannot be picked; choose at most {}, and no more than there are",
        MOST_PICKS
    )]
    Count {
        position: usize,
        found: String,
        options: usize,
    },
    #[error("character {position}: the weight {found} is out of range; choose 0 to 1000000")]
    Weight { position: usize, found: String },
    #[error(
        "character {position}: every option has weight 0, so that none can be taken; give one a weight above 0"
    )]
    NoWeight { position: usize },
    #[error("character {position}: braces are nested more than {DEEPEST} deep; make the template simpler")]
    TooDeep { position: usize },
    #[error(
        "character {position}: there is no wildcard `{name}`; add a text file of that name, or correct the name"
    )]
    UnknownWildcard { position: usize, name: String },
    #[error("the wildcard `{name}` has no value; write one value on each line of its file")]
    EmptyWildcard { name: String },
    #[error("wildcards name each other in a circle ({path}); take one of the names out")]
    Circle { path: String },
    #[error("wildcards are nested more than {DEEPEST} deep ({path}); make them simpler")]
    WildcardsTooDeep { path: String },
    #[error("value {value} of the wildcard `{name}`, {fault}")]
    InWildcard {
        name: String,
        /// From 1.
        value: usize,
        fault: Box<TemplateError>,
    },
    #[error("the template grows beyond {LONGEST} characters; make it or its wildcards simpler")]
    TooLong,
}

impl Template {
    /// Understands a text. A text without any of the signs is a template with one combination: itself.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let parts = parse::template(text)?;
        Ok(Self { parts })
    }

    /// Brings in what the wildcards hold. Every value of every wildcard that can be reached is understood here, so
    /// that an unknown name or a circle shows before a run and not in the middle of it.
    pub fn bind(&self, wildcards: &Wildcards) -> Result<Bound, TemplateError> {
        Bound::new(self, wildcards)
    }

    /// How many prompts it stands for; `u64::MAX` when there are more.
    pub fn combinations(&self, wildcards: &Wildcards) -> Result<u64, TemplateError> {
        Ok(self.bind(wildcards)?.combinations())
    }

    /// The prompt of slot `index` (see [`Bound::resolve`]).
    pub fn resolve(
        &self,
        wildcards: &Wildcards,
        mode: TemplateMode,
        seed: u64,
        index: u64,
    ) -> Result<String, TemplateError> {
        self.bind(wildcards)?.resolve(mode, seed, index)
    }
}

#[cfg(test)]
mod tests;
