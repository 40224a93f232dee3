//! A token's traits against the schema.

use std::collections::BTreeSet;

use salon_domain::Trait;

use super::{Display, Schema};
use crate::words::{nearest, normalize, same};

/// How a token breaks the schema, with the next step.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Violation {
    /// A trait that the schema does not know.
    #[error("{trait_type} is no trait of the schema{}: add it there, or take it off", did_you_mean(.near.as_ref()))]
    UnknownTrait {
        /// Its name.
        trait_type: String,
        /// One that the schema has and that reads alike.
        near: Option<String>,
    },
    /// A value that the schema does not know.
    #[error("{trait_type} cannot be {value}{}: add the value to the schema, or change it", did_you_mean(.near.as_ref()))]
    UnknownValue {
        /// The trait type.
        trait_type: String,
        /// The value.
        value: String,
        /// One that the schema has and that reads alike.
        near: Option<String>,
    },
    /// Two values of one trait type.
    #[error("{trait_type} is there twice: keep one")]
    Twice {
        /// The trait type.
        trait_type: String,
    },
    /// A trait that every token must have.
    #[error("{trait_type} is missing: give it a value, or make it optional in the schema")]
    Missing {
        /// The trait type.
        trait_type: String,
    },
    /// A word where a number must stand.
    #[error("{trait_type} is \"{value}\", and must be {}", if *.seconds { "a date in whole seconds since 1970" } else { "a number" })]
    NotANumber {
        /// The trait type.
        trait_type: String,
        /// The value.
        value: String,
        /// Whether it is a date.
        seconds: bool,
    },
    /// A number outside its limits.
    #[error("{trait_type} is {value}, and must be {limit}: change it, or the limit")]
    OutOfLimits {
        /// The trait type.
        trait_type: String,
        /// The value.
        value: String,
        /// The limit, in words.
        limit: String,
    },
    /// A rule that the token breaks.
    #[error("it breaks the rule \"{rule}\": change one of the two")]
    Rule {
        /// The rule.
        rule: String,
    },
}

impl Violation {
    /// Whether it is about this trait type.
    pub fn concerns(&self, name: &str) -> bool {
        match self {
            Self::UnknownTrait { trait_type, .. }
            | Self::UnknownValue { trait_type, .. }
            | Self::Twice { trait_type }
            | Self::Missing { trait_type }
            | Self::NotANumber { trait_type, .. }
            | Self::OutOfLimits { trait_type, .. } => same(trait_type, name),
            Self::Rule { rule } => rule.contains(name),
        }
    }
}

fn did_you_mean(near: Option<&String>) -> String {
    near.map(|near| format!(" (did you mean {near}?)"))
        .unwrap_or_default()
}

impl Schema {
    /// All ways in which a token with these traits breaks the schema; none when it keeps it.
    pub fn check(&self, traits: &[Trait]) -> Vec<Violation> {
        let mut found = vec![];
        let mut seen = BTreeSet::new();
        for one in traits {
            let trait_type = one.trait_type.clone();
            let Some(known) = self.trait_type(&trait_type) else {
                let all = self.traits.iter().map(|known| known.name.as_str());
                found.push(Violation::UnknownTrait {
                    near: nearest(&trait_type, all).map(str::to_owned),
                    trait_type,
                });
                continue;
            };
            if !seen.insert(normalize(&trait_type)) {
                found.push(Violation::Twice { trait_type });
                continue;
            }
            let value = one.value.clone();
            if known.display == Display::String {
                if known.value(&value).is_none() {
                    let all = known.values.iter().map(|known| known.name.as_str());
                    found.push(Violation::UnknownValue {
                        near: nearest(&value, all).map(str::to_owned),
                        trait_type,
                        value,
                    });
                }
                continue;
            }
            let seconds = known.display == Display::Date;
            let number = if seconds {
                value.trim().parse::<i64>().ok().map(|seconds| seconds as f64)
            } else {
                value
                    .trim()
                    .parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())
            };
            let Some(number) = number else {
                found.push(Violation::NotANumber {
                    trait_type,
                    value,
                    seconds,
                });
                continue;
            };
            let limit = match (known.least, known.most) {
                (Some(least), _) if number < least => Some(format!("at least {least}")),
                (_, Some(most)) if number > most => Some(format!("at most {most}")),
                _ => None,
            };
            if let Some(limit) = limit {
                found.push(Violation::OutOfLimits {
                    trait_type,
                    value,
                    limit,
                });
            }
        }
        for one in self.traits.iter().filter(|one| one.required) {
            if !seen.contains(&normalize(&one.name)) {
                found.push(Violation::Missing {
                    trait_type: one.name.clone(),
                });
            }
        }
        for rule in self.rules.iter().filter(|rule| !rule.kept_by(traits)) {
            found.push(Violation::Rule {
                rule: rule.to_string(),
            });
        }
        found
    }
}
