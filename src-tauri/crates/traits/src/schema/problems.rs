//! What can be wrong with a schema.

use std::collections::BTreeSet;

use super::{Display, Has, Rule, Schema, Target, TraitType};
use crate::words::{nearest, normalize, same};

/// Something wrong with a schema, with the next step.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SchemaProblem {
    /// A trait type without a name.
    #[error("trait type {place} has no name: name it")]
    UnnamedTrait {
        /// Its place, from 1.
        place: usize,
    },
    /// Two trait types of one name.
    #[error("two trait types are called {name}: rename one (case and spaces do not tell them apart)")]
    SameTraits {
        /// The name.
        name: String,
    },
    /// A trait type of words without any.
    #[error("{name} has no values: add some, or give it a display type that holds numbers")]
    NoValues {
        /// The trait type.
        name: String,
    },
    /// A value without a name.
    #[error("value {place} of {name} is empty: name it, or take it out")]
    UnnamedValue {
        /// The trait type.
        name: String,
        /// Its place, from 1.
        place: usize,
    },
    /// Two values of one name.
    #[error("{name} has the value {value} twice: take one out (case and spaces do not tell them apart)")]
    SameValues {
        /// The trait type.
        name: String,
        /// The value.
        value: String,
    },
    /// Words listed for numbers.
    #[error("{name} holds numbers and lists words: take the words out, or make its display type `string`")]
    WordsForNumbers {
        /// The trait type.
        name: String,
    },
    /// Limits given for words.
    #[error(
        "{name} holds words and has a least or most: take them out, or give it a display type that holds numbers"
    )]
    LimitsForWords {
        /// The trait type.
        name: String,
    },
    /// Limits that no number keeps.
    #[error("{name} must be at least {least} and at most {most}, which no number is: change one")]
    NoNumber {
        /// The trait type.
        name: String,
        /// The least.
        least: f64,
        /// The most.
        most: f64,
    },
    /// A share outside 0 to 100.
    #[error("the target of {name} = {value} is {percent} per cent: give 0 to 100")]
    NotAShare {
        /// The trait type.
        name: String,
        /// The value.
        value: String,
        /// The share.
        percent: f64,
    },
    /// Shares of one trait type that are more than the whole.
    #[error("the targets of {name} are {sum} per cent together: take them down to 100")]
    OverAll {
        /// The trait type.
        name: String,
        /// Their sum.
        sum: f64,
    },
    /// A rule about a trait type that is not there.
    #[error("the rule \"{rule}\" speaks of {name}, which is no trait type{}: add it, or change the rule", hint(.near.as_ref()))]
    RuleOfUnknownTrait {
        /// The rule.
        rule: String,
        /// The name.
        name: String,
        /// One that is there and reads alike.
        near: Option<String>,
    },
    /// A rule about a value that is not there.
    #[error("the rule \"{rule}\" speaks of {of}, and {} has no such value{}: add it, or change the rule", .of.trait_type, hint(.near.as_ref()))]
    RuleOfUnknownValue {
        /// The rule.
        rule: String,
        /// The trait.
        of: Has,
        /// One that is there and reads alike.
        near: Option<String>,
    },
    /// A rule that sets something against itself.
    #[error("the rule \"{rule}\" leaves no room for {of} at all: change it, or take the value out")]
    RuleAgainstItself {
        /// The rule.
        rule: String,
        /// The trait.
        of: Has,
    },
    /// No token can keep all rules.
    #[error("no token can keep all rules at once; these are enough to rule everything out: {}. Take one back", .rules.join("; "))]
    NothingPossible {
        /// Rules of which none can be spared in that.
        rules: Vec<String>,
    },
    /// A value that no token can have.
    #[error("no token can be {of}; these rules are enough to rule it out: {}. Take one back, or take the value out", .rules.join("; "))]
    ImpossibleValue {
        /// The trait.
        of: Has,
        /// Rules of which none can be spared in that.
        rules: Vec<String>,
    },
}

fn hint(near: Option<&String>) -> String {
    near.map(|near| format!(" (there is {near})")).unwrap_or_default()
}

impl Schema {
    /// All that is wrong with the schema, in its order; nothing when it can be used.
    pub fn problems(&self) -> Vec<SchemaProblem> {
        let mut found = vec![];
        let mut names = BTreeSet::new();
        for (place, one) in self.traits.iter().enumerate() {
            if normalize(&one.name).is_empty() {
                found.push(SchemaProblem::UnnamedTrait { place: place + 1 });
            } else if !names.insert(normalize(&one.name)) {
                found.push(SchemaProblem::SameTraits {
                    name: one.name.clone(),
                });
            }
            of_values(one, &mut found);
            of_numbers(one, &mut found);
            of_targets(one, &mut found);
        }
        for rule in &self.rules {
            self.of_rule(rule, &mut found);
        }
        // What is not well formed cannot be reasoned about.
        if found.is_empty() {
            self.of_all_rules(&mut found);
        }
        found
    }

    fn of_rule(&self, rule: &Rule, found: &mut Vec<SchemaProblem>) {
        let text = rule.to_string();
        for of in rule.names() {
            let Some(known) = self.trait_type(&of.trait_type) else {
                let all = self.traits.iter().map(|one| one.name.as_str());
                found.push(SchemaProblem::RuleOfUnknownTrait {
                    rule: text.clone(),
                    name: of.trait_type.clone(),
                    near: nearest(&of.trait_type, all).map(str::to_owned),
                });
                continue;
            };
            let Some(value) = &of.value else { continue };
            if known.value(value).is_none() {
                let all = known.values.iter().map(|one| one.name.as_str());
                found.push(SchemaProblem::RuleOfUnknownValue {
                    rule: text.clone(),
                    of: of.clone(),
                    near: nearest(value, all).map(str::to_owned),
                });
            }
        }
        if let Rule::Excludes { one, other } = rule
            && same(&one.trait_type, &other.trait_type)
        {
            let itself = match (&one.value, &other.value) {
                (Some(a), Some(b)) => same(a, b).then_some(one),
                (Some(_), None) => Some(one),
                (None, _) => Some(other),
            };
            if let Some(of) = itself {
                found.push(SchemaProblem::RuleAgainstItself {
                    rule: text,
                    of: of.clone(),
                });
            }
        }
    }
}

fn of_values(one: &TraitType, found: &mut Vec<SchemaProblem>) {
    if one.display.numeric() {
        if !one.values.is_empty() {
            found.push(SchemaProblem::WordsForNumbers {
                name: one.name.clone(),
            });
        }
        return;
    }
    if one.values.is_empty() {
        found.push(SchemaProblem::NoValues {
            name: one.name.clone(),
        });
    }
    let mut values = BTreeSet::new();
    for (place, value) in one.values.iter().enumerate() {
        let word = normalize(&value.name);
        if word.is_empty() {
            found.push(SchemaProblem::UnnamedValue {
                name: one.name.clone(),
                place: place + 1,
            });
        } else if !values.insert(word) {
            found.push(SchemaProblem::SameValues {
                name: one.name.clone(),
                value: value.name.clone(),
            });
        }
    }
}

fn of_numbers(one: &TraitType, found: &mut Vec<SchemaProblem>) {
    if one.display == Display::String {
        if one.least.is_some() || one.most.is_some() {
            found.push(SchemaProblem::LimitsForWords {
                name: one.name.clone(),
            });
        }
        return;
    }
    let least = one.least.unwrap_or(f64::MIN);
    let most = one.most.unwrap_or(f64::MAX);
    if least > most || least.is_nan() || most.is_nan() {
        found.push(SchemaProblem::NoNumber {
            name: one.name.clone(),
            least,
            most,
        });
    }
}

fn of_targets(one: &TraitType, found: &mut Vec<SchemaProblem>) {
    let mut sum = 0.0;
    for value in &one.values {
        let Some(Target::Percent(percent)) = value.target else {
            continue;
        };
        if (0.0..=100.0).contains(&percent) {
            sum += percent;
        } else {
            found.push(SchemaProblem::NotAShare {
                name: one.name.clone(),
                value: value.name.clone(),
                percent,
            });
        }
    }
    // Thirds written with two digits come to a little more than the whole.
    if sum > 100.05 {
        found.push(SchemaProblem::OverAll {
            name: one.name.clone(),
            sum,
        });
    }
}
