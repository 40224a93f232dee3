//! The critic: tells a sound picture from one that went wrong, from its embedding and its technical features.
//!
//! It is a logistic regression on standardised features: [`train`] makes one from any examples (rendered art and what
//! [`Damage`] did to it, or the accepted and the rejected of a project), [`Critic::save`] keeps it. Like every model
//! here it flags; a verdict is the curator's.

mod damage;
mod fitting;

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use salon_domain::Digest;
use serde::Serialize;

pub use damage::Damage;
pub use fitting::{CriticTraining, area_under_curve, train};

use crate::weights::{self, WeightFile};
use crate::{JudgeError, Result};

/// A trained critic.
#[derive(Debug, Clone, PartialEq)]
pub struct Critic {
    /// What is subtracted from each feature, and what it is divided by.
    mean: Vec<f32>,
    deviation: Vec<f32>,
    weight: Vec<f32>,
    bias: f32,
    /// What the features are; a critic of others is refused.
    features: String,
}

/// Which critic gave a chance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CriticId {
    /// SHA-256 of its file.
    pub weights: Digest,
    /// What it reads: the encoder, and the technical features behind it.
    pub features: String,
}

impl Critic {
    /// The chance that a picture is sound, from the features of [`Critic::reads`].
    pub fn chance(&self, features: &[f32]) -> Result<f32> {
        if features.len() != self.weight.len() {
            return Err(JudgeError::Input(format!(
                "the critic reads {} features ({}), but was given {}",
                self.weight.len(),
                self.features,
                features.len()
            )));
        }
        let mut logit = f64::from(self.bias);
        for (index, value) in features.iter().enumerate() {
            // Far outside of what it has seen, a feature says no more than at the edge; NaN says nothing.
            let z = (value - self.mean[index]) / self.deviation[index];
            let z = if z.is_nan() { 0.0 } else { z.clamp(-10.0, 10.0) };
            logit += f64::from(z) * f64::from(self.weight[index]);
        }
        Ok((1.0 / (1.0 + (-logit).exp())) as f32)
    }

    /// What the features are: the encoder's identity and the technical features, as they were named in training.
    pub fn reads(&self) -> &str {
        &self.features
    }

    /// Writes the critic as safetensors.
    pub fn save(&self, path: &Path) -> Result<()> {
        let row = |values: &[f32]| Tensor::from_slice(values, values.len(), &Device::Cpu);
        let tensors = BTreeMap::from([
            ("mean".to_owned(), row(&self.mean)?),
            ("deviation".to_owned(), row(&self.deviation)?),
            ("weight".to_owned(), row(&self.weight)?),
            ("bias".to_owned(), row(&[self.bias])?),
        ]);
        weights::save(path, &tensors, DType::F32, &[("features", &self.features)])
    }

    /// Reads a critic.
    pub fn open(path: &Path) -> Result<(Self, CriticId)> {
        let file = WeightFile::open(path)?;
        let bad = |why: &str| JudgeError::File {
            path: path.to_path_buf(),
            why: why.to_owned(),
        };
        let features = file
            .notes()?
            .get("features")
            .cloned()
            .ok_or_else(|| bad("is no critic: its header does not say what it reads"))?;
        let width = file
            .shapes()?
            .get("weight")
            .and_then(|shape| shape.first().copied())
            .unwrap_or(0);
        let row = |name: &str, count: usize| -> Result<Vec<f32>> {
            Ok(file.tensor(name, &[count], &Device::Cpu)?.to_vec1()?)
        };
        let critic = Self {
            mean: row("mean", width)?,
            deviation: row("deviation", width)?,
            weight: row("weight", width)?,
            bias: row("bias", 1)?.first().copied().unwrap_or_default(),
            features: features.clone(),
        };
        let usable = critic.deviation.iter().all(|value| *value > 0.0)
            && critic
                .weight
                .iter()
                .chain(&critic.mean)
                .all(|value| value.is_finite());
        if !usable {
            return Err(bad("holds something that is no number; train it again"));
        }
        let id = CriticId {
            weights: file.digest(),
            features,
        };
        Ok((critic, id))
    }
}
