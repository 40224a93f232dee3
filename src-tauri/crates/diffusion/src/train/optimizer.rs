//! `AdamW` with gradient clipping and a running average of the weights, in one pass over all values.

use std::collections::BTreeMap;

use std::sync::{Mutex, PoisonError};

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Storage, Tensor, Var};
use rayon::prelude::*;

use crate::error::{DiffusionError, Result};
use crate::ops::kernel::values;
use crate::ops::wide::{sum_pairs, wide};

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

/// One parameter, on the CPU, with what the optimiser remembers of it.
struct Slot {
    name: String,
    variable: Var,
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

/// What a checkpoint holds of a parameter: itself, and the tensors that the optimiser keeps for it.
const PARAMETER: &str = "parameter";
const KINDS: [&str; 3] = ["first", "second", "average"];

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
                average: values,
                first: zeros.clone(),
                second: zeros,
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
            let gradient = gradients.get(slot.variable.as_tensor());
            flat.push(gradient.map(Tensor::contiguous).transpose()?);
        }
        // Summed per tensor in pieces, then in order: the same on any number of threads.
        let squares = flat
            .par_iter()
            .map(|gradient| gradient.as_ref().map_or(Ok(0.0), squares))
            .collect::<Result<Vec<f64>>>()?;
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
        let rates = Rates {
            scale,
            betas: config.betas,
            size: learning_rate / (1.0 - beta1.powf(step)),
            correction: 1.0 / (1.0 - beta2.powf(step)).sqrt(),
            eps: config.eps,
            shrink: 1.0 - learning_rate * config.weight_decay,
            decay: config.average_decay.min((1.0 + step) / (10.0 + step)),
        };
        self.slots
            .par_iter_mut()
            .zip(flat)
            .try_for_each(|(slot, gradient)| {
                gradient.map_or(Ok(()), |gradient| slot.step(&gradient, rates))
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
            state.insert(
                format!("{PARAMETER}.{}", slot.name),
                slot.variable.as_detached_tensor().copy()?,
            );
            for (kind, values) in KINDS.iter().zip([&slot.first, &slot.second, &slot.average]) {
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
            for kind in [PARAMETER].iter().chain(&KINDS) {
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
                match *kind {
                    PARAMETER => slot.variable.set(tensor)?,
                    "first" => slot.first = host(tensor)?,
                    "second" => slot.second = host(tensor)?,
                    _ => slot.average = host(tensor)?,
                }
            }
        }
        self.step = step;
        Ok(())
    }
}

/// The numbers of one step, the same for every parameter.
#[derive(Clone, Copy)]
struct Rates {
    /// Of gradients, so that they are not longer than the norm.
    scale: f32,
    betas: (f32, f32),
    /// Learning rate over the first moment's bias.
    size: f32,
    /// One over the root of the second moment's bias.
    correction: f32,
    eps: f32,
    /// What weight decay leaves of a tensor of two axes and more.
    shrink: f32,
    decay: f32,
}

impl Slot {
    /// One step of this parameter, in place.
    fn step(&mut self, gradient: &Tensor, mut rates: Rates) -> Result<()> {
        if self.variable.rank() <= 1 {
            rates.shrink = 1.0;
        }
        let step = Step {
            gradient,
            rates,
            memory: Mutex::new([&mut self.first, &mut self.second, &mut self.average]),
        };
        Ok(self.variable.inplace_op1(&step)?)
    }
}

/// A step as an operation that writes a variable where it is.
struct Step<'a> {
    gradient: &'a Tensor,
    rates: Rates,
    /// First and second moment, average. Locked, since operations are handed out shared.
    memory: Mutex<[&'a mut Vec<f32>; 3]>,
}

impl InplaceOp1 for Step<'_> {
    fn name(&self) -> &'static str {
        "step of the optimizer"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let (CpuStorage::F32(storage), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
            candle_core::bail!("only contiguous parameters in f32 can be trained")
        };
        let gradient = values(self.gradient)?;
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let [first, second, average] = &mut *memory;
        let moments = (first.as_mut_slice(), second.as_mut_slice());
        self.rates
            .step(&mut storage[start..end], moments, average, &gradient);
        Ok(())
    }
}

impl Rates {
    fn step(
        self,
        parameter: &mut [f32],
        (first, second): (&mut [f32], &mut [f32]),
        average: &mut [f32],
        gradient: &[f32],
    ) {
        let count = parameter.len();
        let (first, second) = (&mut first[..count], &mut second[..count]);
        let (average, gradient) = (&mut average[..count], &gradient[..count]);
        let (beta1, beta2) = self.betas;
        wide(|| {
            // By index: zips of five are not made vectors of.
            for index in 0..count {
                let slope = gradient[index] * self.scale;
                let mean = beta1 * first[index] + (1.0 - beta1) * slope;
                let square = beta2 * second[index] + (1.0 - beta2) * slope * slope;
                let value = parameter[index] * self.shrink
                    - self.size * mean / (square.sqrt() * self.correction + self.eps);
                average[index] = self.decay * average[index] + (1.0 - self.decay) * value;
                (first[index], second[index], parameter[index]) = (mean, square, value);
            }
        });
    }
}

/// Σ x² in f64, of pieces that are summed in f32.
fn squares(gradient: &Tensor) -> Result<f64> {
    const PIECE: usize = 4096;
    let gradient = values(gradient)?;
    let piece = |piece: &[f32]| f64::from(wide(|| sum_pairs(piece, piece, |x, y| x * y)));
    Ok(gradient.chunks(PIECE).map(piece).sum())
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
