//! `AdamW` with gradient clipping and a running average of the weights, in one pass over all values.

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{Device, Storage, Tensor, Var};
use rayon::prelude::*;

use crate::error::{DiffusionError, Result};

/// Settings of [`Optimizer`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OptimizerConfig {
    /// Decay of the first and the second moment.
    pub betas: (f32, f32),
    /// Added to the root of the second moment.
    pub eps: f32,
    /// Decoupled weight decay per step and unit of learning rate; only for tensors of two axes and more.
    pub weight_decay: f32,
    /// Gradients are scaled down to this norm, taken over all parameters.
    pub clip_norm: f32,
    /// Decay of the running average; early on it follows faster: min(decay, (1 + step) / (10 + step)).
    pub average_decay: f32,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            betas: (0.9, 0.99),
            eps: 1e-8,
            weight_decay: 1e-4,
            clip_norm: 1.0,
            average_decay: 0.999,
        }
    }
}

/// One parameter with what the optimiser remembers of it.
struct Slot {
    name: String,
    variable: Var,
    values: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    average: Vec<f32>,
}

/// AdamW (Loshchilov and Hutter 2019) over named variables.
pub struct Optimizer {
    config: OptimizerConfig,
    slots: Vec<Slot>,
    step: u64,
}

/// What one step did.
#[derive(Debug, Clone, Copy)]
pub struct StepReport {
    /// Norm of all gradients before clipping.
    pub gradient_norm: f32,
}

/// The four tensors that the optimiser keeps per parameter, in the order of a checkpoint.
const KINDS: [&str; 4] = ["parameter", "first", "second", "average"];

impl Optimizer {
    /// Starts with empty moments; the average starts at the parameters.
    pub fn new(config: OptimizerConfig, variables: BTreeMap<String, Var>) -> Result<Self> {
        let mut slots = Vec::with_capacity(variables.len());
        for (name, variable) in variables {
            let values = host(variable.as_tensor())?;
            let zeros = vec![0.0; values.len()];
            slots.push(Slot {
                name,
                variable,
                average: values.clone(),
                first: zeros.clone(),
                second: zeros,
                values,
            });
        }
        Ok(Self {
            config,
            slots,
            step: 0,
        })
    }

    /// Steps taken so far.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Names of parameters that got no gradient; empty for a network that is wired right.
    pub fn without_gradient(&self, gradients: &GradStore) -> Vec<String> {
        let missing = self
            .slots
            .iter()
            .filter(|slot| gradients.get(slot.variable.as_tensor()).is_none());
        missing.map(|slot| slot.name.clone()).collect()
    }

    /// Takes one step down the gradients.
    pub fn update(&mut self, gradients: &GradStore, learning_rate: f32) -> Result<StepReport> {
        let mut flat = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            flat.push(gradients.get(slot.variable.as_tensor()).map(host).transpose()?);
        }
        // Summed per tensor in f64, then in order: the same on any number of threads.
        let squares: Vec<f64> = flat
            .par_iter()
            .map(|gradient| {
                gradient
                    .iter()
                    .flatten()
                    .map(|value| f64::from(*value).powi(2))
                    .sum::<f64>()
            })
            .collect();
        let norm = squares.iter().sum::<f64>().sqrt() as f32;
        if !norm.is_finite() {
            let reason = format!(
                "is {norm} at step {}; lower the learning rate and resume",
                self.step
            );
            return Err(DiffusionError::config("training", "gradient norm", reason));
        }
        self.step += 1;
        let config = self.config;
        let scale = if norm > config.clip_norm {
            config.clip_norm / norm
        } else {
            1.0
        };
        let step = self.step as f32;
        let (beta1, beta2) = config.betas;
        let size = learning_rate / (1.0 - beta1.powf(step));
        let correction = 1.0 / (1.0 - beta2.powf(step)).sqrt();
        let decay = config.average_decay.min((1.0 + step) / (10.0 + step));
        self.slots
            .par_iter_mut()
            .zip(flat)
            .try_for_each(|(slot, gradient)| -> Result<()> {
                let Some(gradient) = gradient else { return Ok(()) };
                let shrink = if slot.variable.rank() > 1 {
                    1.0 - learning_rate * config.weight_decay
                } else {
                    1.0
                };
                let moments = slot.first.iter_mut().zip(slot.second.iter_mut());
                let weights = slot.values.iter_mut().zip(slot.average.iter_mut());
                for (((first, second), (value, average)), gradient) in moments.zip(weights).zip(&gradient) {
                    let gradient = gradient * scale;
                    *first = beta1 * *first + (1.0 - beta1) * gradient;
                    *second = beta2 * *second + (1.0 - beta2) * gradient * gradient;
                    *value = *value * shrink - size * *first / (second.sqrt() * correction + config.eps);
                    *average = decay * *average + (1.0 - decay) * *value;
                }
                slot.publish()
            })?;
        Ok(StepReport { gradient_norm: norm })
    }

    /// The running averages by name: what is exported.
    pub fn averages(&self) -> Result<BTreeMap<String, Tensor>> {
        let tensor = |slot: &Slot| Tensor::from_slice(&slot.average, slot.variable.dims(), &Device::Cpu);
        self.slots
            .iter()
            .map(|slot| Ok((slot.name.clone(), tensor(slot)?)))
            .collect()
    }

    /// Everything that is needed to go on, by name.
    pub fn state(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut state = BTreeMap::new();
        for slot in &self.slots {
            for (kind, values) in KINDS
                .iter()
                .zip([&slot.values, &slot.first, &slot.second, &slot.average])
            {
                let tensor = Tensor::from_slice(values, slot.variable.dims(), &Device::Cpu)?;
                state.insert(format!("{kind}.{}", slot.name), tensor);
            }
        }
        Ok(state)
    }

    /// Goes back to a saved state.
    pub fn restore(&mut self, state: &BTreeMap<String, Tensor>, step: u64, file: &str) -> Result<()> {
        for slot in &mut self.slots {
            let expected = slot.variable.dims().to_vec();
            for (index, kind) in KINDS.iter().enumerate() {
                let name = format!("{kind}.{}", slot.name);
                let files = file.to_owned();
                let Some(tensor) = state.get(&name) else {
                    return Err(DiffusionError::MissingTensor {
                        name,
                        expected,
                        files,
                    });
                };
                if tensor.dims() != expected {
                    let found = tensor.dims().to_vec();
                    return Err(DiffusionError::TensorShape {
                        name,
                        expected,
                        found,
                        files,
                    });
                }
                let values = host(tensor)?;
                match index {
                    0 => slot.values = values,
                    1 => slot.first = values,
                    2 => slot.second = values,
                    _ => slot.average = values,
                }
            }
            slot.publish()?;
        }
        self.step = step;
        Ok(())
    }
}

impl Slot {
    /// Hands the values to the network.
    fn publish(&self) -> Result<()> {
        let tensor = Tensor::from_slice(&self.values, self.variable.dims(), self.variable.device())?;
        Ok(self.variable.set(&tensor)?)
    }
}

/// The values on the host.
fn host(tensor: &Tensor) -> Result<Vec<f32>> {
    let tensor = tensor.contiguous()?;
    if let (Storage::Cpu(storage), layout) = (&*tensor.storage_and_layout().0, tensor.layout())
        && let Some((start, end)) = layout.contiguous_offsets()
    {
        return Ok(storage.as_slice::<f32>()?[start..end].to_vec());
    }
    Ok(tensor.flatten_all()?.to_vec1()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quadratic() -> (Var, Optimizer) {
        let start = Tensor::new(&[3.0_f32, -2.0], &Device::Cpu).unwrap();
        let variable = Var::from_tensor(&start).unwrap();
        let variables = BTreeMap::from([("x".to_owned(), variable.clone())]);
        (
            variable,
            Optimizer::new(OptimizerConfig::default(), variables).unwrap(),
        )
    }

    fn descend(variable: &Var, optimizer: &mut Optimizer, steps: usize) -> Vec<f32> {
        for _ in 0..steps {
            let loss = variable.as_tensor().sqr().unwrap().sum_all().unwrap();
            optimizer.update(&loss.backward().unwrap(), 0.05).unwrap();
        }
        variable.as_tensor().to_vec1().unwrap()
    }

    #[test]
    fn it_finds_the_minimum_and_the_average_follows() {
        let (variable, mut optimizer) = quadratic();
        let end = descend(&variable, &mut optimizer, 400);
        assert!(end.iter().all(|value| value.abs() < 1e-2), "{end:?}");
        let average: Vec<f32> = optimizer.averages().unwrap()["x"].to_vec1().unwrap();
        assert!(average.iter().all(|value| value.abs() < 1.0), "{average:?}");
    }

    #[test]
    fn the_first_step_is_as_long_as_the_learning_rate() {
        // With bias correction the first Adam step is lr · sign(gradient), whatever the gradient's size.
        let (variable, mut optimizer) = quadratic();
        let end = descend(&variable, &mut optimizer, 1);
        assert!(
            (end[0] - 2.95).abs() < 1e-5 && (end[1] + 1.95).abs() < 1e-5,
            "{end:?}"
        );
    }

    #[test]
    fn a_restored_optimizer_goes_on_to_the_bit() {
        let (variable, mut optimizer) = quadratic();
        let straight = descend(&variable, &mut optimizer, 6);
        let (variable, mut optimizer) = quadratic();
        descend(&variable, &mut optimizer, 3);
        let (state, step) = (optimizer.state().unwrap(), optimizer.step());
        let (variable, mut optimizer) = quadratic();
        optimizer.restore(&state, step, "test").unwrap();
        assert_eq!(descend(&variable, &mut optimizer, 3), straight);
    }
}
