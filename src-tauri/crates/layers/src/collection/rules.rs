//! What goes together: rules as they are written, and as sets of variants that must not meet.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::config::{CONFIG, NameRule};
use super::problems::Problems;
use super::wishes::{TraitName, WISHES};
use super::{Configuration, Place};

/// A rule of `collection.json`. Rules hold whatever the order of layers and of rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// No edition has both.
    Excludes {
        /// The one.
        one: TraitName,
        /// The other.
        other: TraitName,
    },
    /// An edition that has the first has the second.
    Requires {
        /// Where this is,
        when: TraitName,
        /// this must be.
        then: TraitName,
    },
    /// At most so many editions have it.
    AtMost {
        /// The trait.
        of: TraitName,
        /// The number of editions.
        count: u64,
    },
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Excludes { one, other } => write!(out, "{one} excludes {other}"),
            Self::Requires { when, then } => write!(out, "{when} requires {then}"),
            Self::AtMost { of, count } => write!(out, "at most {count} of {of}"),
        }
    }
}

/// Variants of a place by number: which of them are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meant {
    pub place: usize,
    pub variants: Vec<bool>,
}

impl Meant {
    pub fn has(&self, variant: usize) -> bool {
        self.variants.get(variant).copied().unwrap_or(false)
    }
}

/// Variants of two places that never stand in one edition, in one configuration, and the rule in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excluded {
    pub configuration: usize,
    pub one: Meant,
    pub other: Meant,
    /// Which rule, for messages: several of these may come from one.
    pub rule: usize,
    pub words: String,
}

/// The place called `layer`, by folder or trait type.
pub(super) fn place_named(places: &[Place], layer: &str) -> Option<usize> {
    let same = |name: &str| name.to_lowercase() == layer.to_lowercase();
    places
        .iter()
        .position(|place| same(&place.layer))
        .or_else(|| places.iter().position(|place| same(&place.trait_type)))
}

/// The variants that `name` means in `places`.
pub(super) fn meant(places: &[Place], name: &TraitName) -> Option<Meant> {
    let place = place_named(places, &name.layer)?;
    let wanted = name.value.to_lowercase();
    let variants: Vec<bool> = places[place]
        .variants
        .iter()
        .map(|variant| variant.name.to_lowercase() == wanted)
        .collect();
    variants.contains(&true).then_some(Meant { place, variants })
}

/// All variants, in any place, that are called `name` or lie in a folder called so.
fn by_name(places: &[Place], name: &str) -> Vec<Meant> {
    let mut all = Vec::new();
    for (at, place) in places.iter().enumerate() {
        let variants: Vec<bool> = place
            .variants
            .iter()
            .map(|variant| variant.names.iter().any(|one| one == name))
            .collect();
        if variants.contains(&true) {
            all.push(Meant { place: at, variants });
        }
    }
    all
}

/// All rules as pairs that exclude each other.
pub(super) struct Compiler<'a> {
    pub configurations: &'a mut [Configuration],
    pub problems: &'a mut Problems,
    pub excluded: Vec<Excluded>,
    rules: usize,
}

impl<'a> Compiler<'a> {
    pub fn new(configurations: &'a mut [Configuration], problems: &'a mut Problems) -> Self {
        Self {
            configurations,
            problems,
            excluded: Vec::new(),
            rules: 0,
        }
    }

    /// Rules of `collection.json`; a name that is in no configuration is a fault.
    pub fn wishes(&mut self, rules: &[Rule]) {
        for rule in rules {
            self.rules += 1;
            let (one, other, requires) = match rule {
                Rule::Excludes { one, other } => (one, other, false),
                Rule::Requires { when, then } => (when, then, true),
                Rule::AtMost { of, .. } => (of, of, false),
            };
            let mut found = [false; 2];
            for configuration in 0..self.configurations.len() {
                let places = &self.configurations[configuration].places;
                let (first, second) = (meant(places, one), meant(places, other));
                found[0] |= first.is_some();
                found[1] |= second.is_some();
                let (Some(first), Some(mut second)) = (first, second) else {
                    continue;
                };
                if matches!(rule, Rule::AtMost { .. }) {
                    continue;
                }
                if requires {
                    second
                        .variants
                        .iter_mut()
                        .for_each(|variant| *variant = !*variant);
                }
                self.exclude(configuration, first, second, &rule.to_string());
            }
            for (name, found) in [one, other].into_iter().zip(found) {
                if !found {
                    self.problems.fault(
                        WISHES,
                        format!("the rule \"{rule}\" names {name}, which no layer has; correct the name"),
                    );
                }
            }
        }
    }

    fn exclude(&mut self, configuration: usize, one: Meant, other: Meant, words: &str) {
        self.excluded.push(Excluded {
            configuration,
            one,
            other,
            rule: self.rules,
            words: words.to_owned(),
        });
    }

    /// nftchef's `incompatible`: whichever of the two is drawn first.
    pub fn incompatible(&mut self, rules: &[NameRule]) {
        for rule in rules {
            for name in &rule.names {
                self.rules += 1;
                self.names(rule, name, false);
            }
        }
        self.add_fallbacks();
    }

    /// nftchef's `forcedCombinations`.
    pub fn forced(&mut self, rules: &[NameRule]) {
        for rule in rules {
            for name in &rule.names {
                self.rules += 1;
                self.names(rule, name, true);
            }
        }
    }

    fn names(&mut self, rule: &NameRule, name: &str, requires: bool) {
        let place = format!("{CONFIG}:{}", rule.line);
        let key = &rule.key;
        let verb = if requires { "requires" } else { "excludes" };
        let words = format!("{key} {verb} {name}");
        let mut known = [false; 2];
        for configuration in 0..self.configurations.len() {
            let places = &self.configurations[configuration].places;
            let (firsts, seconds) = (by_name(places, key), by_name(places, name));
            for (all, (known, name)) in [&firsts, &seconds]
                .into_iter()
                .zip(known.iter_mut().zip([key.as_str(), name]))
            {
                *known |= !all.is_empty();
                if all.len() > 1 {
                    let layers: Vec<&str> = all.iter().map(|one| places[one.place].layer.as_str()).collect();
                    self.problems.warn(
                        place.clone(),
                        format!(
                            "\"{name}\" is in the layers {}; the rule holds for all of them",
                            layers.join(", ")
                        ),
                    );
                }
            }
            for first in &firsts {
                for second in &seconds {
                    if first.place == second.place && !requires {
                        continue;
                    }
                    if second.place < first.place {
                        self.problems.warn(
                            place.clone(),
                            format!("the engine looks at \"{words}\" only when \"{key}\" is drawn first, and it is not; here the rule always holds"),
                        );
                    }
                    let mut second = second.clone();
                    if requires {
                        second
                            .variants
                            .iter_mut()
                            .for_each(|variant| *variant = !*variant);
                    }
                    self.exclude(configuration, first.clone(), second, &words);
                }
            }
        }
        for (known, name) in known.into_iter().zip([key.as_str(), name]) {
            if !known {
                let message = format!(
                    "\"{name}\" is no file or folder of any layer, so \"{words}\" does nothing; correct the name"
                );
                self.problems.warn(place.clone(), message);
            }
        }
    }

    /// A layer of which nothing is compatible is left out, as the engine does.
    fn add_fallbacks(&mut self) {
        for at in 0..self.configurations.len() {
            for place in 0..self.configurations[at].places.len() {
                let of_place = |excluded: &Excluded| {
                    [&excluded.one, &excluded.other]
                        .into_iter()
                        .find(|meant| meant.place == place)
                        .filter(|_| excluded.configuration == at)
                        .cloned()
                };
                let touching: Vec<Meant> = self.excluded.iter().filter_map(of_place).collect();
                let variants = &mut self.configurations[at].places[place].variants;
                let all_excluded = !variants.is_empty()
                    && (0..variants.len()).all(|variant| touching.iter().any(|meant| meant.has(variant)));
                if all_excluded && !variants.iter().any(|variant| variant.fallback) {
                    variants.push(super::Variant {
                        name: String::new(),
                        names: Vec::new(),
                        weight: 0.0,
                        parts: Vec::new(),
                        traits: Vec::new(),
                        fallback: true,
                    });
                }
            }
        }
    }
}
