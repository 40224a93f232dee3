//! Chances that mean what they say: the temperature that fits what is known (C. Guo et al., "On Calibration of Modern Neural
//! Networks", ICML 2017), and what a reader is worth on pictures whose trait is known.

use super::{Reading, likeliest, softmax, sure_from};

/// So many pictures must be known before chances are calibrated by them.
pub const ENOUGH: usize = 30;
/// Until then, by how much the likeliest class must lead before the next for a reader to stand by it.
const LEAD: f64 = 0.8;

/// What came of examples that a reader had not learnt from.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// The share that was right.
    pub accuracy: f64,
    /// The mean over classes of F1: the harmonic mean of precision and recall.
    pub macro_f1: f64,
    /// The share of the most frequent class: what saying always the same would get.
    pub commonest: f64,
    /// The share of which it was sure.
    pub sure: f64,
    /// Of those, the share that was right; none when it was sure of nothing.
    pub right_when_sure: Option<f64>,
    /// What was said of every example, in their order.
    pub readings: Vec<Reading>,
}

/// Chances at a temperature.
pub(super) fn at_temperature(logits: &[f64], temperature: f64) -> Vec<f64> {
    let mut chances: Vec<f64> = logits.iter().map(|logit| logit / temperature).collect();
    softmax(&mut chances);
    chances
}

/// −log p of the true classes at a temperature.
pub(super) fn loss(logits: &[f64], class: &[usize], classes: usize, temperature: f64) -> f64 {
    let one =
        |(logits, class): (&[f64], &usize)| -at_temperature(logits, temperature)[*class].max(1e-300).ln();
    logits.chunks_exact(classes).zip(class).map(one).sum()
}

/// The temperature that fits best: golden sections of its logarithm.
pub(super) fn temperature(logits: &[f64], class: &[usize], classes: usize) -> f64 {
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let at = |log: f64| loss(logits, class, classes, log.exp());
    let (mut low, mut high) = (-2.5_f64, 2.5_f64);
    for _ in 0..30 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if at(left) <= at(right) {
            high = right;
        } else {
            low = left;
        }
    }
    f64::midpoint(low, high).exp()
}

fn macro_f1(readings: &[Reading], class: &[usize], classes: usize) -> f64 {
    let f1 = |of: usize| {
        let pairs = readings.iter().zip(class);
        let (mut both, mut either) = (0.0, 0.0);
        for (reading, class) in pairs {
            let (said, is) = (
                f64::from(u8::from(reading.class == of)),
                f64::from(u8::from(*class == of)),
            );
            both += said * is;
            either += said + is;
        }
        if either > 0.0 { 2.0 * both / either } else { 0.0 }
    };
    (0..classes).map(f1).sum::<f64>() / classes.max(1) as f64
}

/// From where on a reader stands by what it says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bar {
    /// The likeliest leads before the next by so much.
    Lead(f64),
    /// A calibrated chance.
    Chance(f64),
}

/// Makes chances of logits that nobody taught what they are worth. Until enough is known to calibrate it, the temperature is 1 and
/// only a clear lead counts, since whoever was not taught is surer than right.
#[derive(Debug, Clone, PartialEq)]
pub struct Chances {
    temperature: f64,
    bar: Bar,
}

impl Default for Chances {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            bar: Bar::Lead(LEAD),
        }
    }
}

impl Chances {
    /// Calibrated by the logits (row behind row) of pictures whose class is known, with what they are worth on these; as they are
    /// where fewer than [`ENOUGH`] are known.
    pub(super) fn by(logits: &[f64], class: &[usize], classes: usize) -> (Self, Option<HeldOut>) {
        if class.len() < ENOUGH {
            return (Self::default(), None);
        }
        let temperature = temperature(logits, class, classes);
        let said: Vec<(usize, f64)> = logits
            .chunks_exact(classes)
            .map(|logits| likeliest(&at_temperature(logits, temperature)))
            .collect();
        let (found, sure_from) = measured(&said, class, classes);
        let bar = Bar::Chance(sure_from);
        (Self { temperature, bar }, Some(found))
    }

    /// What logits come to.
    pub(super) fn read(&self, logits: &[f64]) -> Reading {
        let chances = at_temperature(logits, self.temperature);
        let (class, chance) = likeliest(&chances);
        let others = chances.iter().enumerate().filter(|(other, _)| *other != class);
        let next = others.map(|(_, chance)| *chance).fold(0.0, f64::max);
        Reading {
            class,
            confidence: chance as f32,
            sure: match self.bar {
                Bar::Lead(least) => chance - next >= least,
                Bar::Chance(least) => chance >= least,
            },
        }
    }
}

/// What readings (class and chance) are worth where the true classes are known, and the chance from which the reader stands by
/// what it says: above every chance when it never can.
pub(super) fn measured(said: &[(usize, f64)], class: &[usize], classes: usize) -> (HeldOut, f64) {
    let right: Vec<(f64, bool)> = said
        .iter()
        .zip(class)
        .map(|((class, chance), is)| (*chance, class == is))
        .collect();
    let sure_from = sure_from(&right).unwrap_or(f64::INFINITY);
    let readings: Vec<Reading> = said
        .iter()
        .map(|(class, chance)| Reading {
            class: *class,
            confidence: *chance as f32,
            sure: *chance >= sure_from,
        })
        .collect();
    let sure: Vec<bool> = right
        .iter()
        .filter(|(chance, _)| *chance >= sure_from)
        .map(|one| one.1)
        .collect();
    let mut counts = vec![0; classes];
    for class in class {
        counts[*class] += 1;
    }
    let share = |of: usize, all: usize| of as f64 / all.max(1) as f64;
    let found = HeldOut {
        accuracy: share(right.iter().filter(|one| one.1).count(), right.len()),
        macro_f1: macro_f1(&readings, class, classes),
        commonest: share(counts.iter().copied().max().unwrap_or(0), right.len()),
        sure: share(sure.len(), right.len()),
        right_when_sure: (!sure.is_empty())
            .then(|| share(sure.iter().filter(|one| **one).count(), sure.len())),
        readings,
    };
    (found, sure_from)
}
