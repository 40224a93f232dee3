//! The regret meter: what a threshold hides, and how many that would have been accepted are lost with it.

use serde::{Deserialize, Serialize};

use super::{Features, Score, Signal, Taste};
use crate::{JudgeError, Result};

/// Thresholds are multiples of one in this many.
pub const STEPS: usize = 200;

/// What a threshold comes to: "hide what has less than 12 %; you would lose 3 ± 2 of the 140 you would accept".
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Chances below this are hidden, 0 to 1.
    pub threshold: f32,
    /// So many are hidden.
    pub hidden: usize,
    /// So many stay in the queue.
    pub shown: usize,
    /// So many would be accepted if all were looked at.
    pub expected_accepted: f64,
    /// So many of them are hidden.
    pub expected_lost: f64,
    /// Standard deviation of what is lost: from each picture's own chance, and from how little is known of the taste.
    pub deviation: f64,
}

/// The readings of all thresholds, and the histogram of the chances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    /// Without a signal nothing may be hidden.
    pub signal: Signal,
    /// One for each threshold from 0 to 1, [`STEPS`] + 1 of them.
    pub readings: Vec<Reading>,
    /// How many candidates have a chance from `n` to `n + 1` in [`STEPS`].
    pub histogram: Vec<usize>,
}

impl Meter {
    /// Reads the candidates of these `rows`, the undecided ones, in their order; `scores` are those of all candidates.
    ///
    /// # Errors
    /// Features of another space, scores of other candidates, or a row that is none.
    pub fn new(taste: &Taste, candidates: &Features, scores: &[Score], rows: &[usize]) -> Result<Self> {
        if scores.len() != candidates.len() {
            return Err(JudgeError::Input(format!(
                "there are {} scores of {} candidates; score them again",
                scores.len(),
                candidates.len()
            )));
        }
        if !candidates.is_empty() && candidates.columns() != taste.layout().columns() {
            return Err(JudgeError::Input(
                "the candidates have features of another space; make them anew".into(),
            ));
        }
        if let Some(row) = rows.iter().find(|row| **row >= scores.len()) {
            return Err(JudgeError::Input(format!(
                "row {row} was asked for; there are {} candidates",
                scores.len()
            )));
        }
        let columns = taste.layout().columns() + 1;
        let slope = taste.calibration().slope;
        let mut bins = vec![Bin::new(columns); STEPS];
        for &row in rows {
            let found = scores[row].chance;
            let chance = f64::from(found);
            let bin = &mut bins[bin_of(found)];
            bin.count += 1;
            bin.accepted += chance;
            bin.variance += chance * (1.0 - chance);
            let pull = slope * chance * (1.0 - chance);
            let (intercept, features) = bin.turn.split_at_mut(1);
            intercept[0] += pull;
            for (sum, value) in features.iter_mut().zip(candidates.row(row)) {
                *sum += pull * f64::from(*value);
            }
        }
        let expected_accepted = bins.iter().map(|bin| bin.accepted).sum();
        let mut below = Bin::new(columns);
        let mut readings = Vec::with_capacity(STEPS + 1);
        for step in 0..=STEPS {
            let mut direction = below.turn.clone();
            direction.rotate_left(1);
            let variance = below.variance + taste.variance_along(&direction);
            readings.push(Reading {
                threshold: step as f32 / STEPS as f32,
                hidden: below.count,
                shown: rows.len() - below.count,
                expected_accepted,
                expected_lost: below.accepted,
                deviation: variance.sqrt(),
            });
            if let Some(bin) = bins.get(step) {
                below.add(bin);
            }
        }
        Ok(Self {
            signal: taste.signal(),
            readings,
            histogram: bins.iter().map(|bin| bin.count).collect(),
        })
    }

    /// The reading of the threshold nearest to the one wished for.
    pub fn reading(&self, threshold: f32) -> Reading {
        let step = (threshold.clamp(0.0, 1.0) * STEPS as f32).round() as usize;
        self.readings[step.min(self.readings.len() - 1)]
    }

    /// The highest threshold that keeps a promise: to lose at most `share` of what would be accepted, even when one
    /// standard deviation more is lost than expected. `None` without a signal: nothing may be hidden.
    pub fn losing_at_most(&self, share: f64) -> Option<Reading> {
        if self.signal == Signal::None {
            return None;
        }
        let kept = |reading: &&Reading| {
            reading.expected_lost + reading.deviation <= share * reading.expected_accepted
                || reading.hidden == 0
        };
        self.readings.iter().rev().find(kept).copied()
    }
}

/// Sums over the candidates of some chances.
#[derive(Debug, Clone)]
struct Bin {
    count: usize,
    accepted: f64,
    variance: f64,
    /// How the accepted turn with the weights; that of the intercept first.
    turn: Vec<f64>,
}

impl Bin {
    fn new(columns: usize) -> Self {
        Self {
            count: 0,
            accepted: 0.0,
            variance: 0.0,
            turn: vec![0.0; columns],
        }
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.accepted += other.accepted;
        self.variance += other.variance;
        for (sum, value) in self.turn.iter_mut().zip(&other.turn) {
            *sum += value;
        }
    }
}

/// The bin of a chance: that between two thresholds, the lower included.
fn bin_of(chance: f32) -> usize {
    let bin = (chance.clamp(0.0, 1.0) * STEPS as f32) as usize;
    // Where rounding put it one off, the thresholds themselves decide.
    let bin = if chance < bin as f32 / STEPS as f32 {
        bin.saturating_sub(1)
    } else if chance >= (bin + 1) as f32 / STEPS as f32 {
        bin + 1
    } else {
        bin
    };
    bin.min(STEPS - 1)
}
