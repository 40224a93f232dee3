//! Numbers as vectors: the time step, the guidance scale and the sizes that SDXL is told.

use candle_core::{DType, Device, Result as TensorResult, Tensor};

use super::UNetConfig;
use crate::error::Result;
use crate::nn::Linear;
use crate::ops;
use crate::weights::Weights;

/// Sinusoids of numbers (Vaswani et al. 2017; base 10 000): [N] (any number type) → [N, width], in f32. `flip` puts
/// cosines first; `shift` is diffusers' `freq_shift`.
pub(super) fn waves(numbers: &Tensor, width: usize, flip: bool, shift: f64) -> TensorResult<Tensor> {
    let half = width / 2;
    let spread = half as f64 - shift;
    let frequencies: Vec<f32> = (0..half)
        .map(|index| (-(10_000_f64.ln()) * index as f64 / spread).exp() as f32)
        .collect();
    let frequencies = Tensor::from_vec(frequencies, (1, half), numbers.device())?;
    let angles = numbers
        .to_dtype(DType::F32)?
        .reshape(((), 1))?
        .broadcast_mul(&frequencies)?;
    let (sine, cosine) = (angles.sin()?, angles.cos()?);
    if flip {
        Tensor::cat(&[cosine, sine], 1)
    } else {
        Tensor::cat(&[sine, cosine], 1)
    }
}

/// The guidance scales of a batch as models distilled from guided ones are told them: [B, `width`], in f32
/// (Meng et al. 2023, arXiv:2210.03142; the sinusoids of Kingma et al. 2021, arXiv:2107.00630). LCM pipelines pass one
/// less than the guidance scale, since 1 means no guidance.
///
/// The angles are so large that f32 rounds them visibly; models were trained with these roundings, so they are kept.
pub fn guidance_embedding(scales: &[f64], width: usize, device: &Device) -> TensorResult<Tensor> {
    let half = width / 2;
    let step = 10_000_f32.ln() / half.saturating_sub(1).max(1) as f32;
    let mut values = vec![0.0; scales.len() * width];
    for (row, scale) in values.chunks_mut(width.max(1)).zip(scales) {
        let scaled = (scale * 1000.0) as f32;
        for index in 0..half {
            let angle = scaled * (index as f32 * -step).exp();
            row[index] = angle.sin();
            row[half + index] = angle.cos();
        }
    }
    Tensor::from_vec(values, (scales.len(), width), device)
}

/// Waves through two linear layers, by the names of diffusers' `TimestepEmbedding`.
pub(super) struct Embedding {
    first: Linear,
    second: Linear,
    condition: Option<Linear>,
}

impl Embedding {
    /// The one for the time step.
    pub fn of_time(weights: &Weights, config: &UNetConfig) -> Result<Self> {
        let inputs = config.levels[0].channels;
        let condition = config
            .time_cond_proj_dim
            .map(|width| Linear::without_bias(&weights.at("cond_proj"), width, inputs))
            .transpose()?;
        let plain = Self::new(weights, inputs, config.time_width)?;
        Ok(Self { condition, ..plain })
    }

    pub fn new(weights: &Weights, inputs: usize, outputs: usize) -> Result<Self> {
        Ok(Self {
            first: Linear::new(&weights.at("linear_1"), inputs, outputs)?,
            second: Linear::new(&weights.at("linear_2"), outputs, outputs)?,
            condition: None,
        })
    }

    /// Whether it can be told a condition.
    pub fn is_conditional(&self) -> bool {
        self.condition.is_some()
    }

    /// [B, inputs], and a condition where the embedding takes one → [B, outputs].
    pub fn forward(&self, waves: &Tensor, condition: Option<&Tensor>) -> TensorResult<Tensor> {
        let told = match (&self.condition, condition) {
            (Some(layer), Some(condition)) => Some((waves + layer.forward(condition)?)?),
            _ => None,
        };
        let h = ops::silu(&self.first.forward(told.as_ref().unwrap_or(waves))?)?;
        self.second.forward(&h)
    }
}
