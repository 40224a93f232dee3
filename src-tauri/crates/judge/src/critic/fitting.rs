//! Fitting a critic: logistic regression with a normal prior, to the mode.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor, Var};

use super::Critic;
use crate::encoder::Optimizer;
use crate::{JudgeError, Result, taste};

/// How a critic is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct CriticTraining {
    /// What the features are: the encoder's identity, and the technical features behind it.
    pub features: String,
    /// Steps down the whole set; the rate falls along half a cosine.
    pub steps: u32,
    /// Strength of the prior that weights are small, as a share of the examples.
    pub ridge: f64,
}

impl Default for CriticTraining {
    fn default() -> Self {
        Self {
            features: String::new(),
            steps: 400,
            ridge: 1e-3,
        }
    }
}

/// Trains a critic on `rows` of features; `sound` says which are good. Both kinds count alike, however many there are.
/// The order of the rows changes nothing but the last bits.
pub fn train(rows: &[Vec<f32>], sound: &[bool], training: &CriticTraining) -> Result<Critic> {
    let width = check(rows, sound)?;
    let (mean, deviation) = standard(rows, width);
    let standardised: Vec<f32> = rows
        .iter()
        .flat_map(|row| (0..width).map(|column| (row[column] - mean[column]) / deviation[column]))
        .map(|z| if z.is_nan() { 0.0 } else { z.clamp(-10.0, 10.0) })
        .collect();
    let good = sound.iter().filter(|sound| **sound).count() as f32;
    let count = rows.len() as f32;
    let share = |sound: bool| 0.5 / if sound { good } else { count - good };
    let targets: Vec<f32> = sound.iter().map(|sound| f32::from(u8::from(*sound))).collect();
    let shares: Vec<f32> = sound.iter().map(|sound| share(*sound)).collect();

    let device = &Device::Cpu;
    let x = Tensor::from_vec(standardised, (rows.len(), width), device)?;
    let targets = Tensor::from_vec(targets, (rows.len(), 1), device)?;
    let shares = Tensor::from_vec(shares, (rows.len(), 1), device)?;
    let weight = Var::zeros((width, 1), DType::F32, device)?;
    let bias = Var::zeros((1, 1), DType::F32, device)?;
    let variables = BTreeMap::from([
        ("weight".to_owned(), weight.clone()),
        ("bias".to_owned(), bias.clone()),
    ]);
    let mut optimizer = Optimizer::new(&variables, 0.0, 0.0)?;
    for step in 0..training.steps {
        let logits = x.matmul(weight.as_tensor())?.broadcast_add(bias.as_tensor())?;
        // ln(1 + eᶻ) − y z, without overflow: max(z, 0) + ln(1 + e^−|z|) − y z.
        let soft = (logits.relu()? + (logits.abs()?.neg()?.exp()? + 1.0)?.log()?)?;
        let misfit = ((soft - (&targets * &logits)?)? * &shares)?.sum_all()?;
        let loss = (misfit + (weight.as_tensor().sqr()?.sum_all()? * (training.ridge / 2.0))?)?;
        let along = f64::from(step) / f64::from(training.steps.max(1));
        let rate = 0.05 * 0.5 * (1.0 + (std::f64::consts::PI * along).cos());
        optimizer.update(&loss.backward()?, rate as f32)?;
    }
    let values = |variable: &Var| -> Result<Vec<f32>> { Ok(variable.as_tensor().flatten_all()?.to_vec1()?) };
    Ok(Critic {
        mean,
        deviation,
        weight: values(&weight)?,
        bias: values(&bias)?[0],
        features: training.features.clone(),
    })
}

/// How many features every row has.
fn check(rows: &[Vec<f32>], sound: &[bool]) -> Result<usize> {
    let wrong = |message: String| Err(JudgeError::Input(message));
    if rows.len() != sound.len() {
        return wrong(format!(
            "{} rows of features but {} labels",
            rows.len(),
            sound.len()
        ));
    }
    let width = rows.first().map_or(0, Vec::len);
    if let Some(at) = rows.iter().position(|row| row.len() != width || width == 0) {
        return wrong(format!(
            "row {at} has {} features, the first has {width}",
            rows[at].len()
        ));
    }
    let good = sound.iter().filter(|sound| **sound).count();
    if good == 0 || good == sound.len() {
        let missing = if good == 0 { "sound" } else { "damaged" };
        return wrong(format!(
            "a critic learns from both kinds, but none of the {} examples is {missing}: judge more pictures first",
            sound.len()
        ));
    }
    Ok(width)
}

/// Mean and deviation of every feature; what does not vary is divided by 1, what is no number is left out.
fn standard(rows: &[Vec<f32>], width: usize) -> (Vec<f32>, Vec<f32>) {
    (0..width)
        .map(|column| {
            let values = || {
                rows.iter()
                    .map(|row| f64::from(row[column]))
                    .filter(|value| value.is_finite())
            };
            let count = values().count().max(1) as f64;
            let mean = values().sum::<f64>() / count;
            let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            let deviation = variance.sqrt();
            (mean as f32, if deviation > 1e-9 { deviation as f32 } else { 1.0 })
        })
        .unzip()
}

/// Area under the ROC curve: the chance that a sound example scores above a damaged one, ties counted half (Mann and
/// Whitney 1947). ½ when there is only one kind.
pub fn area_under_curve(scores: &[f32], sound: &[bool]) -> f64 {
    let scored: Vec<(f32, bool)> = scores.iter().copied().zip(sound.iter().copied()).collect();
    taste::area_under_curve(&scored).unwrap_or(0.5)
}
