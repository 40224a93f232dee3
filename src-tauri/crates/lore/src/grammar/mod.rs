//! A seeded grammar in the manner of Tracery: rules that expand into each other until only words are left.
//!
//! A grammar is a JSON file: its `name`, and its `rules`, lists of texts under a symbol. `#symbol.modifier#` in a text
//! stands for one of that symbol's texts, changed by the modifiers. What is no symbol of the grammar is a trait of the
//! picture (`#Species.lower#`), `#trait#` any one of them, and `#name#` in a description or lore what the picture is
//! called. A key may ask for a trait: `epithet | Species=Fox` adds texts to `epithet` for foxes, `epithet | Headwear` for
//! whoever wears something. A text that needs a trait which the picture lacks is never chosen.

mod modifier;
mod parse;

use std::collections::BTreeMap;

use salon_domain::{Digest, Draws, LoreField, LoreSource};
use sha2::{Digest as _, Sha256};

use crate::error::{LoreError, Result};
use crate::subject::{Subject, says_something};
use crate::texts::{Taken, Texts, tidied};
use crate::voice::{TextFault, Voice};

use parse::{Part, Rule};

/// The grammar that ships.
const HOUSE: &str = include_str!("../../../../../assets/house/lore.json");
/// How often a text is tried before it is given up.
const TRIES: usize = 200;
/// The symbol of any trait.
const ANY_TRAIT: &str = "trait";

/// A grammar, read and checked.
#[derive(Debug, Clone)]
pub struct Grammar {
    name: String,
    sha256: Digest,
    rules: BTreeMap<String, Vec<Rule>>,
}

/// A picture under a grammar: what its symbols may become.
struct Expansion<'a> {
    grammar: &'a Grammar,
    subject: &'a Subject,
    /// What is being written.
    field: LoreField,
    /// What the picture is called, where that is known.
    name: Option<&'a str>,
    possible: BTreeMap<&'a str, bool>,
}

impl Grammar {
    /// The grammar that ships with Salon.
    pub fn house() -> Result<Self> {
        Self::parse(HOUSE)
    }

    /// Reads a grammar; what is wrong with it is named.
    pub fn parse(json: &str) -> Result<Self> {
        let (name, rules) = parse::read(json)?;
        Ok(Self {
            name,
            sha256: Digest(Sha256::digest(json).into()),
            rules,
        })
    }

    /// What texts of this grammar are labelled with.
    pub fn source(&self) -> LoreSource {
        LoreSource::Grammar {
            name: self.name.clone(),
            sha256: self.sha256,
        }
    }

    /// Writes `fields` of a picture that is called `name`, unless its name is written too. What is written is taken. The
    /// same arguments give the same texts.
    pub fn write(
        &self,
        subject: &Subject,
        fields: &[LoreField],
        name: Option<&str>,
        voice: &Voice,
        seed: u64,
        taken: &mut Taken,
    ) -> Result<Texts> {
        let mut texts = Texts::new();
        for field in LoreField::ALL {
            if fields.contains(&field) {
                let called = texts.get(&LoreField::Name).map(String::as_str).or(name);
                let text = self.write_one(subject, field, called, voice, seed, taken)?;
                taken.take(field, &text);
                texts.insert(field, text);
            }
        }
        Ok(texts)
    }

    fn write_one(
        &self,
        subject: &Subject,
        field: LoreField,
        name: Option<&str>,
        voice: &Voice,
        seed: u64,
        taken: &Taken,
    ) -> Result<String> {
        let mut expansion = Expansion {
            grammar: self,
            subject,
            field,
            name,
            possible: BTreeMap::new(),
        };
        let mut last = None;
        let mut spoken = None;
        for attempt in 0..TRIES {
            let mut draws = Draws::of(&subject.chance(seed, field, attempt));
            let Some(text) = expansion.expand(field.word(), &mut draws) else {
                return Err(LoreError::Grammar {
                    name: self.name.clone(),
                    fault: format!(
                        "every `{}` needs a trait that the picture lacks: add one that needs none",
                        field.word()
                    ),
                });
            };
            let text = tidied(&text);
            match voice.fault(field, &text) {
                Some(fault) => last = Some(fault),
                None if taken.has(field, &text) => {
                    last = Some(TextFault::Taken(text.clone()));
                    spoken = spoken.or(Some(text));
                }
                None => return Ok(text),
            }
        }
        // More pictures than names: the later ones are numbered, as kings are.
        if let Some(text) = spoken.filter(|_| field == LoreField::Name)
            && let Some(numbered) = (2..=taken.len() + 2)
                .map(|number| format!("{text} {}", roman(number)))
                .find(|numbered| !taken.has(field, numbered) && voice.fault(field, numbered).is_none())
        {
            return Ok(numbered);
        }
        let fault = last.unwrap_or(TextFault::Taken(String::new()));
        Err(LoreError::Unwritable {
            field,
            tries: TRIES,
            fault,
        })
    }
}

impl<'a> Expansion<'a> {
    /// One of a symbol's texts, expanded; none where none is possible.
    fn expand(&mut self, symbol: &'a str, draws: &mut Draws) -> Option<String> {
        if self.is_its_name(symbol) {
            return self.name.map(str::to_owned);
        }
        let grammar = self.grammar;
        let Some(rules) = grammar.rules.get(symbol) else {
            return self.given(symbol, draws);
        };
        let mut open: Vec<&'a Rule> = Vec::new();
        for rule in rules {
            if self.holds(rule) {
                open.push(rule);
            }
        }
        let rule = *open.get(draws.below(open.len()))?;
        let mut text = String::new();
        for part in &rule.parts {
            match part {
                Part::Words(words) => text.push_str(words),
                Part::Symbol { symbol, modifiers } => {
                    let expanded = self.expand(symbol, draws)?;
                    let changed = modifiers
                        .iter()
                        .fold(expanded, |text, modifier| modifier.apply(&text));
                    text.push_str(&changed);
                }
            }
        }
        Some(text)
    }

    /// Whether a symbol stands for what the picture is called: it has one name, and is given no other in passing.
    fn is_its_name(&self, symbol: &str) -> bool {
        symbol == LoreField::Name.word() && self.field != LoreField::Name
    }

    /// What the picture itself says to a symbol.
    fn given(&self, symbol: &str, draws: &mut Draws) -> Option<String> {
        if symbol == ANY_TRAIT {
            let there: Vec<&str> = self
                .subject
                .traits
                .iter()
                .map(|one| one.value.as_str())
                .filter(|value| says_something(value))
                .collect();
            return there.get(draws.below(there.len())).map(ToString::to_string);
        }
        self.subject.value(symbol).map(str::to_owned)
    }

    /// Whether a rule can be expanded to its end for this picture.
    fn holds(&mut self, rule: &'a Rule) -> bool {
        let asked = rule.asks.as_ref().is_none_or(|(trait_type, value)| {
            self.subject.value(trait_type).is_some_and(|found| {
                value
                    .as_ref()
                    .is_none_or(|value| value.eq_ignore_ascii_case(found))
            })
        });
        asked
            && rule.parts.iter().all(|part| match part {
                Part::Words(_) => true,
                Part::Symbol { symbol, .. } => self.possible(symbol),
            })
    }

    fn possible(&mut self, symbol: &'a str) -> bool {
        if let Some(known) = self.possible.get(symbol) {
            return *known;
        }
        let grammar = self.grammar;
        let possible = match grammar.rules.get(symbol) {
            _ if self.is_its_name(symbol) => self.name.is_some(),
            Some(rules) => rules.iter().any(|rule| self.holds(rule)),
            None if symbol == ANY_TRAIT => self.subject.traits.iter().any(|one| says_something(&one.value)),
            None => self.subject.value(symbol).is_some(),
        };
        self.possible.insert(symbol, possible);
        possible
    }
}

/// 2 is II.
fn roman(mut number: usize) -> String {
    const SIGNS: [(usize, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let mut text = String::new();
    for (value, sign) in SIGNS {
        while number >= value {
            text.push_str(sign);
            number -= value;
        }
    }
    text
}

#[cfg(test)]
mod tests;
