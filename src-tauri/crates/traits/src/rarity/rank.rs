//! Scores and ranks.

use serde::{Deserialize, Serialize};

use super::collection::{Collection, TRAIT_COUNT, TraitType};
use crate::Result;

/// A formula for rarity; see [the table](super).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Information content over the collection's entropy; the open standard.
    OpenRarity,
    /// The sum of 1/p: what rarity.tools calls the rarity score.
    RarityTools,
    /// The product of p: the chance to draw these traits if they were independent.
    Statistical,
    /// The mean of p: average trait rarity.
    Average,
    /// The arithmetic mean of 1/p.
    Arithmetic,
    /// The harmonic mean of 1/p; without weights it ranks as [`Method::Average`] does.
    Harmonic,
}

impl Method {
    /// All of them, in the order in which reports list them.
    pub const ALL: [Self; 6] = [
        Self::OpenRarity,
        Self::RarityTools,
        Self::Statistical,
        Self::Average,
        Self::Arithmetic,
        Self::Harmonic,
    ];

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenRarity => "OpenRarity",
            Self::RarityTools => "rarity.tools",
            Self::Statistical => "statistical",
            Self::Average => "average",
            Self::Arithmetic => "arithmetic mean",
            Self::Harmonic => "harmonic mean",
        }
    }

    /// Whether a rarer token has the higher score.
    pub fn higher_is_rarer(self) -> bool {
        !matches!(self, Self::Statistical | Self::Average)
    }
}

/// What the formulas other than `OpenRarity` leave open. The default is how the formulas are usually quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weighting {
    /// Whether the number of traits counts as a trait. `OpenRarity` always has it.
    pub trait_count: bool,
    /// Whether each trait type weighs 1 ÷ (number of its values), so that a type of many values does not count for more.
    /// Takes part in [`Method::RarityTools`], [`Method::Arithmetic`] and [`Method::Harmonic`].
    pub normalized: bool,
}

impl Default for Weighting {
    fn default() -> Self {
        Self {
            trait_count: true,
            normalized: false,
        }
    }
}

/// What a formula says of every token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// The formula.
    pub method: Method,
    /// A score for each token, in the order of the collection.
    pub scores: Vec<f64>,
    /// A rank for each token, 1 the rarest; equals share the better rank and leave the next ones empty: 1, 2, 2, 4.
    pub ranks: Vec<u32>,
}

/// Scores within this relative distance are the same (Python's `math.isclose`, which the reference uses).
const CLOSE: f64 = 1e-9;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= CLOSE * a.abs().max(b.abs())
}

/// Ranks every token of a collection.
///
/// [`Method::OpenRarity`] sorts by the number of unique traits, then by score, both falling, and lets neighbours of the same
/// score share a rank *whatever their unique traits*, as the reference does. The other formulas sort by score alone.
///
/// # Errors
/// [`crate::TraitsError::NumericTraits`] for [`Method::OpenRarity`], when a token has a trait that holds a number or a date.
pub fn rank(collection: &Collection, method: Method, weighting: Weighting) -> Result<Ranking> {
    let (scores, first) = if method == Method::OpenRarity {
        collection.only_words()?;
        (open_rarity(collection), collection.unique_traits())
    } else {
        (quoted(collection, method, weighting), vec![0; collection.len()])
    };
    let sign = if method.higher_is_rarer() { -1.0 } else { 1.0 };
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| {
        let rarer_first = (sign * scores[a]).total_cmp(&(sign * scores[b]));
        first[b].cmp(&first[a]).then(rarer_first).then(a.cmp(&b))
    });
    let mut ranks = vec![0; scores.len()];
    for (place, &token) in order.iter().enumerate() {
        ranks[token] = match place.checked_sub(1).map(|before| order[before]) {
            Some(before) if close(scores[token], scores[before]) => ranks[before],
            _ => place as u32 + 1,
        };
    }
    Ok(Ranking {
        method,
        scores,
        ranks,
    })
}

/// Σ log₂(1/p) ÷ H; H = 0 (all tokens alike) counts as 1.
fn open_rarity(collection: &Collection) -> Vec<f64> {
    let total = collection.len() as f64;
    let entropy = collection.entropy();
    let entropy = if entropy == 0.0 { 1.0 } else { entropy };
    collection
        .shared()
        .map(|traits| {
            let bits: f64 = traits.map(|(_, tokens)| (total / f64::from(tokens)).log2()).sum();
            bits / entropy
        })
        .collect()
}

fn quoted(collection: &Collection, method: Method, weighting: Weighting) -> Vec<f64> {
    let total = collection.len() as f64;
    let weight = |of: &TraitType| {
        if weighting.normalized && method != Method::Statistical && method != Method::Average {
            1.0 / of.values.len() as f64
        } else {
            1.0
        }
    };
    collection
        .shared()
        .map(|traits| {
            let mut weights = 0.0;
            let mut sum = 0.0;
            let mut product = 1.0;
            for (of, tokens) in traits {
                if !weighting.trait_count && of.name == TRAIT_COUNT {
                    continue;
                }
                let share = f64::from(tokens) / total;
                weights += weight(of);
                product *= share;
                sum += match method {
                    Method::Average | Method::Harmonic => weight(of) * share,
                    _ => weight(of) / share,
                };
            }
            match method {
                Method::Statistical => product,
                Method::RarityTools | Method::OpenRarity => sum,
                // A token of a collection without any trait.
                _ if weights == 0.0 => 1.0,
                Method::Harmonic => weights / sum,
                Method::Average | Method::Arithmetic => sum / weights,
            }
        })
        .collect()
}
