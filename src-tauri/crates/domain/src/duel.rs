//! Blind duels: the strengths that make their outcomes likely, and the pair that would tell most.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::CandidateId;

/// Deviation of the prior belief about any strength. Strengths are on the logistic scale: one apart means that the
/// stronger wins 73 of 100 duels.
pub const PRIOR_DEVIATION: f64 = 1.5;

/// Most steps over all strengths, and the change below which they stand.
const MOST_SWEEPS: usize = 200;
const STANDS: f64 = 1e-9;

/// How a duel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DuelOutcome {
    /// The left picture.
    Left,
    /// The right picture.
    Right,
    /// Both alike good.
    Both,
    /// Both alike poor.
    Neither,
    /// No answer: it says nothing of either.
    Skip,
}

impl DuelOutcome {
    /// The word used in the database, on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Both => "both",
            Self::Neither => "neither",
            Self::Skip => "skip",
        }
    }

    /// Reads [`DuelOutcome::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Left, Self::Right, Self::Both, Self::Neither, Self::Skip]
            .into_iter()
            .find(|outcome| outcome.word() == word)
    }

    /// What the left picture won: 1, 0, or ½ where the two are alike; none where nothing was said.
    fn won_by_left(self) -> Option<f64> {
        match self {
            Self::Left => Some(1.0),
            Self::Right => Some(0.0),
            Self::Both | Self::Neither => Some(0.5),
            Self::Skip => None,
        }
    }
}

/// A duel that was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Shown on the left.
    pub left: CandidateId,
    /// Shown on the right.
    pub right: CandidateId,
    /// How it ended.
    pub outcome: DuelOutcome,
}

/// How strong a candidate is, as far as its duels tell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
pub struct Strength {
    /// The candidate.
    pub candidate: CandidateId,
    /// On the logistic scale, around 0: one apart means 73 wins of 100.
    pub strength: f64,
    /// One standard deviation of it.
    pub uncertainty: f64,
    /// Settled duels that said something of it.
    pub duels: u32,
}

/// Strengths of `candidates` after `settled`, in the order of `candidates`; duels with others are passed over.
///
/// The model of Bradley and Terry ("Rank analysis of incomplete block designs", Biometrika 39, 1952): left wins with
/// probability `1 / (1 + exp(right − left))`; being alike counts as half a win each. Strengths are the maximum of the
/// posterior under a normal prior of [`PRIOR_DEVIATION`], found by Newton steps one strength at a time (the posterior is
/// concave), which also holds those in place who never lost. Uncertainty is the root of the diagonal of the inverse
/// Hessian there (Laplace's approximation), each by conjugate gradients.
pub fn strengths(candidates: &[CandidateId], settled: &[Settled]) -> Vec<Strength> {
    let index: BTreeMap<CandidateId, usize> = candidates.iter().copied().zip(0..).collect();
    let mut meetings: Vec<Vec<(usize, f64)>> = vec![Vec::new(); candidates.len()];
    for duel in settled {
        let (Some(&left), Some(&right)) = (index.get(&duel.left), index.get(&duel.right)) else {
            continue;
        };
        if let Some(won) = duel.outcome.won_by_left()
            && left != right
        {
            meetings[left].push((right, won));
            meetings[right].push((left, 1.0 - won));
        }
    }
    let values = most_likely(&meetings);
    let information = Information::at(&values, &meetings);
    candidates
        .iter()
        .enumerate()
        .map(|(place, &candidate)| Strength {
            candidate,
            strength: values[place],
            uncertainty: information.variance(place).sqrt(),
            duels: meetings[place].len() as u32,
        })
        .collect()
}

fn chance(difference: f64) -> f64 {
    1.0 / (1.0 + (-difference).exp())
}

fn most_likely(meetings: &[Vec<(usize, f64)>]) -> Vec<f64> {
    let precision = 1.0 / (PRIOR_DEVIATION * PRIOR_DEVIATION);
    let mut values = vec![0.0; meetings.len()];
    for _ in 0..MOST_SWEEPS {
        let mut largest = 0.0_f64;
        for (place, met) in meetings.iter().enumerate().filter(|(_, met)| !met.is_empty()) {
            let mut slope = -values[place] * precision;
            let mut curvature = precision;
            for &(other, won) in met {
                let expected = chance(values[place] - values[other]);
                slope += won - expected;
                curvature += expected * (1.0 - expected);
            }
            // A full Newton step far from the maximum can overshoot.
            let step = (slope / curvature).clamp(-1.0, 1.0);
            values[place] += step;
            largest = largest.max(step.abs());
        }
        if largest < STANDS {
            break;
        }
    }
    values
}

/// The negative Hessian of the log posterior: prior precision and each meeting's p(1 − p), as a graph Laplacian.
struct Information {
    diagonal: Vec<f64>,
    neighbours: Vec<Vec<(usize, f64)>>,
}

impl Information {
    fn at(values: &[f64], meetings: &[Vec<(usize, f64)>]) -> Self {
        let precision = 1.0 / (PRIOR_DEVIATION * PRIOR_DEVIATION);
        let neighbours: Vec<Vec<(usize, f64)>> = meetings
            .iter()
            .enumerate()
            .map(|(place, met)| {
                met.iter()
                    .map(|&(other, _)| {
                        let expected = chance(values[place] - values[other]);
                        (other, expected * (1.0 - expected))
                    })
                    .collect()
            })
            .collect();
        let diagonal = neighbours
            .iter()
            .map(|met| precision + met.iter().map(|(_, weight)| weight).sum::<f64>())
            .collect();
        Self { diagonal, neighbours }
    }

    fn times(&self, vector: &[f64], product: &mut [f64]) {
        for (place, value) in product.iter_mut().enumerate() {
            let drawn: f64 = self.neighbours[place]
                .iter()
                .map(|&(other, weight)| weight * vector[other])
                .sum();
            *value = self.diagonal[place] * vector[place] - drawn;
        }
    }

    /// Entry (`place`, `place`) of the inverse, by conjugate gradients (Hestenes and Stiefel, 1952) with the diagonal as
    /// preconditioner. The prior keeps the matrix well-conditioned: a few dozen steps.
    fn variance(&self, place: usize) -> f64 {
        if self.neighbours[place].is_empty() {
            return 1.0 / self.diagonal[place];
        }
        let count = self.diagonal.len();
        let mut solution = vec![0.0; count];
        let mut residual = vec![0.0; count];
        residual[place] = 1.0;
        let mut direction: Vec<f64> = residual.iter().zip(&self.diagonal).map(|(r, d)| r / d).collect();
        let mut size: f64 = residual.iter().zip(&direction).map(|(r, z)| r * z).sum();
        let mut product = vec![0.0; count];
        for _ in 0..count.min(200) {
            self.times(&direction, &mut product);
            let along: f64 = direction.iter().zip(&product).map(|(d, p)| d * p).sum();
            let step = size / along;
            for at in 0..count {
                solution[at] += step * direction[at];
                residual[at] -= step * product[at];
            }
            let next: f64 = residual.iter().zip(&self.diagonal).map(|(r, d)| r * r / d).sum();
            if next < 1e-20 {
                break;
            }
            for at in 0..count {
                direction[at] = residual[at] / self.diagonal[at] + next / size * direction[at];
            }
            size = next;
        }
        solution[place]
    }
}

/// Strongest first; equals in the order they arrived.
pub fn ranked(mut strengths: Vec<Strength>) -> Vec<Strength> {
    strengths.sort_by(|a, b| {
        b.strength
            .total_cmp(&a.strength)
            .then(a.candidate.cmp(&b.candidate))
    });
    strengths
}

/// The next duel, as (left, right): of `ranking` (strongest first) the candidate about whose side of the cut line (after
/// the first `cut`) least is known, against the one near the line that it has met least and whose answer would tell most.
/// Whoever stood on the left more often stands on the right. None with fewer than two candidates.
pub fn next_pair(
    ranking: &[Strength],
    cut: usize,
    settled: &[Settled],
) -> Option<(CandidateId, CandidateId)> {
    if ranking.len() < 2 {
        return None;
    }
    let cut = cut.clamp(1, ranking.len() - 1);
    let line = f64::midpoint(ranking[cut - 1].strength, ranking[cut].strength);
    let from_line = |place: usize| {
        if place < cut { cut - 1 - place } else { place - cut }
    };
    let near = (ranking.len() / 8).max(4);
    let mut shown: BTreeMap<CandidateId, [u32; 2]> = BTreeMap::new();
    let mut met: BTreeMap<(CandidateId, CandidateId), u32> = BTreeMap::new();
    for duel in settled {
        shown.entry(duel.left).or_default()[0] += 1;
        shown.entry(duel.right).or_default()[1] += 1;
        *met.entry(ordered(duel.left, duel.right)).or_default() += 1;
    }
    let times_shown = |candidate| shown.get(&candidate).map_or(0, |sides| sides[0] + sides[1]);
    // Skips count as shown: a pair that nobody answers must not come back at once.
    let doubt = |one: &Strength| (one.strength - line).abs() / one.uncertainty;
    let (first_place, first) = ranking
        .iter()
        .enumerate()
        .filter(|(place, _)| from_line(*place) <= near)
        .min_by(|(a_place, a), (b_place, b)| {
            doubt(a)
                .total_cmp(&doubt(b))
                .then(times_shown(a.candidate).cmp(&times_shown(b.candidate)))
                .then(from_line(*a_place).cmp(&from_line(*b_place)))
        })?;
    let tells = |other: &Strength| {
        let expected = chance(first.strength - other.strength);
        expected * (1.0 - expected) * (first.uncertainty.powi(2) + other.uncertainty.powi(2))
    };
    let (_, second) = ranking
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != first_place && from_line(*place) <= near)
        .min_by(|(a_place, a), (b_place, b)| {
            let times = |other: &Strength| {
                met.get(&ordered(first.candidate, other.candidate))
                    .copied()
                    .unwrap_or(0)
            };
            times(a)
                .cmp(&times(b))
                .then(tells(b).total_cmp(&tells(a)))
                .then(times_shown(a.candidate).cmp(&times_shown(b.candidate)))
                .then(from_line(*a_place).cmp(&from_line(*b_place)))
        })?;
    let leaning = |candidate| {
        shown
            .get(&candidate)
            .map_or(0, |sides| i64::from(sides[0]) - i64::from(sides[1]))
    };
    let (one, other) = (first.candidate, second.candidate);
    let one_goes_left = match leaning(one).cmp(&leaning(other)) {
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Greater => false,
        std::cmp::Ordering::Equal => settled.len().is_multiple_of(2),
    };
    Some(if one_goes_left { (one, other) } else { (other, one) })
}

fn ordered(one: CandidateId, other: CandidateId) -> (CandidateId, CandidateId) {
    (one.min(other), one.max(other))
}

#[cfg(test)]
mod tests;
