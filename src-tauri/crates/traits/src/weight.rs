//! Visual weight: whether what is rare also catches the eye.
//!
//! A token's weight is the mean of its percentiles in what was measured: how far its picture is from those most like it
//! (*distinctiveness*), and how much of what catches the eye is gathered in one place (*saliency*, by the spectral residual:
//! X. Hou and L. Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007). A value's weight is what it adds to
//! that, everything else being equal: ridge regression on the values as indicators, so that a rare hat that always comes
//! with a loud background does not get the background's weight. [`spearman`] says how far rarity and weight go together.

mod saliency;

use std::collections::BTreeMap;

use salon_domain::Trait;

pub use saliency::{SIDE, concentration};

/// Strength of the ridge, in tokens: so many tokens of no effect stand against those that have a value.
const RIDGE: f64 = 2.0;
/// Sweeps over all values; each moves every value to its best, the others held.
const SWEEPS: usize = 60;

/// A value with what it weighs.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueWeight {
    /// The trait.
    pub of: Trait,
    /// How many tokens have it.
    pub count: u32,
    /// What having it adds to a token's weight, in percentiles (0 to 1).
    pub weight: f64,
}

/// Two values of one trait type of which the rarer weighs less.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The rarer one.
    pub rarer: ValueWeight,
    /// The more frequent one, that weighs more.
    pub commoner: ValueWeight,
}

/// Mid-ranks scaled to 0…1: equals share theirs. A single number gets one half.
pub fn percentiles(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    let mut found = vec![0.5; numbers.len()];
    if numbers.len() < 2 {
        return found;
    }
    let last = (numbers.len() - 1) as f64;
    let mut at = 0;
    while at < order.len() {
        let equals = order[at..]
            .iter()
            .take_while(|&&place| numbers[place].total_cmp(&numbers[order[at]]).is_eq())
            .count();
        let rank = f64::midpoint(at as f64, (at + equals - 1) as f64);
        for &place in &order[at..at + equals] {
            found[place] = rank / last;
        }
        at += equals;
    }
    found
}

/// Each token's weight: the mean of its percentiles in the measures, each as long as there are tokens.
pub fn of_tokens(measures: &[&[f64]]) -> Vec<f64> {
    let ranked: Vec<Vec<f64>> = measures.iter().map(|measure| percentiles(measure)).collect();
    let Some(first) = ranked.first() else {
        return vec![];
    };
    (0..first.len())
        .map(|place| ranked.iter().map(|ranks| ranks[place]).sum::<f64>() / ranked.len() as f64)
        .collect()
}

/// Spearman's ρ: how far two orders agree, from −1 to 1. None where one of them tells nothing apart.
pub fn spearman(one: &[f64], other: &[f64]) -> Option<f64> {
    let (one, other) = (percentiles(one), percentiles(other));
    let centred = |ranks: &[f64]| -> Vec<f64> {
        let mean = ranks.iter().sum::<f64>() / ranks.len().max(1) as f64;
        ranks.iter().map(|rank| rank - mean).collect()
    };
    let (one, other) = (centred(&one), centred(&other));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let spread = (dot(&one, &one) * dot(&other, &other)).sqrt();
    (spread > 1e-12).then(|| dot(&one, &other) / spread)
}

/// What each value weighs, by trait.
pub fn of_values(tokens: &[Vec<Trait>], weights: &[f64]) -> Vec<ValueWeight> {
    let mut having: BTreeMap<&Trait, Vec<usize>> = BTreeMap::new();
    for (place, traits) in tokens.iter().enumerate() {
        for one in traits {
            having.entry(one).or_default().push(place);
        }
    }
    let mean = weights.iter().sum::<f64>() / weights.len().max(1) as f64;
    let mut left: Vec<f64> = weights.iter().map(|weight| weight - mean).collect();
    let mut effects = vec![0.0; having.len()];
    for _ in 0..SWEEPS {
        for (effect, members) in effects.iter_mut().zip(having.values()) {
            let sum: f64 = members.iter().map(|&place| left[place] + *effect).sum();
            let best = sum / (members.len() as f64 + RIDGE);
            for &place in members {
                left[place] += *effect - best;
            }
            *effect = best;
        }
    }
    let found = having.into_iter().zip(effects);
    found
        .map(|((of, members), weight)| ValueWeight {
            of: of.clone(),
            count: members.len() as u32,
            weight,
        })
        .collect()
}

/// The pairs of values of one trait type of which the rarer weighs less by more than `slack`, the worst first.
pub fn violations(values: &[ValueWeight], slack: f64) -> Vec<Violation> {
    let mut found = vec![];
    for rarer in values {
        let commoner = values
            .iter()
            .filter(|one| one.of.trait_type == rarer.of.trait_type && one.count > rarer.count)
            .filter(|one| one.weight > rarer.weight + slack);
        found.extend(commoner.map(|commoner| Violation {
            rarer: rarer.clone(),
            commoner: commoner.clone(),
        }));
    }
    found.sort_by(|a, b| {
        (b.commoner.weight - b.rarer.weight).total_cmp(&(a.commoner.weight - a.rarer.weight))
    });
    found
}

/// How much each token does for ρ: high where it is rare and heavy, or common and light. As the quality of a balance it
/// raises ρ at the same targets.
pub fn going_together(rarity: &[f64], weights: &[f64]) -> Vec<f64> {
    let (rarity, weights) = (percentiles(rarity), percentiles(weights));
    rarity
        .iter()
        .zip(weights)
        .map(|(rarity, weight)| (rarity - 0.5) * (weight - 0.5))
        .collect()
}
