//! The model: Bayesian logistic regression on factors that are there or not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Factor;
use crate::logistic::{Design, Observed, Posterior, Prior, fit, moderation, sigmoid};
use crate::{JudgeError, Result};

/// Most factors that are learnt of: the most frequent. The cost rises with the cube.
pub const MOST_FACTORS: usize = 512;

/// Candidates for the prior variance of a factor's effect on the logit; evidence chooses.
const VARIANCES: [f64; 4] = [0.5, 0.1, 0.02, 2.0];

const INTERCEPT_VARIANCE: f64 = 4.0;

/// Half the width of an interval of 90 %, in standard deviations.
const NINETY: f64 = 1.645;

/// A picture that was made from a recipe and decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Its decision's row; no two trials share one.
    pub id: i64,
    /// What its recipe consists of; twice is once.
    pub factors: Vec<Factor>,
    /// Accepted or rejected.
    pub accepted: bool,
    /// How much it counts; 1 is usual.
    pub weight: f32,
}

/// What a factor does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The factor.
    pub factor: Factor,
    /// So many trials had it.
    pub trials: usize,
    /// So many of them were accepted.
    pub accepted: usize,
    /// By how much it raises the logit of acceptance, the other factors equal.
    pub mean: f64,
    /// Lower end of the interval of 90 %.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Chance of acceptance of a picture that has the average of everything else, with this factor.
    pub chance: f64,
}

/// What was learnt of the factors of a project's recipes.
#[derive(Debug, Clone)]
pub struct Steering {
    pub(super) posterior: Posterior,
    pub(super) places: BTreeMap<Factor, usize>,
    /// Prior variance of an effect, and therefore what is believed of a factor never tried.
    pub(super) variance: f64,
    counts: Vec<[usize; 2]>,
    trials: usize,
    passed_over: usize,
}

impl Steering {
    /// Learns from the trials, in any order.
    ///
    /// # Errors
    /// A trial that comes twice or whose weight is not a number from 0 on.
    pub fn fit(trials: &[Trial]) -> Result<Self> {
        let mut sorted: Vec<&Trial> = trials.iter().collect();
        sorted.sort_by_key(|trial| trial.id);
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0].id == pair[1].id) {
            let id = pair[0].id;
            return Err(JudgeError::Input(format!(
                "trial {id} comes twice; give every one once"
            )));
        }
        let mut frequency: BTreeMap<&Factor, usize> = BTreeMap::new();
        for factor in sorted.iter().flat_map(|trial| &trial.factors) {
            *frequency.entry(factor).or_default() += 1;
        }
        let mut frequent: Vec<(usize, &Factor)> = frequency.iter().map(|(f, count)| (*count, *f)).collect();
        frequent.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let passed_over = frequent.len().saturating_sub(MOST_FACTORS);
        frequent.truncate(MOST_FACTORS);
        let kept: std::collections::BTreeSet<&Factor> = frequent.iter().map(|(_, factor)| *factor).collect();
        let places: BTreeMap<Factor, usize> = kept
            .iter()
            .enumerate()
            .map(|(place, factor)| ((*factor).clone(), place))
            .collect();

        let mut design = Present {
            columns: places.len() + 1,
            rows: Vec::with_capacity(sorted.len()),
        };
        let mut observed = Observed::default();
        let mut counts = vec![[0; 2]; places.len()];
        for trial in &sorted {
            if !trial.weight.is_finite() || trial.weight < 0.0 {
                return Err(JudgeError::Input(format!(
                    "trial {} weighs {}; a weight is a number from 0 on",
                    trial.id, trial.weight
                )));
            }
            let mut row: Vec<usize> = trial
                .factors
                .iter()
                .filter_map(|factor| places.get(factor).copied())
                .collect();
            row.sort_unstable();
            row.dedup();
            for place in &row {
                counts[*place][usize::from(trial.accepted)] += 1;
            }
            // The intercept.
            row.push(places.len());
            design.rows.push(row);
            observed.target.push(if trial.accepted { 1.0 } else { 0.0 });
            observed.weight.push(f64::from(trial.weight));
        }

        let mut best: Option<(Posterior, f64)> = None;
        for variance in VARIANCES {
            let mut precision = vec![1.0 / variance; design.columns];
            precision[places.len()] = 1.0 / INTERCEPT_VARIANCE;
            let mean = vec![0.0; design.columns];
            let prior = Prior { mean, precision };
            let start = best
                .as_ref()
                .map_or(&prior.mean, |(posterior, _)| &posterior.mean);
            let posterior = fit(&design, &observed, &prior, start)?;
            if best
                .as_ref()
                .is_none_or(|(so_far, _)| posterior.evidence > so_far.evidence + 1e-6)
            {
                best = Some((posterior, variance));
            }
        }
        let (posterior, variance) =
            best.ok_or_else(|| JudgeError::Input("there is no prior to choose from".into()))?;
        Ok(Self {
            posterior,
            places,
            variance,
            counts,
            trials: sorted.len(),
            passed_over,
        })
    }

    /// How many trials it was learnt from.
    pub fn trials(&self) -> usize {
        self.trials
    }

    /// How many rare factors were passed over, because there are more than [`MOST_FACTORS`].
    pub fn passed_over(&self) -> usize {
        self.passed_over
    }

    /// What every factor does, what surely helps first: by the lower end of the interval.
    pub fn effects(&self) -> Vec<Effect> {
        let variances = self.posterior.variances();
        let mean = &self.posterior.mean;
        // The average picture: every factor as present as it was in the trials.
        let presence =
            |place: usize| (self.counts[place][0] + self.counts[place][1]) as f64 / self.trials.max(1) as f64;
        let average =
            mean[self.places.len()] + (0..self.places.len()).map(|p| mean[p] * presence(p)).sum::<f64>();
        let mut effects: Vec<Effect> = self
            .places
            .iter()
            .map(|(factor, place)| {
                let [rejected, accepted] = self.counts[*place];
                let reach = NINETY * variances[*place].sqrt();
                // The factor's slot holds it alone: the other options step back.
                let slot: f64 = self
                    .places
                    .iter()
                    .filter(|(other, _)| other.slot == factor.slot && factor.slot != "word")
                    .map(|(_, other)| mean[*other] * presence(*other))
                    .sum();
                let own = if factor.slot == "word" {
                    mean[*place] * presence(*place)
                } else {
                    slot
                };
                let logit = average - own + mean[*place];
                Effect {
                    factor: factor.clone(),
                    trials: accepted + rejected,
                    accepted,
                    mean: mean[*place],
                    low: mean[*place] - reach,
                    high: mean[*place] + reach,
                    chance: sigmoid(logit / moderation(variances[*place])),
                }
            })
            .collect();
        effects.sort_by(|a, b| b.low.total_cmp(&a.low).then(a.factor.cmp(&b.factor)));
        effects
    }
}

/// Rows of factors that are present, by their places.
struct Present {
    columns: usize,
    rows: Vec<Vec<usize>>,
}

impl Design for Present {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn columns(&self) -> usize {
        self.columns
    }

    fn times(&self, weights: &[f64]) -> Vec<f64> {
        let sum = |row: &Vec<usize>| row.iter().map(|place| weights[*place]).sum();
        self.rows.iter().map(sum).collect()
    }

    fn add_rows(&self, coefficients: &[f64], sum: &mut [f64]) {
        for (row, coefficient) in self.rows.iter().zip(coefficients) {
            for place in row {
                sum[*place] += coefficient;
            }
        }
    }

    fn add_outer(&self, coefficients: &[f64], sum: &mut [f64]) {
        for (row, coefficient) in self.rows.iter().zip(coefficients) {
            for (end, place) in row.iter().enumerate() {
                // Places ascend: the lower triangle.
                for other in &row[..=end] {
                    sum[place * self.columns + other] += coefficient;
                }
            }
        }
    }
}
