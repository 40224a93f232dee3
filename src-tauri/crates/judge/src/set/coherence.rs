//! Coherence: which pictures of a set stand out, and beside what.
//!
//! Nothing is wrong with a picture that stands out; it may be the best of all. The lead should see it before the set is frozen.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::neighbours::{Neighbour, Neighbours};
use crate::technical::{Measurements, Swatch};
use crate::{JudgeError, Result};

/// A set of fewer pictures has no middle to stand out of.
const SMALLEST_SET: usize = 8;
/// So many neighbours are shown as the reason.
const SHOWN: usize = 3;
/// Scales the median absolute deviation to the standard deviation of a normal distribution.
const MAD_TO_SIGMA: f32 = 1.4826;

/// The pictures of a set, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Hanging<'a> {
    /// What was measured of each.
    pub measurements: &'a [Measurements],
    /// Their embeddings, in the same order; without them, likeness is not judged.
    pub embeddings: Option<&'a Neighbours>,
}

/// From where on a picture stands out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoherenceLimits {
    /// So many robust deviations from the median; 3.5 is Iglewicz and Hoaglin's (1993).
    pub deviations: f32,
    /// Likeness is the mean cosine distance to so many neighbours.
    pub neighbours: usize,
}

impl Default for CoherenceLimits {
    fn default() -> Self {
        Self {
            deviations: 3.5,
            neighbours: 5,
        }
    }
}

/// In which way a picture stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutlierReason {
    /// Nothing in the set is like it.
    Unlike,
    /// Its colours are not the set's.
    Palette,
    /// It is much brighter than the set.
    Brighter,
    /// It is much darker than the set.
    Darker,
}

/// A picture that stands out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outlier {
    /// Its row in the set.
    pub row: usize,
    /// In which way.
    pub reason: OutlierReason,
    /// How many robust deviations from the median of the set.
    pub deviations: f32,
    /// The pictures of the set nearest to it, nearest first: what it was held against. Empty without embeddings.
    pub neighbours: Vec<Neighbour>,
    /// The same in a sentence for people.
    pub sentence: String,
}

/// The pictures that stand out, furthest first; one that does so in several ways comes once for each.
pub fn outliers(set: Hanging<'_>, limits: &CoherenceLimits) -> Result<Vec<Outlier>> {
    let count = set.measurements.len();
    if let Some(embeddings) = set.embeddings.filter(|embeddings| embeddings.len() != count) {
        return Err(JudgeError::Input(format!(
            "a set of {count} pictures came with {} embeddings; give one for each, in the same order",
            embeddings.len()
        )));
    }
    if count < SMALLEST_SET {
        return Ok(Vec::new());
    }
    let near: Vec<Vec<Neighbour>> = match set.embeddings {
        Some(embeddings) => (0..count)
            .into_par_iter()
            .map(|row| embeddings.nearest_to(row, limits.neighbours.clamp(SHOWN, count - 1)))
            .collect::<Result<_>>()?,
        None => vec![Vec::new(); count],
    };
    let mut found = Vec::new();
    let mut stand_out = |values: &[f32], least_spread: f32, reason: &dyn Fn(f32) -> Option<OutlierReason>| {
        for (row, deviations) in robust_deviations(values, least_spread).into_iter().enumerate() {
            let Some(reason) = reason(deviations).filter(|_| deviations.abs() > limits.deviations) else {
                continue;
            };
            found.push(Outlier {
                row,
                reason,
                deviations: deviations.abs(),
                neighbours: near[row].iter().copied().take(SHOWN).collect(),
                sentence: sentence(reason, deviations.abs()),
            });
        }
    };
    let far_only = |reason| move |deviations: f32| (deviations > 0.0).then_some(reason);

    if set.embeddings.is_some() {
        let distance = |near: &Vec<Neighbour>| {
            let near = &near[..limits.neighbours.clamp(1, near.len())];
            1.0 - near.iter().map(|neighbour| neighbour.cosine).sum::<f32>() / near.len() as f32
        };
        let distances: Vec<f32> = near.iter().map(distance).collect();
        stand_out(&distances, 0.01, &far_only(OutlierReason::Unlike));
    }
    let palette = common_palette(set.measurements);
    let distances: Vec<f32> = set
        .measurements
        .iter()
        .map(|of| of.palette_distance(&palette))
        .collect();
    stand_out(&distances, 1.5, &far_only(OutlierReason::Palette));
    let luma: Vec<f32> = set.measurements.iter().map(|of| of.luma_mean).collect();
    stand_out(&luma, 0.02, &|deviations| {
        Some(if deviations > 0.0 {
            OutlierReason::Brighter
        } else {
            OutlierReason::Darker
        })
    });
    found.sort_by(|a, b| {
        b.deviations
            .total_cmp(&a.deviations)
            .then(a.row.cmp(&b.row))
            .then(a.reason.cmp(&b.reason))
    });
    Ok(found)
}

/// The colours that belong to the set: those that a tenth of its pictures, and two at least, show among their frequent ones.
fn common_palette(set: &[Measurements]) -> Vec<[u8; 3]> {
    let cell = |swatch: &Swatch| swatch.rgb.map(|channel| channel / 32);
    // Sums of channels and pictures of one cell; sorted, so that the order of the pictures does not matter.
    let mut shown: Vec<([u8; 3], usize, [u8; 3])> = set
        .iter()
        .enumerate()
        .flat_map(|(row, of)| {
            of.colours
                .iter()
                .filter(|swatch| swatch.share >= 0.01)
                .map(move |swatch| (cell(swatch), row, swatch.rgb))
        })
        .collect();
    shown.sort_unstable();
    let least = (set.len() / 10).max(2);
    shown
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|colours| colours.chunk_by(|a, b| a.1 == b.1).count() >= least)
        .map(|colours| {
            let mean = |channel: usize| {
                colours
                    .iter()
                    .map(|(_, _, rgb)| u32::from(rgb[channel]))
                    .sum::<u32>()
                    / colours.len() as u32
            };
            [0, 1, 2].map(|channel| mean(channel) as u8)
        })
        .collect()
}

/// How many robust deviations (1.4826 × MAD, at least `least_spread`) each value lies above the median.
fn robust_deviations(values: &[f32], least_spread: f32) -> Vec<f32> {
    let middle = median(values.to_vec());
    let spread = MAD_TO_SIGMA * median(values.iter().map(|value| (value - middle).abs()).collect());
    values
        .iter()
        .map(|value| (value - middle) / spread.max(least_spread))
        .collect()
}

/// The upper of the two middle values, if there are two.
fn median(mut values: Vec<f32>) -> f32 {
    let half = values.len() / 2;
    *values.select_nth_unstable_by(half, f32::total_cmp).1
}

fn sentence(reason: OutlierReason, deviations: f32) -> String {
    match reason {
        OutlierReason::Unlike => {
            format!(
                "Nothing in the set is like it: {deviations:.1} deviations further from its neighbours than usual."
            )
        }
        OutlierReason::Palette => {
            format!(
                "Its colours are not the set's: {deviations:.1} deviations further from the common palette than usual."
            )
        }
        OutlierReason::Brighter => format!("Brighter than the set by {deviations:.1} deviations."),
        OutlierReason::Darker => format!("Darker than the set by {deviations:.1} deviations."),
    }
}
