//! Everything that a configuration can come to under its rules: counted, expected, and drawn from.
//!
//! Layers that no rule ties together are independent, so each group of tied layers is looked at alone; within a group, variants
//! that all rules treat alike are one *class*, so that even large collections come to a few hundred cases. A group is drawn
//! layer by layer, those that a rule starts from first: each by its weights among what still leads somewhere. That is how
//! nftchef draws, except that nothing can be drawn that leads nowhere.

use std::collections::BTreeMap;

use serde::Serialize;

use super::rules::Excluded;
use super::{Collection, Place};
use crate::choose::keyed;

/// Steps after which a count is given up and what was found is a lower bound.
const MOST_STEPS: u64 = 2_000_000;

/// How many different editions there can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Feasible {
    /// The number, by DNA; at most 2^128 - 1.
    pub editions: u128,
    /// Whether it was counted to the end; else there are at least as many.
    pub exact: bool,
}

/// How often a trait is to be expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExpectedTrait {
    /// The layer's trait type.
    pub trait_type: String,
    /// The value.
    pub value: String,
    /// Its weight, as written.
    pub weight: f64,
    /// Editions, by weights and rules.
    pub expected: f64,
    /// Exactly this many, where a quota says so.
    pub quota: Option<u64>,
}

/// Variants of one place that every rule treats alike.
#[derive(Debug)]
struct Class {
    variants: Vec<usize>,
    weight: f64,
    fallback: bool,
    /// Per rule of the group: whether it is the rule's one, and its other.
    sides: Vec<(bool, bool)>,
}

/// Places that rules tie together, in the order of drawing.
#[derive(Debug)]
struct Group<'a> {
    places: Vec<usize>,
    rules: Vec<&'a Excluded>,
    /// Per place of the group.
    classes: Vec<Vec<Class>>,
}

/// What one configuration can come to.
#[derive(Debug)]
pub(super) struct Space<'a> {
    places: &'a [Place],
    groups: Vec<Group<'a>>,
}

/// Where draws come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub seed: u64,
    pub edition: u64,
    pub attempt: u64,
}

impl Key {
    /// A number in 0..1 for `label`.
    fn unit(self, label: &str, salt: u64) -> f64 {
        let random = keyed(
            self.seed ^ salon_domain::mix(self.attempt.wrapping_add(salt << 32)),
            self.edition,
            label,
        );
        (random >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl<'a> Space<'a> {
    pub fn new(places: &'a [Place], excluded: &'a [Excluded], configuration: usize) -> Self {
        let rules: Vec<&Excluded> = excluded
            .iter()
            .filter(|rule| rule.configuration == configuration)
            .collect();
        Self::with(places, &rules)
    }

    fn with(places: &'a [Place], rules: &[&'a Excluded]) -> Self {
        let mut group_of: Vec<usize> = (0..places.len()).collect();
        for rule in rules {
            let (from, to) = (group_of[rule.one.place], group_of[rule.other.place]);
            for group in &mut group_of {
                if *group == from {
                    *group = to;
                }
            }
        }
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, group) in group_of.iter().enumerate() {
            members.entry(*group).or_default().push(place);
        }
        let groups = members
            .into_values()
            .map(|members| {
                let rules: Vec<&Excluded> = rules
                    .iter()
                    .copied()
                    .filter(|rule| members.contains(&rule.one.place))
                    .collect();
                let order = drawing_order(&members, &rules);
                let classes = order
                    .iter()
                    .map(|place| classes(places, *place, &rules))
                    .collect();
                Group {
                    places: order,
                    rules,
                    classes,
                }
            })
            .collect();
        Self { places, groups }
    }

    /// How many different editions there are.
    pub fn count(&self) -> Feasible {
        let mut all = Feasible {
            editions: 1,
            exact: true,
        };
        for group in &self.groups {
            let mut steps = 0;
            let mut picked = Vec::new();
            let found = group.count(self.places, &mut picked, &mut steps);
            all.editions = all.editions.saturating_mul(found);
            all.exact &= steps <= MOST_STEPS;
        }
        all
    }

    /// Whether there is any edition in which the places of `fixed` are as it says.
    pub fn leads_somewhere(&self, fixed: &[Option<usize>]) -> bool {
        self.groups
            .iter()
            .all(|group| group.exists(&mut Vec::new(), fixed))
    }

    /// The chance of every variant of every place, by weights and rules.
    pub fn chances(&self) -> Vec<Vec<f64>> {
        let mut chances: Vec<Vec<f64>> = self
            .places
            .iter()
            .map(|place| vec![0.0; place.variants.len()])
            .collect();
        for group in &self.groups {
            let mut steps = 0;
            let mut shares: Vec<Vec<f64>> = group.classes.iter().map(|all| vec![0.0; all.len()]).collect();
            group.share(&mut Vec::new(), 1.0, &mut shares, &mut steps);
            for ((place, classes), shares) in group.places.iter().zip(&group.classes).zip(&shares) {
                for (class, share) in classes.iter().zip(shares) {
                    for variant in &class.variants {
                        let weight = self.places[*place].variants[*variant].weight;
                        let within = if class.weight > 0.0 {
                            weight / class.weight
                        } else {
                            1.0
                        };
                        chances[*place][*variant] = share * within;
                    }
                }
            }
        }
        chances
    }

    /// One edition, with the places of `fixed` as it says; `None` where that leads nowhere.
    pub fn draw(&self, key: Key, fixed: &[Option<usize>]) -> Option<Vec<usize>> {
        let mut picks = vec![0; self.places.len()];
        for group in &self.groups {
            let mut picked: Vec<usize> = Vec::new();
            for (depth, place) in group.places.iter().enumerate() {
                let label = &self.places[*place].layer;
                let choices = group.choices(&mut picked, fixed);
                // The same layer may stand in the stack twice; its second draw is another one.
                let chosen = weighted(
                    &choices,
                    |class| group.classes[depth][class].weight,
                    key.unit(label, 2 * *place as u64),
                )?;
                let class = &group.classes[depth][chosen];
                picks[*place] = match fixed.get(*place).copied().flatten() {
                    Some(variant) => variant,
                    None => weighted(
                        &class.variants,
                        |variant| self.places[*place].variants[variant].weight,
                        key.unit(label, 2 * *place as u64 + 1),
                    )?,
                };
                picked.push(chosen);
            }
        }
        Some(picks)
    }

    /// Every edition, each once per DNA: bypassed layers are drawn. Only for small spaces.
    pub fn all(&self, most: usize, key: Key) -> Vec<Vec<usize>> {
        let mut all = vec![vec![None; self.places.len()]];
        for (at, place) in self.places.iter().enumerate() {
            if place.bypass_dna {
                continue;
            }
            let mut longer = Vec::new();
            for picks in &all {
                for variant in 0..place.variants.len() {
                    let mut picks: Vec<Option<usize>> = picks.clone();
                    picks[at] = Some(variant);
                    if self.leads_somewhere(&picks) {
                        longer.push(picks);
                    }
                    if longer.len() > most {
                        return Vec::new();
                    }
                }
            }
            all = longer;
        }
        all.iter().filter_map(|fixed| self.draw(key, fixed)).collect()
    }
}

/// Places that rules start from come before those they speak of; else the order of the stack.
fn drawing_order(members: &[usize], rules: &[&Excluded]) -> Vec<usize> {
    let mut left = members.to_vec();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let free = left.iter().position(|place| {
            rules.iter().all(|rule| {
                rule.other.place != *place || rule.one.place == *place || !left.contains(&rule.one.place)
            })
        });
        order.push(left.remove(free.unwrap_or(0)));
    }
    order
}

fn classes(places: &[Place], place: usize, rules: &[&Excluded]) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    for (number, variant) in places[place].variants.iter().enumerate() {
        if variant.weight <= 0.0 && !variant.fallback {
            continue;
        }
        let sides: Vec<(bool, bool)> = rules
            .iter()
            .map(|rule| {
                (
                    rule.one.place == place && rule.one.has(number),
                    rule.other.place == place && rule.other.has(number),
                )
            })
            .collect();
        // What a rule excludes from itself is never there.
        if sides.iter().any(|(one, other)| *one && *other) {
            continue;
        }
        match classes
            .iter_mut()
            .find(|class| class.sides == sides && class.fallback == variant.fallback)
        {
            Some(class) => {
                class.variants.push(number);
                class.weight += variant.weight;
            }
            None => classes.push(Class {
                variants: vec![number],
                weight: variant.weight,
                fallback: variant.fallback,
                sides,
            }),
        }
    }
    classes
}

impl Group<'_> {
    /// Whether `class` of the next place goes with what is picked.
    fn fits(&self, picked: &[usize], class: &Class) -> bool {
        (0..self.rules.len()).all(|rule| {
            let (one, other) = class.sides[rule];
            (!one && !other)
                || picked.iter().enumerate().all(|(depth, earlier)| {
                    let sides = self.classes[depth][*earlier].sides[rule];
                    !(one && sides.1 || other && sides.0)
                })
        })
    }

    /// The classes of the next place that fit and lead somewhere; a fallback only where nothing else does.
    fn choices(&self, picked: &mut Vec<usize>, fixed: &[Option<usize>]) -> Vec<usize> {
        let depth = picked.len();
        let classes = &self.classes[depth];
        let wanted = fixed.get(self.places[depth]).copied().flatten();
        for fallback in [false, true] {
            let mut found = Vec::new();
            for (number, class) in classes.iter().enumerate() {
                if class.fallback != fallback
                    || wanted.is_some_and(|variant| !class.variants.contains(&variant))
                    || !self.fits(picked, class)
                {
                    continue;
                }
                picked.push(number);
                if self.exists(picked, fixed) {
                    found.push(number);
                }
                picked.pop();
            }
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// Whether what is picked can be completed.
    fn exists(&self, picked: &mut Vec<usize>, fixed: &[Option<usize>]) -> bool {
        let depth = picked.len();
        let Some(classes) = self.classes.get(depth) else {
            return true;
        };
        let wanted = fixed.get(self.places[depth]).copied().flatten();
        (0..classes.len()).any(|number| {
            let class = &classes[number];
            if wanted.is_some_and(|variant| !class.variants.contains(&variant)) || !self.fits(picked, class) {
                return false;
            }
            picked.push(number);
            let found = self.exists(picked, fixed);
            picked.pop();
            found
        })
    }

    /// How many completions of what is picked differ where it counts.
    fn count(&self, places: &[Place], picked: &mut Vec<usize>, steps: &mut u64) -> u128 {
        let depth = picked.len();
        let Some(place) = self.places.get(depth) else {
            return 1;
        };
        *steps += 1;
        if *steps > MOST_STEPS {
            return 0;
        }
        let mut sum: u128 = 0;
        for class in self.choices(picked, &[]) {
            picked.push(class);
            let rest = self.count(places, picked, steps);
            picked.pop();
            if places[*place].bypass_dna {
                // The rest is the same for all of them, or at least the most of them.
                sum = sum.max(rest);
            } else {
                sum = sum
                    .saturating_add(rest.saturating_mul(self.classes[depth][class].variants.len() as u128));
            }
        }
        sum
    }

    fn share(&self, picked: &mut Vec<usize>, chance: f64, shares: &mut [Vec<f64>], steps: &mut u64) {
        let depth = picked.len();
        *steps += 1;
        if depth == self.places.len() || *steps > MOST_STEPS {
            return;
        }
        let choices = self.choices(picked, &[]);
        let total: f64 = choices
            .iter()
            .map(|class| self.classes[depth][*class].weight)
            .sum();
        for class in &choices {
            let weight = self.classes[depth][*class].weight;
            let chance = chance
                * if total > 0.0 {
                    weight / total
                } else {
                    1.0 / choices.len() as f64
                };
            shares[depth][*class] += chance;
            picked.push(*class);
            self.share(picked, chance, shares, steps);
            picked.pop();
        }
    }
}

/// The one of `all` that `unit` (0 to 1) falls on, by weight.
pub(super) fn weighted(all: &[usize], weight: impl Fn(usize) -> f64, unit: f64) -> Option<usize> {
    let total: f64 = all.iter().map(|one| weight(*one)).sum();
    let mut left = unit * total;
    for one in all {
        left -= weight(*one);
        if left < 0.0 {
            return Some(*one);
        }
    }
    // Rounding, or weights that are all 0.
    all.iter()
        .copied()
        .rev()
        .find(|one| weight(*one) > 0.0)
        .or(all.first().copied())
}

impl Collection {
    pub(super) fn space(&self, configuration: usize) -> Space<'_> {
        Space::new(
            &self.configurations[configuration].places,
            &self.excluded,
            configuration,
        )
    }

    /// How many different editions each configuration can make.
    pub fn feasible(&self) -> Vec<Feasible> {
        (0..self.configurations.len())
            .map(|configuration| self.space(configuration).count())
            .collect()
    }

    /// How often each trait is to be expected among `count` editions of the collection, in the order of the stack.
    pub fn expected(&self, count: u64) -> Vec<ExpectedTrait> {
        let mut all: Vec<ExpectedTrait> = Vec::new();
        let shares = self.shares(count);
        for (configuration, editions) in shares.into_iter().enumerate() {
            let chances = self.space(configuration).chances();
            for (place, chances) in self.configurations[configuration].places.iter().zip(chances) {
                for (variant, chance) in place.variants.iter().zip(chances) {
                    if variant.fallback {
                        continue;
                    }
                    let expected = chance * editions as f64;
                    match all
                        .iter_mut()
                        .find(|one| one.trait_type == place.trait_type && one.value == variant.name)
                    {
                        Some(known) => {
                            known.expected += expected;
                        }
                        None => all.push(ExpectedTrait {
                            trait_type: place.trait_type.clone(),
                            value: variant.name.clone(),
                            weight: variant.weight,
                            expected,
                            quota: self.quota_of(place, &variant.name),
                        }),
                    }
                }
            }
        }
        all
    }

    fn quota_of(&self, place: &Place, value: &str) -> Option<u64> {
        let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        self.wishes
            .quotas
            .iter()
            .find(|quota| {
                (same(&quota.of.layer, &place.layer) || same(&quota.of.layer, &place.trait_type))
                    && same(&quota.of.value, value)
            })
            .map(|quota| quota.count)
    }

    /// Tells what the rules leave nothing of, before anything is drawn.
    pub(super) fn check_space(&mut self) {
        let mut problems = super::problems::Problems {
            all: std::mem::take(&mut self.problems),
        };
        for configuration in 0..self.configurations.len() {
            let places = &self.configurations[configuration].places;
            let space = self.space(configuration);
            if !space.leads_somewhere(&[]) {
                let words = self.least_conflict(configuration).join("; ");
                let message =
                    format!("these rules together leave nothing to draw: {words}. Take one of them out");
                problems.fault(self.rules_place(), message);
                continue;
            }
            let chances = space.chances();
            for (place, chances) in places.iter().zip(&chances) {
                for (variant, chance) in place.variants.iter().zip(chances) {
                    if *chance <= 0.0 && variant.weight > 0.0 && !variant.fallback {
                        let message = format!(
                            "the rules never let \"{}: {}\" be drawn",
                            place.trait_type, variant.name
                        );
                        problems.warn(self.rules_place(), message);
                    }
                }
            }
            let wanted = self.configurations[configuration].editions;
            let found = space.count();
            if found.exact && u128::from(wanted) > found.editions {
                problems.fault(
                    self.count_place(),
                    format!(
                        "{wanted} editions are asked for, and only {} different ones can be made; add traits, lower the number, or let a layer bypass the DNA",
                        found.editions
                    ),
                );
            }
        }
        problems.all.sort_by_key(|problem| problem.severity);
        self.problems = problems.all;
    }

    fn rules_place(&self) -> &'static str {
        if self.wishes.rules.is_empty() {
            super::config::CONFIG
        } else {
            super::wishes::WISHES
        }
    }

    fn count_place(&self) -> &'static str {
        match self.engine {
            super::Engine::HashLips | super::Engine::NftChef => super::config::CONFIG,
            _ => super::wishes::WISHES,
        }
    }

    /// A smallest set of rules that leaves nothing: every one of them is needed for that.
    fn least_conflict(&self, configuration: usize) -> Vec<String> {
        let places = &self.configurations[configuration].places;
        let mut rules: Vec<&Excluded> = self
            .excluded
            .iter()
            .filter(|rule| rule.configuration == configuration)
            .collect();
        let mut numbers: Vec<usize> = rules.iter().map(|rule| rule.rule).collect();
        numbers.dedup();
        for number in numbers {
            let without: Vec<&Excluded> = rules.iter().copied().filter(|rule| rule.rule != number).collect();
            if !Space::with(places, &without).leads_somewhere(&[]) {
                rules = without;
            }
        }
        let mut words: Vec<String> = rules.iter().map(|rule| rule.words.clone()).collect();
        words.dedup();
        words
    }
}
