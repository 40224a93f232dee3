//! From a score to a chance that can be counted on (Platt 1999, with a prior that leaves few decisions alone).

use serde::{Deserialize, Serialize};

use crate::logistic::{Dense, Observed, Prior, fit, sigmoid};
use crate::{JudgeError, Result};

/// A line from logit to logit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What a logit is multiplied by; positive, so that no order changes.
    pub slope: f64,
    /// What is added.
    pub offset: f64,
}

impl Calibration {
    /// Changes nothing.
    pub const NONE: Self = Self {
        slope: 1.0,
        offset: 0.0,
    };

    /// The chance of a logit.
    pub fn chance(self, logit: f64) -> f64 {
        sigmoid(self.slope * logit + self.offset)
    }

    /// Learnt from logits of decisions that the model had not seen: (logit, accepted, weight).
    pub(super) fn learn(unseen: &[(f64, bool, f64)]) -> Result<Self> {
        let mut design = Dense::new(2);
        let mut observed = Observed::default();
        for (logit, accepted, weight) in unseen {
            design.push([*logit, 1.0].into_iter());
            observed.target.push(if *accepted { 1.0 } else { 0.0 });
            observed.weight.push(*weight);
        }
        // A standard deviation of 0.3 around the model's own logits.
        let prior = Prior {
            mean: vec![1.0, 0.0],
            precision: vec![11.0, 11.0],
        };
        let posterior = fit(&design, &observed, &prior, &prior.mean)?;
        Ok(Self {
            slope: posterior.mean[0].max(0.02),
            offset: posterior.mean[1],
        })
    }
}

/// Expected calibration error: how far, on average, a chance is from how often it came true, in `bins` bins of equally many
/// predictions, by their chance. 0 is best.
///
/// # Errors
/// No prediction, or no bin.
pub fn calibration_error(predictions: &[(f32, bool)], bins: usize) -> Result<f64> {
    if predictions.is_empty() || bins == 0 {
        return Err(JudgeError::Input(
            "a calibration needs predictions and bins; decide on some pictures first".into(),
        ));
    }
    let mut sorted = predictions.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let count = sorted.len();
    let apart = (0..bins).map(|bin| {
        let inside = &sorted[bin * count / bins..(bin + 1) * count / bins];
        let promised: f64 = inside.iter().map(|(chance, _)| f64::from(*chance)).sum();
        let came = inside.iter().filter(|(_, accepted)| *accepted).count() as f64;
        (promised - came).abs()
    });
    Ok(apart.sum::<f64>() / count as f64)
}
