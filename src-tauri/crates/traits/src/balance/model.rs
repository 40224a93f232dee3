//! The question in numbers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Choice, Proof, Realised, Token, Wanted};
use crate::schema::Rule;
use crate::words::normalize;
use crate::{Result, TraitsError};

/// How often something may occur in the set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gauge {
    pub low: u32,
    pub high: u32,
    /// Whether it must hold; otherwise every token outside costs one of deviation.
    pub hard: bool,
}

impl Gauge {
    pub fn outside(&self, count: u32) -> u32 {
        self.low.saturating_sub(count) + count.saturating_sub(self.high)
    }
}

/// Tokens that may be chosen, and what they count for.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub size: usize,
    /// Places in the pool of the tokens that may be chosen.
    pub places: Vec<usize>,
    /// Quality of each of those, scaled to 0…1.
    pub quality: Vec<f64>,
    /// What each of those counts for.
    pub counts_for: Vec<Vec<u32>>,
    /// Those of which it and the other cannot both be chosen.
    pub alike: Vec<Vec<u32>>,
    pub keep: Vec<bool>,
    /// First the goals in their order, then what is hard.
    pub gauges: Vec<Gauge>,
    goals: usize,
    least: f64,
    spread: f64,
}

/// Which conditions of the question count: all of them, or those of a subset that is tested for conflicts.
pub(super) trait Counts {
    fn rule(&self, place: usize) -> bool;
    fn goal(&self, place: usize) -> bool;
    fn keep(&self, place: usize) -> bool;
    fn alike(&self) -> bool;
    fn drop(&self) -> bool;
}

/// All of them.
pub(super) struct All;

impl Counts for All {
    fn rule(&self, _: usize) -> bool {
        true
    }
    fn goal(&self, _: usize) -> bool {
        true
    }
    fn keep(&self, _: usize) -> bool {
        true
    }
    fn alike(&self) -> bool {
        true
    }
    fn drop(&self) -> bool {
        true
    }
}

/// Refuses a question that makes no sense, by the name of what is wrong.
pub(super) fn checked(pool: &[Token], wanted: &Wanted) -> Result<()> {
    if let Some(token) = pool.iter().find(|token| !token.quality.is_finite()) {
        return Err(TraitsError::Quality {
            token: token.name.clone(),
        });
    }
    let pairs = wanted.alike.iter().flat_map(|pair| [pair.0, pair.1]);
    let named = pairs
        .chain(wanted.keep.iter().copied())
        .chain(wanted.drop.iter().copied());
    for place in named {
        if place >= pool.len() {
            return Err(TraitsError::NoSuchToken {
                place,
                pool: pool.len(),
            });
        }
    }
    let mut seen = BTreeSet::new();
    for goal in &wanted.goals {
        if !seen.insert((normalize(&goal.of.trait_type), normalize(&goal.of.value))) {
            return Err(TraitsError::SameGoals {
                of: format!("{} = {}", goal.of.trait_type, goal.of.value),
            });
        }
    }
    Ok(())
}

impl Model {
    /// The question; none when a token that must stay may not be chosen.
    pub fn new(pool: &[Token], wanted: &Wanted, counts: &impl Counts) -> Option<Self> {
        let dropped: BTreeSet<usize> = if counts.drop() {
            wanted.drop.iter().copied().collect()
        } else {
            BTreeSet::new()
        };
        let kept: BTreeSet<usize> = wanted
            .keep
            .iter()
            .enumerate()
            .filter(|(place, _)| counts.keep(*place))
            .map(|(_, token)| *token)
            .collect();
        let rules: Vec<&Rule> = wanted
            .rules
            .iter()
            .enumerate()
            .filter(|(place, _)| counts.rule(*place))
            .map(|(_, rule)| rule)
            .collect();
        let admitted = |place: &usize| {
            !dropped.contains(place) && rules.iter().all(|rule| rule.kept_by(&pool[*place].traits))
        };
        if !kept.iter().all(admitted) {
            return None;
        }
        let places: Vec<usize> = (0..pool.len()).filter(admitted).collect();

        let mut gauges: Vec<Gauge> = vec![];
        let mut by_trait: BTreeMap<(String, String), Vec<u32>> = BTreeMap::new();
        let key = |of: &salon_domain::Trait| (normalize(&of.trait_type), normalize(&of.value));
        for goal in &wanted.goals {
            by_trait
                .entry(key(&goal.of))
                .or_default()
                .push(gauges.len() as u32);
            gauges.push(Gauge {
                low: goal.count,
                high: goal.count,
                hard: false,
            });
        }
        for (place, goal) in wanted.goals.iter().enumerate() {
            if let Some(within) = goal.within.filter(|_| counts.goal(place)) {
                by_trait
                    .entry(key(&goal.of))
                    .or_default()
                    .push(gauges.len() as u32);
                gauges.push(Gauge {
                    low: goal.count.saturating_sub(within),
                    high: goal.count.saturating_add(within),
                    hard: true,
                });
            }
        }
        let mut caps = vec![];
        for rule in &rules {
            if let Rule::AtMost { of, count } = rule {
                caps.push((of, gauges.len() as u32));
                gauges.push(Gauge {
                    low: 0,
                    high: *count,
                    hard: true,
                });
            }
        }
        // The same few words stand on thousands of tokens.
        let mut words: HashMap<&str, String> = HashMap::new();
        let mut counts_for = Vec::with_capacity(places.len());
        for &place in &places {
            let mut counted = BTreeSet::new();
            for one in &pool[place].traits {
                let mut word = |text| words.entry(text).or_insert_with(|| normalize(text)).clone();
                let key = (word(one.trait_type.as_str()), word(one.value.as_str()));
                counted.extend(by_trait.get(&key).into_iter().flatten().copied());
            }
            let capped = caps.iter().filter(|(of, _)| of.holds(&pool[place].traits));
            counted.extend(capped.map(|(_, gauge)| *gauge));
            counts_for.push(counted.into_iter().collect());
        }

        let mut alike = vec![vec![]; places.len()];
        if counts.alike() {
            let pairs: BTreeSet<(usize, usize)> = wanted
                .alike
                .iter()
                .filter(|(a, b)| a != b)
                .map(|&(a, b)| (a.min(b), a.max(b)))
                .collect();
            for (a, b) in pairs {
                if let (Ok(a), Ok(b)) = (places.binary_search(&a), places.binary_search(&b)) {
                    alike[a].push(b as u32);
                    alike[b].push(a as u32);
                }
            }
        }
        let raw = || places.iter().map(|&place| pool[place].quality);
        let least = raw().fold(f64::INFINITY, f64::min);
        let spread = raw().fold(f64::NEG_INFINITY, f64::max) - least;
        let scale = |quality: f64| {
            if spread > 0.0 {
                (quality - least) / spread
            } else {
                0.0
            }
        };
        Some(Self {
            size: wanted.size as usize,
            quality: raw().map(scale).collect(),
            keep: places.iter().map(|place| kept.contains(place)).collect(),
            places,
            counts_for,
            alike,
            gauges,
            goals: wanted.goals.len(),
            least,
            spread,
        })
    }

    /// W: what one of deviation costs in quality. More than the whole set can have.
    pub fn weight(&self) -> f64 {
        self.size as f64 + 1.0
    }

    /// How often each gauge is met by `chosen`, indices of tokens that may be chosen.
    pub fn count(&self, chosen: &[usize]) -> Vec<u32> {
        let mut counts = vec![0; self.gauges.len()];
        for &token in chosen {
            for &gauge in &self.counts_for[token] {
                counts[gauge as usize] += 1;
            }
        }
        counts
    }

    /// (What is broken, the deviation) of counts.
    pub fn outside(&self, counts: &[u32]) -> (u32, u32) {
        let (mut broken, mut deviation) = (0, 0);
        for (gauge, count) in self.gauges.iter().zip(counts) {
            if gauge.hard {
                broken += gauge.outside(*count);
            } else {
                deviation += gauge.outside(*count);
            }
        }
        (broken, deviation)
    }

    /// The answer, from indices of tokens that may be chosen; `bound` is an upper bound of Σ q − W·deviation over all sets.
    pub fn choice(&self, wanted: &Wanted, mut chosen: Vec<usize>, bound: f64) -> Choice {
        chosen.sort_unstable();
        let counts = self.count(&chosen);
        let (broken, deviation) = self.outside(&counts);
        let realised = wanted
            .goals
            .iter()
            .zip(&counts[..self.goals])
            .map(|(goal, count)| Realised {
                of: goal.of.clone(),
                goal: goal.count,
                count: *count,
            })
            .collect();
        let size = chosen.len().max(1) as f64;
        let unscaled = |mean: f64| {
            if self.spread > 0.0 {
                self.least + self.spread * mean
            } else {
                self.least.min(f64::MAX)
            }
        };
        let sum: f64 = chosen.iter().map(|&token| self.quality[token]).sum();
        // Σq − W·D ≤ bound, and Σq ≥ 0; what is left of 1 in a million is the solver's tolerance.
        let least_deviation = (-bound / self.weight() - 1e-6).ceil().max(0.0) as u32;
        let most_quality = ((bound + self.weight() * f64::from(deviation)) / size).clamp(sum / size, 1.0);
        Choice {
            broken: broken + self.size.abs_diff(chosen.len()) as u32,
            realised,
            deviation,
            quality: if chosen.is_empty() {
                0.0
            } else {
                unscaled(sum / size)
            },
            proof: Proof {
                deviation_at_least: least_deviation.min(deviation),
                quality_at_most: if chosen.is_empty() {
                    0.0
                } else {
                    unscaled(most_quality)
                },
            },
            chosen: chosen.into_iter().map(|token| self.places[token]).collect(),
        }
    }
}
