//! Probes: multinomial logistic regression on an encoder's vectors.
//!
//! Least is Σ −log p(class | x) ÷ n + ½ λ ‖W‖², the biases left out of the penalty; x is the vector less the mean, scaled to
//! unit variance over all its numbers together, so that λ means the same for every encoder. λ is the one of three that does
//! best on examples held out. Chances are p^(1/T) with the temperature T that fits those held out (C. Guo et al., "On
//! Calibration of Modern Neural Networks", ICML 2017).

use super::calibration::{HeldOut, at_temperature, loss, measured, temperature};
use super::descent::descend;
use super::{Reading, likeliest, softmax};
use crate::{Result, TraitsError};

/// Fewest examples of a class.
pub const FEWEST: usize = 5;
/// In how many parts examples are held out in turn.
const PARTS: usize = 4;
/// Strengths of the penalty that are tried.
const PENALTIES: [f64; 3] = [1e-3, 1e-2, 1e-1];
/// Steps of the descent.
const STEPS: usize = 60;

/// A picture whose class is known.
#[derive(Debug, Clone, Copy)]
pub struct Example<'a> {
    /// What the encoder saw.
    pub vector: &'a [f32],
    /// Its class, from 0.
    pub class: usize,
    /// What must not be torn apart when examples are held out: the family, or itself.
    pub group: i64,
}

/// Tells classes apart by their vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    classes: usize,
    mean: Vec<f64>,
    scale: f64,
    /// For each class the weights, then the bias.
    weights: Vec<f64>,
    temperature: f64,
    sure_from: f64,
}

/// A probe with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Learnt {
    /// Learnt from all examples.
    pub probe: Probe,
    /// Measured on examples held out.
    pub held_out: HeldOut,
}

/// Rows ready to learn from.
struct Rows {
    width: usize,
    classes: usize,
    values: Vec<f64>,
    class: Vec<usize>,
}

impl Rows {
    fn row(&self, place: usize) -> &[f64] {
        &self.values[place * self.width..][..self.width]
    }
}

fn logits(weights: &[f64], row: &[f64], out: &mut [f64]) {
    for (out, weights) in out.iter_mut().zip(weights.chunks_exact(row.len() + 1)) {
        let (bias, weights) = weights.split_last().unwrap_or((&0.0, &[]));
        *out = bias + weights.iter().zip(row).map(|(weight, x)| weight * x).sum::<f64>();
    }
}

/// The weights that fit `places` of the rows best.
fn fit(rows: &Rows, places: &[usize], penalty: f64) -> Vec<f64> {
    let (width, classes) = (rows.width, rows.classes);
    let count = places.len().max(1) as f64;
    let mut weights = vec![0.0; classes * (width + 1)];
    descend(&mut weights, STEPS, |weights, gradient| {
        gradient.fill(0.0);
        let mut value = 0.0;
        let mut chances = vec![0.0; classes];
        for &place in places {
            let row = rows.row(place);
            logits(weights, row, &mut chances);
            softmax(&mut chances);
            value -= chances[rows.class[place]].max(1e-300).ln() / count;
            for (class, chance) in chances.iter().enumerate() {
                let error = (chance - f64::from(u8::from(class == rows.class[place]))) / count;
                let part = &mut gradient[class * (width + 1)..][..=width];
                for (gradient, x) in part.iter_mut().zip(row) {
                    *gradient += error * x;
                }
                part[width] += error;
            }
        }
        for (weights, gradient) in weights
            .chunks_exact(width + 1)
            .zip(gradient.chunks_exact_mut(width + 1))
        {
            for (weight, gradient) in weights[..width].iter().zip(gradient) {
                value += 0.5 * penalty * weight * weight;
                *gradient += penalty * weight;
            }
        }
        value
    });
    weights
}

/// In which part each example is held out: every part gets its share of every class, and groups stay together, unless a class
/// has so few that a part would be without it.
fn parts(examples: &[Example<'_>], classes: usize) -> Vec<usize> {
    let mut groups: std::collections::BTreeMap<(usize, i64), Vec<usize>> = std::collections::BTreeMap::new();
    let mut class_of: std::collections::BTreeMap<i64, usize> = std::collections::BTreeMap::new();
    for (place, one) in examples.iter().enumerate() {
        let class = *class_of.entry(one.group).or_insert(one.class);
        groups.entry((class, one.group)).or_default().push(place);
    }
    let mut of_class = vec![0; classes];
    for (class, _) in groups.keys() {
        of_class[*class] += 1;
    }
    if of_class.iter().any(|count| *count < PARTS) {
        groups = (0..)
            .zip(examples)
            .map(|(place, one)| ((one.class, place), vec![place as usize]))
            .collect();
    }
    let mut next = vec![0; classes];
    let mut part = vec![0; examples.len()];
    for ((class, _), members) in groups {
        for member in members {
            part[member] = next[class] % PARTS;
        }
        next[class] += 1;
    }
    part
}

/// Logits of every example from a probe that had not seen its part.
fn held_out_logits(rows: &Rows, part: &[usize], penalty: f64) -> Vec<f64> {
    let mut all = vec![0.0; part.len() * rows.classes];
    for out in 0..PARTS {
        let seen: Vec<usize> = (0..part.len()).filter(|&place| part[place] != out).collect();
        let weights = fit(rows, &seen, penalty);
        for place in (0..part.len()).filter(|&place| part[place] == out) {
            logits(
                &weights,
                rows.row(place),
                &mut all[place * rows.classes..][..rows.classes],
            );
        }
    }
    all
}

/// Learns to tell `classes` classes apart, and measures it on examples held out in turn.
///
/// # Errors
/// [`TraitsError::Examples`] when there are fewer than two classes, or fewer than [`FEWEST`] examples of one, and for vectors
/// that are no numbers or of different lengths.
pub fn learn(examples: &[Example<'_>], classes: usize) -> Result<Learnt> {
    let mut counts = vec![0; classes];
    for one in examples {
        if let Some(count) = counts.get_mut(one.class) {
            *count += 1;
        }
    }
    let least = counts.iter().copied().min().unwrap_or(0);
    if classes < 2 || least < FEWEST {
        return Err(TraitsError::Examples {
            why: format!(
                "{classes} values, of the rarest {least} examples: two values with {FEWEST} each are needed"
            ),
        });
    }
    let width = examples.first().map_or(0, |one| one.vector.len());
    let fits = |one: &Example<'_>| {
        one.class < classes && one.vector.len() == width && one.vector.iter().all(|x| x.is_finite())
    };
    if width == 0 || !examples.iter().all(fits) {
        return Err(TraitsError::Examples {
            why: "vectors of different lengths, or that are no numbers".to_owned(),
        });
    }
    let count = examples.len() as f64;
    let mut mean = vec![0.0; width];
    for one in examples {
        for (mean, x) in mean.iter_mut().zip(one.vector) {
            *mean += f64::from(*x) / count;
        }
    }
    let deviations = |one: &Example<'_>| -> f64 {
        one.vector
            .iter()
            .zip(&mean)
            .map(|(x, mean)| (f64::from(*x) - mean).powi(2))
            .sum()
    };
    let variance = examples.iter().map(deviations).sum::<f64>() / (count * width as f64);
    let scale = if variance > 1e-20 {
        variance.sqrt().recip()
    } else {
        1.0
    };
    let centred = |one: &Example<'_>| -> Vec<f64> {
        one.vector
            .iter()
            .zip(&mean)
            .map(|(x, mean)| (f64::from(*x) - mean) * scale)
            .collect()
    };
    let rows = Rows {
        width,
        classes,
        values: examples.iter().flat_map(centred).collect(),
        class: examples.iter().map(|one| one.class).collect(),
    };
    let part = parts(examples, classes);
    let tried = PENALTIES.map(|penalty| {
        let logits = held_out_logits(&rows, &part, penalty);
        let temperature = temperature(&logits, &rows.class, classes);
        (
            loss(&logits, &rows.class, classes, temperature),
            penalty,
            logits,
            temperature,
        )
    });
    let Some((_, penalty, logits, temperature)) =
        tried.into_iter().min_by(|one, other| one.0.total_cmp(&other.0))
    else {
        return Err(TraitsError::Examples {
            why: "nothing was tried".to_owned(),
        });
    };
    let said: Vec<(usize, f64)> = logits
        .chunks_exact(classes)
        .map(|logits| likeliest(&at_temperature(logits, temperature)))
        .collect();
    let (held_out, sure_from) = measured(&said, &rows.class, classes);
    let all: Vec<usize> = (0..examples.len()).collect();
    let weights = fit(&rows, &all, penalty);
    let probe = Probe {
        classes,
        mean,
        scale,
        weights,
        temperature,
        sure_from,
    };
    Ok(Learnt { probe, held_out })
}

impl Probe {
    /// What it says of a vector; nothing of one that is not as long as those that it learnt from.
    pub fn read(&self, vector: &[f32]) -> Option<Reading> {
        if vector.len() != self.mean.len() {
            return None;
        }
        let row: Vec<f64> = vector
            .iter()
            .zip(&self.mean)
            .map(|(x, mean)| (f64::from(*x) - mean) * self.scale)
            .collect();
        let mut chances = vec![0.0; self.classes];
        logits(&self.weights, &row, &mut chances);
        let (class, chance) = likeliest(&at_temperature(&chances, self.temperature));
        Some(Reading {
            class,
            confidence: chance as f32,
            sure: chance >= self.sure_from,
        })
    }
}
