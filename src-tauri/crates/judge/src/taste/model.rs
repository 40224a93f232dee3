//! The model: Bayesian logistic regression, its prior chosen by evidence.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::held_out::{FEWEST_DECISIONS, FEWEST_OF_EACH, FOLDS, Unseen, area, folds, signal};
use super::rows::Prepared;
use super::{Calibration, Features, Layout, Report, Rows, Signal, calibration_error};
use crate::logistic::{Design, Observed, Posterior, Prior, fit, moderation};
use crate::{JudgeError, Result};

/// Candidates for the prior variance of a picture's logit, from its embedding and from its technical features. The first
/// is taken while there is nothing to choose by.
const OF_COMPONENTS: [f64; 5] = [2.0, 0.5, 0.1, 8.0, 32.0];
const OF_TECHNICAL: [f64; 3] = [0.5, 0.1, 4.0];

/// What is believed of the generic score before anything is decided: that it helps, so that the first queue is not random.
const GENERIC_MEAN: f64 = 0.5;
const GENERIC_VARIANCE: f64 = 0.25;

/// Prior variance of the logit of what is average: from hardly anything to nearly everything may be accepted.
const INTERCEPT_VARIANCE: f64 = 4.0;

/// Candidates for how far a curator departs from the studio, as shares of the variance that the studio's taste was given.
const DEPARTURES: [f64; 4] = [0.5, 0.1, 0.02, 2.0];

/// Half the width of an interval of 90 %, in standard deviations.
const NINETY: f64 = 1.645;

/// The variances that evidence chose.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Prior variance of a picture's logit along all principal components together.
    pub components: f64,
    /// Along all technical features together.
    pub technical: f64,
    /// How far this taste departs from the studio's, as a share of those; absent for the studio's own.
    pub departure: Option<f64>,
}

/// What a taste says of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The chance that it will be accepted, 0 to 1.
    pub chance: f32,
    /// Lower end of the interval of 90 % that the chance lies in, as far as the decisions so far can tell.
    pub low: f32,
    /// Upper end.
    pub high: f32,
}

/// What was learnt of one feature: by how much the logit of acceptance rises with one standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
}

/// A curator's taste, or the studio's: a normal distribution over weights of features.
#[derive(Debug, Clone)]
pub struct Taste {
    layout: Layout,
    posterior: Posterior,
    spread: Spread,
    calibration: Calibration,
    report: Report,
    /// The means, and the inverse of the precision's Cholesky factor by columns, each from its diagonal on.
    mean: Vec<f32>,
    whitener: Vec<f32>,
}

impl Taste {
    /// Learns from the rows that stand, and from nothing else: equal rows give the same bits in any order.
    ///
    /// Without rows the taste is its prior: the generic score, if there is one. With `studio`, partial pooling: the prior
    /// of every weight is normal around the studio's mean, with the studio's own variance plus a departure that evidence
    /// chooses. Fit the studio's taste on the rows of the *others*, or this curator's decisions count twice.
    ///
    /// # Errors
    /// Rows that come twice, have features of another space, or numbers that are not finite; a studio of another space.
    pub fn fit(rows: &Rows, layout: Layout, studio: Option<&Self>) -> Result<Self> {
        if studio.is_some_and(|studio| studio.layout != layout) {
            return Err(JudgeError::Input(
                "the studio's taste was learnt in another space; fit it again in this one".into(),
            ));
        }
        let prepared = rows.prepare(layout)?;
        let (prior, posterior, spread) = choose(&prepared, layout, studio)?;
        let unseen = predict_unseen(&prepared, &prior, &posterior)?;
        let (calibration, report) = assess(&prepared, &unseen)?;
        let (mean, whitener) = for_scoring(&posterior);
        Ok(Self {
            layout,
            posterior,
            spread,
            calibration,
            report,
            mean,
            whitener,
        })
    }

    /// What is known of how good it is.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Whether it is anything at all.
    pub fn signal(&self) -> Signal {
        self.report.signal
    }

    /// The space that its features come from is laid out so.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The prior variances that evidence chose.
    pub fn spread(&self) -> Spread {
        self.spread
    }

    /// From its logits to chances.
    pub fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// What was learnt of every technical feature, then of the generic score.
    pub fn weights(&self) -> Vec<Weight> {
        let variances = self.posterior.variances();
        let after = self.layout.components..self.layout.columns();
        after
            .map(|column| Weight {
                mean: self.posterior.mean[column],
                deviation: variances[column].sqrt(),
            })
            .collect()
    }

    /// Everything that was learnt, number by number, as bits: equal tastes are equal here and nowhere else.
    pub fn bits(&self) -> Vec<u64> {
        let factor = self.posterior.precision.l();
        let numbers = self.posterior.mean.iter().chain(factor.iter());
        let calibration = [self.calibration.slope, self.calibration.offset];
        numbers
            .chain(&calibration)
            .map(|number| number.to_bits())
            .collect()
    }

    /// The score of one candidate.
    ///
    /// # Errors
    /// Features of another space, or numbers that are not finite.
    pub fn score(&self, features: &[f32]) -> Result<Score> {
        let table = Features::from_rows(features.len(), features.to_vec())?;
        let scores = self.scores(&table)?;
        scores
            .first()
            .copied()
            .ok_or_else(|| JudgeError::Input("there is no candidate to score".into()))
    }

    /// The scores of many, in their order.
    ///
    /// # Errors
    /// As [`Taste::score`].
    pub fn scores(&self, table: &Features) -> Result<Vec<Score>> {
        let logits = self.logits(table)?;
        Ok(logits
            .par_iter()
            .map(|(mean, variance)| self.of_logit(*mean, *variance))
            .collect())
    }

    fn of_logit(&self, mean: f64, variance: f64) -> Score {
        let chance = self.calibration.chance(mean / moderation(variance)) as f32;
        let reach = NINETY * variance.sqrt();
        Score {
            chance,
            low: (self.calibration.chance(mean - reach) as f32).min(chance),
            high: (self.calibration.chance(mean + reach) as f32).max(chance),
        }
    }

    /// Mean and variance of every row's logit, before calibration.
    pub(super) fn logits(&self, table: &Features) -> Result<Vec<(f64, f64)>> {
        let columns = self.layout.columns();
        if table.is_empty() {
            return Ok(Vec::new());
        }
        if table.columns() != columns {
            return Err(JudgeError::Input(format!(
                "the candidates have {} features where this taste has {columns}: they come from another space; make them anew",
                table.columns()
            )));
        }
        // In long pieces: whether to go on is asked once for each, not once for each number.
        let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        if !table.values().par_chunks(1 << 14).all(finite) {
            return Err(JudgeError::Input(
                "a candidate has a feature that is not finite; judge the picture again".into(),
            ));
        }
        let logits = table.values().par_chunks(columns).map_init(
            || vec![0.0_f32; columns + 1],
            |whitened, row| {
                whitened.fill(0.0);
                let mut mean = self.mean[columns];
                let mut line = self.whitener.as_slice();
                for (column, value) in row.iter().copied().chain([1.0]).enumerate() {
                    let (now, after) = line.split_at(columns + 1 - column);
                    line = after;
                    for (sum, factor) in whitened[column..].iter_mut().zip(now) {
                        *sum += value * factor;
                    }
                }
                for (value, weight) in row.iter().zip(&self.mean) {
                    mean += value * weight;
                }
                let variance: f32 = whitened.iter().map(|x| x * x).sum();
                (f64::from(mean), f64::from(variance))
            },
        );
        Ok(logits.collect())
    }

    /// The variance of a weighted sum of weights, the last of which is the intercept.
    pub(super) fn variance_along(&self, direction: &[f64]) -> f64 {
        self.posterior.variance(direction)
    }
}

/// Prior, posterior and variances with the most evidence.
fn choose(rows: &Prepared, layout: Layout, studio: Option<&Taste>) -> Result<(Prior, Posterior, Spread)> {
    let base = |components, technical| Spread {
        components,
        technical,
        departure: None,
    };
    let mut best: Option<(Prior, Posterior, Spread)> = None;
    let mut consider = |spread: Spread| -> Result<f64> {
        let prior = prior_of(spread, layout, studio);
        let start = best
            .as_ref()
            .map_or(&prior.mean, |(_, posterior, _)| &posterior.mean);
        let posterior = fit(&rows.design, &rows.observed, &prior, start)?;
        let evidence = posterior.evidence;
        // Without a difference that means anything, the first stays.
        if best
            .as_ref()
            .is_none_or(|(_, so_far, _)| evidence > so_far.evidence + 1e-6)
        {
            best = Some((prior, posterior, spread));
        }
        Ok(evidence)
    };
    if let Some(studio) = studio {
        for departure in DEPARTURES {
            consider(Spread {
                departure: Some(departure),
                ..studio.spread
            })?;
        }
    } else {
        let mut most = (f64::NEG_INFINITY, OF_COMPONENTS[0]);
        for components in OF_COMPONENTS {
            let evidence = consider(base(components, OF_TECHNICAL[0]))?;
            if evidence > most.0 + 1e-6 {
                most = (evidence, components);
            }
        }
        if layout.technical > 0 {
            for technical in &OF_TECHNICAL[1..] {
                consider(base(most.1, *technical))?;
            }
        }
    }
    best.ok_or_else(|| JudgeError::Input("there is no prior to choose from".into()))
}

fn prior_of(spread: Spread, layout: Layout, studio: Option<&Taste>) -> Prior {
    let mut variance = vec![spread.components; layout.components];
    variance.extend(vec![
        spread.technical / layout.technical.max(1) as f64;
        layout.technical
    ]);
    variance.extend([GENERIC_VARIANCE, INTERCEPT_VARIANCE]);
    let mut mean = vec![0.0; variance.len()];
    mean[layout.columns() - 1] = GENERIC_MEAN;
    if let (Some(studio), Some(departure)) = (studio, spread.departure) {
        mean.clone_from(&studio.posterior.mean);
        let known = studio.posterior.variances();
        for (variance, known) in variance.iter_mut().zip(known) {
            *variance = *variance * departure + known;
        }
    }
    Prior {
        mean,
        precision: variance.iter().map(|variance| 1.0 / variance).collect(),
    }
}

/// Every verdict predicted from the folds that neither it nor its group is in. Empty where that cannot be told from.
fn predict_unseen(rows: &Prepared, prior: &Prior, whole: &Posterior) -> Result<Vec<Unseen>> {
    let accepted = (0..rows.verdicts).filter(|row| rows.observed.target[*row] > 0.5);
    let accepted = accepted.count();
    let least = accepted.min(rows.verdicts - accepted);
    if rows.verdicts < FEWEST_DECISIONS || least < FEWEST_OF_EACH {
        return Ok(Vec::new());
    }
    let groups: Vec<(i64, bool)> = (0..rows.verdicts)
        .map(|row| (rows.groups[row][0], rows.observed.target[row] > 0.5))
        .collect();
    let dealt = folds(&groups);
    // A pick's picture that has no verdict is in no fold: nothing is told from it.
    let fold_of = |group: i64| dealt.get(&group).copied();
    let tested: Vec<Vec<Unseen>> = (0..FOLDS)
        .into_par_iter()
        .map(|fold| {
            let mut observed = Observed::clone(&rows.observed);
            for (row, groups) in rows.groups.iter().enumerate() {
                if groups.iter().any(|group| fold_of(*group) == Some(fold)) {
                    observed.weight[row] = 0.0;
                }
            }
            let posterior = fit(&rows.design, &observed, prior, &whole.mean)?;
            let logits = rows.design.times(&posterior.mean);
            let inside = (0..rows.verdicts).filter(|row| fold_of(rows.groups[*row][0]) == Some(fold));
            Ok(inside
                .map(|row| Unseen {
                    fold,
                    logit: logits[row] / moderation(posterior.variance(rows.design.row(row))),
                    accepted: rows.observed.target[row] > 0.5,
                    weight: rows.observed.weight[row],
                })
                .collect())
        })
        .collect::<Result<_>>()?;
    Ok(tested.concat())
}

fn assess(rows: &Prepared, unseen: &[Unseen]) -> Result<(Calibration, Report)> {
    let verdicts = &rows.observed.target[..rows.verdicts];
    let accepted = verdicts.iter().filter(|target| **target > 0.5).count();
    let rejected = rows.verdicts - accepted;
    let mut said: BTreeMap<i64, [bool; 2]> = BTreeMap::new();
    for (target, groups) in verdicts.iter().zip(&rows.groups) {
        said.entry(groups[0]).or_default()[usize::from(*target > 0.5)] = true;
    }
    let auc = area(unseen);
    let (signal, quiet) = signal(accepted, rejected, auc);
    let mut calibration = Calibration::NONE;
    let mut error = None;
    if !unseen.is_empty() {
        let rows: Vec<(f64, bool, f64)> = unseen.iter().map(|u| (u.logit, u.accepted, u.weight)).collect();
        calibration = Calibration::learn(&rows)?;
        let predicted: Vec<(f32, bool)> = unseen
            .iter()
            .map(|u| (calibration.chance(u.logit) as f32, u.accepted))
            .collect();
        error = Some(calibration_error(
            &predicted,
            (predicted.len() / 20).clamp(1, 10),
        )?);
    }
    let report = Report {
        signal,
        quiet,
        auc,
        calibration_error: error,
        accepted,
        rejected,
        picks: rows.groups.len() - rows.verdicts,
        contradicted: said
            .values()
            .filter(|verdicts| verdicts[0] && verdicts[1])
            .count(),
    };
    Ok((calibration, report))
}

/// The means, and the columns of the inverse of the precision's Cholesky factor from their diagonals on, one after the other.
fn for_scoring(posterior: &Posterior) -> (Vec<f32>, Vec<f32>) {
    let size = posterior.mean.len();
    let mut inverse = nalgebra::DMatrix::<f64>::identity(size, size);
    posterior
        .precision
        .l_dirty()
        .solve_lower_triangular_mut(&mut inverse);
    let columns = (0..size).flat_map(|column| (column..size).map(move |row| (row, column)));
    let whitener = columns.map(|place| inverse[place] as f32).collect();
    (posterior.mean.iter().map(|mean| *mean as f32).collect(), whitener)
}
