//! How good a taste is on decisions that it has not seen, and whether it is anything at all.

use serde::{Deserialize, Serialize};

/// Fewest decisions that are judged, and fewest of each verdict.
pub(super) const FEWEST_DECISIONS: usize = 20;
pub(super) const FEWEST_OF_EACH: usize = 5;

/// Parts that decisions are dealt into; each is predicted from the others.
pub(super) const FOLDS: usize = 5;

/// A taste whose interval begins below this is no better than chance, as far as anyone can tell.
const CHANCE: f64 = 0.55;

/// A taste is found when its interval begins above this.
const FOUND: f64 = 0.65;

/// A figure with its interval of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Why there is no signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Quiet {
    /// Fewer decisions than can be judged.
    TooFew {
        /// There are this many.
        decisions: usize,
        /// So many are needed.
        needed: usize,
    },
    /// Nearly everything was decided alike.
    OneSided {
        /// So many were accepted.
        accepted: usize,
        /// So many were rejected.
        rejected: usize,
        /// So many of each are needed.
        needed: usize,
    },
    /// Unseen decisions are not predicted better than by chance.
    Chance,
}

impl std::fmt::Display for Quiet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooFew { decisions, needed } => {
                write!(formatter, "{decisions} decisions; taste needs {needed}")
            }
            Self::OneSided {
                accepted,
                rejected,
                needed,
            } => write!(
                formatter,
                "{accepted} accepted and {rejected} rejected; taste needs {needed} of each"
            ),
            Self::Chance => write!(
                formatter,
                "unseen decisions are predicted no better than by chance: the queue keeps its order"
            ),
        }
    }
}

/// Whether a taste has been found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Nothing may be ordered or hidden by it.
    None,
    /// Better than chance; good for an order, with care.
    Weak,
    /// Found.
    Found,
}

/// What is known of a taste.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whether there is one.
    pub signal: Signal,
    /// If not, why.
    pub quiet: Option<Quiet>,
    /// The chance that of an accepted and a rejected picture, both unseen, the accepted one scores higher. The area
    /// under the ROC curve, over pairs of the same of five folds, with `DeLong`'s interval.
    pub auc: Option<Estimate>,
    /// Expected calibration error on unseen decisions. With few of them it is mostly noise.
    pub calibration_error: Option<f64>,
    /// Accepted verdicts.
    pub accepted: usize,
    /// Rejected verdicts.
    pub rejected: usize,
    /// Picks between two.
    pub picks: usize,
    /// Pictures (or families) that were both accepted and rejected.
    pub contradicted: usize,
}

/// The fold of every group: groups with an acceptance are dealt out in the order of a hash of their id, then the others, so
/// that every fold gets its share of both.
pub(super) fn folds(groups: &[(i64, bool)]) -> std::collections::BTreeMap<i64, usize> {
    let mut accepted = std::collections::BTreeMap::new();
    for (group, yes) in groups {
        *accepted.entry(*group).or_insert(false) |= yes;
    }
    let mut dealt: Vec<(bool, u64, i64)> = accepted
        .iter()
        .map(|(group, yes)| (*yes, salon_domain::mix(*group as u64), *group))
        .collect();
    dealt.sort_unstable();
    let place = |(place, (_, _, group)): (usize, &(bool, u64, i64))| (*group, place % FOLDS);
    dealt.iter().enumerate().map(place).collect()
}

/// What was predicted of an unseen decision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unseen {
    pub fold: usize,
    pub logit: f64,
    pub accepted: bool,
    pub weight: f64,
}

/// The area under the ROC curve over all pairs: ties count half. `None` without both kinds.
pub fn area_under_curve(scored: &[(f32, bool)]) -> Option<f64> {
    let unseen: Vec<Unseen> = scored
        .iter()
        .map(|(score, accepted)| Unseen {
            fold: 0,
            logit: f64::from(*score),
            accepted: *accepted,
            weight: 1.0,
        })
        .collect();
    area(&unseen).map(|estimate| estimate.value)
}

/// The area under the ROC curve over pairs within a fold, since different folds' models have different scales, with the
/// interval of `DeLong`, `DeLong` and Clarke-Pearson (1988).
pub(super) fn area(unseen: &[Unseen]) -> Option<Estimate> {
    let mut placements: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    let (mut won, mut pairs) = (0.0, 0.0);
    for fold in 0..FOLDS {
        let of = |accepted: bool| -> Vec<f64> {
            let inside = unseen.iter().filter(|u| u.fold == fold && u.accepted == accepted);
            let mut logits: Vec<f64> = inside.map(|u| u.logit).collect();
            logits.sort_by(f64::total_cmp);
            logits
        };
        let (yes, no) = (of(true), of(false));
        if yes.is_empty() || no.is_empty() {
            continue;
        }
        // How many of `others`, which are sorted, lie below, ties half.
        let below = |logit: f64, others: &[f64]| {
            let less = others.partition_point(|other| *other < logit);
            let most = others.partition_point(|other| *other <= logit);
            (less + most) as f64 / 2.0
        };
        for logit in &yes {
            let beaten = below(*logit, &no);
            won += beaten;
            placements[0].push(beaten / no.len() as f64);
        }
        pairs += (yes.len() * no.len()) as f64;
        for logit in &no {
            placements[1].push(1.0 - below(*logit, &yes) / yes.len() as f64);
        }
    }
    if pairs == 0.0 {
        return None;
    }
    let value = won / pairs;
    let parts = placements.iter().map(|placed| {
        let count = placed.len() as f64;
        let square: f64 = placed.iter().map(|p| (p - value) * (p - value)).sum();
        // With a floor of one misplaced pair: nobody is certain after a few decisions that all went right.
        (square / (count - 1.0).max(1.0)).max(1.0 / (4.0 * count)) / count
    });
    let margin = 1.96 * parts.sum::<f64>().sqrt();
    Some(Estimate {
        value,
        low: (value - margin).max(0.0),
        high: (value + margin).min(1.0),
    })
}

/// What an estimate comes to.
pub(super) fn signal(accepted: usize, rejected: usize, auc: Option<Estimate>) -> (Signal, Option<Quiet>) {
    let decisions = accepted + rejected;
    if decisions < FEWEST_DECISIONS {
        let needed = FEWEST_DECISIONS;
        return (Signal::None, Some(Quiet::TooFew { decisions, needed }));
    }
    let Some(auc) = auc else {
        return (
            Signal::None,
            Some(Quiet::OneSided {
                accepted,
                rejected,
                needed: FEWEST_OF_EACH,
            }),
        );
    };
    if auc.low < CHANCE {
        (Signal::None, Some(Quiet::Chance))
    } else if auc.low < FOUND {
        (Signal::Weak, None)
    } else {
        (Signal::Found, None)
    }
}
