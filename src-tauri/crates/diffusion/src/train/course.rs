//! What every training does besides computing its loss: begin or go on, step, report, save.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};

use super::budget::Meter;
use super::checkpoint::{self, Position};
use super::{Budget, Optimizer, OptimizerConfig, Rhythm, Surroundings, TrainEvent};
use crate::error::{DiffusionError, Result};

/// What a training says of itself.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    /// What is trained; checkpoints of another kind are refused.
    pub kind: &'a str,
    pub seed: u64,
    /// Pictures per step.
    pub batch: usize,
    pub learning_rate: f64,
    /// Steps until the learning rate has risen to its height, and the share of it that it falls to.
    pub warm_up: u64,
    pub floor: f64,
    pub budget: Budget,
    pub checkpoint: &'a Path,
    pub rhythm: Rhythm,
}

/// A training under way.
pub(super) struct Course<'a, 'b> {
    plan: Plan<'a>,
    pub optimizer: Optimizer,
    pub position: Position,
    pub surroundings: &'a mut Surroundings<'b>,
    meter: Meter,
    started: f64,
}

impl<'a, 'b> Course<'a, 'b> {
    /// From the start, or from the checkpoint if there is one.
    pub fn new(
        plan: Plan<'a>,
        variables: BTreeMap<String, Var>,
        surroundings: &'a mut Surroundings<'b>,
    ) -> Result<Self> {
        let mut optimizer = Optimizer::new(OptimizerConfig::default(), variables)?;
        let mut position = Position {
            kind: plan.kind.to_owned(),
            seed: plan.seed,
            step: 0,
            pictures: 0,
            seconds: 0.0,
        };
        if plan.checkpoint.exists() {
            let (saved, state) = checkpoint::load(plan.checkpoint, plan.kind)?;
            optimizer.restore(&state, saved.step, &plan.checkpoint.display().to_string())?;
            position = saved;
        }
        let now = (surroundings.clock)();
        Ok(Self {
            meter: Meter::new(now, &plan.rhythm),
            started: now,
            plan,
            optimizer,
            position,
            surroundings,
        })
    }

    /// Whether another step is to be taken; its time counts from here.
    pub fn goes_on(&mut self) -> bool {
        self.started = (self.surroundings.clock)();
        self.plan.budget.spent(&self.position) < 1.0 && !self.surroundings.cancel.is_cancelled()
    }

    /// Goes down `loss`, reports `told` as its value, and saves when it is time. True when a measurement is due, which
    /// [`Self::measured`] ends.
    pub fn step(&mut self, loss: &Tensor, told: &Tensor) -> Result<bool> {
        let plan = self.plan;
        let gradients = loss.backward()?;
        if self.position.step == 0 {
            check_wiring(&self.optimizer, &gradients)?;
        }
        let rate = plan
            .budget
            .learning_rate(&self.position, plan.learning_rate, plan.warm_up, plan.floor);
        let report = self.optimizer.update(&gradients, rate as f32)?;
        let now = (self.surroundings.clock)();
        self.position.step += 1;
        self.position.pictures += plan.batch as u64;
        self.position.seconds += now - self.started;
        self.meter
            .add(f64::from(told.to_scalar::<f32>()?), plan.batch as u64);
        let state = (rate, report.gradient_norm);
        if let Some(progress) = self
            .meter
            .report(now, &plan.rhythm, &self.position, plan.budget, state)
        {
            (self.surroundings.events)(TrainEvent::Progress(progress));
        }
        if now >= self.meter.checkpoint_at {
            self.save()?;
            self.meter.checkpoint_at = (self.surroundings.clock)() + plan.rhythm.checkpoint;
        }
        Ok(now >= self.meter.validation_at)
    }

    /// The next measurement is due a while from now.
    pub fn measured(&mut self) {
        self.meter.validation_at = (self.surroundings.clock)() + self.plan.rhythm.validation;
    }

    /// Writes the checkpoint.
    pub fn save(&mut self) -> Result<()> {
        checkpoint::save(self.plan.checkpoint, &self.position, &self.optimizer.state()?)?;
        (self.surroundings.events)(TrainEvent::Checkpoint(self.position.clone()));
        Ok(())
    }
}

/// A parameter without a gradient would silently stay as it started.
fn check_wiring(optimizer: &Optimizer, gradients: &GradStore) -> Result<()> {
    match optimizer.without_gradient(gradients).first() {
        None => Ok(()),
        Some(name) => {
            let reason = "gets no gradient; an operation of the network has no backward pass".to_owned();
            Err(DiffusionError::config("training", name.clone(), reason))
        }
    }
}
