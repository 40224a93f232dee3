//! `AdamW` (Loshchilov and Hutter 2019) with clipping and a running average of the weights.

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor, Var};
use rayon::prelude::*;

use crate::{JudgeError, Result};

const BETAS: (f32, f32) = (0.9, 0.98);
const EPS: f32 = 1e-8;
const CLIP: f64 = 1.0;

struct Slot {
    name: String,
    variable: Var,
    first: Vec<f32>,
    second: Vec<f32>,
    average: Vec<f32>,
}

/// The optimiser of one training.
pub struct Optimizer {
    slots: Vec<Slot>,
    step: u64,
    weight_decay: f32,
    average_decay: f32,
}

fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(tensor.flatten_all()?.to_vec1()?)
}

impl Optimizer {
    /// Starts at rest; the average starts at the parameters. Only matrices decay.
    pub fn new(variables: &BTreeMap<String, Var>, weight_decay: f32, average_decay: f32) -> Result<Self> {
        let slot = |(name, variable): (&String, &Var)| -> Result<Slot> {
            let average = values(variable.as_tensor())?;
            Ok(Slot {
                name: name.clone(),
                variable: variable.clone(),
                first: vec![0.0; average.len()],
                second: vec![0.0; average.len()],
                average,
            })
        };
        Ok(Self {
            slots: variables.iter().map(slot).collect::<Result<_>>()?,
            step: 0,
            weight_decay,
            average_decay,
        })
    }

    /// Takes one step of size `rate` down the gradients.
    pub fn update(&mut self, gradients: &GradStore, rate: f32) -> Result<()> {
        let found = self
            .slots
            .par_iter()
            .map(|slot| match gradients.get(slot.variable.as_tensor()) {
                Some(gradient) => values(gradient),
                None => Err(JudgeError::Input(format!(
                    "`{}` gets no gradient: the network is not wired right",
                    slot.name
                ))),
            })
            .collect::<Result<Vec<_>>>()?;
        let squares: f64 = found
            .iter()
            .map(|gradient| gradient.iter().map(|value| f64::from(value * value)).sum::<f64>())
            .sum();
        if !squares.is_finite() {
            let message = format!(
                "the gradient is {squares} at step {}; train with a lower --rate",
                self.step
            );
            return Err(JudgeError::Input(message));
        }
        let scale = (CLIP / squares.sqrt().max(CLIP)) as f32;
        self.step += 1;
        let step = self.step as f32;
        let size = rate / (1.0 - BETAS.0.powf(step));
        let correction = 1.0 / (1.0 - BETAS.1.powf(step)).sqrt();
        let kept = self.average_decay.min((1.0 + step) / (10.0 + step));
        let decay = self.weight_decay;
        self.slots
            .par_iter_mut()
            .zip(found)
            .try_for_each(|(slot, gradient)| {
                let mut parameter = values(slot.variable.as_tensor())?;
                let shrink = if slot.variable.rank() > 1 {
                    1.0 - rate * decay
                } else {
                    1.0
                };
                for index in 0..parameter.len() {
                    let slope = gradient[index] * scale;
                    let mean = BETAS.0 * slot.first[index] + (1.0 - BETAS.0) * slope;
                    let square = BETAS.1 * slot.second[index] + (1.0 - BETAS.1) * slope * slope;
                    let value = parameter[index] * shrink - size * mean / (square.sqrt() * correction + EPS);
                    slot.average[index] = kept * slot.average[index] + (1.0 - kept) * value;
                    (slot.first[index], slot.second[index], parameter[index]) = (mean, square, value);
                }
                let tensor = Tensor::from_vec(parameter, slot.variable.shape(), &Device::Cpu)?;
                Ok(slot.variable.set(&tensor)?)
            })
    }

    /// The running averages by name: what ships.
    pub fn averages(&self) -> Result<BTreeMap<String, Tensor>> {
        let tensor = |slot: &Slot| -> Result<(String, Tensor)> {
            let tensor = Tensor::from_slice(&slot.average, slot.variable.shape(), &Device::Cpu)?;
            Ok((slot.name.clone(), tensor))
        };
        self.slots.iter().map(tensor).collect()
    }

    /// Everything a killed training needs, by name.
    pub fn state(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut state = BTreeMap::new();
        for slot in &self.slots {
            let shape = slot.variable.shape();
            for (kind, values) in [
                ("parameter", &values(slot.variable.as_tensor())?),
                ("first", &slot.first),
                ("second", &slot.second),
                ("average", &slot.average),
            ] {
                let tensor = Tensor::from_slice(values, shape, &Device::Cpu)?;
                state.insert(format!("{kind}.{}", slot.name), tensor);
            }
        }
        Ok(state)
    }

    /// Goes on from [`Optimizer::state`] as it was at `step`.
    pub fn restore(&mut self, state: &BTreeMap<String, Tensor>, step: u64) -> Result<()> {
        for slot in &mut self.slots {
            let of = |kind: &str| -> Result<&Tensor> {
                let name = format!("{kind}.{}", slot.name);
                match state.get(&name) {
                    Some(tensor) if tensor.shape() == slot.variable.shape() => Ok(tensor),
                    _ => Err(JudgeError::Input(format!(
                        "the checkpoint has no `{name}` of the right shape: it belongs to another training; name another --work"
                    ))),
                }
            };
            slot.variable.set(of("parameter")?)?;
            slot.first = values(of("first")?)?;
            slot.second = values(of("second")?)?;
            slot.average = values(of("average")?)?;
        }
        self.step = step;
        Ok(())
    }
}
