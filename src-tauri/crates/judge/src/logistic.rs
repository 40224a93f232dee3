//! Bayesian logistic regression by Laplace's approximation: Newton's method to the mode of the posterior, and a normal
//! distribution with the curvature found there (`MacKay` 1992; Bishop, "Pattern Recognition and Machine Learning", §4.4).
//!
//! Everything is summed in the order of the rows and of the columns, so that equal rows give equal bits.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use crate::{JudgeError, Result};

/// Steps of Newton's method after which the mode counts as not found. A handful is usual.
const MOST_STEPS: usize = 60;

/// Half the squared Newton decrement, in nats, below which the last step is taken.
const CLOSE: f64 = 1e-6;

/// The rows of features, dense or sparse.
pub(crate) trait Design {
    /// Number of rows.
    fn rows(&self) -> usize;
    /// Number of features of a row.
    fn columns(&self) -> usize;
    /// The product of every row with `weights`.
    fn times(&self, weights: &[f64]) -> Vec<f64>;
    /// Adds every row times its coefficient. Rows whose coefficient is zero are passed over.
    fn add_rows(&self, coefficients: &[f64], sum: &mut [f64]);
    /// Adds every row's outer product with itself times its coefficient, to the lower triangle of a row-major matrix.
    fn add_outer(&self, coefficients: &[f64], sum: &mut [f64]);
}

/// What was observed of each row, in the order of the design.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observed {
    /// 1 for accepted, 0 for rejected, one half for a tie.
    pub target: Vec<f64>,
    /// How much the row counts; 0 leaves it out.
    pub weight: Vec<f64>,
}

/// A normal prior with independent weights.
#[derive(Debug, Clone)]
pub(crate) struct Prior {
    pub mean: Vec<f64>,
    pub precision: Vec<f64>,
}

/// The normal approximation of the posterior.
#[derive(Debug, Clone)]
pub(crate) struct Posterior {
    /// The mode.
    pub mean: Vec<f64>,
    /// Cholesky factor of the precision.
    pub precision: Cholesky<f64, Dyn>,
    /// Logarithm of the probability of what was observed, under the prior, in Laplace's approximation.
    pub evidence: f64,
}

impl Posterior {
    /// The squared length of `L⁻¹ x`: the variance of `x · weights`.
    pub fn variance(&self, x: &[f64]) -> f64 {
        let mut solved = DVector::from_column_slice(x);
        self.precision.l_dirty().solve_lower_triangular_mut(&mut solved);
        solved.norm_squared()
    }

    /// Variance of each weight.
    pub fn variances(&self) -> Vec<f64> {
        let inverse = self.precision.inverse();
        inverse.diagonal().iter().copied().collect()
    }
}

/// `ln(1 + e^x)` without overflow.
fn soft_plus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// `1 / (1 + e^-x)` without overflow.
pub(crate) fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let grown = x.exp();
        grown / (1.0 + grown)
    }
}

/// What the mean of the sigmoid under a normal distribution divides the logit by (`MacKay` 1992, the probit approximation).
pub(crate) fn moderation(variance: f64) -> f64 {
    (1.0 + std::f64::consts::PI * variance / 8.0).sqrt()
}

fn loss(logits: &[f64], weights: &[f64], observed: &Observed, prior: &Prior) -> f64 {
    let rows = logits.iter().zip(&observed.target).zip(&observed.weight);
    let misfit: f64 = rows
        .map(|((logit, target), weight)| weight * (soft_plus(*logit) - target * logit))
        .sum();
    let terms = weights.iter().zip(&prior.mean).zip(&prior.precision);
    let penalty: f64 = terms
        .map(|((weight, mean), precision)| precision * (weight - mean) * (weight - mean))
        .sum();
    misfit + penalty / 2.0
}

/// The posterior of the weights; `start` is where Newton's method begins, which changes the way but not the goal.
pub(crate) fn fit(
    design: &impl Design,
    observed: &Observed,
    prior: &Prior,
    start: &[f64],
) -> Result<Posterior> {
    let columns = design.columns();
    let mut weights = start.to_vec();
    let mut logits = design.times(&weights);
    let mut now = loss(&logits, &weights, observed, prior);
    for _ in 0..MOST_STEPS {
        let chances: Vec<f64> = logits.iter().map(|logit| sigmoid(*logit)).collect();
        let residuals: Vec<f64> = (0..design.rows())
            .map(|row| observed.weight[row] * (chances[row] - observed.target[row]))
            .collect();
        let curvatures: Vec<f64> = (0..design.rows())
            .map(|row| observed.weight[row] * chances[row] * (1.0 - chances[row]))
            .collect();
        let mut gradient: Vec<f64> = (0..columns)
            .map(|column| prior.precision[column] * (weights[column] - prior.mean[column]))
            .collect();
        design.add_rows(&residuals, &mut gradient);
        let mut curvature = vec![0.0; columns * columns];
        design.add_outer(&curvatures, &mut curvature);
        for column in 0..columns {
            curvature[column * columns + column] += prior.precision[column];
        }
        // Of a symmetric matrix, the factorisation reads the lower triangle alone.
        let matrix = DMatrix::from_row_slice(columns, columns, &curvature);
        let factor = Cholesky::new(matrix).ok_or_else(|| {
            JudgeError::Input(
                "the decisions cannot be fitted: a feature is far too large; judge the pictures again".into(),
            )
        })?;
        let gradient = DVector::from_vec(gradient);
        let step = factor.solve(&gradient);
        let decrement = gradient.dot(&step) / 2.0;
        let turned = design.times(step.as_slice());
        let mut share = 1.0;
        let better = loop {
            let tried: Vec<f64> = weights
                .iter()
                .zip(step.iter())
                .map(|(w, s)| w - share * s)
                .collect();
            let moved: Vec<f64> = logits.iter().zip(&turned).map(|(l, t)| l - share * t).collect();
            let then = loss(&moved, &tried, observed, prior);
            if then <= now - 1e-4 * share * decrement || decrement < CLOSE || share < 1e-6 {
                break (tried, moved, then);
            }
            share /= 2.0;
        };
        (weights, logits, now) = better;
        if decrement < CLOSE {
            let spread: f64 = prior.precision.iter().map(|precision| precision.ln()).sum();
            let determinant: f64 = factor.l_dirty().diagonal().iter().map(|d| 2.0 * d.ln()).sum();
            let evidence = (spread - determinant) / 2.0 - now;
            return Ok(Posterior {
                mean: weights,
                precision: factor,
                evidence,
            });
        }
    }
    Err(JudgeError::Input(
        "the decisions cannot be fitted: Newton's method does not settle; judge the pictures again".into(),
    ))
}

/// Rows with a number in every column, row-major.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dense {
    columns: usize,
    values: Vec<f64>,
}

impl Dense {
    pub fn new(columns: usize) -> Self {
        Self::with_rows(columns, 0)
    }

    /// With room for so many rows.
    pub fn with_rows(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            values: Vec::with_capacity(columns * rows),
        }
    }

    pub fn push(&mut self, row: impl Iterator<Item = f64>) {
        self.values.extend(row);
    }

    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..][..self.columns]
    }

    /// The rows that count, by fours, the last filled up with coefficients of zero.
    fn fours<'a>(&'a self, coefficients: &'a [f64]) -> impl Iterator<Item = ([f64; 4], [&'a [f64]; 4])> + 'a {
        let counting: Vec<usize> = (0..self.rows()).filter(|row| coefficients[*row] != 0.0).collect();
        let quarters = counting.len().div_ceil(4);
        (0..quarters).map(move |quarter| {
            let place = |lane: usize| counting.get(4 * quarter + lane).copied();
            let coefficient = |lane| place(lane).map_or(0.0, |row| coefficients[row]);
            let values = |lane| self.row(place(lane).unwrap_or(counting[4 * quarter]));
            (
                [coefficient(0), coefficient(1), coefficient(2), coefficient(3)],
                [values(0), values(1), values(2), values(3)],
            )
        })
    }
}

impl Design for Dense {
    fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    fn columns(&self) -> usize {
        self.columns
    }

    fn times(&self, weights: &[f64]) -> Vec<f64> {
        let rows = self.values.chunks_exact(self.columns.max(1));
        rows.map(|row| {
            // Four running sums, which the compiler may compute side by side.
            let mut sums = [0.0; 4];
            let (fours, rest) = row.as_chunks::<4>();
            let (weight_fours, weight_rest) = weights.as_chunks::<4>();
            for (values, weights) in fours.iter().zip(weight_fours) {
                for lane in 0..4 {
                    sums[lane] += values[lane] * weights[lane];
                }
            }
            let rest: f64 = rest.iter().zip(weight_rest).map(|(v, w)| v * w).sum();
            sums[0] + sums[1] + sums[2] + sums[3] + rest
        })
        .collect()
    }

    fn add_rows(&self, coefficients: &[f64], sum: &mut [f64]) {
        for (c, [a, b, d, e]) in self.fours(coefficients) {
            for (column, total) in sum.iter_mut().enumerate() {
                *total += (c[0] * a[column] + c[1] * b[column]) + (c[2] * d[column] + c[3] * e[column]);
            }
        }
    }

    fn add_outer(&self, coefficients: &[f64], sum: &mut [f64]) {
        let columns = self.columns;
        for (c, [a, b, d, e]) in self.fours(coefficients) {
            for row in 0..columns {
                let (p, q, r, s) = (c[0] * a[row], c[1] * b[row], c[2] * d[row], c[3] * e[row]);
                let line = &mut sum[row * columns..][..=row];
                let (a, b, d, e) = (&a[..=row], &b[..=row], &d[..=row], &e[..=row]);
                for (column, total) in line.iter_mut().enumerate() {
                    *total += (p * a[column] + q * b[column]) + (r * d[column] + s * e[column]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_vanishes_at_the_mode_and_far_starts_meet_there() {
        let mut design = Dense::new(3);
        let mut observed = Observed::default();
        for place in 0..40_u64 {
            let x = crate::numbers::normal(crate::numbers::at(3, place));
            design.push([x, x * x, 1.0].into_iter());
            observed
                .target
                .push(f64::from(u8::from(x > 0.2 || place % 7 == 0)));
            observed.weight.push(if place % 5 == 0 { 0.0 } else { 1.5 });
        }
        let prior = Prior {
            mean: vec![0.5, 0.0, 0.0],
            precision: vec![1.0, 2.0, 0.1],
        };
        let near = fit(&design, &observed, &prior, &prior.mean).unwrap();
        let far = fit(&design, &observed, &prior, &[30.0, -20.0, 9.0]).unwrap();
        for (one, other) in near.mean.iter().zip(&far.mean) {
            assert!(
                (one - other).abs() < 1e-6,
                "{one} against {other}: there is one mode"
            );
        }
        let logits = design.times(&near.mean);
        let mut gradient: Vec<f64> = (0..3)
            .map(|i| prior.precision[i] * (near.mean[i] - prior.mean[i]))
            .collect();
        let residuals: Vec<f64> = (0..40)
            .map(|row| observed.weight[row] * (sigmoid(logits[row]) - observed.target[row]))
            .collect();
        design.add_rows(&residuals, &mut gradient);
        assert!(
            gradient.iter().all(|g| g.abs() < 1e-4),
            "the gradient {gradient:?} must vanish"
        );
    }

    #[test]
    fn without_observations_the_posterior_is_the_prior() {
        let prior = Prior {
            mean: vec![0.5, -1.0],
            precision: vec![4.0, 2.0],
        };
        let posterior = fit(&Dense::new(2), &Observed::default(), &prior, &[0.0, 0.0]).unwrap();
        assert!(
            posterior
                .mean
                .iter()
                .zip(&prior.mean)
                .all(|(m, p)| (m - p).abs() < 1e-12)
        );
        assert!(
            (posterior.variance(&[1.0, 1.0]) - 0.75).abs() < 1e-12,
            "1/4 + 1/2 of variance"
        );
        assert!(
            posterior.evidence.abs() < 1e-9,
            "nothing observed is certain to be observed"
        );
    }
}
